/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>

#include "simd/versions.h"

void cnx_bytesum_c(int32_t *sum, const uint8_t *src, int stride, const uint8_t *mask,
                   int mask_stride, int n, int rows)
{
    int32_t total = 0;

    for (int r = 0; r < rows; r++) {
        const uint8_t *s = src + (ptrdiff_t)r * stride, *m = mask + (ptrdiff_t)r * mask_stride;

        for (int i = 0; i < n; i++)
            total += s[i] & m[i];
    }
    *sum = total;
}
