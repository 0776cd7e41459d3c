/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "tests/simd/check.h"

/* Every step multiplies, so that the count grows with the steps. */
static void check_steps(Check *t, CnxPeakDotFn *peak)
{
    const double one = peak(1);

    check_true(t, peak(0) == 0, "products without a step");
    check_true(t, one > 0, "no products");
    for (int steps = 2; steps <= 50; steps += 7)
        check_value(t, peak(steps), one * steps, 0, steps, 0);
}

static void run(Check *t)
{
    CHECK_CASE(t, peak_int8, "counts");
    check_steps(t, t->k->peak_int8);
    check_done(t);
    CHECK_CASE(t, peak_bf16, "counts");
    check_steps(t, t->k->peak_bf16);
    check_done(t);
}

static void bench(Check *t)
{
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        const CnxKernels *k = cnx_kernels_get((CnxIsa)i);

        if (k)
            printf("%-15s %-11s %71.1f\n%-15s %-11s %71.1f\n", "peak_int8", cnx_isa_name((CnxIsa)i),
                   cnx_peak_dot_now(k->peak_int8), "peak_bf16", cnx_isa_name((CnxIsa)i),
                   cnx_peak_dot_now(k->peak_bf16));
    }
}

const CheckSuite check_peak_dot = {"peak_dot", run, bench};
