/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef enum Norm { LAYER, RMS, SIMPLE, NORMS } Norm;

/* x, y: [c]. Mean and variance may have the error of sums of c terms, relative to the spread of the
 * values rather than their magnitude: a version that does not centre the values fails. */
static void compare_row(Check *t, Norm norm, const float *x, const float *y, int c,
                        const float *weight, const float *bias, float eps, int row)
{
    double mean = 0, var = 0;

    for (int i = 0; i < c; i++)
        mean += x[i];
    mean = norm == RMS ? 0 : mean / c;
    for (int i = 0; i < c; i++)
        var += (x[i] - mean) * (x[i] - mean);
    var /= norm == SIMPLE ? c - 1 : c;
    for (int i = 0; i < c; i++) {
        double scale = weight ? weight[i] : 1, shift = bias ? bias[i] : 0;
        double z = (norm == LAYER ? x[i] - mean : x[i]) / sqrt(var + eps);
        double off = norm == LAYER ? 1 + fabs(z) : fabs(z); /* the error of the mean counts once */
        double tolerance = fabs(scale) * ((c + 8) * CHECK_EPS / 2 * off + 0x1p-149);

        check_value(t, y[i], z * scale + shift, tolerance + CHECK_EPS * fabs(z * scale + shift),
                    row, i);
    }
}

static CnxLayernormFn *begin_case(Check *t, Norm norm, const char *what)
{
    switch (norm) {
    case RMS:
        CHECK_CASE(t, rmsnorm, "%s", what);
        return t->k->rmsnorm;
    case SIMPLE:
        CHECK_CASE(t, simplenorm, "%s", what);
        return t->k->simplenorm;
    default:
        CHECK_CASE(t, layernorm, "%s", what);
        return t->k->layernorm;
    }
}

static void test(Check *t, Norm norm, int rows, int c, bool affine, bool in_place, CheckFill fill)
{
    static const int gaps[] = {0, 0, 1, 3, 11};
    size_t stride = c + gaps[check_random(t) % COUNT(gaps)];
    float eps = check_random(t) % 2 ? 1e-6f : 1e-12f;
    float *weight = NULL, *bias = NULL, *dst;
    char what[128];

    snprintf(what, sizeof what, "rows %d c %d stride %zu affine %d in place %d eps %g fill %s",
             rows, c, stride, affine, in_place, eps, check_fill_name(fill));
    CnxLayernormFn *kernel = begin_case(t, norm, what);

    if (affine) {
        check_fill(t, weight = check_floats(t, c), c, CHECK_NORMAL);
        check_fill(t, bias = check_floats(t, c), c, CHECK_NORMAL);
        check_seal(t);
    }
    float *src = check_rows(t, rows, c, stride);

    check_fill_rows(t, src, rows, c, stride, fill);
    if (in_place) {
        dst = src;
        src = check_rows(t, rows, c, stride);
        for (int r = 0; r < rows; r++)
            memcpy(src + r * stride, dst + r * stride, c * sizeof *src);
        kernel(dst, stride, dst, stride, rows, c, weight, bias, eps);
    } else {
        check_seal(t);
        dst = check_rows(t, rows, c, c + 2);
        kernel(dst, c + 2, src, stride, rows, c, weight, bias, eps);
    }
    for (int r = 0; r < rows; r++)
        compare_row(t, norm, src + r * stride, dst + r * (in_place ? stride : (size_t)c + 2), c,
                    weight, bias, eps, r);
    check_done(t);
}

static void run(Check *t)
{
    static const int channels[] = {1,  2,  7,  8,  9,  15, 16, 17,  24,  31,  32,
                                   33, 40, 48, 63, 64, 65, 96, 129, 192, 384, 768};
    static const int rows[] = {1, 2, 3, 5, 7};

    for (int i = 0; i < COUNT(channels); i++) {
        for (int fill = 0; fill < CHECK_FILLS; fill++) {
            for (int flags = 0; flags < 4 * NORMS; flags++)
                test(t, (Norm)(flags / 4), rows[check_random(t) % COUNT(rows)], channels[i],
                     flags & 1, flags & 2, (CheckFill)fill);
        }
    }
}

typedef struct Bench {
    int rows, c;
    float *src[2], *dst[2], *weight, *bias;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->layernorm(b->dst[turn], b->c, b->src[turn], b->c, b->rows, b->c, b->weight, b->bias, 1e-6f);
}

/* The stages of ConvNeXt-T and then of ConvNeXt-B at 224. */
static void bench(Check *t)
{
    for (int i = 0; i < 8; i++) {
        Bench b = {.rows = 3136 >> (2 * (i % 4)), .c = (i < 4 ? 96 : 128) << i % 4};

        b.weight = check_bench_floats(t, b.c);
        b.bias = check_bench_floats(t, b.c);
        for (int j = 0; j < 2; j++) {
            b.src[j] = check_bench_floats(t, (size_t)b.rows * b.c);
            b.dst[j] = check_bench_floats(t, (size_t)b.rows * b.c);
        }
        check_bench(t, &(CheckBench){"layernorm", 0, NULL, body, &b}, "%dx%d", b.rows, b.c);
        for (int j = 0; j < 2; j++) {
            free(b.src[j]);
            free(b.dst[j]);
        }
        free(b.weight);
        free(b.bias);
    }
}

const CheckSuite check_layernorm = {"layernorm", run, bench};
