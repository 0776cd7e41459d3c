/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

static float sum_taps(const CnxInterpolate *p, const CnxTap *taps, int j, float old)
{
    float sum = old;

    for (int t = 0; t < p->terms; t++)
        sum += taps[t].weight * p->src[taps[t].at + j];
    if (p->bias)
        sum += p->bias[j];
    return p->relu && sum < 0 ? 0 : sum;
}

void cnx_interpolate_c(const CnxInterpolate *p)
{
    for (int i = 0; i < p->pixels; i++) {
        float *dst = p->dst + i * p->ldd;

        for (int j = 0; j < p->c; j++)
            dst[j] = sum_taps(p, p->taps + (size_t)i * p->terms, j, p->accumulate ? dst[j] : 0);
    }
}
