/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const int channels[] = {1,  2,  7,  8,  9,  15, 16, 17, 24, 31,
                               32, 33, 40, 48, 63, 64, 65, 96, 97, 768};
static const int edges_rows[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 49, 65, 131};

static float *new_rows(Check *t, int rows, int c, size_t stride, CheckFill fill)
{
    float *x = check_rows(t, rows, c, stride);

    check_fill_rows(t, x, rows, c, stride, fill);
    return x;
}

static void test_sumsq(Check *t, int rows, int c, size_t stride, CheckFill fill)
{
    CHECK_CASE(t, columns_sumsq, "rows %d c %d stride %zu fill %s", rows, c, stride,
               check_fill_name(fill));
    const float *x = new_rows(t, rows, c, stride, fill);
    float *before = check_floats(t, c);

    for (int j = 0; j < c; j++)
        before[j] = (float)check_uniform(t);
    check_seal(t);
    float *sum = check_floats(t, c);

    for (int j = 0; j < c; j++)
        sum[j] = before[j];
    t->k->columns_sumsq(sum, x, stride, rows, c);
    for (int j = 0; j < c; j++) {
        double want = before[j];

        for (int i = 0; i < rows; i++)
            want += (double)x[i * stride + j] * x[i * stride + j];
        check_value(t, sum[j], want, 1e-6 * want, 0, j);
    }
    check_done(t);
}

static void test_mean(Check *t, int rows, int c, size_t stride, CheckFill fill)
{
    CHECK_CASE(t, columns_mean, "rows %d c %d stride %zu fill %s", rows, c, stride,
               check_fill_name(fill));
    const float *x = new_rows(t, rows, c, stride, fill);

    check_seal(t);
    float *dst = check_floats(t, c);

    t->k->columns_mean(dst, x, stride, rows, c);
    for (int j = 0; j < c; j++) {
        double want = 0, scale = 0;

        for (int i = 0; i < rows; i++) {
            want += x[i * stride + j];
            scale += fabs(x[i * stride + j]);
        }
        check_value(t, dst[j], want / rows, 1e-6 * scale / rows + 0x1p-148, 0, j);
    }
    check_done(t);
}

static void test_scale(Check *t, int rows, int c, size_t stride, CheckFill fill)
{
    CHECK_CASE(t, columns_scale, "rows %d c %d stride %zu fill %s", rows, c, stride,
               check_fill_name(fill));
    const float *scale = new_rows(t, 1, c, c, CHECK_HOSTILE);
    const float *old = new_rows(t, rows, c, stride, fill);

    check_seal(t);
    float *x = check_rows(t, rows, c, stride);

    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < c; j++)
            x[i * stride + j] = old[i * stride + j];
    }
    t->k->columns_scale(x, stride, rows, c, scale);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < c; j++)
            check_value(t, x[i * stride + j], old[i * stride + j] * scale[j], 0, i, j);
    }
    check_done(t);
}

static void test(Check *t, int rows, int c, CheckFill fill)
{
    static const int gaps[] = {0, 1, 5, 13};

    test_sumsq(t, rows, c, c + gaps[check_random(t) % COUNT(gaps)], fill);
    test_mean(t, rows, c, c + gaps[check_random(t) % COUNT(gaps)], fill);
    test_scale(t, rows, c, c + gaps[check_random(t) % COUNT(gaps)], fill);
}

static void run(Check *t)
{
    for (int i = 0; i < COUNT(channels); i++) {
        for (int j = 0; j < COUNT(edges_rows); j++) {
            test(t, edges_rows[j], channels[i], CHECK_NORMAL);
            test(t, edges_rows[j], channels[i], (CheckFill)(check_random(t) % CHECK_FILLS));
        }
    }
    test(t, 5003, 17, CHECK_EQUAL);
    test(t, 5003, 17, CHECK_OFFSET);
}

typedef struct Bench {
    int rows, c;
    float *x[2], *vector;
} Bench;

static void sumsq(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->columns_sumsq(b->vector, b->x[turn], b->c, b->rows, b->c);
}

static void mean(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->columns_mean(b->vector, b->x[turn], b->c, b->rows, b->c);
}

static void scale(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->columns_scale(b->x[turn], b->c, b->rows, b->c, b->vector);
}

static void bench_shape(Check *t, int rows, int c)
{
    Bench b = {.rows = rows, .c = c, .vector = check_bench_floats(t, c)};

    for (int i = 0; i < 2; i++)
        b.x[i] = check_bench_floats(t, (size_t)rows * c);
    check_bench(t, &(CheckBench){"columns_sumsq", 0, NULL, sumsq, &b}, "%dx%d", rows, c);
    check_bench(t, &(CheckBench){"columns_mean", 0, NULL, mean, &b}, "%dx%d", rows, c);
    for (int j = 0; j < c; j++)
        b.vector[j] = 1; /* the same buffer is scaled many times: it must neither grow nor vanish */
    check_bench(t, &(CheckBench){"columns_scale", 0, NULL, scale, &b}, "%dx%d", rows, c);
    free(b.vector);
    free(b.x[0]);
    free(b.x[1]);
}

/* The hidden maps of ConvNeXt V2-T at 224, and its last map, which is pooled. */
static void bench(Check *t)
{
    for (int i = 0; i < 4; i++)
        bench_shape(t, 3136 >> (2 * i), 384 << i);
    bench_shape(t, 49, 768);
}

const CheckSuite check_columns = {"columns", run, bench};
