/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <immintrin.h>
#include <string.h>

#include "simd/versions.h"

/* Sums of the two halves' products to bytes' range, still 32 bits wide. */
static inline __m128i finish128(__m128i lo, __m128i hi)
{
    __m128i sum = _mm_add_epi32(lo, _mm_slli_epi32(hi, 16));

    sum = _mm_add_epi32(sum, _mm_set1_epi32(1 << (CNX_RESIZE_BITS - 1)));
    return _mm_srai_epi32(sum, CNX_RESIZE_BITS);
}

static inline __m256i finish256(__m256i lo, __m256i hi)
{
    __m256i sum = _mm256_add_epi32(lo, _mm256_slli_epi32(hi, 16));

    sum = _mm256_add_epi32(sum, _mm256_set1_epi32(1 << (CNX_RESIZE_BITS - 1)));
    return _mm256_srai_epi32(sum, CNX_RESIZE_BITS);
}

static inline __m128i halves(__m256i v)
{
    return _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

/* One output pixel of `rows` rows (a constant): four taps a step, taps 0 and 1 in the low half of
 * each vector and 2 and 3 in the high half, as 16-bit pairs R R G G B B. */
static inline __attribute__((always_inline)) __m128i pixel_of_rows(const uint8_t *src,
                                                                   size_t src_stride,
                                                                   const int rows,
                                                                   const CnxTaps *taps, int groups)
{
    const __m256i pairs =
        _mm256_setr_epi8(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, -1, -1, -1, -1, 8, -1, 12, -1, 9,
                         -1, 13, -1, 10, -1, 14, -1, -1, -1, -1, -1);
    const __m256i spread_lo = _mm256_setr_epi32(0x03020100, 0x03020100, 0x03020100, 0x03020100,
                                                0x07060504, 0x07060504, 0x07060504, 0x07060504);
    const __m256i spread_hi = _mm256_add_epi8(spread_lo, _mm256_set1_epi8(8));
    __m256i lo[4], hi[4];
    __m128i byte[4];

    for (int i = 0; i < rows; i++)
        lo[i] = hi[i] = _mm256_setzero_si256();
    for (int g = 0; g < groups; g++) {
        __m256i w = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)&taps[g]));
        __m256i w_lo = _mm256_shuffle_epi8(w, spread_lo);
        __m256i w_hi = _mm256_shuffle_epi8(w, spread_hi);

        for (int i = 0; i < rows; i++) {
            const __m128i *at = (const __m128i *)(src + i * src_stride + 16 * g);
            __m256i p = _mm256_broadcastsi128_si256(_mm_loadu_si128(at));

            p = _mm256_shuffle_epi8(p, pairs);
            lo[i] = _mm256_add_epi32(lo[i], _mm256_madd_epi16(p, w_lo));
            hi[i] = _mm256_add_epi32(hi[i], _mm256_madd_epi16(p, w_hi));
        }
    }
    for (int i = 0; i < 4; i++)
        byte[i] = i < rows ? finish128(halves(lo[i]), halves(hi[i])) : _mm_setzero_si128();
    return _mm_packus_epi16(_mm_packs_epi32(byte[0], byte[1]), _mm_packs_epi32(byte[2], byte[3]));
}

/* Each pixel is stored with a fourth byte, which the next pixel overwrites; the last has none. */
static inline __attribute__((always_inline)) void
resize_rows(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride, const int rows,
            int n, const int *start, const CnxTaps *taps, int groups)
{
    for (int x = 0; x < n; x++) {
        uint8_t rgb[16];

        _mm_storeu_si128((__m128i *)rgb, pixel_of_rows(src + 4 * (size_t)start[x], src_stride, rows,
                                                       taps + (size_t)x * groups, groups));
        for (int i = 0; i < rows; i++) {
            uint8_t *at = dst + i * dst_stride + 3 * (size_t)x;

            if (x < n - 1)
                memcpy(at, rgb + 4 * i, 4);
            else
                memcpy(at, rgb + 4 * i, 3);
        }
    }
}

void cnx_resize_rows_avx2(uint8_t *dst, size_t dst_stride, const uint8_t *src, size_t src_stride,
                          int rows, int n, const int *start, const CnxTaps *taps, int groups)
{
    if (rows == CNX_RESIZE_ROWS) {
        resize_rows(dst, dst_stride, src, src_stride, CNX_RESIZE_ROWS, n, start, taps, groups);
        return;
    }
    for (int i = 0; i < rows; i++)
        resize_rows(dst + i * dst_stride, 0, src + i * src_stride, 0, 1, n, start, taps, groups);
}

/* Sixteen columns. Bytes of two rows are interleaved, so that one madd takes two taps. */
static inline __m128i columns16(const uint8_t *const *src, size_t x, const CnxTaps *taps,
                                int groups)
{
    __m256i lo0 = _mm256_setzero_si256(), hi0 = lo0, lo1 = lo0, hi1 = lo0;

    for (int g = 0; g < groups; g++) {
        for (int t = 0; t < 4; t += 2) {
            int32_t pair_lo, pair_hi;
            __m256i w_lo, w_hi, p0, p1;
            __m128i a = _mm_loadu_si128((const __m128i *)(src[4 * g + t] + x));
            __m128i b = _mm_loadu_si128((const __m128i *)(src[4 * g + t + 1] + x));

            memcpy(&pair_lo, taps[g].lo + t, 4);
            memcpy(&pair_hi, taps[g].hi + t, 4);
            w_lo = _mm256_set1_epi32(pair_lo);
            w_hi = _mm256_set1_epi32(pair_hi);
            p0 = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
            p1 = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
            lo0 = _mm256_add_epi32(lo0, _mm256_madd_epi16(p0, w_lo));
            hi0 = _mm256_add_epi32(hi0, _mm256_madd_epi16(p0, w_hi));
            lo1 = _mm256_add_epi32(lo1, _mm256_madd_epi16(p1, w_lo));
            hi1 = _mm256_add_epi32(hi1, _mm256_madd_epi16(p1, w_hi));
        }
    }
    /* packs works within halves: columns 0-3 8-11 | 4-7 12-15 */
    lo0 = _mm256_packs_epi32(finish256(lo0, hi0), finish256(lo1, hi1));
    lo0 = _mm256_permute4x64_epi64(lo0, 0xd8);
    return _mm_packus_epi16(_mm256_castsi256_si128(lo0), _mm256_extracti128_si256(lo0, 1));
}

void cnx_resize_columns_avx2(uint8_t *dst, const uint8_t *const *src, int n, const CnxTaps *taps,
                             int groups)
{
    int x = 0;

    if (n < 16) {
        cnx_resize_columns_c(dst, src, n, taps, groups);
        return;
    }
    for (; x <= n - 16; x += 16)
        _mm_storeu_si128((__m128i *)(dst + x), columns16(src, x, taps, groups));
    if (x < n) /* the last sixteen, some of them a second time */
        _mm_storeu_si128((__m128i *)(dst + n - 16), columns16(src, n - 16, taps, groups));
}
