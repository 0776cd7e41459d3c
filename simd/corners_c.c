/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "simd/versions.h"

void cnx_corners_c(float *dst, const CnxCorners *p, int n)
{
    for (int i = 0; i < n; i++) {
        const float left = p->across[0][i], right = p->across[1][i];
        float sum = p->down[0] * right * p->upper[1][i];

        sum = fmaf(p->down[0] * left, p->upper[0][i], sum);
        sum = fmaf(p->down[1] * left, p->lower[0][i], sum);
        dst[i] = fmaf(p->down[1] * right, p->lower[1][i], sum);
    }
}
