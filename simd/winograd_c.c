/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

/* The matrices of F(s x s, 3 x 3), s = 2 or 4. */
typedef struct Matrices {
    int s;
    float input[6][6];   /* B^T: [s + 2, s + 2] */
    double weight[6][3]; /* G: [s + 2, 3] */
    float output[4][6];  /* A^T: [s, s + 2] */
} Matrices;

static const Matrices two = {
    .s = 2,
    .input = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
    .weight = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}},
    .output = {{1, 1, 1, 0}, {0, 1, -1, -1}},
};

static const Matrices four = {
    .s = 4,
    .input = {{4, 0, -5, 0, 1, 0},
              {0, -4, -4, 1, 1, 0},
              {0, 4, -4, -1, 1, 0},
              {0, -2, -1, 2, 1, 0},
              {0, 2, -1, -2, 1, 0},
              {0, 4, 0, -5, 0, 1}},
    .weight = {{1. / 4, 0, 0},
               {-1. / 6, -1. / 6, -1. / 6},
               {-1. / 6, 1. / 6, -1. / 6},
               {1. / 24, 1. / 12, 1. / 6},
               {1. / 24, -1. / 12, 1. / 6},
               {0, 0, 1}},
    .output = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}},
};

/* The sum of row[l] x[l stride]. Terms whose factor is zero are left out,
 * so that a NaN there does not count. */
static float combine(const float *row, int count, const float *x, int stride)
{
    float sum = 0;

    for (int l = 0; l < count; l++) {
        if (row[l] != 0)
            sum += row[l] * x[l * stride];
    }
    return sum;
}

/* dst = m x m^T. m: [rows, r]; x: [r, r]; dst: [rows, rows], elements ld apart */
static void transform(const float m[][6], int rows, int r, const float *x, float *dst, size_t ld)
{
    float half[6 * 6]; /* m x: [rows, r] */

    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < r; j++)
            half[i * r + j] = combine(m[i], r, x + j, r);
    }
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < rows; j++)
            dst[(i * rows + j) * ld] = combine(m[j], r, half + i * r, 1);
    }
}

static void transform_input(const CnxWinogradInput *p, const Matrices *m)
{
    const int s = m->s, r = s + 2, across = (p->w + s - 1) / s;

    for (int t = p->t0; t < p->t1; t++) {
        const int top = t / across * s - 1, left = t % across * s - 1;

        for (int l = 0; l < p->k; l++) {
            float d[6 * 6]; /* [r, r] */

            for (int i = 0; i < r * r; i++) {
                const int y = top + i / r, x = left + i % r;
                const bool inside = y >= 0 && y < p->h && x >= 0 && x < p->w;

                d[i] = inside ? p->a[((size_t)y * p->w + x) * p->lda + l] : 0;
            }
            transform(m->input, r, r, d, p->v + (size_t)(t - p->t0) * p->ldv + l, p->plane);
        }
    }
}

/* Writes the s x s results of one channel: y. */
static void store_tile(const CnxWinogradOutput *p, int s, int top, int left, int j, const float *y)
{
    for (int i = 0; i < s * s; i++) {
        const int row = top + i / s, column = left + i % s;
        float *c = p->c + ((size_t)row * p->w + column) * p->ldc + j;

        if (row >= p->h || column >= p->w)
            continue;
        *c = y[i] + (p->bias ? p->bias[j] : 0) + (p->accumulate ? *c : 0);
        cnx_activate_c(c, 1, p->act);
    }
}

static void transform_output(const CnxWinogradOutput *p, const Matrices *m)
{
    const int s = m->s, r = s + 2, across = (p->w + s - 1) / s;

    for (int t = p->t0; t < p->t1; t++) {
        for (int j = 0; j < p->n; j++) {
            float x[6 * 6], y[4 * 4]; /* [r, r], [s, s] */

            for (int i = 0; i < r * r; i++)
                x[i] = p->m[i * p->plane + (size_t)(t - p->t0) * p->ldm + j];
            transform(m->output, s, r, x, y, 1);
            store_tile(p, s, t / across * s, t % across * s, j, y);
        }
    }
}

static void transform_weights(float *u, const float *w, size_t ldw, int n, int k, int element,
                              const Matrices *m)
{
    const double *row = m->weight[element / (m->s + 2)], *column = m->weight[element % (m->s + 2)];

    for (int j = 0; j < n; j++) {
        for (int l = 0; l < k; l++) {
            const float *g = w + j * ldw + (size_t)9 * l;
            double sum = 0;

            for (int i = 0; i < 9; i++)
                sum += row[i / 3] * g[i] * column[i % 3];
            *u++ = (float)sum;
        }
    }
}

void cnx_winograd2_input_c(const CnxWinogradInput *p)
{
    transform_input(p, &two);
}

void cnx_winograd4_input_c(const CnxWinogradInput *p)
{
    transform_input(p, &four);
}

void cnx_winograd2_output_c(const CnxWinogradOutput *p)
{
    transform_output(p, &two);
}

void cnx_winograd4_output_c(const CnxWinogradOutput *p)
{
    transform_output(p, &four);
}

void cnx_winograd2_weights_c(float *u, const float *w, size_t ldw, int n, int k, int element)
{
    transform_weights(u, w, ldw, n, k, element, &two);
}

void cnx_winograd4_weights_c(float *u, const float *w, size_t ldw, int n, int k, int element)
{
    transform_weights(u, w, ldw, n, k, element, &four);
}
