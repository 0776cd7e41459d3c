/* Colours as the rows of an unpacked frame have them, and how they are blended with its pixels.
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

#define GST_CONVNEXT_OPAQUE 256u

/* A colour and how opaque it is: what is multiplied with a pixel and what is added to it, for two
 * of the four components at a time. */
typedef struct GstConvnextInk {
    guint keep; /* GST_CONVNEXT_OPAQUE - alpha */
    guint32 even, odd;
    guint64 wide_even, wide_odd;
} GstConvnextInk;

/* alpha: 0 (invisible) to GST_CONVNEXT_OPAQUE. */
GstConvnextInk gst_convnext_ink_new(const GstConvnextColour *colour, guint alpha);

/* Blends n pixels of an alpha and three components, in 8 or 16 bits, with an ink: each component
 * becomes (256 - alpha) times its value plus alpha times that of the colour, over 256, rounded. The
 * alpha of the pixels stays. */
void gst_convnext_ink_blend(const GstConvnextInk *ink, guint32 *pixels, int n);
void gst_convnext_ink_blend_wide(const GstConvnextInk *ink, guint64 *pixels, int n);
