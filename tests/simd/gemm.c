/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simd/activation.h"
#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const int edges_m[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 31, 49};
static const int edges_n[] = {1,  2,  7,  8,  9,  15, 16, 17, 23, 24, 25, 31, 32, 33,
                              40, 41, 47, 48, 49, 63, 64, 65, 71, 72, 73, 96, 97, 100};
static const int edges_k[] = {1, 2, 3, 5, 7, 8, 15, 16, 17, 33, 48, 96, 193};

typedef struct Case {
    int m, n, k;
    size_t lda, ldr, ldc;
    CnxAct act;
    CheckFill fill;
    bool bias, sumsq;
    int residual; /* 0 for none, 1 for its own buffer, 2 for c itself */
    int split;    /* columns of the first of two calls, or n for a single call */
} Case;

static void run_gemm(const CnxKernels *k, const Case *p, CnxGemm g)
{
    CnxGemm right = g;
    int j = p->split;

    g.n = j;
    k->gemm(&g);
    if (j == p->n)
        return;
    right.n = p->n - j;
    right.packed = (const char *)g.packed + k->gemm_packed_size(j, p->k);
    right.c += j;
    if (right.bias)
        right.bias += j;
    if (right.residual)
        right.residual += j;
    if (right.sumsq)
        right.sumsq += j;
    k->gemm(&right);
}

/* old: [m, n], the residual before the call, or NULL; w: [n, k] */
static void check_product(Check *t, const Case *p, const CnxGemm *g, const float *w,
                          const float *old)
{
    const float *a = g->a;

    for (int i = 0; i < p->m; i++) {
        for (int j = 0; j < p->n; j++) {
            double sum = g->bias ? g->bias[j] : 0, scale = fabs(sum);

            for (int l = 0; l < p->k; l++) {
                double term = (double)a[i * p->lda + l] * w[(size_t)j * p->k + l];

                sum += term;
                scale += fabs(term);
            }
            double want = check_act(p->act, sum);
            double tolerance = (p->k + 1) * (CHECK_EPS / 2 * scale + 0x1p-149);

            if (p->act != CNX_ACT_NONE)
                tolerance = 1.13 * tolerance + check_act_tolerance(want); /* the largest slope */
            if (old)
                want += old[(size_t)i * p->n + j];
            tolerance += CHECK_EPS * fabs(want);
            check_value(t, g->c[i * p->ldc + j], want, tolerance, i, j);
        }
    }
}

/* Sums the squares of the written values, so that the tolerance covers the sum alone. */
static void check_sumsq(Check *t, const Case *p, const CnxGemm *g, const float *before)
{
    for (int j = 0; j < p->n; j++) {
        double want = before[j];

        for (int i = 0; i < p->m; i++)
            want += (double)g->c[i * p->ldc + j] * g->c[i * p->ldc + j];
        check_value(t, g->sumsq[j], want, (p->m + 1) * (CHECK_EPS / 2 * want + 0x1p-149), -1, j);
    }
}

static float *new_rows(Check *t, int rows, int cols, size_t stride, CheckFill fill)
{
    float *x = check_rows(t, rows, cols, stride);

    check_fill_rows(t, x, rows, cols, stride, fill);
    return x;
}

static void test_case(Check *t, const Case *p)
{
    static const char *const acts[] = {"none", "gelu", "gelu_tanh", "silu"};
    static const char *const residuals[] = {"none", "own", "in place"};
    size_t packed_size = t->k->gemm_packed_size(p->n, p->k);

    CHECK_CASE(t, gemm,
               "m %d n %d k %d lda %zu ldc %zu ldr %zu split %d act %s bias %d residual %s sumsq "
               "%d fill %s",
               p->m, p->n, p->k, p->lda, p->ldc, p->ldr, p->split, acts[p->act], p->bias,
               residuals[p->residual], p->sumsq, check_fill_name(p->fill));

    float *w = new_rows(t, p->n, p->k, p->k, CHECK_NORMAL);
    float *packed = check_aligned(t, packed_size / sizeof(float));
    CnxGemm g = {.m = p->m, .k = p->k, .lda = p->lda * sizeof(float), .ldc = p->ldc, .act = p->act};

    t->k->gemm_pack(packed, w, p->n, p->k);
    g.packed = packed;
    g.a = new_rows(t, p->m, p->k, p->lda, p->fill);
    if (p->bias)
        g.bias = new_rows(t, 1, p->n, p->n, CHECK_NORMAL);
    if (p->residual == 1) {
        g.residual = new_rows(t, p->m, p->n, p->ldr, CHECK_NORMAL);
        g.ldr = p->ldr;
    }
    check_seal(t);
    g.c = new_rows(t, p->m, p->n, p->ldc, CHECK_NORMAL);
    if (p->residual == 2) {
        g.residual = g.c;
        g.ldr = p->ldc;
    }

    float *before = NULL, *old = NULL;

    if (p->residual) {
        old = check_floats(t, (size_t)p->m * p->n);
        for (int i = 0; i < p->m; i++)
            memcpy(old + (size_t)i * p->n, g.residual + i * g.ldr, p->n * sizeof *old);
    }
    if (p->sumsq) {
        g.sumsq = check_floats(t, p->n);
        before = check_floats(t, p->n);
        for (int j = 0; j < p->n; j++)
            g.sumsq[j] = before[j] = (float)check_uniform(t);
    }
    run_gemm(t->k, p, g);
    check_product(t, p, &g, w, old);
    if (p->sumsq)
        check_sumsq(t, p, &g, before);
    check_done(t);
}

