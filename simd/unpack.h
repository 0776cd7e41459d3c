/* Rows of packed RGB formats, and of gray, to RGBX: three bytes R G B and one of any value.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* dst: [n] pixels of 4 bytes; src: [n] pixels of 1 (gray), 3 or 4 bytes, not overlapping dst. The
 * first three bytes of each pixel are the same in all versions. */
typedef void CnxUnpackFn(uint8_t *dst, const uint8_t *src, int n);
