/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const float *new_input(Check *t, int n, CheckFill fill)
{
    float *x = check_floats(t, n);

    check_fill(t, x, n, fill);
    return x;
}

/* Bit for bit the C version. */
static void test_corners(Check *t, int n, CheckFill fill)
{
    CHECK_CASE(t, corners, "n %d fill %s", n, check_fill_name(fill));
    const CnxCorners p = {
        .upper = {new_input(t, n, fill), new_input(t, n, fill)},
        .lower = {new_input(t, n, fill), new_input(t, n, fill)},
        .across = {new_input(t, n, CHECK_NORMAL), new_input(t, n, CHECK_NORMAL)},
        .down = {0.3f, 0.7f},
    };

    check_seal(t);
    float *want = check_floats(t, n), *dst = check_floats(t, n);

    t->c->corners(want, &p, n);
    t->k->corners(dst, &p, n);
    for (int i = 0; i < n; i++)
        check_value(t, dst[i], want[i], 0, i, 0);
    check_done(t);
}

static void run(Check *t)
{
    static const int counts[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 48, 300};

    for (int i = 0; i < COUNT(counts); i++)
        test_corners(t, counts[i], CHECK_NORMAL);
    for (int fill = 0; fill < CHECK_FILLS; fill++)
        test_corners(t, 39, (CheckFill)fill);
}

typedef struct Bench {
    float *x[6], *dst;
    int n;
} Bench;

static void mix(const CnxKernels *k, void *data, int turn)
{
    const Bench *b = data;
    const CnxCorners p = {.upper = {b->x[0], b->x[1]},
                          .lower = {b->x[2], b->x[3]},
                          .across = {b->x[4], b->x[5]},
                          .down = {0.3f, 0.7f}};

    k->corners(b->dst, &p, b->n);
}

/* A row of 1333 pixels. */
static void bench(Check *t)
{
    Bench b = {.n = 3 * 1333};

    for (int i = 0; i < COUNT(b.x); i++)
        b.x[i] = check_bench_floats(t, b.n);
    b.dst = check_bench_floats(t, b.n);
    check_bench(t, &(CheckBench){"corners", 0, NULL, mix, &b}, "%d", b.n);
    for (int i = 0; i < COUNT(b.x); i++)
        free(b.x[i]);
    free(b.dst);
}

const CheckSuite check_corners = {"corners", run, bench};
