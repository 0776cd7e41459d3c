/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simd/activation.h"
#include "tests/simd/gemm_rounded.h"
#include "tests/simd/tiles.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const int edges_m[] = {1, 2, 3, 4, 5, 7, 8, 9, 13, 49};
static const int edges_n[] = {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100};
static const int edges_k[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 96, 193};

typedef struct Case {
    int m, n, k;
    size_t lds, ldr, ldc; /* floats */
    CnxAct act;
    CheckFill fill;
    bool bias, sumsq;
    int residual; /* 0 for none, 1 for its own buffer, 2 for c itself */
    int split;    /* columns of the first of two calls, or n for a single call */
} Case;

/* a: [m, k], lds apart; w: [n, k]; old: [m, n], the residual before the call, or NULL */
static void check_product(Check *t, const Rounded *r, const Case *p, const CnxGemm *g,
                          const float *a, const float *w, const float *old)
{
    for (int i = 0; i < p->m; i++) {
        const float *row = a + i * p->lds;
        const double sa = r->activation_step(t->k, row, p->k);

        for (int j = 0; j < p->n; j++) {
            const float *column = w + (size_t)j * p->k;
            const double sw = r->weight_step(column, p->k);
            const float got = g->c[i * p->ldc + j];
            double sum = g->bias ? g->bias[j] : 0, tolerance = 0, scale = fabs(sum);

            for (int l = 0; l < p->k; l++) {
                sum += (double)row[l] * column[l];
                scale += fabs((double)row[l] * column[l]);
                tolerance += r->error(row[l], sa, column[l], sw);
            }
            tolerance += (p->k + 4) * (CHECK_EPS * (scale + tolerance) + CHECK_FLT_TINY);
            double want = check_act(p->act, sum);

            if (p->act != CNX_ACT_NONE)
                tolerance = 1.13 * tolerance + check_act_tolerance(want); /* the largest slope */
            if (old)
                want += old[(size_t)i * p->n + j];
            tolerance += CHECK_EPS * fabs(want);
            if (isfinite(sum) && isfinite(tolerance))
                check_value(t, got, want, tolerance, i, j);
            else if (!isfinite(sum) && r->keeps_infinities)
                check_value(t, got, want, tolerance, i, j);
            else if (!isfinite(sum) && p->act == CNX_ACT_NONE)
                check_true(t, !isfinite(got), "row %d column %d is finite", i, j);
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

static void run_gemm(const Rounded *r, const Case *p, CnxGemm g)
{
    CnxGemm right = g;
    int j = p->split;

    g.n = j;
    r->multiply(&g);
    if (j == p->n)
        return;
    right.n = p->n - j;
    right.packed = (const char *)g.packed + r->packed_size(j, p->k);
    right.c += j;
    right.bias = g.bias ? g.bias + j : NULL;
    right.residual = g.residual ? g.residual + j : NULL;
    right.sumsq = g.sumsq ? g.sumsq + j : NULL;
    r->multiply(&right);
}

static float *new_rows(Check *t, int rows, int cols, size_t stride, CheckFill fill)
{
    float *x = check_rows(t, rows, cols, stride);

    check_fill_rows(t, x, rows, cols, stride, fill);
    return x;
}

/* Multiplies a by w and checks the result. */
static void test_product(Check *t, const Rounded *r, const Case *p, const float *a, const float *w)
{
    const size_t row = r->row_size(p->k);
    float *packed = check_aligned(t, r->packed_size(p->n, p->k) / sizeof(float));
    float *rows = check_aligned(t, p->m * row / sizeof(float));
    float *before = NULL, *old = NULL;
    CnxGemm g = {.m = p->m, .k = p->k, .lda = row, .ldc = p->ldc, .ldr = p->ldr, .act = p->act};

    check_true(t, row % 8 == 0 && row >= (size_t)p->k, "a row of %zu bytes", row);
    r->pack(packed, w, p->n, p->k);
    r->rows(rows, a, p->lds, p->m, p->k);
    g.packed = packed;
    g.a = rows;
    if (p->bias)
        g.bias = new_rows(t, 1, p->n, p->n, CHECK_NORMAL);
    if (p->residual == 1)
        g.residual = new_rows(t, p->m, p->n, p->ldr, CHECK_NORMAL);
    check_seal(t);
    g.c = new_rows(t, p->m, p->n, p->ldc, CHECK_NORMAL);
    if (p->residual == 2) {
        g.residual = g.c;
        g.ldr = p->ldc;
    }
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
    run_gemm(r, p, g);
    check_true(t, !check_tiles_are_configured(t->k), "the tiles are not released");
    check_product(t, r, p, &g, a, w, old);
    if (p->sumsq)
        check_sumsq(t, p, &g, before);
}

static void test_case(Check *t, const Rounded *r, const Case *p)
{
    check_case(t, r->ids[ROUNDED_PRODUCT], r->name,
               "m %d n %d k %d lds %zu ldc %zu split %d act %d residual %d fill %s", p->m, p->n,
               p->k, p->lds, p->ldc, p->split, p->act, p->residual, check_fill_name(p->fill));
    const float *w = new_rows(t, p->n, p->k, p->k, CHECK_NORMAL);

    test_product(t, r, p, new_rows(t, p->m, p->k, p->lds, p->fill), w);
    check_done(t);
}

static int pick(Check *t, int count)
{
    return (int)(check_random(t) % (uint64_t)count);
}

/* Values that rounding does not change: the result is exact to the precision of a float. Each row
 * has its extremes, so its step is 2^-5, or 2^-3 for weights. */
static void test_exact(Check *t, const Rounded *r, int m, int n, int k)
{
    const int top = r->top, zero = pick(t, top + 1);
    Case p = {.m = m, .n = n, .k = k, .lds = (size_t)k, .ldc = (size_t)n, .split = n};

    check_case(t, r->ids[ROUNDED_ROWS], r->name, "exact, m %d n %d k %d zero %d", m, n, k, zero);
    float *a = check_rows(t, m, k, k), *w = check_rows(t, n, k, k);
    const size_t row = r->row_size(k);
    float *packed = check_aligned(t, r->packed_size(n, k) / sizeof(float));
    float *rows = check_aligned(t, m * row / sizeof(float)), *c = check_rows(t, m, n, n);

    for (int i = 0; i < m * k; i++)
        a[i] = (float)(i % k == 0 ? top - zero : i % k == 1 ? -zero : pick(t, top + 1) - zero) / 32;
    for (int i = 0; i < n * k; i++)
        w[i] = (float)(i % k == 0 ? 127 : pick(t, 255) - 127) / 8;
    r->pack(packed, w, n, k);
    r->rows(rows, a, k, m, k);
    r->multiply(&(CnxGemm){
        .m = m, .n = n, .k = k, .a = rows, .lda = row, .packed = packed, .c = c, .ldc = n});
    for (int i = 0; i < m; i++) {
        for (int j = 0; j < n; j++) {
            double want = 0;

            for (int l = 0; l < k; l++)
                want += (double)a[i * p.lds + l] * w[(size_t)j * k + l];
            check_value(t, c[i * p.ldc + j], want, 4 * CHECK_EPS * fabs(want), i, j);
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
    Case p = {.m = m, .n = n, .k = k, .lds = k, .ldc = n, .split = n, .bias = true};

    check_case(t, r->ids[ROUNDED_PACK], r->name, "fill %s outlier %g", check_fill_name(fill),
               (double)outlier);
    float *w = new_rows(t, n, k, k, fill);

    for (int j = 0; j < n && outlier > 0; j += 3)
        w[j * k + j % k] = outlier;
    test_product(t, r, &p, new_rows(t, m, k, k, CHECK_NORMAL), w);
    check_done(t);
}

/* Activations up to the largest float times small weights: the results are finite. */
static void test_largest(Check *t, const Rounded *r)
{
    const int m = 5, n = 37, k = 50;
    Case p = {.m = m, .n = n, .k = k, .lds = k, .ldc = n, .split = n};

    check_case(t, r->ids[ROUNDED_PRODUCT], r->name, "the largest float");
    float *a = check_rows(t, m, k, k), *w = new_rows(t, n, k, k, CHECK_NORMAL);

    for (int i = 0; i < m * k; i++)
        a[i] = i % 3 == 0 ? FLT_MAX : -FLT_MAX * (float)check_uniform(t);
    for (int i = 0; i < n * k; i++)
        w[i] *= 1e-30f;
    test_product(t, r, &p, a, w);
    check_done(t);
}

void check_rounded(Check *t, const Rounded *r)
{
    static const int gaps[] = {0, 0, 1, 3, 13, 16};

    for (int j = 0; j < COUNT(edges_n); j++) {
        for (int l = 0; l < COUNT(edges_k); l++)
            test_sizes(t, r, edges_n[j], edges_k[l]);
    }
    for (int i = 0; i < COUNT(edges_m); i++) {
        for (int j = 0; j < COUNT(edges_n); j++) {
            const int panel = r->panel, panels = edges_n[j] / panel;
            Case p = {.m = edges_m[i], .n = edges_n[j], .k = edges_k[pick(t, COUNT(edges_k))]};

            p.lds = (size_t)p.k + gaps[pick(t, COUNT(gaps))];
            p.ldc = (size_t)p.n + gaps[pick(t, COUNT(gaps))];
            p.ldr = (size_t)p.n + gaps[pick(t, COUNT(gaps))];
            p.act = (CnxAct)pick(t, 4);
            p.bias = pick(t, 4) != 0;
            p.sumsq = pick(t, 2);
            p.residual = pick(t, 3);
            p.split = panels > 1 && pick(t, 3) == 0 ? panel * (1 + pick(t, panels - 1)) : p.n;
            p.fill = (CheckFill)pick(t, CHECK_FILLS);
            test_case(t, r, &p);
            p.fill = CHECK_NORMAL;
            test_case(t, r, &p);
            test_exact(t, r, edges_m[i], edges_n[j], 2 + p.k);
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

static void bench_gemm(Check *t, MakeRounded *make, const char *name, int m, int n, int k,
                       CnxAct act)
{
    float *a = check_bench_floats(t, (size_t)m * k), *w = check_bench_floats(t, (size_t)n * k);
    float *c = check_bench_floats(t, (size_t)m * n), *bias = check_bench_floats(t, n);
    Bench b = {.make = make, .a = a, .w = w};

    for (int i = 0; i < 2; i++)
        b.g[i] = (CnxGemm){.m = m, .n = n, .k = k, .bias = bias, .c = c, .ldc = n, .act = act};
    check_bench(t, &(CheckBench){name, 2.0 * m * n * k, prepare, body, &b}, "%dx%dx%d%s", m, n, k,
                act ? " gelu" : "");
    free(a);
    free(w);
    free(c);
    free(bias);
    free(b.packed);
    free(b.rows);
}

/* pw1 and pw2 of each stage of ConvNeXt-T at 224. */
void check_rounded_bench(Check *t, MakeRounded *make, const char *name)
{
    for (int i = 0; i < 4; i++) {
        const int pixels = 3136 >> (2 * i), c = 96 << i;

        bench_gemm(t, make, name, pixels, 4 * c, c, CNX_ACT_GELU);
        bench_gemm(t, make, name, pixels, c, 4 * c, CNX_ACT_NONE);
    }
}
