/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "tests/simd/gemm_rounded.h"

/* Each factor has 8 bits. Denormals may count as zero. */
static double error_of(double a, double sa, double w, double sw)
{
    return 0x1.02p-7 * fabs(a * w) + CHECK_FLT_TINY * (fabs(a) + fabs(w) + 1);
}

ROUNDED_SUITE(gemm_bf16, .top = 255, .keeps_infinities = true, .error = error_of)
