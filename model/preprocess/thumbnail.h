/* How bright the parts of a picture are: enough to tell that nothing has changed in it, for a
 * thousandth of the price of looking at it.
 *
 * The region of interest is divided into 16 by 16 cells. Of each, up to 32 rows are averaged: luma
 * of YUV formats, all three colours of RGB formats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/isa.h"

#define CNX_THUMBNAIL_SIDE 16

typedef struct CnxThumbnail {
    /* Rows of cells. The mean, 1 being from black to white: of 16..235 in YUV of that range. */
    float cell[CNX_THUMBNAIL_SIDE][CNX_THUMBNAIL_SIDE];
} CnxThumbnail;

/* level: of cnx_isa_get(). */
void cnx_thumbnail_make(CnxThumbnail *thumbnail, CnxIsa level, const CnxImageInfo *info,
                        const CnxImage *image);

/* The greatest difference of two pictures' cells: 1 from black to white. */
double cnx_thumbnail_distance(const CnxThumbnail *a, const CnxThumbnail *b);
