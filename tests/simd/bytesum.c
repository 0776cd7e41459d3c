/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

static const int widths[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 255, 481};
static const int heights[] = {1, 2, 3, 7, 24};
static const int gaps[] = {0, 1, 16, 37};

static void test(Check *t, int n, int rows, int gap, int mask_rows)
{
    const size_t stride = (size_t)(n + gap);
    uint8_t *src = check_byte_rows(t, rows, (size_t)n, stride);
    uint8_t *mask = check_byte_rows(t, mask_rows, (size_t)n, stride);
    int64_t want = 0;
    int32_t *got = check_bytes(t, sizeof *got);

    for (int r = 0; r < rows; r++)
        pixels_fill(t, src + (size_t)r * stride, (size_t)n);
    for (int r = 0; r < mask_rows; r++)
        pixels_fill(t, mask + (size_t)r * stride, (size_t)n);
    for (int r = 0; r < rows; r++)
        for (int i = 0; i < n; i++)
            want += src[(size_t)r * stride + i] & mask[(size_t)(r % mask_rows) * stride + i];
    *got = -1;
    t->k->bytesum(got, src, (int)stride, mask, mask_rows == 1 ? 0 : (int)stride, n, rows);
    check_value(t, *got, (double)want, 0, n, rows);
    check_done(t);
}

/* The largest sum that the contract allows. */
static void test_largest(Check *t)
{
    enum { N = 1 << 12, ROWS = 1 << 11 };
    uint8_t *src = check_bytes(t, N), *mask = check_bytes(t, N);
    int32_t got = -1;

    for (int i = 0; i < N; i++)
        src[i] = mask[i] = 255;
    CHECK_CASE(t, bytesum, "n %d rows %d", N, ROWS);
    t->k->bytesum(&got, src, 0, mask, 0, N, ROWS);
    check_value(t, got, 255.0 * N * ROWS, 0, N, ROWS);
    check_done(t);
}

static void run(Check *t)
{
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        for (size_t j = 0; j < sizeof heights / sizeof *heights; j++) {
            const int n = widths[i], rows = heights[j], gap = gaps[(i + j) % 4];

            CHECK_CASE(t, bytesum, "n %d rows %d gap %d", n, rows, gap);
            test(t, n, rows, gap, 1);
            CHECK_CASE(t, bytesum, "n %d rows %d gap %d, one mask per row", n, rows, gap);
            test(t, n, rows, gap, rows);
        }
    test_largest(t);
}

/* One cell of a 720p luma plane, as the thumbnail needs it. */
enum { BENCH_WIDTH = 80, BENCH_ROWS = 23, BENCH_STRIDE = 1280 };

typedef struct Bench {
    uint8_t *src[2], *mask;
    int32_t sum;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->bytesum(&b->sum, b->src[turn], BENCH_STRIDE, b->mask, 0, BENCH_WIDTH, BENCH_ROWS);
}

static void bench(Check *t)
{
    Bench b = {.mask = (uint8_t *)check_bench_floats(t, BENCH_WIDTH / 4)};

    for (int i = 0; i < 2; i++)
        b.src[i] = (uint8_t *)check_bench_floats(t, BENCH_STRIDE * BENCH_ROWS / 4);
    check_bench(t, &(CheckBench){"bytesum", 0, NULL, body, &b}, "%dx%d", BENCH_WIDTH, BENCH_ROWS);
    free(b.src[0]);
    free(b.src[1]);
    free(b.mask);
}

const CheckSuite check_bytesum = {"bytesum", run, bench};
