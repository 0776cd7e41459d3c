/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

static void add_tap(float *restrict dst, const float *restrict src, float weight, int c)
{
    for (int j = 0; j < c; j++)
        dst[j] += weight * src[j];
}

static void sum_taps(const CnxInterpolate *p, float *dst, const CnxTap *taps)
{
    for (int j = 0; j < p->c && !p->accumulate; j++)
        dst[j] = 0;
    for (int t = 0; t < p->terms; t++)
        add_tap(dst, p->src + taps[t].at, taps[t].weight, p->c);
    if (p->bias)
        add_tap(dst, p->bias, 1, p->c);
    for (int j = 0; j < p->c && p->relu; j++)
        dst[j] = dst[j] < 0 ? 0 : dst[j];
}

void cnx_interpolate_c(const CnxInterpolate *p)
{
    for (int i = 0; i < p->pixels; i++)
        sum_taps(p, p->dst + i * p->ldd, p->taps + (size_t)i * p->terms);
}
