/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/regression.h"

#include <math.h>
#include <string.h>

#define UNIT 8     /* numbers that the loops handle together */
#define HISTORY 10 /* pairs of steps and gradients */
#define ITERATIONS 2000

/* The pictures in use, in coordinates z, and the memory of L-BFGS */
typedef struct Problem {
    guint n, padded, classes;
    gsize size; /* parameters: weight [classes, padded], then bias [classes] */
    double *z;  /* [n, padded] */
    guint *y;   /* [n] */
    double *v;  /* [n] */
    double penalty, tolerance;
    double *scores; /* [classes], of one picture */
} Problem;

static double dot(const double *a, const double *b, gsize n)
{
    double sums[UNIT] = {0}, sum = 0;
    gsize i = 0;

    for (; i + UNIT <= n; i += UNIT)
        for (guint k = 0; k < UNIT; k++)
            sums[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        sum += a[i] * b[i];
    for (guint k = 0; k < UNIT; k++)
        sum += sums[k];
    return sum;
}

/* y += factor x */
static void add(double *y, double factor, const double *x, gsize n)
{
    gsize i = 0;

    for (; i + UNIT <= n; i += UNIT)
        for (guint k = 0; k < UNIT; k++)
            y[i + k] += factor * x[i + k];
    for (; i < n; i++)
        y[i] += factor * x[i];
}

static double largest(const double *a, gsize n)
{
    double most = 0;

    for (gsize i = 0; i < n; i++)
        most = MAX(most, fabs(a[i]));
    return most;
}

/* Replaces scores [n] by log probabilities. */
static void log_softmax(double *scores, guint n)
{
    double most = scores[0], sum = 0;

    for (guint c = 1; c < n; c++)
        most = MAX(most, scores[c]);
    for (guint c = 0; c < n; c++)
        sum += exp(scores[c] - most);
    for (guint c = 0; c < n; c++)
        scores[c] -= most + log(sum);
}

/* Returns f at the parameters p and writes its gradient [size]. */
static double evaluate(const Problem *q, const double *p, double *gradient)
{
    const gsize weights = (gsize)q->classes * q->padded;
    const double *bias = p + weights;
    double loss = q->penalty / 2 * dot(p, p, weights);

    for (gsize j = 0; j < weights; j++)
        gradient[j] = q->penalty * p[j];
    memset(gradient + weights, 0, q->classes * sizeof *gradient);
    for (guint i = 0; i < q->n; i++) {
        const double *z = q->z + (gsize)i * q->padded;

        for (guint c = 0; c < q->classes; c++)
            q->scores[c] = bias[c] + dot(p + (gsize)c * q->padded, z, q->padded);
        log_softmax(q->scores, q->classes);
        loss -= q->v[i] * q->scores[q->y[i]];
        for (guint c = 0; c < q->classes; c++) {
            const double r = q->v[i] * (exp(q->scores[c]) - (c == q->y[i]));

            add(gradient + (gsize)c * q->padded, r, z, q->padded);
            gradient[weights + c] += r;
        }
    }
    return loss;
}

/* The differences of the last steps, the newest at (count - 1) % HISTORY */
typedef struct History {
    double *s, *y; /* [HISTORY, size]: of the parameters and of the gradients */
    double rho[HISTORY];
    guint count;
} History;

/* direction = -H gradient, by the two loops of L-BFGS. */
static void find_direction(const History *h, gsize size, const double *gradient, double *direction)
{
    const guint first = h->count > HISTORY ? h->count - HISTORY : 0;
    double alpha[HISTORY];

    for (gsize j = 0; j < size; j++)
        direction[j] = -gradient[j];
    for (guint i = h->count; i-- > first;) {
        const guint k = i % HISTORY;

        alpha[k] = h->rho[k] * dot(h->s + k * size, direction, size);
        add(direction, -alpha[k], h->y + k * size, size);
    }
    if (h->count > 0) {
        const guint k = (h->count - 1) % HISTORY;
        const double *y = h->y + k * size;
        const double factor = 1 / (h->rho[k] * dot(y, y, size));

        for (gsize j = 0; j < size; j++)
            direction[j] *= factor;
    }
    for (guint i = first; i < h->count; i++) {
        const guint k = i % HISTORY;
        const double beta = h->rho[k] * dot(h->y + k * size, direction, size);

        add(direction, alpha[k] - beta, h->s + k * size, size);
    }
}

static void remember(History *h, gsize size, const double *from, const double *to,
                     const double *old_gradient, const double *gradient)
{
    const guint k = h->count % HISTORY;
    double *s = h->s + k * size, *y = h->y + k * size;

    for (gsize j = 0; j < size; j++) {
        s[j] = to[j] - from[j];
        y[j] = gradient[j] - old_gradient[j];
    }
    const double curvature = dot(s, y, size);
    if (curvature <= 1e-300)
        return;
    h->rho[k] = 1 / curvature;
    h->count++;
}

/* Minimises f from p on. Returns the number of steps. */
static guint minimise(const Problem *q, double *p, double *gradient)
{
    const gsize size = q->size;
    g_autofree double *direction = g_new(double, size), *next = g_new(double, size);
    g_autofree double *next_gradient = g_new(double, size);
    g_autofree double *s = g_new(double, HISTORY *size), *y = g_new(double, HISTORY *size);
    History history = {.s = s, .y = y};
    double loss = evaluate(q, p, gradient);
    guint steps = 0;

    while (steps < ITERATIONS && largest(gradient, size) > q->tolerance) {
        double step = 2, next_loss;

        find_direction(&history, size, gradient, direction);
        const double slope = dot(gradient, direction, size);
        do { /* until f falls enough (Armijo) */
            step /= 2;
            memcpy(next, p, size * sizeof *p);
            add(next, step, direction, size);
            next_loss = evaluate(q, next, next_gradient);
        } while (!(next_loss <= loss + 1e-4 * step * slope) && step > 1e-12);
        if (!(next_loss < loss)) /* as exact as the numbers allow */
            break;
        remember(&history, size, p, next, gradient, next_gradient);
        memcpy(p, next, size * sizeof *p);
        memcpy(gradient, next_gradient, size * sizeof *gradient);
        loss = next_loss;
        steps++;
    }
    return steps;
}

/* Sets n, y and v. Returns the indices of the pictures in use. */
static guint *choose(Problem *q, const TeachData *data, const guint8 *use)
{
    guint *chosen = g_new(guint, MAX(data->count, 1)), present = 0;
    g_autofree guint *counts = g_new0(guint, data->classes);

    for (guint i = 0; i < data->count; i++)
        if (!use || use[i]) {
            chosen[q->n++] = i;
            present += counts[data->y[i]]++ == 0;
        }
    q->y = g_new(guint, MAX(q->n, 1));
    q->v = g_new(double, MAX(q->n, 1));
    for (guint i = 0; i < q->n; i++) {
        q->y[i] = data->y[chosen[i]];
        q->v[i] = 1.0 / ((double)present * counts[q->y[i]]);
    }
    return chosen;
}

/* Sets z, and the mean and scale of the model. */
static void standardise(Problem *q, const TeachData *data, const guint *chosen, TeachModel *m)
{
    double sum = 0;

    q->z = g_new0(double, (gsize)q->n * q->padded);
    for (guint i = 0; i < q->n; i++)
        for (guint j = 0; j < m->width; j++)
            m->mean[j] += q->v[i] * (double)data->x[(gsize)chosen[i] * m->width + j];
    for (guint i = 0; i < q->n; i++) {
        double *z = q->z + (gsize)i * q->padded;

        for (guint j = 0; j < m->width; j++)
            z[j] = (double)data->x[(gsize)chosen[i] * m->width + j] - m->mean[j];
        sum += q->v[i] * dot(z, z, q->padded);
    }
    m->scale = sum > 0 ? sqrt(sum / m->width) : 1;
    for (gsize j = 0; j < (gsize)q->n * q->padded; j++)
        q->z[j] /= m->scale;
}

TeachModel *teach_model_fit(const TeachData *data, const guint8 *use, double penalty,
                            double tolerance, const TeachModel *start)
{
    TeachModel *m = g_new0(TeachModel, 1);
    Problem q = {.classes = data->classes, .penalty = penalty, .tolerance = tolerance};
    g_autofree guint *chosen = choose(&q, data, use);

    m->width = data->width;
    m->classes = data->classes;
    m->padded = q.padded = (data->width + UNIT - 1) / UNIT * UNIT;
    m->mean = g_new0(double, m->padded);
    standardise(&q, data, chosen, m);
    q.size = (gsize)m->classes * (m->padded + 1);
    q.scores = g_new(double, m->classes);
    m->weight = g_new0(double, q.size);
    m->bias = m->weight + (gsize)m->classes * m->padded;
    if (start)
        memcpy(m->weight, start->weight, q.size * sizeof(double));
    g_autofree double *gradient = g_new(double, q.size);
    m->iterations = minimise(&q, m->weight, gradient);
    m->gradient = largest(gradient, q.size);
    g_free(q.z);
    g_free(q.y);
    g_free(q.v);
    g_free(q.scores);
    return m;
}

void teach_model_free(TeachModel *model)
{
    if (!model)
        return;
    g_free(model->mean);
    g_free(model->weight); /* and the bias */
    g_free(model);
}

void teach_model_predict(const TeachModel *model, const float *x, double *dst)
{
    g_autofree double *z = g_new0(double, model->padded);

    for (guint j = 0; j < model->width; j++)
        z[j] = ((double)x[j] - model->mean[j]) / model->scale;
    for (guint c = 0; c < model->classes; c++)
        dst[c] = model->bias[c] + dot(model->weight + (gsize)c * model->padded, z, model->padded);
    log_softmax(dst, model->classes);
}

void teach_model_export(const TeachModel *model, float *weight, float *bias)
{
    for (guint c = 0; c < model->classes; c++) {
        const double *w = model->weight + (gsize)c * model->padded;

        for (guint j = 0; j < model->width; j++)
            weight[(gsize)c * model->width + j] = (float)(w[j] / model->scale);
        bias[c] = (float)(model->bias[c] - dot(w, model->mean, model->padded) / model->scale);
    }
}
