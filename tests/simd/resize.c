/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

#define ONE (1 << CNX_RESIZE_BITS)

/* Weights of one output: the sum of their sizes just keeps 255 times it within 31 bits. kind 0: one
 * weight of 1; 1: of 2, the most; 2: of -2; others: random, both signs. With fewer bits: numbers of
 * 16 bits. */
static void fill_taps(Check *t, CnxTaps *taps, int pairs, int bits)
{
    const int kind = (int)(check_random(t) % 6);
    const int used = 1 + (int)(check_random(t) % (2 * (unsigned)pairs));
    int64_t left = 2 * (int64_t)ONE;

    memset(taps, 0, pairs * sizeof *taps);
    for (int i = 0; i < used && left > 0; i++) {
        const int at = kind < 3 ? used - 1 : i;
        int64_t w = (int64_t)(check_uniform(t) * (double)left / 2);

        w = kind == 0 ? ONE : kind == 1 ? left : kind == 2 ? -left : check_random(t) % 2 ? w : -w;
        left = kind < 3 ? 0 : left - llabs(w);
        if (bits < CNX_RESIZE_BITS)
            w = w > INT16_MAX ? INT16_MAX : w < INT16_MIN ? INT16_MIN : w;
        taps[at / 2].lo[at % 2] = (int16_t)w;
        taps[at / 2].hi[at % 2] = (int16_t)((w - (int16_t)w) / 65536);
    }
}

static int64_t weight(const CnxTaps *taps, int i)
{
    return (int64_t)taps[i / 2].hi[i % 2] * 65536 + taps[i / 2].lo[i % 2];
}

static uint8_t finish(int64_t sum, int bits)
{
    return pixels_clamp((sum + (1 << (bits - 1))) >> bits);
}

/* step: even, from the start of an output to that of the next. */
static void test_rows(Check *t, int rows, int n, int pairs, int step, int bits, int planes)
{
    const int needed = (n - 1) * step + 2 * pairs; /* of the source, pixels */
    const int width = (needed + CNX_RESIZE_BLOCK - 1) / CNX_RESIZE_BLOCK * CNX_RESIZE_BLOCK;
    const size_t pixel = planes ? 1 : 4, plane = planes ? (size_t)width + 5 : 1; /* bytes */
    const size_t used = planes ? 2 * plane + width : 4 * (size_t)width;
    const size_t src_stride = used + 13, dst_stride = 3 * (size_t)n + 7;

    CHECK_CASE(t, resize_rows, "rows %d n %d pairs %d step %d bits %d planes %d", rows, n, pairs,
               step, bits, planes);
    CnxTaps *taps = check_bytes(t, (size_t)n * pairs * sizeof *taps);
    int *start = (int *)check_floats(t, n);
    uint8_t *src = check_byte_rows(t, CNX_RESIZE_ROWS, used, src_stride);

    for (int x = 0; x < n; x++) {
        start[x] = x * step;
        fill_taps(t, taps + x * pairs, pairs, bits);
    }
    for (int i = 0; i < CNX_RESIZE_ROWS; i++)
        pixels_fill(t, src + i * src_stride, used);
    check_seal(t);
    uint8_t *dst = check_byte_rows(t, rows, 3 * (size_t)n, dst_stride);
    float *scratch = check_aligned(t, CNX_RESIZE_SCRATCH(pairs) / sizeof(float));
    const CnxResizeRows plan = {n, start, taps, pairs, bits, width, planes ? plane : 0, scratch};

    t->k->resize_rows(dst, dst_stride, src, src_stride, rows, &plan);
    for (int i = 0; i < rows; i++) {
        for (int x = 0; x < 3 * n; x++) {
            const uint8_t *at = src + i * src_stride + pixel * start[x / 3] + plane * (x % 3);
            int64_t sum = 0;

            for (int k = 0; k < 2 * pairs; k++)
                sum += at[pixel * k] * weight(taps + x / 3 * pairs, k);
            check_value(t, dst[i * dst_stride + x], finish(sum, bits), 0, i, x);
        }
    }
    check_done(t);
}

static void test_columns(Check *t, int n, int pairs, int bits)
{
    const size_t stride = (size_t)n + 5;
    const uint8_t **rows;

    CHECK_CASE(t, resize_columns, "n %d pairs %d bits %d", n, pairs, bits);
    CnxTaps *taps = check_bytes(t, pairs * sizeof *taps);
    uint8_t *src = check_byte_rows(t, 2 * pairs, n, stride);

    rows = malloc(2 * pairs * sizeof *rows);
    fill_taps(t, taps, pairs, bits);
    for (int k = 0; k < 2 * pairs; k++) {
        rows[k] = src + (k * 7 + 3) % (2 * pairs) * stride; /* in no order */
        pixels_fill(t, src + k * stride, n);
    }
    check_seal(t);
    uint8_t *dst = check_bytes(t, n);

    t->k->resize_columns(dst, rows, n, taps, pairs, bits);
    for (int x = 0; x < n; x++) {
        int64_t sum = 0;

        for (int k = 0; k < 2 * pairs; k++)
            sum += rows[k][x] * weight(taps, k);
        check_value(t, dst[x], finish(sum, bits), 0, 0, x);
    }
    free(rows);
    check_done(t);
}

