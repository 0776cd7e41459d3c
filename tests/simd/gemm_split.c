/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "tests/simd/gemm_rounded.h"

static double no_weight_step(const float *w, int n)
{
    return 0;
}

static double no_activation_step(const CnxKernels *k, const float *a, int n)
{
    return 0;
}

/* Each factor has 16 bits, and the product of the lower halves is missing. Denormal halves may
 * count as zero. */
static double error_of(double a, double sa, double w, double sw)
{
    return 0x1.81p-15 * fabs(a * w) + CHECK_FLT_TINY * (fabs(a) + fabs(w) + 1);
}

static Rounded make(const CnxKernels *k)
{
    return (Rounded){ROUNDED_KERNELS(k, gemm_split), .top = 255,
                     .keeps_infinities = true,       .activation_step = no_activation_step,
                     .weight_step = no_weight_step,  .error = error_of};
}

static void run(Check *t)
{
    const Rounded rounded = make(t->k);

    check_rounded(t, &rounded);
}

static void bench(Check *t)
{
    check_rounded_bench(t, make, "gemm_split");
}

const CheckSuite check_gemm_split = {"gemm_split", run, bench};
