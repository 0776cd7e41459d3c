/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/turn.h"

/* The elements that a column and a row of the frame are apart in src, and the first one. */
typedef struct Steps {
    gssize first, column, row;
} Steps;

static Steps steps_of(GstConvnextOrientation orientation, guint width, guint height, gssize stride)
{
    const gssize w = (gssize)width - 1, h = (gssize)height - 1;

    switch (orientation) {
    case GST_CONVNEXT_ORIENTATION_90R: /* x = h - row, y = column */
        return (Steps){h, stride, -1};
    case GST_CONVNEXT_ORIENTATION_180:
        return (Steps){h * stride + w, -1, -stride};
    case GST_CONVNEXT_ORIENTATION_90L: /* x = row, y = w - column */
        return (Steps){w * stride, -stride, 1};
    case GST_CONVNEXT_ORIENTATION_HORIZ:
        return (Steps){w, -1, stride};
    case GST_CONVNEXT_ORIENTATION_VERT:
        return (Steps){h * stride, 1, -stride};
    case GST_CONVNEXT_ORIENTATION_UL_LR: /* x = row, y = column */
        return (Steps){0, stride, 1};
    case GST_CONVNEXT_ORIENTATION_UR_LL: /* x = h - row, y = w - column */
        return (Steps){w * stride + h, -stride, -1};
    case GST_CONVNEXT_ORIENTATION_IDENTITY:
    case GST_CONVNEXT_ORIENTATION_AUTO:
        break;
    }
    return (Steps){0, 1, stride};
}

gboolean gst_convnext_swaps_sides(GstConvnextOrientation orientation)
{
    return orientation == GST_CONVNEXT_ORIENTATION_90R ||
           orientation == GST_CONVNEXT_ORIENTATION_90L ||
           orientation == GST_CONVNEXT_ORIENTATION_UL_LR ||
           orientation == GST_CONVNEXT_ORIENTATION_UR_LL;
}

#define COPY(type)                                                                  \
    static void copy_##type(type *dst, guint width, guint height, const type *src,  \
                            const Steps *steps)                                     \
    {                                                                               \
        for (guint row = 0; row < height; row++, dst += width) {                    \
            const type *from = src + steps->first + (gssize)row * steps->row;       \
                                                                                    \
            for (guint column = 0; column < width; column++, from += steps->column) \
                dst[column] = *from;                                                \
        }                                                                           \
    }

COPY(guint8)
COPY(guint16)
COPY(guint32)

void gst_convnext_turn_back(gpointer dst, guint width, guint height, gconstpointer src,
                            gsize src_stride, gsize size, GstConvnextOrientation orientation)
{
    const Steps steps = steps_of(orientation, width, height, (gssize)src_stride);

    switch (size) {
    case 1:
        copy_guint8(dst, width, height, src, &steps);
        break;
    case 2:
        copy_guint16(dst, width, height, src, &steps);
        break;
    default:
        copy_guint32(dst, width, height, src, &steps);
        break;
    }
}
