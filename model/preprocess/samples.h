/* Where the samples of a picture stand in memory.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/preprocess/image.h"
#include "simd/yuv.h"

/* Row y of a plane, counted in the plane's own rows. */
const guint8 *cnx_samples_row(const CnxImage *image, int plane, guint y);

/* Row y of a picture in one of the YUV formats, from pixel x on. */
CnxYuvRow cnx_samples_yuv(const CnxImage *image, CnxPixels pixels, guint x, guint y);
