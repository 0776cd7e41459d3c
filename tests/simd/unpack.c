/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "tests/simd/check.h"
#include "tests/simd/pixels.h"

static const int widths[] = {1, 2, 3, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19, 31, 33, 67, 962};

static void test(Check *t, CnxUnpackFn *unpack, int n, int step, const int order[3])
{
    uint8_t *src = check_bytes(t, (size_t)n * step);

    pixels_fill(t, src, (size_t)n * step);
    check_seal(t);
    uint8_t *dst = check_bytes(t, 4 * (size_t)n);

    unpack(dst, src, n);
    for (int i = 0; i < n; i++) {
        for (int c = 0; c < 3; c++)
            check_value(t, dst[4 * i + c], src[i * step + order[c]], 0, i, c);
    }
    check_done(t);
}

static void run(Check *t)
{
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const int n = widths[i];

        CHECK_CASE(t, unpack_rgb, "n %d", n);
        test(t, t->k->unpack_rgb, n, 3, (const int[]){0, 1, 2});
        CHECK_CASE(t, unpack_bgr, "n %d", n);
        test(t, t->k->unpack_bgr, n, 3, (const int[]){2, 1, 0});
        CHECK_CASE(t, unpack_rgbx, "n %d", n);
        test(t, t->k->unpack_rgbx, n, 4, (const int[]){0, 1, 2});
        CHECK_CASE(t, unpack_bgrx, "n %d", n);
        test(t, t->k->unpack_bgrx, n, 4, (const int[]){2, 1, 0});
        CHECK_CASE(t, unpack_xrgb, "n %d", n);
        test(t, t->k->unpack_xrgb, n, 4, (const int[]){1, 2, 3});
        CHECK_CASE(t, unpack_xbgr, "n %d", n);
        test(t, t->k->unpack_xbgr, n, 4, (const int[]){3, 2, 1});
        CHECK_CASE(t, unpack_gray, "n %d", n);
        test(t, t->k->unpack_gray, n, 1, (const int[]){0, 0, 0});
    }
}

/* One row of a central crop of 1080p. */
enum { BENCH_WIDTH = 962 };

typedef struct Bench {
    uint8_t *src[2], *dst;
} Bench;

#define BODY(name)                                              \
    static void name(const CnxKernels *k, void *data, int turn) \
    {                                                           \
        Bench *b = data;                                        \
                                                                \
        k->unpack_##name(b->dst, b->src[turn], BENCH_WIDTH);    \
    }
BODY(rgb)
BODY(bgrx)
BODY(gray)
#undef BODY

static void bench(Check *t)
{
    Bench b = {.dst = malloc(4 * BENCH_WIDTH)};

    for (int i = 0; i < 2; i++)
        b.src[i] = (uint8_t *)check_bench_floats(t, BENCH_WIDTH);
    check_bench(t, &(CheckBench){"unpack_rgb", 0, NULL, rgb, &b}, "%d", BENCH_WIDTH);
    check_bench(t, &(CheckBench){"unpack_bgrx", 0, NULL, bgrx, &b}, "%d", BENCH_WIDTH);
    check_bench(t, &(CheckBench){"unpack_gray", 0, NULL, gray, &b}, "%d", BENCH_WIDTH);
    free(b.src[0]);
    free(b.src[1]);
    free(b.dst);
}

const CheckSuite check_unpack = {"unpack", run, bench};
