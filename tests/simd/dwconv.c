/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef struct Case {
    int h, w, c, k, dilation, y0, y1;
    const float *src, *weights, *bias;
} Case;

/* Returns the expected value; scale receives the sum of the terms' magnitudes. */
static double expected_pixel(const Case *p, int y, int x, int ch, double *scale)
{
    double sum = p->bias[ch];

    *scale = fabs(sum);
    for (int i = 0; i < p->k; i++) {
        for (int j = 0; j < p->k; j++) {
            int sy = y + p->dilation * (i - p->k / 2), sx = x + p->dilation * (j - p->k / 2);

            if (sy < 0 || sy >= p->h || sx < 0 || sx >= p->w)
                continue;
            double term = (double)p->src[((size_t)sy * p->w + sx) * p->c + ch] *
                          p->weights[(p->k * i + j) * p->c + ch];

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

                check_value(t, *dst++, want, (p->k * p->k + 1) * (CHECK_EPS / 2 * scale + 0x1p-149),
                            (y << 16) + x, ch);
            }
        }
    }
}

static void test_filled(Check *t, int h, int w, int c, int k, int dilation, CheckFill fill,
                        CheckFill weight_fill)
{
    int y0 = (int)(check_random(t) % h), y1 = y0 + 1 + (int)(check_random(t) % (h - y0));

    if (check_random(t) % 2) {
        y0 = 0;
        y1 = h;
    }
    CHECK_CASE(t, dwconv, "h %d w %d c %d k %d dilation %d y %d..%d fill %s weights %s", h, w, c, k,
               dilation, y0, y1, check_fill_name(fill), check_fill_name(weight_fill));
    float *src = check_floats(t, (size_t)h * w * c), *weights = check_floats(t, k * k * c);
    float *bias = check_floats(t, c);
    Case p = {h, w, c, k, dilation, y0, y1, src, weights, bias};

    check_fill(t, src, (size_t)h * w * c, fill);
    check_fill(t, weights, k * k * c, weight_fill);
    check_fill(t, bias, c, CHECK_NORMAL);
    check_seal(t);
    float *dst = check_floats(t, (size_t)(y1 - y0) * w * c);

    t->k->dwconv(dst, src, h, w, c, k, dilation, weights, bias, y0, y1);
    check_map(t, &p, dst);
    check_done(t);
}

static void test(Check *t, int h, int w, int c, int k, int dilation, CheckFill fill)
{
    test_filled(t, h, w, c, k, dilation, fill, CHECK_NORMAL);
}

/* Maps that end on, before and after a tap, and maps that only the middle taps reach. */
static void run_dilated(Check *t)
{
    static const struct {
        int k, dilation;
    } taps[] = {{1, 5}, {3, 2}, {3, 6}, {3, 12}, {3, 36}, {5, 3}, {7, 2}, {7, 4}};
    static const int sides[] = {1, 2, 3, 5, 8, 11, 12, 13, 17, 25, 30};
    static const int channels[] = {1, 7, 8, 16, 17, 40};

    for (int i = 0; i < COUNT(taps); i++) {
        for (int j = 0; j < COUNT(sides); j++)
            test(t, sides[check_random(t) % COUNT(sides)], sides[j],
                 channels[check_random(t) % COUNT(channels)], taps[i].k, taps[i].dilation,
                 CHECK_NORMAL);
        test(t, 9, 14, 9, taps[i].k, taps[i].dilation, (CheckFill)(i % CHECK_FILLS));
        /* Outside the map, an infinite weight does not count either. */
        test_filled(t, 9, 14, 9, taps[i].k, taps[i].dilation, CHECK_NORMAL, CHECK_HOSTILE);
    }
}

static void run(Check *t)
{
    static const int kernels[] = {1, 3, 5, 7, 9, 31};
    static const int sides[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 20};
    static const int channels[] = {1, 3, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48};

    for (int i = 0; i < COUNT(kernels); i++) {
        for (int j = 0; j < COUNT(sides); j++) {
            int h = sides[check_random(t) % COUNT(sides)];

            test(t, h, sides[j], channels[check_random(t) % COUNT(channels)], kernels[i], 1,
                 CHECK_NORMAL);
        }
        for (int fill = 0; fill < CHECK_FILLS; fill++)
            test(t, 6, 11, channels[check_random(t) % COUNT(channels)], kernels[i], 1,
                 (CheckFill)fill);
    }
    for (int i = 0; i < COUNT(channels); i++)
        test(t, 5, sides[check_random(t) % COUNT(sides)], channels[i], 3, 1, CHECK_NORMAL);
    run_dilated(t);
}

typedef struct Bench {
    int side, c, k, dilation;
    float *src[2], *dst[2], *weights, *bias;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    k->dwconv(b->dst[turn], b->src[turn], b->side, b->side, b->c, b->k, b->dilation, b->weights,
              b->bias, 0, b->side);
}

/* The last three stages of timm's test_convnext3 at 160; the last stage of ConvNeXt-T at 512 with
 * an output stride of 16, and the branches and the last layer of DeepLabV3+ on it. */
static void bench(Check *t)
{
    static const struct {
        int side, c, k, dilation;
    } shapes[] = {{20, 64, 5, 1},   {10, 96, 5, 1},   {5, 128, 3, 1},   {32, 768, 7, 2},
                  {32, 768, 3, 12}, {32, 768, 3, 24}, {32, 768, 3, 36}, {128, 304, 3, 1}};

    for (int i = 0; i < COUNT(shapes); i++) {
        Bench b = {.side = shapes[i].side,
                   .c = shapes[i].c,
                   .k = shapes[i].k,
                   .dilation = shapes[i].dilation};
        size_t n = (size_t)b.side * b.side * b.c;

        b.weights = check_bench_floats(t, b.k * b.k * b.c);
        b.bias = check_bench_floats(t, b.c);
        for (int j = 0; j < 2; j++) {
            b.src[j] = check_bench_floats(t, n);
            b.dst[j] = check_bench_floats(t, n);
        }
        check_bench(t, &(CheckBench){"dwconv", 2.0 * b.k * b.k * n, NULL, body, &b},
                    "%dx%dx%d k %d dilation %d", b.side, b.side, b.c, b.k, b.dilation);
        for (int j = 0; j < 2; j++) {
            free(b.src[j]);
            free(b.dst[j]);
        }
        free(b.weights);
        free(b.bias);
    }
}

const CheckSuite check_dwconv = {"dwconv", run, bench};
