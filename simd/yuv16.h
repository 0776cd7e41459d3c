/* Converts rows of YUV with 16-bit samples to planes of R, G and B with more than 8 bits, for
 * formats with half as many chroma samples as pixels in a row.
 *
 *   s(a) = a << shift, 16 bits;  scaled(a, f) = (a f + 2^14) >> 15
 *   y' = scaled(s(y) >> 1, luma) + bias,  u' = s(u) - 2^15,  v' = s(v) - 2^15
 *   r = clamp( (y' + scaled(v', r_v)) >> 2, 0, CNX_YUV16_CODES - 1 )
 *   g = clamp( (y' + scaled(u', g_u) + scaled(v', g_v)) >> 2, 0, CNX_YUV16_CODES - 1 )
 *   b = clamp( (y' + scaled(u', b_u)) >> 2, 0, CNX_YUV16_CODES - 1 )
 *
 * This is the arithmetic of yuv.h, with 4 fraction bits left: a code is a byte's level times 16.
 * All versions give the same codes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/yuv.h"

#define CNX_YUV16_BITS 4 /* fraction bits of a code */
#define CNX_YUV16_CODES (256 << CNX_YUV16_BITS)

/* dst: [3][n], R, G and B, rows `plane` codes apart. row: CNX_YUV_PLANAR or CNX_YUV_UV; its samples
 * are little endian, 2 bytes each, at any alignment. shift: 0..15, moves the samples' highest bit
 * to bit 15; bits beyond that are lost. factors: bias includes the rounding, 2, instead of yuv.h's
 * 32. */
typedef void CnxYuv16Fn(uint16_t *dst, size_t plane, const CnxYuvRow *row, int shift, int n,
                        const CnxYuvFactors *factors);
