/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

typedef struct Case {
    int pixels, terms, c;
    bool accumulate, bias, relu;
} Case;

static double old_value(int i, int j)
{
    return (i * 31 + j) % 17 - 8;
}

static void test(Check *t, Case p, CheckFill fill)
{
    const int places = 29;
    const size_t ldd = p.c + check_random(t) % 3;

    CHECK_CASE(t, interpolate, "pixels %d terms %d c %d accumulate %d bias %d relu %d fill %s",
               p.pixels, p.terms, p.c, p.accumulate, p.bias, p.relu, check_fill_name(fill));
    float *src = check_floats(t, places + p.c);
    float *bias = check_floats(t, p.c);
    CnxTap *taps = check_words(t, sizeof *taps * p.pixels * p.terms);

    check_fill(t, src, places + p.c, fill);
    check_fill(t, bias, p.c, CHECK_NORMAL);
    for (int i = 0; i < p.pixels * p.terms; i++)
        taps[i] = (CnxTap){(ptrdiff_t)(check_random(t) % (places + 1)), (float)check_normal(t)};
    check_seal(t);
    float *dst = check_rows(t, p.pixels, p.c, ldd);

    for (int i = 0; i < p.pixels; i++) {
        for (int j = 0; j < p.c; j++)
            dst[i * ldd + j] = (float)old_value(i, j);
    }
    t->k->interpolate(&(CnxInterpolate){dst, ldd, src, taps, p.pixels, p.terms, p.c, p.accumulate,
                                        p.bias ? bias : NULL, p.relu});
    for (int i = 0; i < p.pixels; i++) {
        for (int j = 0; j < p.c; j++) {
            double want = p.accumulate ? old_value(i, j) : 0, scale = fabs(want);

            for (int k = 0; k < p.terms; k++) {
                const CnxTap tap = taps[i * p.terms + k];
                const double term = (double)tap.weight * src[tap.at + j];

                want += term;
                scale += fabs(term);
            }
            want += p.bias ? bias[j] : 0;
            scale += p.bias ? fabs(bias[j]) : 0;
            check_value(t, dst[i * ldd + j], p.relu && want < 0 ? 0 : want,
                        (p.terms + 2) * (CHECK_EPS / 2 * scale + 0x1p-149), i, j);
        }
    }
    check_done(t);
}

/* cnx_scaling_ends() against its formulas in double. */
static void test_ends(Check *t)
{
    CHECK_CASE(t, interpolate, "cnx_scaling_ends");
    for (int in = 1; in < 40; in += 3) {
        for (int out = 1; out < 80; out += 7) {
            for (int d = 0; d < out; d++) {
                const double s = fmax((d + 0.5) * in / out - 0.5, 0);
                const double corners = out > 1 ? (double)d * (in - 1) / (out - 1) : 0;
                const CnxEnds a = cnx_scaling_ends(CNX_SCALING_BILINEAR, in, out, d);
                const CnxEnds b = cnx_scaling_ends(CNX_SCALING_BILINEAR_CORNERS, in, out, d);
                const CnxEnds n = cnx_scaling_ends(CNX_SCALING_NEAREST, in, out, d);

                check_value(t, a.low + a.weight * (a.high - a.low), fmin(s, in - 1), 4e-6 * in, in,
                            d);
                check_value(t, b.low + b.weight * (b.high - b.low), corners, 4e-6 * in, in, d);
                check_true(t, n.low == n.high && n.weight == 0, "nearest is one pixel");
                check_value(t, n.low + 0.5, (double)d * in / out, 0.5 + 4e-6 * in, in, d);
                check_true(t, a.low >= 0 && a.high < in && b.low >= 0 && b.high < in,
                           "in the line");
            }
        }
    }
    check_true(t, cnx_scaling_ends(CNX_SCALING_NONE, 5, 5, 3).low == 3, "none is the same pixel");
    check_done(t);
}

static void run(Check *t)
{
    static const int channels[] = {1, 7, 8, 9, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 131, 200};

    test_ends(t);
    for (int i = 0; i < COUNT(channels); i++) {
        for (int terms = 1; terms < 8; terms += 1 + terms / 3) {
            const Case p = {1 + (int)(check_random(t) % 5),
                            terms,
                            channels[i],
                            check_random(t) % 2,
                            i % 2,
                            check_random(t) % 2};

            test(t, p, CHECK_NORMAL);
        }
    }
    for (int fill = 0; fill < CHECK_FILLS; fill++)
        test(t, (Case){3, 2, 37, fill % 2, true, fill / 2 % 2}, (CheckFill)fill);
}

typedef struct Bench {
    CnxInterpolate p[2];
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    k->interpolate(&((const Bench *)data)->p[turn]);
}

static void bench_shape(Check *t, int pixels, int terms, int c, int step)
{
    CnxTap *taps = malloc(sizeof *taps * pixels * terms);
    Bench b;

    for (int i = 0; i < pixels * terms; i++)
        taps[i] = (CnxTap){(ptrdiff_t)(i / terms / 2 + i % terms) * step, 0.5f};
    for (int i = 0; i < 2; i++) {
        b.p[i] = (CnxInterpolate){.dst = check_bench_floats(t, (size_t)pixels * c),
                                  .ldd = c,
                                  .src = check_bench_floats(t, (size_t)(pixels + terms) * step + c),
                                  .taps = taps,
                                  .pixels = pixels,
                                  .terms = terms,
                                  .c = c};
    }
    check_bench(t, &(CheckBench){"interpolate", 2.0 * pixels * terms * c, NULL, body, &b},
                "%d pixels, %d terms, c %d", pixels, terms, c);
    for (int i = 0; i < 2; i++) {
        free(b.p[i].dst);
        free((void *)b.p[i].src);
    }
    free(taps);
}

/* The two passes over a row of UPerNet's finest map at 512x512, from half the size; then those over
 * the products of a 3x3 convolution. */
static void bench(Check *t)
{
    bench_shape(t, 1, 2, 64 * 512, 64 * 512);
    bench_shape(t, 128, 2, 512, 512);
    bench_shape(t, 64, 6, 144, 432);
    bench_shape(t, 128, 6, 48, 48);
}

const CheckSuite check_interpolate = {"interpolate", run, bench};
