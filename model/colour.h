/* From the colours of a YUV frame to the integer factors of simd/yuv.h.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/image.h"
#include "simd/yuv.h"

/* matrix: BT.2020 is the non-constant luminance one. */
CnxYuvFactors cnx_colour_factors(CnxMatrix matrix, gboolean full_range);
