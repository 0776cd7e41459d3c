/* How bright the parts of a picture are: enough to tell that nothing has changed in it, for a
 * thousandth of the price of looking at it.
 *
 * The region of interest is divided into 16 by 16 cells. Of each, up to 32 rows are averaged: luma
 * of YUV formats, all three colours of RGB formats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/image.h"
#include "simd/cpu.h"

#define CNX_SIGNATURE_SIDE 16

typedef struct CnxSignature {
    float cell[CNX_SIGNATURE_SIDE][CNX_SIGNATURE_SIDE]; /* rows of cells: mean of 0..255 as 0..1 */
} CnxSignature;

/* level: of cnx_level_get(). */
void cnx_signature_make(CnxSignature *signature, CnxCpu level, const CnxImageInfo *info,
                        const CnxImage *image);

/* The greatest difference of two pictures' cells, 0..1. */
double cnx_signature_distance(const CnxSignature *a, const CnxSignature *b);
