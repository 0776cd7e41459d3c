/* Unpacks pixels of three bytes. ORC unpacks gray and pixels of four bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arm_neon.h>

#include "simd/versions.h"

/* Unpacks sixteen pixels per step. r, g and b are the offsets of the colours; constants where
 * inlined. */
static inline void unpack(uint8_t *dst, const uint8_t *src, int n, int r, int g, int b,
                          CnxUnpackFn *rest)
{
    int i = 0;

    for (; i <= n - 16; i += 16) {
        const uint8x16x3_t x = vld3q_u8(src + 3 * (size_t)i);
        const uint8x16x4_t pixels = {{x.val[r], x.val[g], x.val[b], vdupq_n_u8(0)}};

        vst4q_u8(dst + 4 * (size_t)i, pixels);
    }
    rest(dst + 4 * (size_t)i, src + 3 * (size_t)i, n - i);
}

void cnx_unpack_rgb_neon(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 0, 1, 2, cnx_unpack_rgb_c);
}

void cnx_unpack_bgr_neon(uint8_t *dst, const uint8_t *src, int n)
{
    unpack(dst, src, n, 2, 1, 0, cnx_unpack_bgr_c);
}
