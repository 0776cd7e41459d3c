/* Masked sum of the bytes of a rectangle.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* *sum = sum over rows r and bytes i of (src[r stride + i] & mask[r mask_stride + i]).
 * src:         [rows] rows of n bytes, stride bytes apart; stride may be negative
 * mask:        laid out like src; mask_stride may be 0
 * n, rows:     at least 1, their product at most 2^23 */
typedef void CnxBytesumFn(int32_t *sum, const uint8_t *src, int stride, const uint8_t *mask,
                          int mask_stride, int n, int rows);
