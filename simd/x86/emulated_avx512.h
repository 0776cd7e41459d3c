/* The intrinsics of AVX-512 and AVX-VNNI that the kernels use, emulated with AVX2, for tests on
 * processors without them. Meson includes this file ahead of a source. Operations that work on
 * each 128-bit part, or on each element, apply AVX2 to both halves.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "simd/x86/emulated_bf16.h"

/* Macros in some compilers */
#undef _mm512_slli_epi16
#undef _mm512_slli_epi32
#undef _mm512_srai_epi16
#undef _mm512_srli_epi16
#undef _mm512_srli_epi32
#undef _mm512_setr_epi64
#undef _mm512_extractf32x8_ps
#undef _mm512_extracti32x4_epi32
#undef _mm512_cmp_ps_mask
#undef _mm512_range_ps
#undef _mm512_roundscale_ps

typedef union Emulated {
    __m512 ps;
    __m512d pd;
    __m512i si;
    __m256 half_ps[2];
    __m256d half_pd[2];
    __m256i half_si[2];
    __m128i part[4];
    float f32[16];
    int64_t i64[8];
    int32_t i32[16];
    uint32_t u32[16];
    uint16_t u16[32];
    int8_t i8[64];
    uint8_t u8[64];
} Emulated;

/* A type, and the members of Emulated for its halves and the whole */
#define EMULATED_PS __m512, half_ps, ps
#define EMULATED_PD __m512d, half_pd, pd
#define EMULATED_SI __m512i, half_si, si

