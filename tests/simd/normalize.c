/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

static void fill_table(Check *t, CnxNormalizeTable *table)
{
    for (int c = 0; c < 3; c++)
        check_fill(t, table->value[c], 256, CHECK_NORMAL);
}

static void test(Check *t, int n)
{
    CHECK_CASE(t, normalize, "n %d", n);
    CnxNormalizeTable *table = (CnxNormalizeTable *)check_floats(t, sizeof *table / 4);
    uint8_t *src = check_bytes(t, 3 * (size_t)n);

    fill_table(t, table);
    pixels_fill(t, src, 3 * (size_t)n);
    check_seal(t);
    float *dst = check_floats(t, 3 * (size_t)n);

    t->k->normalize(dst, src, n, table);
    for (int i = 0; i < 3 * n; i++)
        check_value(t, dst[i], table->value[i % 3][src[i]], 0, i / 3, i % 3);
    check_done(t);
}

static void run(Check *t)
{
    for (int n = 1; n < 40; n++)
        test(t, n);
    test(t, 224);
}

/* One row of the network's input. */
enum { BENCH_WIDTH = 224 };

typedef struct Bench {
    CnxNormalizeTable table;
    uint8_t *src[2];
    float *dst;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->normalize(b->dst, b->src[turn], BENCH_WIDTH, &b->table);
}

static void bench(Check *t)
{
    Bench *b = malloc(sizeof *b);

    fill_table(t, &b->table);
    b->dst = check_bench_floats(t, 3 * BENCH_WIDTH);
    for (int i = 0; i < 2; i++)
        b->src[i] = (uint8_t *)check_bench_floats(t, BENCH_WIDTH);
    check_bench(t, &(CheckBench){"normalize", 0, NULL, body, b}, "%d", BENCH_WIDTH);
    free(b->dst);
    free(b->src[0]);
    free(b->src[1]);
    free(b);
}

const CheckSuite check_normalize = {"normalize", run, bench};