static int pick(Check *t, int count)
{
    return (int)(check_random(t) % (uint64_t)count);
}

/* Picks everything except the sizes and the fill at random. */
static Case make_case(Check *t, int m, int n, int k, CheckFill fill)
{
    static const int gaps[] = {0, 0, 1, 3, 13, 16};
    int panel = t->k->gemm_panel, panels = n / panel;
    uint64_t state = check_random(t);
    Case p = {.m = m, .n = n, .k = k, .fill = fill};

    p.lda = k + gaps[pick(t, COUNT(gaps))];
    p.ldc = n + gaps[pick(t, COUNT(gaps))];
    p.ldr = n + gaps[pick(t, COUNT(gaps))];
    p.act = (CnxAct)pick(t, 4);
    p.bias = pick(t, 4) != 0;
    p.sumsq = pick(t, 2);
    p.residual = pick(t, 3);
    p.split = panels > 1 && state % 3 == 0 ? panel * (1 + (int)(state / 3 % (panels - 1))) : n;
    return p;
}

static void test_gemm(Check *t, int m, int n, int k, CheckFill fill)
{
    Case p = make_case(t, m, n, k, fill);

    test_case(t, &p);
}

/* Returns the columns of the next panel, with padding, when `left` columns are left. */
static int panel_width(int panel, int left)
{
    int full = panel % 3 == 0 ? 3 : 4, lanes = panel / full, vectors;

    if (panel == 1)
        return 1;
    vectors = (left + lanes - 1) / lanes;
    if (vectors == full + 1)
        return (full - 1) * lanes;
    return vectors > full ? panel : vectors * lanes;
}

static void test_pack(Check *t, int n, int k)
{
    int panel = t->k->gemm_panel;
    size_t size = t->k->gemm_packed_size(n, k) / sizeof(float);

    CHECK_CASE(t, gemm_packed_size, "n %d k %d", n, k);
    check_true(t, size >= (size_t)n * k, "%zu floats cannot hold the weights", size);
    for (int j = panel; j < n; j += panel)
        check_true(t, panel == 1 || t->k->gemm_packed_size(j, k) % 64 == 0,
                   "column %d does not start 64-byte aligned", j);
    check_done(t);

    CHECK_CASE(t, gemm_pack, "n %d k %d", n, k);
    float *w = new_rows(t, n, k, k, CHECK_HOSTILE);

    check_seal(t);
    float *packed = check_aligned(t, size);
    size_t start = 0;

    t->k->gemm_pack(packed, w, n, k);
    for (int j0 = 0, width; j0 < n; j0 += width) {
        const float *p = packed + start;

        width = panel_width(panel, n - j0);
        if (j0 % panel == 0 && n - j0 >= panel)
            check_true(t, start * sizeof *p == t->k->gemm_packed_size(j0, k),
                       "column %d does not start at gemm_packed_size", j0);
        for (int j = j0; j < j0 + width; j++, p++) {
            for (int l = 0; l < k; l++)
                check_value(t, p[(size_t)l * width], j < n ? w[(size_t)j * k + l] : 0, 0, j, l);
        }
        start += panel > 1 ? ((size_t)width * k + 15) / 16 * 16 : (size_t)k;
    }
    check_true(t, start <= size, "%zu floats do not fit into %zu", start, size);
    check_done(t);
}

