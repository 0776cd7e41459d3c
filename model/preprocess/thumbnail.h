/* The change detector's 16x16 luma thumbnail. Comparing two shows whether the picture has changed,
 * at a thousandth of the cost of inference.
 *
 * The region of interest is divided into 16 by 16 cells. Up to 32 rows of each cell are averaged:
 * luma in YUV formats, all three colours in RGB formats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/isa.h"

#define CNX_THUMBNAIL_SIDE 16

typedef struct CnxThumbnail {
    /* Mean brightness of each cell, by row: 0 is black and 1 is white (16 and 235 in YUV of limited
     * range). With colours that convert the tone, the value of SDR for the cell's mean, black at 0.
     */
    float cell[CNX_THUMBNAIL_SIDE][CNX_THUMBNAIL_SIDE];
} CnxThumbnail;

/* level comes from cnx_isa_get(). */
void cnx_thumbnail_make(CnxThumbnail *thumbnail, CnxIsa level, const CnxImageInfo *info,
                        const CnxImage *image);

/* The largest difference between two thumbnails' cells; 1 from black to white. */
double cnx_thumbnail_distance(const CnxThumbnail *a, const CnxThumbnail *b);
