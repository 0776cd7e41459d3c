/* The two passes of an antialiased resize of 8-bit RGB, each rounding to bytes as Pillow does.
 *
 *   out = clamp( (sum_t pixel[t] w[t] + 2^(bits - 1)) >> bits, 0, 255 )
 *
 * Pillow's weights are of 22 bits; the sizes of one output's weights add up to 2 at most, so that
 * its sum fits in 32 bits. A weight is kept as two 16-bit halves, w = 65536 hi + lo, so that 16-bit
 * multiplications do: the halves' sums may wrap around, together modulo 2^32 they are the sum. With
 * fewer bits than 22 all weights fit in lo: then hi is 0, and is not read. All versions give the
 * same bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CNX_RESIZE_BITS 22  /* of a weight's fraction, at most */
#define CNX_RESIZE_ROWS 16  /* the most rows of one call of resize_rows */
#define CNX_RESIZE_BLOCK 64 /* pixels: the rows that it reads are a multiple of this wide */

typedef struct CnxTaps { /* the weights of two neighbours; those after an output's last are 0 */
    int16_t lo[2], hi[2];
} CnxTaps;

typedef struct CnxResizeRows {
    int n;               /* outputs */
    const int *start;    /* [n], the first source pixel of each output: even, never falling */
    const CnxTaps *taps; /* [n][pairs] */
    int pairs;           /* of pixels read for each output, whatever their weight */
    int bits;            /* of the weights' fraction, 1..CNX_RESIZE_BITS */
    int width;           /* pixels of a source row, a multiple of CNX_RESIZE_BLOCK */
    size_t plane;  /* bytes from a row's R to its G and from that to its B; 0: pixels of 4 bytes */
    void *scratch; /* [CNX_RESIZE_SCRATCH(pairs)] bytes, 64-byte aligned */
} CnxResizeRows;

/* Of the pixels of one output and of some more, 16-bit numbers. */
#define CNX_RESIZE_SCRATCH(pairs) (((size_t)(pairs) + CNX_RESIZE_AHEAD) * CNX_RESIZE_ROWS * 12)
#define CNX_RESIZE_AHEAD 64 /* pairs of pixels */

/* Along rows, RGBX or planes of R, G, B to RGB.
 * dst:  [rows][3 n], rows dst_stride bytes apart
 * src:  [CNX_RESIZE_ROWS][width] pixels of 4 bytes, the fourth ignored, or
 * [CNX_RESIZE_ROWS][3][width] bytes; rows src_stride bytes apart; rows from `rows` on are read to
 * no effect rows: 1..CNX_RESIZE_ROWS */
typedef void CnxResizeRowsFn(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                             int rows, const CnxResizeRows *plan);

/* Across rows: one output row of n bytes.
 * src:  [2 pairs] pointers to rows of n bytes, not overlapping dst; all are read
 * taps: [pairs]
 * bits: of the weights' fraction, 1..CNX_RESIZE_BITS */
typedef void CnxResizeColumnsFn(uint8_t *dst, const uint8_t *const *src, int n, const CnxTaps *taps,
                                int pairs, int bits);
