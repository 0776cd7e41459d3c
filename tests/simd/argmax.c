/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])
#define PLACES 6 /* pixels of src */

typedef struct Case {
    int pixels, terms, c;
    const float *src;
    const CnxTap *taps;
    double magnitude; /* of the terms */
} Case;

static double value_at(const Case *p, int i, int j)
{
    double sum = 0;

    for (int t = 0; t < p->terms; t++) {
        const CnxTap tap = p->taps[i * p->terms + t];

        sum += (double)tap.weight * p->src[tap.at + j];
    }
    return sum;
}

static void check_pixel(Check *t, const Case *p, int i, float index, float best, float sum)
{
    const double tolerance = (p->terms + 1) * CHECK_EPS * p->magnitude;
    double largest = -INFINITY, expected = 0;

    for (int j = 0; j < p->c; j++)
        largest = fmax(largest, value_at(p, i, j)); /* not NaN if one of the two is a number */
    for (int j = 0; j < p->c; j++) {
        const double power = exp(value_at(p, i, j) - largest);

        expected += isnan(power) ? 0 : power;
    }
    check_value(t, best, largest, tolerance, i, 0);
    if (isinf(largest)) {
        check_value(t, index >= 0, largest > 0, 0, i, 1);
        return;
    }
    check_true(t, index >= 0 && index < (float)p->c, "pixel %d: index %g", i, index);
    if (index >= 0 && index < (float)p->c)
        check_value(t, value_at(p, i, (int)index), largest, 2 * tolerance, i, 2);
    check_value(t, sum, expected, expected * (2e-6 + 2 * tolerance) + 1e-30, i, 3);
}

static void test(Check *t, int pixels, int terms, int c, CheckFill fill)
{
    CHECK_CASE(t, argmax, "pixels %d terms %d c %d fill %s", pixels, terms, c,
               check_fill_name(fill));
    float *src = check_floats(t, (size_t)PLACES * c);
    CnxTap *taps = check_words(t, sizeof *taps * pixels * terms);
    Case p = {pixels, terms, c, src, taps, 0};

    check_fill(t, src, (size_t)PLACES * c, fill);
    for (int i = 0; i < pixels * terms; i++)
        taps[i] = (CnxTap){(ptrdiff_t)(check_random(t) % PLACES) * c, (float)check_uniform(t)};
    for (int i = 0; i < PLACES * c; i++)
        p.magnitude = isfinite(src[i]) ? fmax(p.magnitude, terms * fabs(src[i])) : p.magnitude;
    check_seal(t);
    float *index = check_floats(t, pixels), *best = check_floats(t, pixels);
    float *sum = check_floats(t, pixels);

    t->k->argmax(&(CnxArgmax){src, taps, pixels, terms, c, index, best, sum});
    for (int i = 0; i < pixels; i++)
        check_pixel(t, &p, i, index[i], best[i], sum[i]);
    check_done(t);
}

/* Of equal values the first wins, and NaN never does. */
static void test_ties(Check *t, int c)
{
    const CnxTap tap = {0, 1};

    for (int first = 0; first < c; first++) {
        float index, best;

        CHECK_CASE(t, argmax, "c %d, first of equals %d", c, first);
        float *src = check_floats(t, c);

        for (int j = 0; j < c; j++)
            src[j] = j % 5 == 3 ? NAN : j < first ? -1 : (float)(2 - (j + first) % 2);
        if (first % 5 != 3)
            src[first] = 2;
        check_seal(t);
        t->k->argmax(&(CnxArgmax){src, &tap, 1, 1, c, &index, &best, NULL});
        for (int j = 0; j < (int)index; j++)
            check_true(t, !(src[j] >= best), "%d is before %g", j, index);
        check_true(t, index >= 0 ? src[(int)index] == best : best == -INFINITY, "index %g", index);
        check_done(t);
    }
}

static void run(Check *t)
{
    static const int channels[] = {1, 2, 7, 8, 9, 15, 16, 17, 19, 32, 33, 150};

    for (int i = 0; i < COUNT(channels); i++) {
        for (int terms = 1; terms <= 4; terms++)
            test(t, 5, terms, channels[i], CHECK_NORMAL);
        if (channels[i] < 40)
            test_ties(t, channels[i]);
    }
    for (int fill = 0; fill < CHECK_FILLS; fill++)
        test(t, 4, 2, 21, (CheckFill)fill);
}

typedef struct Bench {
    CnxArgmax p;
    float *result;
} Bench;

static void body(const CnxKernels *k, void *data, int turn)
{
    (void)turn;
    k->argmax(&((const Bench *)data)->p);
}

/* A row of 512 pixels from 128: ADE20K, Cityscapes, and two classes with a threshold. */
static void bench(Check *t)
{
    static const int kinds[][3] = {{150, 2, 0}, {150, 3, 0}, {150, 2, 1}, {19, 2, 0}, {2, 2, 1}};
    CnxTap taps[512 * 3];

    for (int i = 0; i < COUNT(kinds); i++) {
        const int c = kinds[i][0], terms = kinds[i][1];
        Bench b = {.result = check_bench_floats(t, 3 * 512)};

        for (int j = 0; j < 512 * terms; j++)
            taps[j] = (CnxTap){(ptrdiff_t)(j / terms / 4 + j % terms) * c, 0.3f};
        b.p = (CnxArgmax){
            check_bench_floats(t, (size_t)132 * c), taps, 512, terms, c, b.result, b.result + 512,
            kinds[i][2] ? b.result + 1024 : NULL};
        check_bench(t, &(CheckBench){"argmax", 2.0 * 512 * terms * c, NULL, body, &b},
                    "512 pixels, %d terms, c %d%s", terms, c, kinds[i][2] ? ", sum" : "");
        free((void *)b.p.src);
        free(b.result);
    }
}

const CheckSuite check_argmax = {"argmax", run, bench};
