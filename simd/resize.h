/* The two passes of an antialiased resize of 8-bit RGB, each rounding to bytes as Pillow does.
 *
 *   out = clamp( (sum_t pixel[t] weight[t] + 2^(bits - 1)) >> bits, 0, 255 )
 *
 * Pillow's weights are of 22 bits. The sizes of one output's weights add up to 2 at most, so that
 * its sum fits in 32 bits; each is at most CNX_RESIZE_WEIGHT_MAX, and with fewer bits than 22 at
 * most CNX_RESIZE_SHORT_MAX, which takes half the work. Each level packs the weights as it
 * multiplies: table->resize_group neighbours together. All versions give the same bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CNX_RESIZE_BITS 22             /* of a weight's fraction, at most */
#define CNX_RESIZE_WEIGHT_MAX 0x7f7f7f /* 1.99; its bytes fit when each of them has a sign */
#define CNX_RESIZE_SHORT_MAX 0x7f7f

#define CNX_RESIZE_ROWS 16  /* the most rows of one call of resize_rows */
#define CNX_RESIZE_BLOCK 64 /* pixels: the rows that it reads are a multiple of this wide */

typedef struct CnxResizeRows {
    int n;               /* outputs */
    const int *start;    /* [n], each output's first pixel: whole groups from 0, never falling */
    const void *weights; /* [n][taps], packed */
    int taps;            /* pixels read for each output, whatever their weight: whole groups */
    int bits;            /* of the weights' fraction, 1..CNX_RESIZE_BITS */
    int width;           /* pixels of a source row, a multiple of CNX_RESIZE_BLOCK */
    size_t plane;  /* bytes from a row's R to its G and from that to its B; 0: pixels of 4 bytes */
    void *scratch; /* [CNX_RESIZE_SCRATCH(taps)] bytes, 64-byte aligned */
} CnxResizeRows;

/* Of the pixels of one output and of some more, 16-bit numbers. */
#define CNX_RESIZE_SCRATCH(taps) (((size_t)(taps) + CNX_RESIZE_AHEAD) * CNX_RESIZE_ROWS * 6)
#define CNX_RESIZE_AHEAD 128 /* pixels */

/* packed: [n] of four bytes, may be weights
 * n:      a multiple of the level's resize_group */
typedef void CnxResizePackFn(void *packed, const int32_t *weights, int n);

/* Along rows, RGBX or planes of R, G, B to RGB.
 * dst:  [rows][3 n], rows dst_stride bytes apart
 * src:  [CNX_RESIZE_ROWS][width] pixels of 4 bytes, the fourth ignored, or
 *       [CNX_RESIZE_ROWS][3][width] bytes; rows src_stride bytes apart; rows from `rows` on are
 *       read to no effect
 * rows: 1..CNX_RESIZE_ROWS */
typedef void CnxResizeRowsFn(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                             int rows, const CnxResizeRows *plan);

/* Across rows: one output row of n bytes.
 * src:     [taps] pointers to rows of n bytes, not overlapping dst; all are read
 * weights: [taps], packed
 * taps:    a multiple of the level's resize_group
 * bits:    of the weights' fraction, 1..CNX_RESIZE_BITS */
typedef void CnxResizeColumnsFn(uint8_t *dst, const uint8_t *const *src, int n, const void *weights,
                                int taps, int bits);