static void run(Check *t)
{
    static const int larger[][3] = {{49, 96, 768},  {50, 384, 96}, {3, 1000, 769}, {197, 33, 48},
                                    {14, 40, 3072}, {25, 769, 24}, {211, 288, 64}, {196, 50, 1536},
                                    {401, 64, 520}, {9, 112, 1600}};

    for (int j = 0; j < COUNT(edges_n); j++) {
        for (int l = 0; l < COUNT(edges_k); l++)
            test_pack(t, edges_n[j], edges_k[l]);
    }
    for (int i = 0; i < COUNT(edges_m); i++) {
        for (int j = 0; j < COUNT(edges_n); j++) {
            test_gemm(t, edges_m[i], edges_n[j], edges_k[pick(t, COUNT(edges_k))], CHECK_NORMAL);
            test_gemm(t, edges_m[i], edges_n[j], edges_k[pick(t, COUNT(edges_k))],
                      (CheckFill)pick(t, CHECK_FILLS));
        }
    }
    for (int i = 0; i < COUNT(larger); i++) {
        for (int j = 0; j < 6; j++)
            test_gemm(t, larger[i][0], larger[i][1], larger[i][2], CHECK_NORMAL);
    }
}

typedef struct Bench {
    CnxGemm g[2];
    float *packed, *w;
} Bench;

static void prepare(const CnxKernels *k, void *data)
{
    Bench *b = data;
    int n = b->g[0].n, depth = b->g[0].k;
    size_t size = k->gemm_packed_size(n, depth);

    free(b->packed);
    b->packed = aligned_alloc(64, (size + 63) / 64 * 64);
    if (!b->packed)
        abort();
    k->gemm_pack(b->packed, b->w, n, depth);
    b->g[0].packed = b->g[1].packed = b->packed;
}

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->gemm(&b->g[turn]);
}

/* epilogue: 0 for bias, 1 for bias and GELU, 2 for bias and residual in place, 3 for bias, GELU and
 * sumsq. */
static void bench_gemm(Check *t, int m, int n, int k, int epilogue)
{
    static const char *const epilogues[] = {"", " gelu", " residual", " gelu sumsq"};
    Bench b = {.w = check_bench_floats(t, (size_t)n * k)};
    float *bias = check_bench_floats(t, n), *sumsq = check_bench_floats(t, n);
    float *a[2], *c[2];

    for (size_t i = 0; i < (size_t)n * k; i++)
        b.w[i] /= sqrtf((float)k); /* gives products the magnitude they have in networks */

    for (int i = 0; i < 2; i++) {
        a[i] = check_bench_floats(t, (size_t)m * k);
        c[i] = check_bench_floats(t, (size_t)m * n);
        b.g[i] = (CnxGemm){.m = m,
                           .n = n,
                           .k = k,
                           .a = a[i],
                           .lda = k * sizeof(float),
                           .bias = bias,
                           .c = c[i],
                           .ldc = n,
                           .ldr = n};
        b.g[i].act = epilogue & 1 ? CNX_ACT_GELU : CNX_ACT_NONE;
        b.g[i].residual = epilogue == 2 ? c[i] : NULL;
        b.g[i].sumsq = epilogue == 3 ? sumsq : NULL;
    }
    check_bench(t, &(CheckBench){"gemm", 2.0 * m * n * k, prepare, body, &b}, "%dx%dx%d%s", m, n, k,
                epilogues[epilogue]);
    for (int i = 0; i < 2; i++) {
        free(a[i]);
        free(c[i]);
    }
    free(b.w);
    free(b.packed);
    free(bias);
    free(sumsq);
}

/* A network at 224: pw1 and pw2 of each stage, the patch convolutions, the head. c: channels of the
 * first stage. */
static void bench_network(Check *t, int c)
{
    bench_gemm(t, 3136, c, 48, 0);
    for (int i = 0; i < 4; i++, c *= 2) {
        const int pixels = 3136 >> (2 * i);

        bench_gemm(t, pixels, 4 * c, c, 1);
        bench_gemm(t, pixels, c, 4 * c, 2);
        if (i < 3)
            bench_gemm(t, pixels / 4, 2 * c, 4 * c, 0);
    }
    bench_gemm(t, 1, 1000, c / 2, 0);
}

static void bench(Check *t)
{
    bench_network(t, 96);             /* ConvNeXt-T */
    bench_network(t, 128);            /* ConvNeXt-B */
    bench_gemm(t, 196, 1536, 384, 3); /* V2-T, whose GRN needs sumsq */
}

const CheckSuite check_gemm = {"gemm", run, bench};
