/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/simd/activation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simd/check.h"

#define COUNT(a) (int)(sizeof(a) / sizeof(a)[0])

static const char *const names[] = {"none", "gelu", "gelu_tanh", "silu", "relu", "gelu_coarse"};

double check_act(CnxAct act, double x)
{
    if (act != CNX_ACT_NONE && x < -1000)
        return 0;
    switch (act) {
    case CNX_ACT_GELU:
    case CNX_ACT_GELU_COARSE:
        return 0.5 * x * erfc(-x / sqrt(2));
    case CNX_ACT_GELU_TANH:
        return x / (1 + exp(-2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case CNX_ACT_SILU:
        return x / (1 + exp(-x));
    case CNX_ACT_RELU:
        return x < 0 ? 0 : x;
    default:
        return x;
    }
}

double check_act_tolerance(CnxAct act, double want)
{
    if (act == CNX_ACT_NONE || act == CNX_ACT_RELU)
        return 0;
    if (act == CNX_ACT_GELU_COARSE)
        return fmax(0x1p-9 * fabs(want), 0x1p-11);
    return fmax(10 * CHECK_EPS * fabs(want), 5e-7);
}

static void test_values(Check *t, float *x, size_t n, CnxAct act)
{
    float *old = check_floats(t, n);

    memcpy(old, x, n * sizeof *x);
    t->k->activate(x, n, act);
    for (size_t i = 0; i < n; i++) {
        double want = check_act(act, old[i]);

        check_value(t, x[i], want, check_act_tolerance(act, want), 0, (int)i);
    }
}

static void test_fill(Check *t, size_t n, CnxAct act, CheckFill fill)
{
    CHECK_CASE(t, activate, "%s n %zu fill %s", names[act], n, check_fill_name(fill));
    float *x = check_floats(t, n);

    check_fill(t, x, n, fill);
    test_values(t, x, n, act);
    check_done(t);
}

/* Every float whose low 18 bits are zero: both signs, all magnitudes, infinities and NaNs. */
static void test_all_magnitudes(Check *t, CnxAct act)
{
    size_t n = 1 << 14;

    CHECK_CASE(t, activate, "%s all magnitudes", names[act]);
    float *x = check_floats(t, n);

    for (size_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)i << 18;

        memcpy(&x[i], &bits, sizeof bits);
    }
    test_values(t, x, n, act);
    check_done(t);
}

static void test_sweep(Check *t, CnxAct act)
{
    size_t n = 40001;

    CHECK_CASE(t, activate, "%s sweep of -10..10", names[act]);
    float *x = check_floats(t, n);

    for (size_t i = 0; i < n; i++)
        x[i] = (float)(-10 + (i + check_uniform(t)) * 20 / n);
    test_values(t, x, n, act);
    check_done(t);
}

/* Has tolerances of its own. */
static void test_minus_infinity(Check *t, CnxAct act)
{
    const size_t n = 17;
    const double tolerance = act == CNX_ACT_GELU_COARSE ? 1e-12 : 1e-27;

    CHECK_CASE(t, activate, "%s minus infinity", names[act]);
    float *x = check_floats(t, n);

    for (size_t i = 0; i < n; i++)
        x[i] = -INFINITY;
    t->k->activate(x, n, act);
    for (size_t i = 0; i < n; i++)
        check_value(t, x[i], 0, tolerance, 0, (int)i);
    check_done(t);
}

static void run(Check *t)
{
    static const int sizes[] = {0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 47, 63, 64, 65, 96, 127, 769};

    for (int act = CNX_ACT_NONE; act <= CNX_ACT_GELU_COARSE; act++) {
        for (int i = 0; i < COUNT(sizes); i++) {
            for (int fill = 0; fill < CHECK_FILLS; fill++)
                test_fill(t, sizes[i], (CnxAct)act, (CheckFill)fill);
        }
        test_all_magnitudes(t, (CnxAct)act);
        test_sweep(t, (CnxAct)act);
        if (act != CNX_ACT_NONE)
            test_minus_infinity(t, (CnxAct)act);
    }
}

typedef struct Bench {
    const float *from; /* [n] */
    float *x[2];       /* [n] */
    size_t n;
    CnxAct act;
} Bench;

/* Times the copy as well: without it the values would shrink to denormals. */
static void body(const CnxKernels *k, void *data, int turn)
{
    Bench *b = data;

    memcpy(b->x[turn], b->from, b->n * sizeof(float));
    k->activate(b->x[turn], b->n, b->act);
}

static void bench(Check *t)
{
    size_t n = 3072;
    float *from = check_bench_floats(t, n);
    Bench b = {.from = from, .x = {check_bench_floats(t, n), check_bench_floats(t, n)}, .n = n};

    for (int act = CNX_ACT_GELU; act <= CNX_ACT_GELU_COARSE; act++) {
        b.act = (CnxAct)act;
        check_bench(t, &(CheckBench){"activate", 0, NULL, body, &b}, "%zu %s", n, names[act]);
    }
    free(from);
    free(b.x[0]);
    free(b.x[1]);
}

const CheckSuite check_activation = {"activation", run, bench};