#define EMULATE_2(name, half_name, kind) EMULATE_2_(name, half_name, kind)
#define EMULATE_2_(name, half_name, type, half, whole)                           \
    static inline type emulated_##name(type a, type b)                           \
    {                                                                            \
        const Emulated x = {.whole = a}, y = {.whole = b};                       \
        const Emulated r = {.half = {_mm256_##half_name(x.half[0], y.half[0]),   \
                                     _mm256_##half_name(x.half[1], y.half[1])}}; \
                                                                                 \
        return r.whole;                                                          \
    }

#define EMULATE_3(name)                                                                            \
    static inline __m512 emulated_##name(__m512 a, __m512 b, __m512 c)                             \
    {                                                                                              \
        const Emulated x = {.ps = a}, y = {.ps = b}, z = {.ps = c};                                \
        const Emulated r = {.half_ps = {_mm256_##name(x.half_ps[0], y.half_ps[0], z.half_ps[0]),   \
                                        _mm256_##name(x.half_ps[1], y.half_ps[1], z.half_ps[1])}}; \
                                                                                                   \
        return r.ps;                                                                               \
    }

/* The second operand is a count: a constant or a vector of 128 bits. */
#define EMULATE_SHIFT(name, count)                                                        \
    static inline __m512i emulated_##name(__m512i a, count n)                             \
    {                                                                                     \
        const Emulated x = {.si = a};                                                     \
        const Emulated r = {                                                              \
            .half_si = {_mm256_##name(x.half_si[0], n), _mm256_##name(x.half_si[1], n)}}; \
                                                                                          \
        return r.si;                                                                      \
    }

EMULATE_2(add_ps, add_ps, EMULATED_PS)
EMULATE_2(sub_ps, sub_ps, EMULATED_PS)
EMULATE_2(mul_ps, mul_ps, EMULATED_PS)
EMULATE_2(div_ps, div_ps, EMULATED_PS)
EMULATE_2(min_ps, min_ps, EMULATED_PS)
EMULATE_2(max_ps, max_ps, EMULATED_PS)
EMULATE_2(add_pd, add_pd, EMULATED_PD)
EMULATE_2(and_si512, and_si256, EMULATED_SI)
EMULATE_2(or_si512, or_si256, EMULATED_SI)
EMULATE_2(xor_si512, xor_si256, EMULATED_SI)
EMULATE_2(add_epi16, add_epi16, EMULATED_SI)
EMULATE_2(add_epi32, add_epi32, EMULATED_SI)
EMULATE_2(sub_epi32, sub_epi32, EMULATED_SI)
EMULATE_2(mullo_epi32, mullo_epi32, EMULATED_SI)
EMULATE_2(adds_epi16, adds_epi16, EMULATED_SI)
EMULATE_2(min_epi16, min_epi16, EMULATED_SI)
EMULATE_2(max_epi16, max_epi16, EMULATED_SI)
EMULATE_2(mulhrs_epi16, mulhrs_epi16, EMULATED_SI)
EMULATE_2(madd_epi16, madd_epi16, EMULATED_SI)
EMULATE_2(maddubs_epi16, maddubs_epi16, EMULATED_SI)
EMULATE_2(shuffle_epi8, shuffle_epi8, EMULATED_SI)
EMULATE_2(unpacklo_epi8, unpacklo_epi8, EMULATED_SI)
EMULATE_2(unpackhi_epi8, unpackhi_epi8, EMULATED_SI)
EMULATE_2(unpacklo_epi16, unpacklo_epi16, EMULATED_SI)
EMULATE_2(unpackhi_epi16, unpackhi_epi16, EMULATED_SI)
EMULATE_2(unpacklo_epi32, unpacklo_epi32, EMULATED_SI)
EMULATE_2(unpackhi_epi32, unpackhi_epi32, EMULATED_SI)
EMULATE_2(unpacklo_epi64, unpacklo_epi64, EMULATED_SI)
EMULATE_2(unpackhi_epi64, unpackhi_epi64, EMULATED_SI)
EMULATE_2(packs_epi32, packs_epi32, EMULATED_SI)
EMULATE_2(packus_epi16, packus_epi16, EMULATED_SI)
EMULATE_2(srav_epi32, srav_epi32, EMULATED_SI)
EMULATE_3(fmadd_ps)
EMULATE_3(fnmadd_ps)
EMULATE_SHIFT(sll_epi16, __m128i)
EMULATE_SHIFT(slli_epi16, int)
EMULATE_SHIFT(slli_epi32, int)
EMULATE_SHIFT(srai_epi16, int)
EMULATE_SHIFT(srli_epi16, int)
EMULATE_SHIFT(srli_epi32, int)

#define _mm512_add_ps emulated_add_ps
#define _mm512_sub_ps emulated_sub_ps
#define _mm512_mul_ps emulated_mul_ps
#define _mm512_div_ps emulated_div_ps
#define _mm512_min_ps emulated_min_ps
#define _mm512_max_ps emulated_max_ps
#define _mm512_add_pd emulated_add_pd
#define _mm512_and_si512 emulated_and_si512
#define _mm512_or_si512 emulated_or_si512
#define _mm512_xor_si512 emulated_xor_si512
#define _mm512_add_epi16 emulated_add_epi16
#define _mm512_add_epi32 emulated_add_epi32
#define _mm512_sub_epi32 emulated_sub_epi32
#define _mm512_mullo_epi32 emulated_mullo_epi32
#define _mm512_adds_epi16 emulated_adds_epi16
#define _mm512_min_epi16 emulated_min_epi16
#define _mm512_max_epi16 emulated_max_epi16
#define _mm512_mulhrs_epi16 emulated_mulhrs_epi16
#define _mm512_madd_epi16 emulated_madd_epi16
#define _mm512_maddubs_epi16 emulated_maddubs_epi16
#define _mm512_shuffle_epi8 emulated_shuffle_epi8
#define _mm512_unpacklo_epi8 emulated_unpacklo_epi8
#define _mm512_unpackhi_epi8 emulated_unpackhi_epi8
#define _mm512_unpacklo_epi16 emulated_unpacklo_epi16
#define _mm512_unpackhi_epi16 emulated_unpackhi_epi16
#define _mm512_unpacklo_epi32 emulated_unpacklo_epi32
#define _mm512_unpackhi_epi32 emulated_unpackhi_epi32
#define _mm512_unpacklo_epi64 emulated_unpacklo_epi64
#define _mm512_unpackhi_epi64 emulated_unpackhi_epi64
#define _mm512_packs_epi32 emulated_packs_epi32
#define _mm512_packus_epi16 emulated_packus_epi16
#define _mm512_srav_epi32 emulated_srav_epi32
#define _mm512_fmadd_ps emulated_fmadd_ps
#define _mm512_fnmadd_ps emulated_fnmadd_ps
#define _mm512_sll_epi16 emulated_sll_epi16
#define _mm512_slli_epi16 emulated_slli_epi16
#define _mm512_slli_epi32 emulated_slli_epi32
#define _mm512_srai_epi16 emulated_srai_epi16
#define _mm512_srli_epi16 emulated_srli_epi16
#define _mm512_srli_epi32 emulated_srli_epi32

/* Loads, stores and constants */

static inline __m512 emulated_load(const void *p)
{
    __m512 x;

    memcpy(&x, p, sizeof x);
    return x;
}

static inline void emulated_store(void *p, __m512 x)
{
    memcpy(p, &x, sizeof x);
}

#define _mm512_loadu_ps(p) emulated_load(p)
#define _mm512_loadu_pd(p) ((__m512d)emulated_load(p))
#define _mm512_loadu_si512(p) ((__m512i)emulated_load(p))
#define _mm512_storeu_ps(p, x) emulated_store(p, x)
#define _mm512_storeu_pd(p, x) emulated_store(p, (__m512)(x))
#define _mm512_storeu_si512(p, x) emulated_store(p, (__m512)(x))

#define EMULATE_SET1(name, argument)                       \
    static inline __m512i emulated_set1_##name(argument x) \
    {                                                      \
        const __m256i half = _mm256_set1_##name(x);        \
        const Emulated r = {.half_si = {half, half}};      \
                                                           \
        return r.si;                                       \
    }

EMULATE_SET1(epi16, short)
EMULATE_SET1(epi32, int)

#define _mm512_set1_epi16 emulated_set1_epi16
#define _mm512_set1_epi32 emulated_set1_epi32

static inline __m512 emulated_set1_ps(float x)
{
    const Emulated r = {.half_ps = {_mm256_set1_ps(x), _mm256_set1_ps(x)}};

    return r.ps;
}

static inline __m512 emulated_zero(void)
{
    return emulated_set1_ps(0);
}

static inline __m512i emulated_setr_epi64(int64_t a, int64_t b, int64_t c, int64_t d, int64_t e,
                                          int64_t f, int64_t g, int64_t h)
{
    const Emulated r = {.i64 = {a, b, c, d, e, f, g, h}};

    return r.si;
}

static inline __m512i emulated_zero_si(void)
{
    return (__m512i)emulated_zero();
}

#define _mm512_set1_ps emulated_set1_ps
#define _mm512_setzero_ps emulated_zero
#define _mm512_setzero_si512 emulated_zero_si
#define _mm512_setr_epi64 emulated_setr_epi64

/* Masks */

/* One bit of the mask for each element; elements outside the mask are not touched. */
static inline __m512 emulated_maskz_loadu_ps(__mmask16 mask, const float *p)
{
    Emulated r = {{0}};

    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1)
            memcpy(&r.f32[i], p + i, sizeof *p);
    }
    return r.ps;
}

static inline void emulated_mask_storeu_ps(float *p, __mmask16 mask, __m512 x)
{
    const Emulated from = {.ps = x};

    for (int i = 0; i < 16; i++) {
        if (mask >> i & 1)
            memcpy(p + i, &from.f32[i], sizeof *p);
    }
}

static inline __m512 emulated_maskz_mov_ps(__mmask16 mask, __m512 x)
{
    Emulated r = {.ps = x};

    for (int i = 0; i < 16; i++)
        r.u32[i] = mask >> i & 1 ? r.u32[i] : 0;
    return r.ps;
}

static inline __m512 emulated_mask_mov_ps(__m512 other, __mmask16 mask, __m512 x)
{
    const Emulated from = {.ps = x};
    Emulated r = {.ps = other};

    for (int i = 0; i < 16; i++)
        r.u32[i] = mask >> i & 1 ? from.u32[i] : r.u32[i];
    return r.ps;
}

static inline __m512i emulated_mask_broadcast(__m512i other, __mmask16 mask, __m128i part)
{
    const Emulated from = {.part = {part, part, part, part}};
    Emulated r = {.si = other};

    for (int i = 0; i < 16; i++)
        r.u32[i] = mask >> i & 1 ? from.u32[i] : r.u32[i];
    return r.si;
}

/* !(a > b), which is true if either is NaN */
static inline __mmask16 emulated_not_greater(__m512 a, __m512 b)
{
    const Emulated x = {.ps = a}, y = {.ps = b};
    unsigned mask = 0;

    for (int i = 0; i < 16; i++)
        mask |= (unsigned)!(x.f32[i] > y.f32[i]) << i;
    return (__mmask16)mask;
}

#define _mm512_maskz_loadu_ps emulated_maskz_loadu_ps
#define _mm512_mask_storeu_ps emulated_mask_storeu_ps
#define _mm512_maskz_mov_ps emulated_maskz_mov_ps
#define _mm512_mask_mov_ps emulated_mask_mov_ps
#define _mm512_mask_broadcast_i32x4 emulated_mask_broadcast
#define _mm512_broadcast_i32x4(part) emulated_mask_broadcast(emulated_zero_si(), 0xffff, part)
#define _mm512_cmp_ps_mask(a, b, predicate)                                                \
    ({                                                                                     \
        _Static_assert((predicate) == _CMP_NGT_UQ, "the only predicate that is emulated"); \
        emulated_not_greater(a, b);                                                        \
    })

/* Parts and order */

static inline __m128i emulated_part(__m512i x, int i)
{
    const Emulated from = {.si = x};

    return from.part[i];
}

static inline __m256 emulated_half(__m512 x, int i)
{
    const Emulated from = {.ps = x};

    return from.half_ps[i];
}

static inline __m512i emulated_permutexvar_epi64(__m512i order, __m512i x)
{
    const Emulated from = {.si = x}, at = {.si = order};
    Emulated r;

    for (int i = 0; i < 8; i++)
        r.i64[i] = from.i64[at.i64[i] & 7];
    return r.si;
}

static inline __m512i emulated_permutexvar_epi32(__m512i order, __m512i x)
{
    const Emulated from = {.si = x}, at = {.si = order};
    Emulated r;

    for (int i = 0; i < 16; i++)
        r.i32[i] = from.i32[at.i32[i] & 15];
    return r.si;
}

#define _mm512_castps512_ps256(x) emulated_half(x, 0)
#define _mm512_castsi512_si128(x) emulated_part(x, 0)
#define _mm512_castsi128_si512(part) emulated_mask_broadcast(emulated_zero_si(), 0xf, part)
#define _mm512_extractf32x8_ps emulated_half
#define _mm512_extracti32x4_epi32 emulated_part
#define _mm512_permutexvar_epi32 emulated_permutexvar_epi32
#define _mm512_permutexvar_epi64 emulated_permutexvar_epi64

/* Conversions */

static inline __m512 emulated_cvtepi32_ps(__m512i x)
{
    const Emulated from = {.si = x};
    const Emulated r = {
        .half_ps = {_mm256_cvtepi32_ps(from.half_si[0]), _mm256_cvtepi32_ps(from.half_si[1])}};

    return r.ps;
}

static inline __m512i emulated_cvtps_epi32(__m512 x)
{
    const Emulated from = {.ps = x};
    const Emulated r = {
        .half_si = {_mm256_cvtps_epi32(from.half_ps[0]), _mm256_cvtps_epi32(from.half_ps[1])}};

    return r.si;
}

static inline __m512d emulated_cvtps_pd(__m256 x)
{
    const Emulated r = {.half_pd = {_mm256_cvtps_pd(_mm256_castps256_ps128(x)),
                                    _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1))}};

    return r.pd;
}

#define EMULATE_WIDENING(name)                                                           \
    static inline __m512i emulated_##name(__m256i x)                                     \
    {                                                                                    \
        const Emulated r = {.half_si = {_mm256_##name(_mm256_castsi256_si128(x)),        \
                                        _mm256_##name(_mm256_extracti128_si256(x, 1))}}; \
                                                                                         \
        return r.si;                                                                     \
    }

EMULATE_WIDENING(cvtepu8_epi16)
EMULATE_WIDENING(cvtepu16_epi32)

/* All bits are set where the value is NaN or out of range. */
static inline __m512i emulated_cvtps_epu32(__m512 x)
{
    const Emulated from = {.ps = x};
    Emulated r;

    for (int i = 0; i < 16; i++) {
        const float whole = rintf(from.f32[i]);

        r.u32[i] = whole >= 0 && whole < 0x1p32f ? (uint32_t)whole : UINT32_MAX;
    }
    return r.si;
}

static inline __m128i emulated_cvtusepi32_epi8(__m512i x)
{
    const Emulated from = {.si = x};
    Emulated r;

    for (int i = 0; i < 16; i++)
        r.u8[i] = from.u32[i] < 255 ? (uint8_t)from.u32[i] : 255;
    return r.part[0];
}

#define _mm512_cvtepi32_ps emulated_cvtepi32_ps
#define _mm512_cvtps_epi32 emulated_cvtps_epi32
#define _mm512_cvtps_pd emulated_cvtps_pd
#define _mm512_cvtepu8_epi16 emulated_cvtepu8_epi16
#define _mm512_cvtepu16_epi32 emulated_cvtepu16_epi32
#define _mm512_cvtps_epu32 emulated_cvtps_epu32
#define _mm512_cvtusepi32_epi8 emulated_cvtusepi32_epi8

/* Arithmetic that AVX2 lacks */

static inline float emulated_reduce_add_ps(__m512 x)
{
    Emulated from = {.ps = x};

    for (int n = 8; n > 0; n /= 2) {
        for (int i = 0; i < n; i++)
            from.f32[i] += from.f32[i + n];
    }
    return from.f32[0];
}

static inline float emulated_reduce_max_ps(__m512 x)
{
    const Emulated from = {.ps = x};
    float max = from.f32[0];

    for (int i = 1; i < 16; i++)
        max = from.f32[i] > max ? from.f32[i] : max;
    return max;
}

/* The smaller magnitude. A quiet NaN gives the magnitude of the other. */
static inline __m512 emulated_least_magnitude(__m512 a, __m512 b)
{
    const Emulated x = {.ps = a}, y = {.ps = b};
    Emulated r;

    for (int i = 0; i < 16; i++)
        r.f32[i] = fminf(fabsf(x.f32[i]), fabsf(y.f32[i]));
    return r.ps;
}

static inline __m512 emulated_round(__m512 x)
{
    const Emulated from = {.ps = x};
    Emulated r;

    for (int i = 0; i < 16; i++)
        r.f32[i] = rintf(from.f32[i]);
    return r.ps;
}

/* x 2^floor(n) */
static inline __m512 emulated_scalef_ps(__m512 x, __m512 n)
{
    const Emulated from = {.ps = x}, by = {.ps = n};
    Emulated r;

    for (int i = 0; i < 16; i++) {
        const float power = fmaxf(-1000, fminf(1000, floorf(by.f32[i])));

        r.f32[i] = isnan(by.f32[i]) ? by.f32[i] : ldexpf(from.f32[i], (int)power);
    }
    return r.ps;
}

/* sum + a1 b1 + a0 b0, in this order, with denormals flushed */
static inline __m512 emulated_dpbf16_ps(__m512 sum, __m512bh a, __m512bh b)
{
    const Emulated x = {.si = (__m512i)a}, y = {.si = (__m512i)b};
    Emulated r = {.ps = sum};

    for (int i = 0; i < 16; i++) {
        r.f32[i] = emulated_flushed(r.f32[i]);
        r.f32[i] = emulated_bf16_fma(x.u16[2 * i + 1], y.u16[2 * i + 1], r.f32[i]);
        r.f32[i] = emulated_bf16_fma(x.u16[2 * i], y.u16[2 * i], r.f32[i]);
    }
    return r.ps;
}

static inline __m256i emulated_dpbusd_half(__m256i sum, __m256i a, __m256i b)
{
    const Emulated x = {.half_si = {a}}, y = {.half_si = {b}};
    Emulated r = {.half_si = {sum}};

    for (int i = 0; i < 8; i++) {
        int32_t dot = 0;

        for (int j = 4 * i; j < 4 * i + 4; j++)
            dot += x.u8[j] * y.i8[j];
        r.u32[i] += (uint32_t)dot;
    }
    return r.half_si[0];
}

static inline __m512i emulated_dpbusd_epi32(__m512i sum, __m512i a, __m512i b)
{
    const Emulated s = {.si = sum}, x = {.si = a}, y = {.si = b};
    const Emulated r = {
        .half_si = {emulated_dpbusd_half(s.half_si[0], x.half_si[0], y.half_si[0]),
                    emulated_dpbusd_half(s.half_si[1], x.half_si[1], y.half_si[1])}};

    return r.si;
}

#define _mm512_reduce_add_ps emulated_reduce_add_ps
#define _mm512_reduce_max_ps emulated_reduce_max_ps
#define _mm512_range_ps(a, b, kind)                                                   \
    ({                                                                                \
        _Static_assert((kind) == (2 | 2 << 2), "only the smaller of two magnitudes"); \
        emulated_least_magnitude(a, b);                                               \
    })
#define _mm512_roundscale_ps(x, kind)                                             \
    ({                                                                            \
        _Static_assert((kind) == (_MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC), \
                       "only rounding to nearest");                               \
        emulated_round(x);                                                        \
    })
#define _mm512_scalef_ps emulated_scalef_ps
#define _mm512_dpbf16_ps emulated_dpbf16_ps
#define _mm512_dpbusd_epi32 emulated_dpbusd_epi32
#define _mm256_dpbusd_avx_epi32 emulated_dpbusd_half
