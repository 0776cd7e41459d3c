/* RGB bytes to the network's numbers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

typedef struct CnxNormalizeTable {
    float value[3][256]; /* of each channel's byte */
} CnxNormalizeTable;

/* dst: [n][3], dst[i][c] = table.value[c][src[i][c]]; src: [n][3]. A table, because then the result
 * can be the correctly rounded quotient, at the speed of the store. */
typedef void CnxNormalizeFn(float *dst, const uint8_t *src, int n, const CnxNormalizeTable *table);
