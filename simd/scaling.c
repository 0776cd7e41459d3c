/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/scaling.h"

#include <math.h>

static CnxEnds ends_at(float s, int in)
{
    const int low = (int)s < in - 1 ? (int)s : in - 1;
    const float weight = s - (float)low;

    return (CnxEnds){low, low < in - 1 ? low + 1 : low, weight > 1 ? 1 : weight};
}

CnxEnds cnx_scaling_ends(CnxScaling scaling, int in, int out, int d)
{
    const float ratio = (float)in / (float)out;
    float s;

    switch (scaling) {
    case CNX_SCALING_BILINEAR:
        s = ((float)d + 0.5f) * ratio - 0.5f;
        return ends_at(s > 0 ? s : 0, in);
    case CNX_SCALING_BILINEAR_CORNERS:
        return ends_at(out > 1 ? (float)d * ((float)(in - 1) / (float)(out - 1)) : 0, in);
    case CNX_SCALING_NEAREST: {
        const int nearest = (int)floorf((float)d * ratio);
        const int i = nearest < in - 1 ? nearest : in - 1;

        return (CnxEnds){i, i, 0};
    }
    case CNX_SCALING_NONE:
        break;
    }
    return (CnxEnds){d, d, 0};
}

int cnx_scaling_terms(CnxScaling scaling)
{
    return scaling == CNX_SCALING_BILINEAR || scaling == CNX_SCALING_BILINEAR_CORNERS ? 2 : 1;
}
