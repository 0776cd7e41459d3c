/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "tests/simd/gemm_case.h"
#include "tests/simd/gemm_rounded.h"
#include "tests/simd/tiles.h"

static const int edges_m[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 49};
static const int edges_n[] = {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100};
static const int edges_k[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 96, 193};

/* a: [m, k], lds apart; w: [n, k]; old: [m, n], the residual before the call, or NULL */
static void check_product(Check *t, const Rounded *r, const GemmCase *p, const CnxGemm *g,
                          const float *a, const float *w, const float *old)
{
    for (int i = 0; i < p->m; i++) {
        const float *row = a + i * p->lds;
        const double sa = r->activation_step ? r->activation_step(t->k, row, p->k) : 0;

        for (int j = 0; j < p->n; j++) {
            const float *column = w + (size_t)j * p->k;
            const float *residual = old ? old + (size_t)i * p->n + j : NULL;
            const double sw = r->weight_step ? r->weight_step(column, p->k) : 0;
            const float got = g->c[i * p->ldc + j];
            double sum = g->bias ? g->bias[j] : 0, tolerance = 0, scale = fabs(sum), want;

            for (int l = 0; l < p->k; l++) {
                sum += (double)row[l] * column[l];
                scale += fabs((double)row[l] * column[l]);
                tolerance += r->error(row[l], sa, column[l], sw);
            }
            tolerance += (p->k + 4) * (CHECK_EPS * (scale + tolerance) + CHECK_FLT_TINY);
            want = gemm_finish_value(p, sum, residual, &tolerance);
            if (isfinite(sum) ? isfinite(tolerance) : r->keeps_infinities)
                check_value(t, got, want, tolerance, i, j);
            else if (!isfinite(sum) && p->act == CNX_ACT_NONE)
                check_true(t, !isfinite(got), "row %d column %d is finite", i, j);
        }
    }
}

/* Multiplies a by w and checks the result. */
static void test_product(Check *t, const Rounded *r, const GemmCase *p, const float *a,
                         const float *w)
{
    const size_t row = r->row_size(p->k);
    float *packed = check_aligned(t, r->packed_size(p->n, p->k) / sizeof(float));
    float *rows = check_aligned(t, p->m * row / sizeof(float)), *old;
    CnxGemm g = {.a = rows, .lda = row, .packed = packed};

    check_true(t, row % 8 == 0 && row >= (size_t)p->k, "a row of %zu bytes", row);
    r->pack(packed, w, p->n, p->k);
    r->rows(rows, a, p->lds, p->m, p->k);
    old = gemm_run_case(t, p, &g, r->multiply, r->packed_size);
    check_true(t, !check_tiles_are_configured(t->k), "the tiles are not released");
    check_product(t, r, p, &g, a, w, old);
}

static void test_case(Check *t, const Rounded *r, const GemmCase *p)
{
    gemm_begin_case(t, r->ids[ROUNDED_PRODUCT], r->name, p);
    const float *w = gemm_new_rows(t, p->n, p->k, p->k, CHECK_NORMAL);

    test_product(t, r, p, gemm_new_rows(t, p->m, p->k, p->lds, p->fill), w);
    check_done(t);
}

/* Values that rounding does not change: the result is exact to the precision of a float. Each row
 * has its extremes, so its step is 2^-5, or 2^-3 for weights. */
static void test_exact(Check *t, const Rounded *r, int m, int n, int k)
{
    const int top = r->top, zero = gemm_pick(t, top + 1);

    check_case(t, r->ids[ROUNDED_ROWS], r->name, "exact, m %d n %d k %d zero %d", m, n, k, zero);
    float *a = check_rows(t, m, k, k), *w = check_rows(t, n, k, k);
    const size_t row = r->row_size(k);
    float *packed = check_aligned(t, r->packed_size(n, k) / sizeof(float));
    float *rows = check_aligned(t, m * row / sizeof(float)), *c = check_rows(t, m, n, n);

    for (int i = 0; i < m * k; i++)
        a[i] = (float)(i % k == 0   ? top - zero
                       : i % k == 1 ? -zero
                                    : gemm_pick(t, top + 1) - zero) /
               32;
    for (int i = 0; i < n * k; i++)
        w[i] = (float)(i % k == 0 ? 127 : gemm_pick(t, 255) - 127) / 8;
    r->pack(packed, w, n, k);
    r->rows(rows, a, k, m, k);
    r->multiply(&(CnxGemm){
        .m = m, .n = n, .k = k, .a = rows, .lda = row, .packed = packed, .c = c, .ldc = n});
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double want = 0;

            for (int l = 0; l < k; l++)
                want += (double)a[(size_t)i * k + l] * w[(size_t)j * k + l];
            check_value(t, c[(size_t)i * n + j], want, 4 * CHECK_EPS * fabs(want), i, j);
        }
    }
    check_done(t);
}

static void test_sizes(Check *t, const Rounded *r, int n, int k)
{
    const int panel = r->panel;

    check_case(t, r->ids[ROUNDED_PACKED_SIZE], r->name, "n %d k %d", n, k);
    check_true(t, r->packed_size(n, k) >= (size_t)n * k, "too small");
    for (int j = panel; j < n; j += panel)
        check_true(t, panel == 1 || r->packed_size(j, k) % 64 == 0,
                   "column %d does not start 64-byte aligned", j);
    check_done(t);
    check_case(t, r->ids[ROUNDED_ROW_SIZE], r->name, "k %d", k);
    check_true(t, r->row_size(k) % 8 == 0, "not a multiple of 8");
    check_done(t);
}

