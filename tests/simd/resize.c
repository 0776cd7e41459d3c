/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

#define ONE (1 << CNX_RESIZE_BITS)

/* Weights of one output: the sum of their sizes just keeps 255 times it within 31 bits. kind 0: one
 * weight of 1; 1: of 2, the most; 2: of -2; others: random, both signs. */
static void fill_taps(Check *t, CnxTaps *taps, int groups)
{
    const int kind = (int)(check_random(t) % 6);
    const int used = 1 + (int)(check_random(t) % (4 * (unsigned)groups));
    int64_t left = 2 * (int64_t)ONE;

    memset(taps, 0, groups * sizeof *taps);
    for (int i = 0; i < used && left > 0; i++) {
        const int at = kind < 3 ? used - 1 : i;
        int64_t w = (int64_t)(check_uniform(t) * (double)left / 2);

        w = kind == 0 ? ONE : kind == 1 ? left : kind == 2 ? -left : check_random(t) % 2 ? w : -w;
        left = kind < 3 ? 0 : left - llabs(w);
        taps[at / 4].lo[at % 4] = (int16_t)w;
        taps[at / 4].hi[at % 4] = (int16_t)((w - (int16_t)w) / 65536);
    }
}

static int64_t weight(const CnxTaps *taps, int i)
{
    return (int64_t)taps[i / 4].hi[i % 4] * 65536 + taps[i / 4].lo[i % 4];
}

static uint8_t finish(int64_t sum)
{
    return pixels_clamp((sum + ONE / 2) >> CNX_RESIZE_BITS);
}

static void test_rows(Check *t, int rows, int n, int groups, int step)
{
    const int width = (n - 1) * step + 4 * groups; /* of the source, pixels */
    const size_t src_stride = 4 * (size_t)width + 13, dst_stride = 3 * (size_t)n + 7;

    CHECK_CASE(t, resize_rows, "rows %d n %d groups %d step %d", rows, n, groups, step);
    CnxTaps *taps = check_bytes(t, (size_t)n * groups * sizeof *taps);
    int *start = (int *)check_floats(t, n);
    uint8_t *src = check_byte_rows(t, rows, 4 * (size_t)width, src_stride);

    for (int x = 0; x < n; x++) {
        start[x] = x * step;
        fill_taps(t, taps + x * groups, groups);
    }
    for (int i = 0; i < rows; i++)
        pixels_fill(t, src + i * src_stride, 4 * (size_t)width);
    check_seal(t);
    uint8_t *dst = check_byte_rows(t, rows, 3 * (size_t)n, dst_stride);

    t->k->resize_rows(dst, dst_stride, src, src_stride, rows, n, start, taps, groups);
    for (int i = 0; i < rows; i++) {
        for (int x = 0; x < 3 * n; x++) {
            const uint8_t *at = src + i * src_stride + 4 * start[x / 3] + x % 3;
            int64_t sum = 0;

            for (int k = 0; k < 4 * groups; k++)
                sum += at[4 * k] * weight(taps + x / 3 * groups, k);
            check_value(t, dst[i * dst_stride + x], finish(sum), 0, i, x);
        }
    }
    check_done(t);
}

static void test_columns(Check *t, int n, int groups)
{
    const size_t stride = (size_t)n + 5;
    const uint8_t **rows;

    CHECK_CASE(t, resize_columns, "n %d groups %d", n, groups);
    CnxTaps *taps = check_bytes(t, groups * sizeof *taps);
    uint8_t *src = check_byte_rows(t, 4 * groups, n, stride);

    rows = malloc(4 * groups * sizeof *rows);
    fill_taps(t, taps, groups);
    for (int k = 0; k < 4 * groups; k++) {
        rows[k] = src + (k * 7 + 3) % (4 * groups) * stride; /* in no order */
        pixels_fill(t, src + k * stride, n);
    }
    check_seal(t);
    uint8_t *dst = check_bytes(t, n);

    t->k->resize_columns(dst, rows, n, taps, groups);
    for (int x = 0; x < n; x++) {
        int64_t sum = 0;

        for (int k = 0; k < 4 * groups; k++)
            sum += rows[k][x] * weight(taps, k);
        check_value(t, dst[x], finish(sum), 0, 0, x);
    }
    free(rows);
    check_done(t);
}

static void run(Check *t)
{
    static const int widths[] = {1,  2,  3,  5,  7,  8,  9,  15, 16, 17,
                                 31, 32, 33, 47, 48, 63, 64, 65, 672};
    static const int groups[] = {1, 2, 3, 5, 8, 31};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (size_t j = 0; j < sizeof groups / sizeof *groups; j++) {
            for (int rows = 1; rows <= CNX_RESIZE_ROWS && widths[i] < 100; rows++)
                test_rows(t, rows, widths[i], groups[j], (int)(check_random(t) % 6));
            test_columns(t, widths[i], groups[j]);
        }
    }
}

/* 1080p to the central 224 x 224 of 455 x 256, bicubic. */
enum { BENCH_SOURCE = 964, BENCH_WIDTH = 224, BENCH_GROUPS = 5 };

typedef struct Bench {
    uint8_t *src[2];
    uint8_t *dst;
    const uint8_t *row[2][4 * BENCH_GROUPS];
    int start[BENCH_WIDTH];
    CnxTaps taps[BENCH_WIDTH * BENCH_GROUPS];
} Bench;

static void rows(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->resize_rows(b->dst, 3 * BENCH_WIDTH, b->src[turn], 4 * BENCH_SOURCE, CNX_RESIZE_ROWS,
                   BENCH_WIDTH, b->start, b->taps, BENCH_GROUPS);
}

static void columns(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->resize_columns(b->dst, b->row[turn], 3 * BENCH_WIDTH, b->taps, BENCH_GROUPS);
}

static void bench(Check *t)
{
    Bench *b = calloc(1, sizeof *b);

    b->dst = malloc(3 * BENCH_WIDTH * CNX_RESIZE_ROWS);
    for (int i = 0; i < BENCH_WIDTH; i++) {
        b->start[i] = i * (BENCH_SOURCE - 4 * BENCH_GROUPS) / BENCH_WIDTH;
        fill_taps(t, b->taps + i * BENCH_GROUPS, BENCH_GROUPS);
    }
    for (int i = 0; i < 2; i++) {
        b->src[i] = (uint8_t *)check_bench_floats(t, BENCH_SOURCE * 4 * BENCH_GROUPS);
        for (int k = 0; k < 4 * BENCH_GROUPS; k++)
            b->row[i][k] = b->src[i] + k * 3 * BENCH_WIDTH;
    }
    check_bench(t, &(CheckBench){"resize_rows", 0, NULL, rows, b}, "%d rows %d to %d",
                CNX_RESIZE_ROWS, BENCH_SOURCE, BENCH_WIDTH);
    check_bench(t, &(CheckBench){"resize_columns", 0, NULL, columns, b}, "%d taps %d",
                4 * BENCH_GROUPS, 3 * BENCH_WIDTH);
    free(b->src[0]);
    free(b->src[1]);
    free(b->dst);
    free(b);
}

const CheckSuite check_resize = {"resize", run, bench};
