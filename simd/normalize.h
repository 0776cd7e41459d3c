/* Converts RGB bytes to the floats of the network's input.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

typedef struct CnxNormalizeTable {
    float value[3][256]; /* by channel and byte */
} CnxNormalizeTable;

/* dst: [n][3], dst[i][c] = table.value[c][src[i][c]]; src: [n][3]. The table holds
 * correctly rounded quotients, and looking them up is as fast as storing the results. */
typedef void CnxNormalizeFn(float *dst, const uint8_t *src, int n, const CnxNormalizeTable *table);
