/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/folds.h"

#include <math.h>
#include <string.h>

/* From strong to weak; each fit begins with the one before it. */
static const double penalties[] = {100,  30,   10,    3,     1,      0.3,   0.1,
                                   0.03, 0.01, 0.003, 0.001, 0.0003, 0.0001};

#define PATIENCE 2 /* weaker penalties to try after the best one */

/* One fold at one penalty, in a thread */
typedef struct Fit {
    const TeachData *data;
    double penalty;
    guint8 *use;       /* [count] */
    TeachModel *model; /* of the stronger penalty before, and then of this one */
    double *logs;      /* [count, classes], shared: only the held-out pictures are written */
} Fit;

static gpointer run_fit(gpointer user_data)
{
    Fit *fit = user_data;
    const TeachData *data = fit->data;
    g_autoptr(TeachModel) before = fit->model;

    fit->model = teach_model_fit(data, fit->use, fit->penalty, TEACH_ROUGH, before);
    for (guint i = 0; i < data->count; i++)
        if (!fit->use[i])
            teach_model_predict(fit->model, data->x + (gsize)i * data->width,
                                fit->logs + (gsize)i * data->classes);
    return NULL;
}

static void run_fits(Fit *fits, guint count, double penalty)
{
    GThread *threads[TEACH_FOLDS];

    for (guint k = 0; k < count; k++) {
        fits[k].penalty = penalty;
        threads[k] = g_thread_new("fold", run_fit, &fits[k]);
    }
    for (guint k = 0; k < count; k++)
        g_thread_join(threads[k]);
}

/* counts: [classes] */
static double held_out_loss(const TeachData *data, const guint *counts, const double *logs)
{
    double loss = 0;

    for (guint i = 0; i < data->count; i++)
        loss -= logs[(gsize)i * data->classes + data->y[i]] / counts[data->y[i]];
    return loss / data->classes;
}

static void divide(TeachFolds *folds, const TeachData *data, const guint *counts)
{
    g_autofree guint *next = g_new0(guint, data->classes);
    guint start = 0;

    folds->folds = TEACH_FOLDS;
    for (guint c = 0; c < data->classes; c++)
        folds->folds = MIN(folds->folds, counts[c]);
    for (guint c = 0; c < data->classes; c++) { /* so that the folds have about the same size */
        next[c] = start;
        start += counts[c];
    }
    for (guint i = 0; i < data->count; i++)
        folds->fold[i] = (guint8)(next[data->y[i]]++ % folds->folds);
}

/* Sets what is said of each picture, and the counts. */
static void judge(TeachFolds *folds, const TeachData *data, const double *logs)
{
    guint sizes[TEACH_FOLDS] = {0}, right[TEACH_FOLDS] = {0}, all = 0;

    for (guint i = 0; i < data->count; i++) {
        const double *l = logs + (gsize)i * data->classes;
        guint best = 0;

        for (guint c = 1; c < data->classes; c++)
            best = l[c] > l[best] ? c : best;
        folds->said[i] = best;
        folds->score[i] = exp(l[best]);
        folds->confusion[data->y[i] * data->classes + best]++;
        sizes[folds->fold[i]]++;
        right[folds->fold[i]] += best == data->y[i];
        all += best == data->y[i];
    }
    for (guint k = 0; k < folds->folds; k++)
        folds->accuracy[k] = (double)right[k] / sizes[k];
    folds->mean = (double)all / data->count;
}

static void choose_penalty(TeachFolds *folds, const TeachData *data, const guint *counts, Fit *fits,
                           double *logs, double *best_logs)
{
    const gsize bytes = (gsize)data->count * data->classes * sizeof *logs;
    guint best = 0;

    for (guint p = 0; p < G_N_ELEMENTS(penalties) && p <= best + PATIENCE; p++) {
        run_fits(fits, folds->folds, penalties[p]);
        const double loss = held_out_loss(data, counts, logs);
        if (p > 0 && loss >= folds->loss)
            continue;
        best = p;
        folds->loss = loss;
        folds->penalty = penalties[p];
        memcpy(best_logs, logs, bytes);
    }
}

TeachFolds *teach_folds_new(const TeachData *data)
{
    TeachFolds *folds = g_new0(TeachFolds, 1);
    const gsize scores = (gsize)data->count * data->classes;
    g_autofree guint *counts = g_new0(guint, data->classes);
    g_autofree double *logs = g_new(double, scores), *best_logs = g_new(double, scores);
    g_autofree guint8 *use = g_new(guint8, (gsize)TEACH_FOLDS * data->count);
    Fit fits[TEACH_FOLDS];

    for (guint i = 0; i < data->count; i++)
        counts[data->y[i]]++;
    folds->fold = g_new(guint8, data->count);
    folds->said = g_new(guint, data->count);
    folds->score = g_new(double, data->count);
    folds->confusion = g_new0(guint, (gsize)data->classes * data->classes);
    divide(folds, data, counts);
    for (guint k = 0; k < folds->folds; k++) {
        fits[k] = (Fit){.data = data, .use = use + (gsize)k * data->count, .logs = logs};
        for (guint i = 0; i < data->count; i++)
            fits[k].use[i] = folds->fold[i] != k;
    }
    choose_penalty(folds, data, counts, fits, logs, best_logs);
    for (guint k = 0; k < folds->folds; k++)
        teach_model_free(fits[k].model);
    judge(folds, data, best_logs);
    return folds;
}

void teach_folds_free(TeachFolds *folds)
{
    if (!folds)
        return;
    g_free(folds->fold);
    g_free(folds->said);
    g_free(folds->score);
    g_free(folds->confusion);
    g_free(folds);
}