/* Weights with NaN, infinities, denormals, zeros, and one that is far larger than the others. */
static void test_weights(Check *t, const Rounded *r, CheckFill fill, float outlier)
{
    const int m = 5, n = 37, k = 50;
    GemmCase p = {.m = m, .n = n, .k = k, .lds = k, .ldc = n, .split = n, .bias = true};

    check_case(t, r->ids[ROUNDED_PACK], r->name, "fill %s outlier %g", check_fill_name(fill),
               (double)outlier);
    float *w = gemm_new_rows(t, n, k, k, fill);

    for (int j = 0; j < n && outlier > 0; j += 3)
        w[j * k + j % k] = outlier;
    test_product(t, r, &p, gemm_new_rows(t, m, k, k, CHECK_NORMAL), w);
    check_done(t);
}

/* Activations up to the largest float times small weights: the results are finite. */
static void test_largest(Check *t, const Rounded *r)
{
    const int m = 5, n = 37, k = 50;
    GemmCase p = {.m = m, .n = n, .k = k, .lds = k, .ldc = n, .split = n};

    check_case(t, r->ids[ROUNDED_PRODUCT], r->name, "the largest float");
    float *a = check_rows(t, m, k, k), *w = gemm_new_rows(t, n, k, k, CHECK_NORMAL);

    for (int i = 0; i < m * k; i++)
        a[i] = i % 3 == 0 ? FLT_MAX : -FLT_MAX * (float)check_uniform(t);
    for (int i = 0; i < n * k; i++)
        w[i] *= 1e-30f;
    test_product(t, r, &p, a, w);
    check_done(t);
}

void check_rounded(Check *t, MakeRounded *make)
{
    const Rounded rounded = make(t->k), *r = &rounded;

    for (int j = 0; j < GEMM_COUNT(edges_n); j++) {
        for (int l = 0; l < GEMM_COUNT(edges_k); l++)
            test_sizes(t, r, edges_n[j], edges_k[l]);
    }
    for (int i = 0; i < GEMM_COUNT(edges_m); i++) {
        for (int j = 0; j < GEMM_COUNT(edges_n); j++) {
            const int m = edges_m[i], n = edges_n[j],
                      k = edges_k[gemm_pick(t, GEMM_COUNT(edges_k))];
            GemmCase p = gemm_make_case(t, m, n, k, (CheckFill)gemm_pick(t, CHECK_FILLS), r->panel);

            test_case(t, r, &p);
            p.fill = CHECK_NORMAL;
            test_case(t, r, &p);
            test_exact(t, r, m, n, 2 + k);
        }
    }
    test_exact(t, r, 50, 96, 3072);
    for (int fill = 0; fill < CHECK_FILLS; fill++)
        test_weights(t, r, (CheckFill)fill, 0);
    test_weights(t, r, CHECK_NORMAL, 1e6f);
    test_largest(t, r);
}

typedef struct Bench {
    MakeRounded *make;
    CnxGemm g[2];
    const float *a, *w;
    void *packed, *rows;
} Bench;

static void *new_bytes(size_t size)
{
    void *bytes = aligned_alloc(64, (size + 63) / 64 * 64);

    if (!bytes)
        abort();
    return bytes;
}

static void prepare(const CnxKernels *k, void *data)
{
    Bench *b = data;
    const Rounded r = b->make(k);
    const int m = b->g[0].m, n = b->g[0].n, depth = b->g[0].k;

    free(b->packed);
    free(b->rows);
    b->packed = new_bytes(r.packed_size(n, depth));
    b->rows = new_bytes(m * r.row_size(depth));
    r.pack(b->packed, b->w, n, depth);
    for (int i = 0; i < 2; i++) {
        b->g[i].packed = b->packed;
        b->g[i].a = b->rows;
        b->g[i].lda = r.row_size(depth);
    }
}

/* Rounds the activations as well: they are new in each product. */
static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;
    const Rounded r = b->make(k);
    const int depth = b->g[0].k;

    r.rows(b->rows, b->a, (size_t)depth, b->g[0].m, depth);
    r.multiply(&b->g[turn]);
}

static void bench_gemm(Check *t, MakeRounded *make, int m, int n, int k, CnxAct act)
{
    float *a = check_bench_floats(t, (size_t)m * k), *w = check_bench_floats(t, (size_t)n * k);
    float *c = check_bench_floats(t, (size_t)m * n), *bias = check_bench_floats(t, n);
    Bench b = {.make = make, .a = a, .w = w};

    for (int i = 0; i < 2; i++)
        b.g[i] = (CnxGemm){.m = m, .n = n, .k = k, .bias = bias, .c = c, .ldc = n, .act = act};
    check_bench(t, &(CheckBench){make(t->c).name, 2.0 * m * n * k, prepare, body, &b}, "%dx%dx%d%s",
                m, n, k, act ? " gelu" : "");
    free(a);
    free(w);
    free(c);
    free(bias);
    free(b.packed);
    free(b.rows);
}

void check_rounded_bench(Check *t, MakeRounded *make)
{
    for (int i = 0; i < 4; i++) {
        const int pixels = 3136 >> (2 * i), c = 96 << i;

        bench_gemm(t, make, pixels, 4 * c, c, CNX_ACT_GELU);
        bench_gemm(t, make, pixels, c, 4 * c, CNX_ACT_NONE);
    }
}
