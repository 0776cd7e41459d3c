/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "tests/simd/gemm_rounded.h"

/* Each factor has 16 bits, and the product of the lower halves is missing. Denormal halves may
 * count as zero. */
static double error_of(double a, double sa, double w, double sw)
{
    return 0x1.81p-15 * fabs(a * w) + CHECK_FLT_TINY * (fabs(a) + fabs(w) + 1);
}

ROUNDED_SUITE(gemm_split, .top = 255, .keeps_infinities = true, .error = error_of)
