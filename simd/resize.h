/* The two passes of an antialiased resize of 8-bit RGB. Each pass rounds to bytes, as Pillow does.
 *
 *   out = clamp( (sum_t pixel[t] weight[t] + 2^(bits - 1)) >> bits, 0, 255 )
 *
 * Pillow's weights have 22 bits. The magnitudes of one output's weights add up to 2 at most, so
 * that its sum fits in 32 bits. Each magnitude is at most CNX_RESIZE_WEIGHT_MAX or, with fewer bits
 * than 22, CNX_RESIZE_SHORT_MAX, which halves the work. Each level packs the weights in the order
 * in which it multiplies them, in groups of table->resize_group neighbours. All versions give the
 * same bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define CNX_RESIZE_BITS 22             /* most bits of a weight's fraction */
#define CNX_RESIZE_WEIGHT_MAX 0x7f7f7f /* 1.99; can be split into three signed bytes */
#define CNX_RESIZE_SHORT_MAX 0x7f7f

#define CNX_RESIZE_ROWS 16  /* most rows in one call of resize_rows */
#define CNX_RESIZE_BLOCK 64 /* pixels; the width of a source row is a multiple of this */

typedef struct CnxResizeRows {
    int n;               /* outputs */
    const int *start;    /* [n], first source pixels: multiples of the group, never decreasing */
    const void *weights; /* [n][taps], packed */
    int taps;            /* source pixels read per output; a multiple of the group */
    int bits;            /* fraction bits of the weights, 1..CNX_RESIZE_BITS */
    int width;           /* pixels of a source row, a multiple of CNX_RESIZE_BLOCK */
    size_t plane;  /* bytes from a row's R to its G, and from G to B; 0 for pixels of 4 bytes */
    void *scratch; /* [CNX_RESIZE_SCRATCH(taps)] bytes, 64-byte aligned */
} CnxResizeRows;

/* Room for the pixels of one output and CNX_RESIZE_AHEAD more in each row, as 16-bit integers. */
#define CNX_RESIZE_SCRATCH(taps) (((size_t)(taps) + CNX_RESIZE_AHEAD) * CNX_RESIZE_ROWS * 6)
#define CNX_RESIZE_AHEAD 128 /* pixels */

/* packed: [n], four bytes each; may be the same memory as weights
 * n:      a multiple of the level's resize_group */
typedef void CnxResizePackFn(void *packed, const int32_t *weights, int n);

/* Resizes along rows: RGBX, or planes of R, G and B, to RGB.
 * dst:  [rows][3 n], rows dst_stride bytes apart
 * src:  [CNX_RESIZE_ROWS][width] pixels of 4 bytes, the fourth ignored, or
 *       [CNX_RESIZE_ROWS][3][width] bytes; rows are src_stride bytes apart; rows from `rows` on are
 *       read but ignored
 * rows: 1..CNX_RESIZE_ROWS */
typedef void CnxResizeRowsFn(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                             int rows, const CnxResizeRows *plan);

/* Resizes across rows: one output row of n bytes.
 * src:     [taps] pointers to rows of n bytes, not overlapping dst; every row is read
 * weights: [taps], packed
 * taps:    a multiple of the level's resize_group
 * bits:    fraction bits of the weights, 1..CNX_RESIZE_BITS */
typedef void CnxResizeColumnsFn(uint8_t *dst, const uint8_t *const *src, int n, const void *weights,
                                int taps, int bits);
