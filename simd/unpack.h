/* Converts rows of packed RGB or gray to RGBX: bytes R, G and B, and a fourth of any value.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* dst: [n] pixels of 4 bytes; src: [n] pixels of 1 (gray), 3 or 4 bytes, not overlapping dst. All
 * versions give the same first three bytes of each pixel. */
typedef void CnxUnpackFn(uint8_t *dst, const uint8_t *src, int n);
