/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>

#include "tests/simd/check.h"

static void test(Check *t, int steps, CheckFill fill)
{
    CHECK_CASE(t, peak, "steps %d fill %s", steps, check_fill_name(fill));
    float *state = check_floats(t, CNX_PEAK_LANES);
    float before[CNX_PEAK_LANES];
    int lanes;

    check_fill(t, state, CNX_PEAK_LANES, fill);
    for (int j = 0; j < CNX_PEAK_LANES; j++)
        before[j] = state[j];
    lanes = t->k->peak(state, steps);
    check_true(t, lanes == 4 || lanes == 8 || lanes == 16, "%d lanes", lanes);
    for (int j = 0; j < CNX_PEAK_LANES; j++) {
        double want = 0, scale = 0;

        for (int l = 0; l < CNX_PEAK_CHAINS && j < lanes; l++) {
            double x = before[j] + (float)l;

            scale += fabs(x) + 2; /* x / 2 is exact; the rounding of a step is halved in the next */
            for (int i = 0; i < steps; i++)
                x = x / 2 + 0.5;
            want += x;
        }
        if (j < lanes)
            check_value(t, state[j], want, CNX_PEAK_CHAINS * CHECK_EPS * scale, j, steps);
        else
            check_value(t, state[j], before[j], 0, j, steps);
    }
    check_done(t);
}

static void run(Check *t)
{
    for (int steps = 0; steps < 5; steps++)
        for (int fill = 0; fill < CHECK_FILLS; fill++)
            if (fill != CHECK_HOSTILE)
                test(t, steps, (CheckFill)fill);
    test(t, 1000, CHECK_NORMAL);
}

/* Prints the peak that the compute kernels' shares refer to. */
static void bench(Check *t)
{
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        const CnxKernels *k = cnx_kernels_get((CnxIsa)i);

        if (k)
            printf("%-15s %-11s %71.1f\n", "peak", cnx_isa_name((CnxIsa)i), cnx_peak_measure(k));
    }
}

const CheckSuite check_peak = {"peak", run, bench};
