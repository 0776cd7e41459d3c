/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <immintrin.h>
#include <string.h>

#include "simd/versions.h"

#define STEP 16 /* pixels */

typedef struct Samples { /* of STEP pixels, 16 bits each */
    __m256i y, u, v;
} Samples;

/* Eight chroma samples, in the low half, to one per pixel. */
static inline __m256i both(__m128i chroma)
{
    return _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(chroma, chroma));
}

static inline Samples load_planar(const uint8_t *y, const uint8_t *u, const uint8_t *v)
{
    return (Samples){
        .y = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)y)),
        .u = both(_mm_loadl_epi64((const __m128i *)u)),
        .v = both(_mm_loadl_epi64((const __m128i *)v)),
    };
}

/* uv: the first of the sixteen bytes; u_first: 1 for U V U V ..., 0 for V U V U ... */
static inline Samples load_uv(const uint8_t *y, const uint8_t *uv, int u_first)
{
    __m256i pairs = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)uv));
    __m256i first = _mm256_or_si256(_mm256_slli_epi32(pairs, 16),
                                    _mm256_and_si256(pairs, _mm256_set1_epi32(0xffff)));
    __m256i second = _mm256_or_si256(_mm256_srli_epi32(pairs, 16),
                                     _mm256_andnot_si256(_mm256_set1_epi32(0xffff), pairs));

    return (Samples){
        .y = _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)y)),
        .u = u_first ? first : second,
        .v = u_first ? second : first,
    };
}

/* Packed: the bytes' 16-bit lanes hold luma in one byte and chroma in the other. */
static inline Samples load_packed(const uint8_t *yuyv, int luma_first)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)yuyv);
    __m256i low = _mm256_and_si256(bytes, _mm256_set1_epi16(0xff));
    __m256i high = _mm256_srli_epi16(bytes, 8);
    __m256i chroma = luma_first ? high : low;

    return (Samples){
        .y = luma_first ? low : high,
        .u = _mm256_or_si256(_mm256_slli_epi32(chroma, 16),
                             _mm256_and_si256(chroma, _mm256_set1_epi32(0xffff))),
        .v = _mm256_or_si256(_mm256_srli_epi32(chroma, 16),
                             _mm256_andnot_si256(_mm256_set1_epi32(0xffff), chroma)),
    };
}

static inline __m256i pair(int16_t even, int16_t odd)
{
    return _mm256_set1_epi32((int32_t)((uint16_t)even | (uint32_t)(uint16_t)odd << 16));
}

/* a, b: 16-bit samples and their factors as pairs; c: another such product, or zeros. */
static inline __m256i channel(__m256i a, __m256i b, __m256i ab, __m256i c_lo, __m256i c_hi,
                              int32_t bias)
{
    __m256i lo = _mm256_madd_epi16(_mm256_unpacklo_epi16(a, b), ab);
    __m256i hi = _mm256_madd_epi16(_mm256_unpackhi_epi16(a, b), ab);

    lo = _mm256_add_epi32(_mm256_add_epi32(lo, c_lo), _mm256_set1_epi32(bias));
    hi = _mm256_add_epi32(_mm256_add_epi32(hi, c_hi), _mm256_set1_epi32(bias));
    lo = _mm256_packs_epi32(_mm256_srai_epi32(lo, CNX_YUV_BITS),
                            _mm256_srai_epi32(hi, CNX_YUV_BITS));
    return _mm256_min_epi16(_mm256_max_epi16(lo, _mm256_setzero_si256()), _mm256_set1_epi16(255));
}

static inline void convert(uint8_t *dst, Samples s, const CnxYuvFactors *f)
{
    __m256i zero = _mm256_setzero_si256(), g_v = pair(f->g_v, 0);
    __m256i r = channel(s.y, s.v, pair(f->luma, f->r_v), zero, zero, f->r_bias);
    __m256i b = channel(s.y, s.u, pair(f->luma, f->b_u), zero, zero, f->b_bias);
    __m256i g = channel(s.y, s.u, pair(f->luma, f->g_u),
                        _mm256_madd_epi16(_mm256_unpacklo_epi16(s.v, zero), g_v),
                        _mm256_madd_epi16(_mm256_unpackhi_epi16(s.v, zero), g_v), f->g_bias);
    __m256i rg = _mm256_or_si256(r, _mm256_slli_epi16(g, 8));
    __m256i lo = _mm256_unpacklo_epi16(rg, b); /* pixels 0-3 | 8-11 */
    __m256i hi = _mm256_unpackhi_epi16(rg, b); /* pixels 4-7 | 12-15 */

    _mm256_storeu_si256((__m256i *)dst, _mm256_permute2x128_si256(lo, hi, 0x20));
    _mm256_storeu_si256((__m256i *)(dst + 32), _mm256_permute2x128_si256(lo, hi, 0x31));
}

static inline Samples load(const CnxYuvRow *row, size_t i)
{
    switch (row->layout) {
    case CNX_YUV_PLANAR:
        return load_planar(row->y + i, row->u + i / 2, row->v + i / 2);
    case CNX_YUV_UV:
        return load_uv(row->y + i, row->u < row->v ? row->u + i : row->v + i, row->u < row->v);
    case CNX_YUV_YUYV:
        return load_packed(row->y + 2 * i, 1);
    default:
        return load_packed(row->u + 2 * i, 0);
    }
}

/* The row from pixel i on, which begins a pair. */
static CnxYuvRow row_from(const CnxYuvRow *row, size_t i)
{
    static const uint8_t luma_step[] = {1, 1, 2, 2}, chroma_step[] = {1, 2, 4, 4};
    size_t pairs = (i + row->odd) / 2 * chroma_step[row->layout];

    return (CnxYuvRow){
        .layout = row->layout,
        .y = row->y + i * luma_step[row->layout],
        .u = row->u + pairs,
        .v = row->v + pairs,
    };
}

void cnx_yuv_avx2(uint8_t *dst, const CnxYuvRow *row, int n, const CnxYuvFactors *factors)
{
    CnxYuvRow rest = *row;
    int i = 0;

    if (row->odd && n > 0) {
        cnx_yuv_c(dst, row, 1, factors);
        rest = row_from(row, 1);
        dst += 4;
        n--;
    }
    for (; i <= n - STEP; i += STEP)
        convert(dst + 4 * (size_t)i, load(&rest, i), factors);
    if (i < n) {
        rest = row_from(&rest, i);
        cnx_yuv_c(dst + 4 * (size_t)i, &rest, n - i, factors);
    }
}
