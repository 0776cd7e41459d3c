/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/gemm_case.h"

static const int edges_m[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 17, 31, 49};
static const int edges_n[] = {1,  2,  7,  8,  9,  15, 16, 17, 23, 24, 25, 31, 32, 33,
                              40, 41, 47, 48, 49, 63, 64, 65, 71, 72, 73, 96, 97, 100};
static const int edges_k[] = {1, 2, 3, 5, 7, 8, 15, 16, 17, 33, 48, 96, 193};

/* old: [m, n], the residual before the call, or NULL; w: [n, k] */
static void check_product(Check *t, const GemmCase *p, const CnxGemm *g, const float *w,
                          const float *old)
{
    const float *a = g->a;

    for (int i = 0; i < p->m; i++) {
        for (int j = 0; j < p->n; j++) {
            const float *residual = old ? old + (size_t)i * p->n + j : NULL;
            double sum = g->bias ? g->bias[j] : 0, scale = fabs(sum), tolerance, want;

            for (int l = 0; l < p->k; l++) {
                double term = (double)a[i * p->lds + l] * w[(size_t)j * p->k + l];

                sum += term;
                scale += fabs(term);
            }
            tolerance = (p->k + 1) * (CHECK_EPS / 2 * scale + 0x1p-149);
            want = gemm_finish_value(p, sum, residual, &tolerance);
            check_value(t, g->c[i * p->ldc + j], want, tolerance, i, j);
        }
    }
}

static void test_gemm(Check *t, int m, int n, int k, CheckFill fill)
{
    const GemmCase p = gemm_make_case(t, m, n, k, fill, t->k->gemm_panel);
    const size_t packed_size = t->k->gemm_packed_size(n, k);

    gemm_begin_case(t, CHECK_ID_gemm, "gemm", &p);
    float *w = gemm_new_rows(t, n, k, k, CHECK_NORMAL);
    float *packed = check_aligned(t, packed_size / sizeof(float)), *old;
    CnxGemm g = {.lda = p.lds * sizeof(float), .packed = packed};

    t->k->gemm_pack(packed, w, n, k);
    g.a = gemm_new_rows(t, m, k, p.lds, fill);
    old = gemm_run_case(t, &p, &g, t->k->gemm, t->k->gemm_packed_size);
    check_product(t, &p, &g, w, old);
    check_done(t);
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
    float *w = gemm_new_rows(t, n, k, k, CHECK_HOSTILE);

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

    for (int j = 0; j < GEMM_COUNT(edges_n); j++) {
        for (int l = 0; l < GEMM_COUNT(edges_k); l++)
            test_pack(t, edges_n[j], edges_k[l]);
    }
    for (int i = 0; i < GEMM_COUNT(edges_m); i++) {
        for (int j = 0; j < GEMM_COUNT(edges_n); j++) {
            test_gemm(t, edges_m[i], edges_n[j], edges_k[gemm_pick(t, GEMM_COUNT(edges_k))],
                      CHECK_NORMAL);
            test_gemm(t, edges_m[i], edges_n[j], edges_k[gemm_pick(t, GEMM_COUNT(edges_k))],
                      (CheckFill)gemm_pick(t, CHECK_FILLS));
        }
    }
    for (int i = 0; i < GEMM_COUNT(larger); i++) {
        for (int j = 0; j < 2; j++)
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