static void run(Check *t)
{
    static const int widths[] = {1,  2,  3,  5,  7,  8,  9,  15, 16,  17,
                                 31, 32, 33, 47, 48, 63, 64, 65, 127, 672};
    static const int pairs[] = {1, 2, 3, 5, 9, 16, 61};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (size_t j = 0; j < sizeof pairs / sizeof *pairs; j++) {
            for (int rows = 1; rows <= CNX_RESIZE_ROWS && widths[i] < 100; rows++)
                test_rows(t, rows, widths[i], pairs[j], 2 * (int)(check_random(t) % 4),
                          rows % 3 ? CNX_RESIZE_BITS : 14 + rows / 3, (int)(check_random(t) % 2));
            test_columns(t, widths[i], pairs[j], CNX_RESIZE_BITS);
            test_columns(t, widths[i], pairs[j], 14 + (int)j);
        }
    }
}

/* 1080p to the central 224 x 224 of 455 x 256, bicubic. */
enum {
    BENCH_SOURCE = 976,
    BENCH_ROW = 1024,
    BENCH_STRIDE = 4 * BENCH_ROW + 64,
    BENCH_WIDTH = 224,
    BENCH_PAIRS = 10
};

typedef struct Bench {
    CnxResizeRows plan;
    uint8_t *src[2];
    uint8_t *dst;
    const uint8_t *row[2][2 * BENCH_PAIRS];
    int start[BENCH_WIDTH];
    CnxTaps taps[BENCH_WIDTH * BENCH_PAIRS];
} Bench;

static void rows(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->resize_rows(b->dst, 3 * BENCH_WIDTH, b->src[turn], BENCH_STRIDE, CNX_RESIZE_ROWS, &b->plan);
}

static void columns(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->resize_columns(b->dst, b->row[turn], 3 * BENCH_WIDTH, b->taps, BENCH_PAIRS, b->plan.bits);
}

static void bench(Check *t)
{
    Bench *b = calloc(1, sizeof *b);
    float *scratch = check_bench_floats(t, CNX_RESIZE_SCRATCH(BENCH_PAIRS) / sizeof(float));

    b->dst = malloc(3 * BENCH_WIDTH * CNX_RESIZE_ROWS);
    b->plan = (CnxResizeRows){.n = BENCH_WIDTH,
                              .start = b->start,
                              .taps = b->taps,
                              .pairs = BENCH_PAIRS,
                              .width = BENCH_ROW,
                              .scratch = scratch};
    for (int i = 0; i < BENCH_WIDTH; i++) {
        b->start[i] = i * (BENCH_SOURCE - 2 * BENCH_PAIRS) / BENCH_WIDTH / 2 * 2;
        fill_taps(t, b->taps + i * BENCH_PAIRS, BENCH_PAIRS, CNX_RESIZE_BITS);
    }
    for (int i = 0; i < 2; i++) {
        b->src[i] = (uint8_t *)check_bench_floats(t, BENCH_STRIDE / 4 * CNX_RESIZE_ROWS);
        for (int k = 0; k < 2 * BENCH_PAIRS; k++)
            b->row[i][k] = b->src[i] + k * 3 * BENCH_WIDTH;
    }
    for (b->plan.bits = 16; b->plan.bits <= CNX_RESIZE_BITS; b->plan.bits += 6) {
        b->plan.plane = 0;
        check_bench(t, &(CheckBench){"resize_rows", 0, NULL, rows, b}, "RGBX %d to %d, %d bits",
                    BENCH_SOURCE, BENCH_WIDTH, b->plan.bits);
        b->plan.plane = BENCH_ROW;
        check_bench(t, &(CheckBench){"resize_rows", 0, NULL, rows, b}, "planes %d to %d, %d bits",
                    BENCH_SOURCE, BENCH_WIDTH, b->plan.bits);
        check_bench(t, &(CheckBench){"resize_columns", 0, NULL, columns, b}, "%d taps %d, %d bits",
                    2 * BENCH_PAIRS, 3 * BENCH_WIDTH, b->plan.bits);
    }
    free(b->src[0]);
    free(b->src[1]);
    free(b->dst);
    free(scratch);
    free(b);
}

const CheckSuite check_resize = {"resize", run, bench};
