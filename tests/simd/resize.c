/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

#define ONE (1 << CNX_RESIZE_BITS)

/* Fills the weights of one output. Their magnitudes add up to 2 at most, so that 255 times the sum
 * fits in 31 bits. kind 0: one weight of 1; 1: the largest; 2: the smallest; others: random, both
 * signs. */
static void fill_weights(Check *t, int32_t *weights, int taps, int bits)
{
    const int64_t most = bits < CNX_RESIZE_BITS ? CNX_RESIZE_SHORT_MAX : CNX_RESIZE_WEIGHT_MAX;
    const int kind = (int)(check_random(t) % 6);
    const int used = 1 + (int)(check_random(t) % (unsigned)taps);
    int64_t left = 2 * (int64_t)ONE;

    memset(weights, 0, taps * sizeof *weights);
    for (int i = 0; i < used && left > 0; i++) {
        const int at = kind < 3 ? used - 1 : i;
        int64_t w = (int64_t)(check_uniform(t) * (double)left / 2);

        w = kind == 0 ? ONE : kind == 1 ? left : kind == 2 ? -left : check_random(t) % 2 ? w : -w;
        w = w > most ? most : w < -most ? -most : w;
        left = kind < 3 ? 0 : left - llabs(w);
        weights[at] = (int32_t)w;
    }
}

/* Rounds taps up to whole groups. */
static int whole_groups(const Check *t, int taps)
{
    const int group = t->k->resize_group;

    return (taps + group - 1) / group * group;
}

static uint8_t rounded(int64_t sum, int bits)
{
    return pixels_clamp((sum + (1 << (bits - 1))) >> bits);
}

/* Packing group by group in place must give the same bytes as packing everything at once. The
 * packed format is the level's own; the tests of the passes cover it. */
static void test_pack(Check *t, int groups, int bits)
{
    const int group = t->k->resize_group, n = groups * group;

    CHECK_CASE(t, resize_pack, "n %d bits %d", n, bits);
    int32_t *weights = (int32_t *)check_floats(t, n);

    for (int i = 0; i < n; i += group)
        fill_weights(t, weights + i, group, bits);
    check_seal(t);
    uint8_t *packed = (uint8_t *)check_floats(t, n), *place = (uint8_t *)check_floats(t, n);

    t->k->resize_pack(packed, weights, n);
    memcpy(place, weights, 4 * (size_t)n);
    for (int i = 0; i < n; i += group)
        t->k->resize_pack(place + 4 * i, (const int32_t *)(place + 4 * i), group);
    for (int i = 0; i < 4 * n; i++)
        check_value(t, place[i], packed[i], 0, i / 4, i % 4);
    check_done(t);
}

/* step: groups between the starts of neighbouring outputs. */
static void test_rows(Check *t, int rows, int n, int taps, int step, int bits, int planes)
{
    taps = whole_groups(t, taps);
    step *= t->k->resize_group;

    const int needed = (n - 1) * step + taps; /* source pixels */
    const int width = (needed + CNX_RESIZE_BLOCK - 1) / CNX_RESIZE_BLOCK * CNX_RESIZE_BLOCK;
    const size_t pixel = planes ? 1 : 4, plane = planes ? (size_t)width + 5 : 1; /* bytes */
    const size_t used = planes ? 2 * plane + width : 4 * (size_t)width;
    const size_t src_stride = used + 13, dst_stride = 3 * (size_t)n + 7;

    CHECK_CASE(t, resize_rows, "rows %d n %d taps %d step %d bits %d planes %d", rows, n, taps,
               step, bits, planes);
    int32_t *weights = (int32_t *)check_floats(t, (size_t)n * taps);
    void *packed = check_floats(t, (size_t)n * taps);
    int *start = (int *)check_floats(t, n);
    uint8_t *src = check_byte_rows(t, CNX_RESIZE_ROWS, used, src_stride);

    for (int x = 0; x < n; x++) {
        start[x] = x * step;
        fill_weights(t, weights + x * taps, taps, bits);
    }
    t->k->resize_pack(packed, weights, n * taps);
    for (int i = 0; i < CNX_RESIZE_ROWS; i++)
        pixels_fill(t, src + i * src_stride, used);
    check_seal(t);
    uint8_t *dst = check_byte_rows(t, rows, 3 * (size_t)n, dst_stride);
    const CnxResizeRows plan = {
        .n = n,
        .start = start,
        .weights = packed,
        .taps = taps,
        .bits = bits,
        .width = width,
        .plane = planes ? plane : 0,
        .scratch = check_aligned(t, CNX_RESIZE_SCRATCH(taps) / sizeof(float)),
    };

    t->k->resize_rows(dst, dst_stride, src, src_stride, rows, &plan);
    for (int i = 0; i < rows; i++) {
        for (int x = 0; x < 3 * n; x++) {
            const uint8_t *at = src + i * src_stride + pixel * start[x / 3] + plane * (x % 3);
            int64_t sum = 0;

            for (int k = 0; k < taps; k++)
                sum += at[pixel * k] * (int64_t)weights[x / 3 * taps + k];
            check_value(t, dst[i * dst_stride + x], rounded(sum, bits), 0, i, x);
        }
    }
    check_done(t);
}

