/* The two passes of an antialiased resize of 8-bit RGB, each rounding to bytes as Pillow does.
 *
 *   out = clamp( (sum_t pixel[t] w[t] + 2^21) >> 22, 0, 255 )
 *
 * Weights are 22-bit fixed point; the sizes of one output's weights add up to 2 at most, so that
 * its sum fits in 32 bits. A weight is kept as two 16-bit halves, w = 65536 hi + lo, so that 16-bit
 * multiplications do: the halves' sums may wrap around, together modulo 2^32 they are the sum. All
 * versions give the same bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CNX_RESIZE_BITS 22 /* of a weight's fraction */
#define CNX_RESIZE_ROWS 4  /* the most rows of one call of resize_rows */

typedef struct CnxTaps { /* four weights; those after an output's last are 0 */
    int16_t lo[4], hi[4];
} CnxTaps;

/* Along rows, RGBX to RGB.
 * dst:   [rows][3 n], rows dst_stride bytes apart
 * src:   [rows] of pixels of 4 bytes, rows src_stride bytes apart; the fourth byte is ignored
 * rows:  1..CNX_RESIZE_ROWS
 * start: [n], the first source pixel of each output
 * taps:  [n][groups]; all 4 groups pixels from start on are read, whatever their weight */
typedef void CnxResizeRowsFn(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                             int rows, int n, const int *start, const CnxTaps *taps, int groups);

/* Across rows: one output row of n bytes.
 * src:  [4 groups] pointers to rows of n bytes, not overlapping dst; all are read
 * taps: [groups] */
typedef void CnxResizeColumnsFn(uint8_t *dst, const uint8_t *const *src, int n, const CnxTaps *taps,
                                int groups);
