/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <float.h>
#include <math.h>

#include "tests/simd/gemm_rounded.h"

static double weight_step(const float *w, int n)
{
    double most = 0;

    for (int i = 0; i < n; i++)
        most = fabs(w[i]) > most ? fabs(w[i]) : most;
    return fmax(most / 127, FLT_MIN);
}

/* The range includes zero. */
static double activation_step(const CnxKernels *k, const float *a, int n)
{
    double least = 0, most = 0;

    for (int i = 0; i < n; i++) {
        least = a[i] < least ? a[i] : least;
        most = a[i] > most ? a[i] : most;
    }
    return fmax((most - least) / k->gemm_int8_top, FLT_MIN);
}

/* An activation is off by half a step, or by one at the end of the range, where the zero point was
 * rounded as well. */
static double error_of(double a, double sa, double w, double sw)
{
    return 1.0001 * ((fabs(a) + sa) * sw / 2 + fabs(w) * sa);
}

ROUNDED_SUITE(gemm_int8, .top = k->gemm_int8_top, .activation_step = activation_step,
              .weight_step = weight_step, .error = error_of)
