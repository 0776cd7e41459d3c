/* How bright the parts of a picture are: enough to tell that nothing has changed in it, for a
 * thousandth of the price of looking at it.
 *
 * The region of interest is divided into 16 by 16 cells. Of each, up to 32 rows are averaged: luma
 * of YUV formats, all three colours of RGB formats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/cpu.h"

#define CNX_SIGNATURE_SIDE 16

typedef struct CnxSignature {
    /* Rows of cells. The mean, 1 being from black to white: of 16..235 in YUV of that range. */
    float cell[CNX_SIGNATURE_SIDE][CNX_SIGNATURE_SIDE];
} CnxSignature;

/* level: of cnx_level_get(). */
void cnx_signature_make(CnxSignature *signature, CnxCpu level, const CnxImageInfo *info,
                        const CnxImage *image);

/* The greatest difference of two pictures' cells: 1 from black to white. */
double cnx_signature_distance(const CnxSignature *a, const CnxSignature *b);
