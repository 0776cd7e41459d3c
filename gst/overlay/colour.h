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

/* Every second component of a pixel, with room for its product. */
#define GST_CONVNEXT_LANES 0x00ff00ffu
#define GST_CONVNEXT_WIDE_LANES G_GUINT64_CONSTANT(0x0000ffff0000ffff)

/* The alpha of a pixel, which comes first in memory. */
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
#define GST_CONVNEXT_ALPHA 0x000000ffu
#define GST_CONVNEXT_WIDE_ALPHA G_GUINT64_CONSTANT(0x000000000000ffff)
#else
#define GST_CONVNEXT_ALPHA 0xff000000u
#define GST_CONVNEXT_WIDE_ALPHA G_GUINT64_CONSTANT(0xffff000000000000)
#endif

/* Blends a pixel of an alpha and three components, in 8 or 16 bits, with an ink: each component
 * becomes (256 - alpha) times its value plus alpha times that of the colour, over 256, rounded. The
 * alpha of the pixel stays. */
static inline guint32 gst_convnext_ink_mix(const GstConvnextInk *ink, guint32 pixel)
{
    const guint32 low =
        ((pixel & GST_CONVNEXT_LANES) * ink->keep + ink->even) >> 8 & GST_CONVNEXT_LANES;
    const guint32 high =
        ((pixel >> 8 & GST_CONVNEXT_LANES) * ink->keep + ink->odd) & ~GST_CONVNEXT_LANES;

    return ((low | high) & ~GST_CONVNEXT_ALPHA) | (pixel & GST_CONVNEXT_ALPHA);
}

static inline guint64 gst_convnext_ink_mix_wide(const GstConvnextInk *ink, guint64 pixel)
{
    const guint64 low = ((pixel & GST_CONVNEXT_WIDE_LANES) * ink->keep + ink->wide_even) >> 8 &
                        GST_CONVNEXT_WIDE_LANES;
    const guint64 high =
        ((pixel >> 16 & GST_CONVNEXT_WIDE_LANES) * ink->keep + ink->wide_odd) >> 8 &
        GST_CONVNEXT_WIDE_LANES;

    return ((low | high << 16) & ~GST_CONVNEXT_WIDE_ALPHA) | (pixel & GST_CONVNEXT_WIDE_ALPHA);
}

/* The same for n pixels. */
void gst_convnext_ink_blend(const GstConvnextInk *ink, guint32 *pixels, int n);
void gst_convnext_ink_blend_wide(const GstConvnextInk *ink, guint64 *pixels, int n);
