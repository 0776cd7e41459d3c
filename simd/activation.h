/* Activation functions, elementwise and in place.
 *
 *   GELU       x/2 (1 + erf(x / sqrt 2))
 *   GELU_TANH  x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
 *   SILU       x / (1 + exp(-x))
 *   RELU       max(x, 0)
 *
 * Hendrycks and Gimpel 2016 define both GELUs. GELU_COARSE is GELU with a larger tolerance, for
 * products whose inputs are rounded to bf16 or int8.
 *
 * Tolerance of every version against the formula in double, over all finite x: 10 epsilon relative
 * or 5e-7 absolute; of GELU_COARSE 2^-9 relative or 2^-11 absolute; RELU is exact. NaN stays NaN,
 * +inf stays +inf, -inf becomes 0 to within 1e-27, with GELU_COARSE to within 1e-12.
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
    CNX_ACT_GELU_COARSE,
} CnxAct;

/* GELU_COARSE(x) = max(x, 0) - a p(a)^2 with a = min(|x|, CNX_COARSE_END). p(a)^2 approximates the
 * upper tail Q(a) = erfc(a / sqrt 2) / 2. p is a minimax fit with its root at CNX_COARSE_END, so
 * smaller x become 0; a Q(a) is under 2^-11 there. */
#define CNX_COARSE_END 3.93f
#define CNX_COARSE_P                                                                    \
    {                                                                                   \
        0x1.6a4f4p-1f, -0x1.20b13cp-2f, -0x1.172084p-4f, 0x1.7b64dp-5f, -0x1.7528c6p-8f \
    }

/* x: [n], any alignment. */
typedef void CnxActivateFn(float *x, size_t n, CnxAct act);
