/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/versions.h"

#define SQRT1_2 0.70710678118654752f   /* sqrt(1/2) */
#define SQRT_8_PI 1.59576912160573071f /* 2 sqrt(2/pi) */
#define VANISHED (-104.0f) /* below this, including -inf, results are under 1e-42: return -0 */

/* 1 + erf(z) = erfc(-z), which avoids cancellation for negative z. */
static float gelu(float x)
{
    return x < VANISHED ? -0.0f : 0.5f * x * erfcf(-x * SQRT1_2);
}

static float silu(float x)
{
    return x < VANISHED ? -0.0f : x / (1.0f + expf(-x));
}

static float gelu_coarse(float x)
{
    static const float p[5] = CNX_COARSE_P;
    const float a = fminf(fabsf(x), CNX_COARSE_END);
    float root = p[4];

    for (int i = 3; i >= 0; i--)
        root = root * a + p[i];
    return (x < 0 ? 0 : x) - a * root * root;
}

/* (1 + tanh u) / 2 = 1 / (1 + exp(-2u)) */
static float gelu_tanh(float x)
{
    if (x < VANISHED)
        return -0.0f;
    return x / (1.0f + expf(-SQRT_8_PI * (x + 0.044715f * x * x * x)));
}

void cnx_activate_c(float *x, size_t n, CnxAct act)
{
    switch (act) {
    case CNX_ACT_NONE:
        break;
    case CNX_ACT_GELU:
        for (size_t i = 0; i < n; i++)
            x[i] = gelu(x[i]);
        break;
    case CNX_ACT_GELU_TANH:
        for (size_t i = 0; i < n; i++)
            x[i] = gelu_tanh(x[i]);
        break;
    case CNX_ACT_SILU:
        for (size_t i = 0; i < n; i++)
            x[i] = silu(x[i]);
        break;
    case CNX_ACT_RELU:
        for (size_t i = 0; i < n; i++)
            x[i] = x[i] < 0 ? 0 : x[i];
        break;
    case CNX_ACT_GELU_COARSE:
        for (size_t i = 0; i < n; i++)
            x[i] = gelu_coarse(x[i]);
        break;
    }
}
