/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

/* Bin i of n covers floor(i side / n) <= p < ceil((i + 1) side / n), here in floating point. */
static int begin(int side, int n, int i)
{
    return (int)floor((double)i * side / n);
}

static int end(int side, int n, int i)
{
    return (int)ceil((double)(i + 1) * side / n);
}

static void test(Check *t, int h, int w, int c, int n, CheckFill fill)
{
    const size_t lds = c + check_random(t) % 3, ldd = c + check_random(t) % 3;

    CHECK_CASE(t, adaptive_pool, "%dx%dx%d to %d fill %s", h, w, c, n, check_fill_name(fill));
    float *src = check_rows(t, h * w, c, lds);

    check_fill_rows(t, src, h * w, c, lds, fill);
    check_seal(t);
    float *dst = check_rows(t, n * n, c, ldd);

    t->k->adaptive_pool(dst, ldd, src, lds, h, w, c, n);
    for (int i = 0; i < n * n * c; i++) {
        const int bin = i / c, j = i % c, y = bin / n, x = bin % n;
        const int height = end(h, n, y) - begin(h, n, y), width = end(w, n, x) - begin(w, n, x);
        double sum = 0, scale = 0;

        for (int k = 0; k < height * width; k++) {
            const int row = begin(h, n, y) + k / width, column = begin(w, n, x) + k % width;
            const double value = src[(row * w + column) * lds + j];

            sum += value;
            scale += fabs(value);
        }
        check_value(t, dst[bin * ldd + j], sum / (height * width),
                    (height + width) * (CHECK_EPS / 2 * scale / (height * width) + 0x1p-148), bin,
                    j);
    }
    check_done(t);
}

static void run(Check *t)
{
    static const int channels[] = {1, 7, 8, 9, 16, 17, 33, 64, 71, 130};
    static const int sides[][3] = {
        /* height, width, n: bins that overlap, divide, and repeat pixels */
        {16, 16, 6}, {16, 16, 3}, {11, 15, 6}, {15, 11, 2}, {6, 12, 6},
        {1, 1, 1},   {2, 1, 6},   {5, 4, 7},   {17, 9, 1},  {1, 9, 3},
    };

    for (int i = 0; i < COUNT(channels); i++)
        test(t, sides[i][0], sides[i][1], channels[i], sides[i][2], CHECK_NORMAL);
    for (int fill = 0; fill < CHECK_FILLS; fill++)
        test(t, sides[fill][0], sides[fill][1], 19, sides[fill][2], (CheckFill)fill);
}

typedef struct Bench {
    int side, c, n;
    float *src[2], *dst;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    const Bench *b = data;

    k->adaptive_pool(b->dst, b->c, b->src[turn], b->c, b->side, b->side, b->c, b->n);
}

/* The four poolings of UPerNet on ConvNeXt-T at 512x512. */
static void bench(Check *t)
{
    static const int bins[] = {1, 2, 3, 6};

    for (int i = 0; i < COUNT(bins); i++) {
        Bench b = {.side = 16, .c = 768, .n = bins[i]};

        b.dst = check_bench_floats(t, (size_t)b.n * b.n * b.c);
        for (int j = 0; j < 2; j++)
            b.src[j] = check_bench_floats(t, (size_t)b.side * b.side * b.c);
        check_bench(t, &(CheckBench){"adaptive_pool", 0, NULL, body, &b}, "16x16x768 to %d", b.n);
        free(b.dst);
        free(b.src[0]);
        free(b.src[1]);
    }
}

const CheckSuite check_adaptive_pool = {"adaptive_pool", run, bench};
