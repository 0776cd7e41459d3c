/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/versions.h"

static float value_at(const CnxArgmax *p, const CnxTap *taps, int j)
{
    float value = 0;

    for (int t = 0; t < p->terms; t++)
        value += taps[t].weight * p->src[taps[t].at + j];
    return value;
}

static float sum_exp(const CnxArgmax *p, const CnxTap *taps, float best)
{
    float sum = 0;

    for (int j = 0; j < p->c; j++) {
        const float power = expf(value_at(p, taps, j) - best);

        sum += isnan(power) ? 0 : power;
    }
    return sum;
}

void cnx_argmax_c(const CnxArgmax *p)
{
    for (int i = 0; i < p->pixels; i++) {
        const CnxTap *taps = p->taps + (size_t)i * p->terms;
        float best = -INFINITY, index = -1;

        for (int j = 0; j < p->c; j++) {
            const float value = value_at(p, taps, j);

            if (value > best) {
                best = value;
                index = (float)j;
            }
        }
        p->best[i] = best;
        p->index[i] = index;
        if (p->sum)
            p->sum[i] = sum_exp(p, taps, best);
    }
}
