/* Rows of a picture in any format as RGB bytes with the colours of SDR.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/kernels.h"

typedef struct CnxUnpack {
    CnxImageInfo info;
    const CnxKernels *kernels;
    gboolean grey;
    gboolean converts_gamut; /* here, before the resize */
    gboolean is_planar;      /* unpacked to planes: YUV, and all formats if the tone is converted */
    CnxUnpackFn *unpack;     /* packed RGB formats of 8 bits and gray only */
    guint pixel_bytes;       /* packed RGB formats and gray only */
    CnxYuvFactors factors;   /* YUV formats only */
    guint16 *codes;          /* [3][columns] of one row; NULL if the tone needs no conversion */
    guint8 *rgbx;            /* [columns], the same row of an RGB format; NULL like codes */
} CnxUnpack;

/* TRUE for the formats with samples of 16 bits. */
gboolean cnx_unpack_is_deep(CnxPixels pixels);

/* grey: each pixel becomes Pillow's grey. converts_gamut: the gamut is converted here, as it always
 * is for grey. Allocates nothing. info must have been checked. */
void cnx_unpack_init(CnxUnpack *unpack, const CnxImageInfo *info, const CnxKernels *kernels,
                     gboolean grey, gboolean converts_gamut);

/* Allocates for rows of this many pixels. FALSE without memory. */
gboolean cnx_unpack_reserve(CnxUnpack *unpack, guint columns);
void cnx_unpack_clear(CnxUnpack *unpack);

/* Unpacks n pixels of the region's row y, from column x on, to RGBX or, if is_planar, to planes of
 * R, G and B that are `plane` bytes apart. */
void cnx_unpack_row(const CnxUnpack *unpack, const CnxImage *image, guint8 *dst, gsize plane,
                    guint x, guint y, guint n);
