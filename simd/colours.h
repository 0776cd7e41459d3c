/* Converts the colours of pixels: transfer functions and primaries.
 *
 * The tone is a table for each of R, G and B. Light beyond reference white needs more: it is
 * clipped only after the primaries have been converted, which mixes the channels. With
 * c(x) = min(max(x, 0), 1) and b(x) = byte_of_root[ (int)( sqrt(c(x)) CNX_COLOURS_ROOTS + 0.5 ) ]:
 *
 *   tone   channels are tone[code] in pixels whose codes are all at most `white`; otherwise
 *            byte i = b( sum_j inverse[i][j] c( sum_k gamut[j][k] code_light[code k] ) )
 *   gamut    byte i = b( sum_j gamut[i][j] byte_light[byte j] )
 *
 * in floats. Tables take most of the time, and vectors would not save any.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/yuv16.h"

#define CNX_COLOURS_ROOTS 4096

/* All lights are finite; reference white is 1. The rows of gamut and inverse add up to 1, and the
 * last byte_of_root is 255, so that white stays white. */
typedef struct CnxColourTables {
    uint8_t tone[CNX_YUV16_CODES];
    uint16_t white; /* CNX_YUV16_CODES - 1 if channels need not be mixed */
    float code_light[CNX_YUV16_CODES];
    float byte_light[256]; /* of bytes whose tone has been converted */
    float gamut[3][3], inverse[3][3];
    uint8_t byte_of_root[CNX_COLOURS_ROOTS + 1];
} CnxColourTables;

/* dst:   [3][n], R, G and B, rows `plane` bytes apart
 * codes: [3][n], below CNX_YUV16_CODES */
typedef void CnxToneFn(uint8_t *dst, size_t plane, const uint16_t *codes, int n,
                       const CnxColourTables *tables);

/* rgb: n pixels, converted in place: bytes R, G and B, `channel` bytes apart, pixels `pixel` bytes
 * apart */
typedef void CnxGamutFn(uint8_t *rgb, size_t channel, size_t pixel, int n,
                        const CnxColourTables *tables);
