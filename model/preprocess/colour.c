/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/preprocess/colour.h"

#include <math.h>

CnxYuvFactors cnx_colour_factors(CnxMatrix matrix, gboolean full_range)
{
    static const double weights[][2] = {
        /* of red and blue in luma */
        [CNX_MATRIX_BT601] = {0.299, 0.114},
        [CNX_MATRIX_BT709] = {0.2126, 0.0722},
        [CNX_MATRIX_BT2020] = {0.2627, 0.0593},
    };
    const double red = weights[matrix][0], blue = weights[matrix][1], green = 1 - red - blue;
    const double luma = (full_range ? 1 : 255.0 / 219) * (1 << CNX_YUV_LUMA_BITS);
    const double chroma = (full_range ? 1 : 255.0 / 224) * (1 << CNX_YUV_CHROMA_BITS);
    const double black = full_range ? 0 : 16 * 255.0 / 219;

    return (CnxYuvFactors){
        .luma = (gint16)lrint(luma),
        .r_v = (gint16)lrint(chroma * 2 * (1 - red)),
        .g_u = (gint16)lrint(-chroma * 2 * (1 - blue) * blue / green),
        .g_v = (gint16)lrint(-chroma * 2 * (1 - red) * red / green),
        .b_u = (gint16)lrint(chroma * 2 * (1 - blue)),
        .bias = (gint16)lrint((0.5 - black) * (1 << CNX_YUV_BITS)),
    };
}

void cnx_colour_make_grey(guint8 *row, guint n)
{
    for (guint8 *end = row + 4 * (gsize)n; row < end; row += 4)
        row[0] = row[1] = row[2] =
            (guint8)((row[0] * 19595u + row[1] * 38470u + row[2] * 7471u + 0x8000) >> 16);
}
