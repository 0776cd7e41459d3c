/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static void test_sums(Check *t, int rows, int c, size_t stride, CheckFill fill)
{
    CHECK_CASE(t, group_sums, "rows %d c %d stride %zu fill %s", rows, c, stride,
               check_fill_name(fill));
    float *x = check_rows(t, rows, c, stride);

    check_fill_rows(t, x, rows, c, stride, fill);
    check_seal(t);
    double *sums = check_words(t, sizeof *sums * 2 * c);

    for (int j = 0; j < 2 * c; j++)
        sums[j] = j % 3;
    t->k->group_sums(sums, x, stride, rows, c, x);
    for (int j = 0; j < c; j++) {
        double sum = j % 3, magnitude = 0, squares = (c + j) % 3;

        for (int i = 0; i < rows; i++) {
            const double d = (double)(x[i * stride + j] - x[j]);

            sum += d;
            magnitude += fabs(d);
            squares += d * d;
        }
        check_value(t, sums[j], sum, 1e-6 * magnitude + 1e-13, 0, j);
        check_value(t, sums[c + j], squares, 1e-6 * squares + rows * 0x1p-149, 1, j);
    }
    check_done(t);
}

static void test_apply(Check *t, int rows, int c, size_t stride, CheckFill fill, bool relu)
{
    CHECK_CASE(t, group_apply, "rows %d c %d stride %zu fill %s relu %d", rows, c, stride,
               check_fill_name(fill), relu);
    float *old = check_rows(t, rows, c, stride), *scale = check_floats(t, c);
    float *shift = check_floats(t, c);

    check_fill_rows(t, old, rows, c, stride, fill);
    check_fill(t, scale, c, CHECK_NORMAL);
    check_fill(t, shift, c, CHECK_NORMAL);
    check_seal(t);
    float *x = check_rows(t, rows, c, stride);

    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < c; j++)
            x[i * stride + j] = old[i * stride + j];
    }
    t->k->group_apply(x, stride, rows, c, scale, shift, relu);
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < c; j++) {
            const double product = (double)old[i * stride + j] * scale[j];
            const double want = product + shift[j];

            check_value(t, x[i * stride + j], relu && want < 0 ? 0 : want,
                        CHECK_EPS * (fabs(product) + fabs(shift[j])) + 0x1p-148, i, j);
        }
    }
    check_done(t);
}

static void run(Check *t)
{
    static const int channels[] = {1, 7, 8, 9, 15, 16, 17, 32, 33, 65, 128};
    static const int rows[] = {1, 2, 7, 8, 9, 16, 50};

    for (int i = 0; i < COUNT(channels); i++) {
        const int n = rows[check_random(t) % COUNT(rows)], c = channels[i];
        const size_t stride = c + check_random(t) % 4;

        test_sums(t, n, c, stride, CHECK_NORMAL);
        test_apply(t, n, c, stride, CHECK_NORMAL, i % 2);
    }
    for (int fill = 0; fill < CHECK_FILLS; fill++) {
        test_sums(t, rows[fill % COUNT(rows)], 21, 22, (CheckFill)fill);
        test_apply(t, 3, 21, 22, (CheckFill)fill, fill % 2);
    }
    test_sums(t, 3001, 17, 17, CHECK_OFFSET);
}

typedef struct Bench {
    int rows, c;
    float *x[2], *scale, *shift;
    double *sums;
} Bench;

static void sums(const CnxKernels *k, void *data, int turn)
{
    const Bench *b = data;

    k->group_sums(b->sums, b->x[turn], b->c, b->rows, b->c, b->x[turn]);
}

static void apply(const CnxKernels *k, void *data, int turn)
{
    const Bench *b = data;

    k->group_apply(b->x[turn], b->c, b->rows, b->c, b->scale, b->shift, true);
}

/* The finest map of smp's FPN at 512x512. */
static void bench(Check *t)
{
    Bench b = {.rows = 128 * 128, .c = 128};

    b.scale = check_bench_floats(t, b.c);
    b.shift = check_bench_floats(t, b.c);
    b.sums = calloc(2 * b.c, sizeof *b.sums);
    for (int i = 0; i < 2; i++)
        b.x[i] = check_bench_floats(t, (size_t)b.rows * b.c);
    check_bench(t, &(CheckBench){"group_sums", 0, NULL, sums, &b}, "%dx%d", b.rows, b.c);
    for (int j = 0; j < b.c; j++)
        b.scale[j] = 1; /* the same buffer is scaled many times: it must neither grow nor vanish */
    check_bench(t, &(CheckBench){"group_apply", 0, NULL, apply, &b}, "%dx%d", b.rows, b.c);
    for (int i = 0; i < 2; i++)
        free(b.x[i]);
    free(b.scale);
    free(b.shift);
    free(b.sums);
}

const CheckSuite check_groupnorm = {"groupnorm", run, bench};