static void test_columns(Check *t, int n, int taps, int bits)
{
    const size_t stride = (size_t)n + 5;
    const uint8_t **rows;

    taps = whole_groups(t, taps);
    CHECK_CASE(t, resize_columns, "n %d taps %d bits %d", n, taps, bits);
    int32_t *weights = (int32_t *)check_floats(t, taps);
    void *packed = check_floats(t, taps);
    uint8_t *src = check_byte_rows(t, taps, n, stride);

    rows = malloc(taps * sizeof *rows);
    fill_weights(t, weights, taps, bits);
    memcpy(packed, weights, taps * sizeof *weights);
    t->k->resize_pack(packed, packed, taps); /* in place */
    for (int k = 0; k < taps; k++) {
        rows[k] = src + (k * 7 + 3) % taps * stride; /* shuffled */
        pixels_fill(t, src + k * stride, n);
    }
    check_seal(t);
    uint8_t *dst = check_bytes(t, n);

    t->k->resize_columns(dst, rows, n, packed, taps, bits);
    for (int x = 0; x < n; x++) {
        int64_t sum = 0;

        for (int k = 0; k < taps; k++)
            sum += rows[k][x] * (int64_t)weights[k];
        check_value(t, dst[x], rounded(sum, bits), 0, 0, x);
    }
    free(rows);
    check_done(t);
}

static void run(Check *t)
{
    static const int widths[] = {1,  2,  3,  5,  7,  8,  9,  15, 16,  17,
                                 31, 32, 33, 47, 48, 63, 64, 65, 127, 672};
    static const int taps[] = {1, 2, 3, 5, 9, 18, 31, 122};

    for (int groups = 1; groups < 20; groups++)
        test_pack(t, groups, groups % 2 ? CNX_RESIZE_BITS : 16);
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        for (size_t j = 0; j < sizeof taps / sizeof *taps; j++) {
            for (int rows = 1; rows <= CNX_RESIZE_ROWS && widths[i] < 100; rows++)
                test_rows(t, rows, widths[i], taps[j], (int)(check_random(t) % 4),
                          rows % 3 ? CNX_RESIZE_BITS : 14 + rows / 3, (int)(check_random(t) % 2));
            test_columns(t, widths[i], taps[j], CNX_RESIZE_BITS);
            test_columns(t, widths[i], taps[j], 14 + (int)j);
        }
    }
}

/* 1080p to the central 224 x 224 of 455 x 256, bicubic. */
enum {
    BENCH_SOURCE = 976,
    BENCH_ROW = 1024,
    BENCH_STRIDE = 4 * BENCH_ROW + 64,
    BENCH_WIDTH = 224,
    BENCH_TAPS = 20
};

typedef struct Bench {
    CnxResizeRows plan;
    uint8_t *src[2];
    uint8_t *dst;
    const uint8_t *row[2][BENCH_TAPS];
    int start[BENCH_WIDTH];
    int32_t weights[BENCH_WIDTH * BENCH_TAPS], packed[BENCH_WIDTH * BENCH_TAPS];
} Bench;

static void rows(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->resize_rows(b->dst, 3 * BENCH_WIDTH, b->src[turn], BENCH_STRIDE, CNX_RESIZE_ROWS, &b->plan);
}

static void columns(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->resize_columns(b->dst, b->row[turn], 3 * BENCH_WIDTH, b->packed, BENCH_TAPS, b->plan.bits);
}

static void prepare(const CnxKernels *k, void *data)
{
    Bench *b = data;

    k->resize_pack(b->packed, b->weights, BENCH_WIDTH * BENCH_TAPS);
}

static void bench(Check *t)
{
    Bench *b = calloc(1, sizeof *b);
    float *scratch = check_bench_floats(t, CNX_RESIZE_SCRATCH(BENCH_TAPS) / sizeof(float));

    b->dst = malloc(3 * BENCH_WIDTH * CNX_RESIZE_ROWS);
    b->plan = (CnxResizeRows){.n = BENCH_WIDTH,
                              .start = b->start,
                              .weights = b->packed,
                              .taps = BENCH_TAPS,
                              .width = BENCH_ROW,
                              .scratch = scratch};
    for (int i = 0; i < BENCH_WIDTH; i++) {
        b->start[i] = i * (BENCH_SOURCE - BENCH_TAPS) / BENCH_WIDTH / 4 * 4;
        fill_weights(t, b->weights + i * BENCH_TAPS, BENCH_TAPS, 16);
    }
    for (int i = 0; i < 2; i++) {
        b->src[i] = (uint8_t *)check_bench_floats(t, BENCH_STRIDE / 4 * CNX_RESIZE_ROWS);
        for (int k = 0; k < BENCH_TAPS; k++)
            b->row[i][k] = b->src[i] + k * 3 * BENCH_WIDTH;
    }
    for (b->plan.bits = 16; b->plan.bits <= CNX_RESIZE_BITS; b->plan.bits += 6) {
        b->plan.plane = 0;
        check_bench(t, &(CheckBench){"resize_rows", 0, prepare, rows, b}, "RGBX %d to %d, %d bits",
                    BENCH_SOURCE, BENCH_WIDTH, b->plan.bits);
        b->plan.plane = BENCH_ROW;
        check_bench(t, &(CheckBench){"resize_rows", 0, prepare, rows, b},
                    "planes %d to %d, %d bits", BENCH_SOURCE, BENCH_WIDTH, b->plan.bits);
        check_bench(t, &(CheckBench){"resize_columns", 0, prepare, columns, b},
                    "%d taps %d, %d bits", BENCH_TAPS, 3 * BENCH_WIDTH, b->plan.bits);
    }
    free(b->src[0]);
    free(b->src[1]);
    free(b->dst);
    free(scratch);
    free(b);
}

const CheckSuite check_resize = {"resize", run, bench};
