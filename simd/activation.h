/* Activation functions, elementwise and in place.
 *
 *   GELU       x/2 (1 + erf(x / sqrt 2))
 *   GELU_TANH  x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
 *   SILU       x / (1 + exp(-x))
 *   RELU       max(x, 0)
 *
 * Hendrycks and Gimpel 2016 define both GELUs.
 *
 * Tolerance of every version against the formula in double, over all finite x: 10 epsilon relative
 * or 5e-7 absolute; RELU is exact. NaN stays NaN, +inf stays +inf, -inf becomes 0 to within 1e-27.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

typedef enum CnxAct {
    CNX_ACT_NONE,
    CNX_ACT_GELU,
    CNX_ACT_GELU_TANH,
    CNX_ACT_SILU,
    CNX_ACT_RELU,
} CnxAct;

/* x: [n], any alignment. */
typedef void CnxActivateFn(float *x, size_t n, CnxAct act);
