/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

void cnx_normalize_c(float *dst, const uint8_t *src, int n, const CnxNormalizeTable *table)
{
    for (int i = 0; i < 3 * n; i += 3) {
        dst[i] = table->value[0][src[i]];
        dst[i + 1] = table->value[1][src[i + 1]];
        dst[i + 2] = table->value[2][src[i + 2]];
    }
}
