/* Reads a row of a mask. Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* row: guint8 or, with 16 bits, little-endian guint16. */
static inline guint gst_convnext_mask_value(const guint8 *row, guint column, guint bits)
{
    return bits == 8 ? row[column] : GST_READ_UINT16_LE(row + (gsize)column * 2);
}

/* The column behind the run of equal values that begins at column, at most width. */
static inline guint gst_convnext_mask_run_end(const guint8 *row, guint column, guint width,
                                              guint bits)
{
    const guint value = gst_convnext_mask_value(row, column, bits);

    if (bits == 8)
        while (++column < width && row[column] == value)
            ;
    else
        while (++column < width && GST_READ_UINT16_LE(row + (gsize)column * 2) == value)
            ;
    return column;
}
