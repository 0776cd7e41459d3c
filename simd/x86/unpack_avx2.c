/* Unpacks pixels of three bytes. ORC unpacks gray and pixels of four bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <immintrin.h>

#include "simd/versions.h"

/* Unpacks eight pixels per step, four in each half of a vector. Each half loads four bytes too
 * many, so the C version unpacks the last pixels, whose loads could pass the end of the row. */
static inline void unpack(uint8_t *dst, const uint8_t *src, int n, __m256i order, CnxUnpackFn *rest)
{
    int i = 0;

    for (; i <= n - 10; i += 8) {
        __m128i low = _mm_loadu_si128((const __m128i *)(src + 3 * (size_t)i));
        __m128i high = _mm_loadu_si128((const __m128i *)(src + 3 * (size_t)i + 12));
        __m256i pixels = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);

        _mm256_storeu_si256((__m256i *)(dst + 4 * (size_t)i), _mm256_shuffle_epi8(pixels, order));
    }
    rest(dst + 4 * (size_t)i, src + 3 * (size_t)i, n - i);
}

void cnx_unpack_rgb_avx2(uint8_t *dst, const uint8_t *src, int n)
{
    const __m128i order = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);

    unpack(dst, src, n, _mm256_broadcastsi128_si256(order), cnx_unpack_rgb_c);
}

void cnx_unpack_bgr_avx2(uint8_t *dst, const uint8_t *src, int n)
{
    const __m128i order = _mm_setr_epi8(2, 1, 0, -1, 5, 4, 3, -1, 8, 7, 6, -1, 11, 10, 9, -1);

    unpack(dst, src, n, _mm256_broadcastsi128_si256(order), cnx_unpack_bgr_c);
}
