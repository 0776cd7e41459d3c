/* Colours as the rows of an unpacked frame have them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

/* Red, green and blue, or Y, Cb and Cr, in 8 or 16 bits. */
typedef struct GstConvnextColour {
    guint16 component[3];
} GstConvnextColour;

/* info: of the frame, whose matrix and range apply. unpacked: the format that its rows are unpacked
 * to. rgb: 0xRRGGBB. */
GstConvnextColour gst_convnext_colour_new(const GstVideoInfo *info,
                                          const GstVideoFormatInfo *unpacked, guint rgb);
