/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef struct Case {
    int h, w, c, y0, y1;
    const float *src, *weights, *bias;
} Case;

/* Returns the expected value; scale receives the sum of the terms' magnitudes. */
static double expected_pixel(const Case *p, int y, int x, int ch, double *scale)
{
    double sum = p->bias[ch];

    *scale = fabs(sum);
    for (int i = 0; i < 7; i++) {
        for (int j = 0; j < 7; j++) {
            int sy = y + i - 3, sx = x + j - 3;

            if (sy < 0 || sy >= p->h || sx < 0 || sx >= p->w)
                continue;
            double term = (double)p->src[((size_t)sy * p->w + sx) * p->c + ch] *
                          p->weights[(7 * i + j) * p->c + ch];

            sum += term;
            *scale += fabs(term);
        }
    }
    return sum;
}

static void check_map(Check *t, const Case *p, const float *dst)
{
    for (int y = p->y0; y < p->y1; y++) {
        for (int x = 0; x < p->w; x++) {
            for (int ch = 0; ch < p->c; ch++) {
                double scale, want = expected_pixel(p, y, x, ch, &scale);

                check_value(t, *dst++, want, 50 * (CHECK_EPS / 2 * scale + 0x1p-149), (y << 16) + x,
                            ch);
            }
        }
    }
}

static void test(Check *t, int h, int w, int c, CheckFill fill)
{
    int y0 = (int)(check_random(t) % h), y1 = y0 + 1 + (int)(check_random(t) % (h - y0));

    if (check_random(t) % 2) {
        y0 = 0;
        y1 = h;
    }
    CHECK_CASE(t, dwconv7, "h %d w %d c %d y %d..%d fill %s", h, w, c, y0, y1,
               check_fill_name(fill));
    float *src = check_floats(t, (size_t)h * w * c), *weights = check_floats(t, 49 * c);
    float *bias = check_floats(t, c);
    Case p = {h, w, c, y0, y1, src, weights, bias};

    check_fill(t, src, (size_t)h * w * c, fill);
    check_fill(t, weights, 49 * c, CHECK_NORMAL);
    check_fill(t, bias, c, CHECK_NORMAL);
    check_seal(t);
    float *dst = check_floats(t, (size_t)(y1 - y0) * w * c);

    t->k->dwconv7(dst, src, h, w, c, weights, bias, y0, y1);
    check_map(t, &p, dst);
    check_done(t);
}

static void run(Check *t)
{
    static const int sides[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 17};
    static const int channels[] = {1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 40, 48, 63, 64, 96};

    for (int i = 0; i < COUNT(sides); i++) {
        for (int j = 0; j < COUNT(sides); j++) {
            int c = channels[check_random(t) % COUNT(channels)];

            test(t, sides[i], sides[j], c, CHECK_NORMAL);
        }
    }
    for (int i = 0; i < COUNT(channels); i++) {
        for (int fill = 0; fill < CHECK_FILLS; fill++)
            test(t, 7, sides[check_random(t) % COUNT(sides)], channels[i], (CheckFill)fill);
    }
    test(t, 8, 9, 768, CHECK_NORMAL);
    test(t, 3, 56, 100, CHECK_NORMAL);
}

typedef struct Bench {
    int side, c;
    float *src[2], *dst[2], *weights, *bias;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->dwconv7(b->dst[turn], b->src[turn], b->side, b->side, b->c, b->weights, b->bias, 0, b->side);
}

/* The stages of ConvNeXt-T and then of ConvNeXt-B at 224. */
static void bench(Check *t)
{
    for (int i = 0; i < 8; i++) {
        Bench b = {.side = 56 >> i % 4, .c = (i < 4 ? 96 : 128) << i % 4};
        size_t n = (size_t)b.side * b.side * b.c;

        b.weights = check_bench_floats(t, 49 * b.c);
        b.bias = check_bench_floats(t, b.c);
        for (int j = 0; j < 2; j++) {
            b.src[j] = check_bench_floats(t, n);
            b.dst[j] = check_bench_floats(t, n);
        }
        check_bench(t, &(CheckBench){"dwconv7", 2 * 49.0 * n, NULL, body, &b}, "%dx%dx%d", b.side,
                    b.side, b.c);
        for (int j = 0; j < 2; j++) {
            free(b.src[j]);
            free(b.dst[j]);
        }
        free(b.weights);
        free(b.bias);
    }
}

const CheckSuite check_dwconv7 = {"dwconv7", run, bench};
