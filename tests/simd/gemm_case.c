/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/simd/gemm_case.h"

#include <math.h>
#include <string.h>

#include "tests/simd/activation.h"

int gemm_pick(Check *t, int count)
{
    return (int)(check_random(t) % (uint64_t)count);
}

GemmCase gemm_make_case(Check *t, int m, int n, int k, CheckFill fill, int panel)
{
    static const int gaps[] = {0, 0, 1, 3, 13, 16};
    const int panels = n / panel;
    GemmCase p = {.m = m, .n = n, .k = k, .fill = fill};

    p.lds = (size_t)(k + gaps[gemm_pick(t, GEMM_COUNT(gaps))]);
    p.ldc = (size_t)(n + gaps[gemm_pick(t, GEMM_COUNT(gaps))]);
    p.ldr = (size_t)(n + gaps[gemm_pick(t, GEMM_COUNT(gaps))]);
    p.act = (CnxAct)gemm_pick(t, CNX_ACT_GELU_COARSE + 1);
    p.bias = gemm_pick(t, 4) != 0;
    p.sumsq = gemm_pick(t, 2);
    p.residual = gemm_pick(t, 3);
    p.split = panels > 1 && gemm_pick(t, 3) == 0 ? panel * (1 + gemm_pick(t, panels - 1)) : n;
    return p;
}

void gemm_begin_case(Check *t, int id, const char *kernel, const GemmCase *p)
{
    static const char *const acts[] = {"none", "gelu", "gelu_tanh", "silu", "relu", "gelu_coarse"};
    static const char *const residuals[] = {"none", "own", "in place"};

    check_case(t, id, kernel,
               "m %d n %d k %d lds %zu ldc %zu ldr %zu split %d act %s bias %d residual %s sumsq "
               "%d fill %s",
               p->m, p->n, p->k, p->lds, p->ldc, p->ldr, p->split, acts[p->act], p->bias,
               residuals[p->residual], p->sumsq, check_fill_name(p->fill));
}

float *gemm_new_rows(Check *t, int rows, int cols, size_t stride, CheckFill fill)
{
    float *x = check_rows(t, rows, cols, stride);

    check_fill_rows(t, x, rows, cols, stride, fill);
    return x;
}

static void multiply_columns(const GemmCase *p, CnxGemm g, CnxGemmFn *multiply,
                             CnxGemmPackedSizeFn *packed_size)
{
    CnxGemm right = g;
    int j = p->split;

    g.n = j;
    multiply(&g);
    if (j == p->n)
        return;
    right.n = p->n - j;
    right.packed = (const char *)g.packed + packed_size(j, p->k);
    right.c += j;
    right.bias = g.bias ? g.bias + j : NULL;
    right.residual = g.residual ? g.residual + j : NULL;
    right.sumsq = g.sumsq ? g.sumsq + j : NULL;
    multiply(&right);
}

/* Sums the squares of the written values, so that the tolerance covers the sum alone. */
static void check_sumsq(Check *t, const GemmCase *p, const CnxGemm *g, const float *before)
{
    for (int j = 0; j < p->n; j++) {
        double want = before[j];

        for (int i = 0; i < p->m; i++)
            want += (double)g->c[i * p->ldc + j] * g->c[i * p->ldc + j];
        check_value(t, g->sumsq[j], want, (p->m + 1) * (CHECK_EPS / 2 * want + 0x1p-149), -1, j);
    }
}

float *gemm_run_case(Check *t, const GemmCase *p, CnxGemm *g, CnxGemmFn *multiply,
                     CnxGemmPackedSizeFn *packed_size)
{
    float *before = NULL, *old = NULL;

    g->m = p->m;
    g->n = p->n;
    g->k = p->k;
    g->ldc = p->ldc;
    g->act = p->act;
    if (p->bias)
        g->bias = gemm_new_rows(t, 1, p->n, p->n, CHECK_NORMAL);
    if (p->residual == 1) {
        g->residual = gemm_new_rows(t, p->m, p->n, p->ldr, CHECK_NORMAL);
        g->ldr = p->ldr;
    }
    check_seal(t);
    g->c = gemm_new_rows(t, p->m, p->n, p->ldc, CHECK_NORMAL);
    if (p->residual == 2) {
        g->residual = g->c;
        g->ldr = p->ldc;
    }
    if (p->residual) {
        old = check_floats(t, (size_t)p->m * p->n);
        for (int i = 0; i < p->m; i++)
            memcpy(old + (size_t)i * p->n, g->residual + i * g->ldr, p->n * sizeof *old);
    }
    if (p->sumsq) {
        g->sumsq = check_floats(t, p->n);
        before = check_floats(t, p->n);
        for (int j = 0; j < p->n; j++)
            g->sumsq[j] = before[j] = (float)check_uniform(t);
    }
    multiply_columns(p, *g, multiply, packed_size);
    if (p->sumsq)
        check_sumsq(t, p, g, before);
    return old;
}

double gemm_finish_value(const GemmCase *p, double sum, const float *old, double *tolerance)
{
    double value = check_act(p->act, sum);

    if (p->act != CNX_ACT_NONE)
        *tolerance = 1.13 * *tolerance + check_act_tolerance(p->act, value); /* the largest slope */
    if (old)
        value += *old;
    *tolerance += CHECK_EPS * fabs(value);
    return value;
}
