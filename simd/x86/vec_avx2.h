/* Float vector helpers for AVX2 with FMA: eight floats. vec_avx512.h defines the same names for
 * sixteen; each <kernel>_vec.inc is compiled with both.
 *
 * NaN: v_min and v_max return the second argument when either is NaN, as the instructions do.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "simd/x86/unroll.h"

#define VERSION(kernel) cnx_##kernel##_avx2
#define LANES 8

typedef __m256 Vec;
typedef __m256i Mask;

#define v_set1 _mm256_set1_ps
#define v_zero _mm256_setzero_ps
#define v_load _mm256_loadu_ps
#define v_store _mm256_storeu_ps
#define v_add _mm256_add_ps
#define v_sub _mm256_sub_ps
#define v_mul _mm256_mul_ps
#define v_div _mm256_div_ps
#define v_min _mm256_min_ps
#define v_max _mm256_max_ps
#define v_fma _mm256_fmadd_ps   /* a b + c */
#define v_fnma _mm256_fnmadd_ps /* c - a b */

/* The first n lanes, 0 <= n <= LANES. */
static inline Mask mask_first(int n)
{
    static const int32_t ones[2 * LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};

    return _mm256_loadu_si256((const __m256i *)(ones + LANES - n));
}

static inline Vec v_load_part(const float *p, Mask m)
{
    return _mm256_maskload_ps(p, m);
}

static inline void v_store_part(float *p, Mask m, Vec x)
{
    _mm256_maskstore_ps(p, m, x);
}

/* x inside the mask, zero outside. */
static inline Vec v_keep(Mask m, Vec x)
{
    return _mm256_and_ps(_mm256_castsi256_ps(m), x);
}

/* min(|x|, limit), or the limit where x is NaN; limit > 0. */
static inline Vec v_min_abs(Vec limit, Vec x)
{
    return _mm256_min_ps(_mm256_andnot_ps(v_set1(-0.0f), x), limit);
}

/* x where a <= b or either is NaN, else zero. */
static inline Vec v_unless_greater(Vec a, Vec b, Vec x)
{
    return _mm256_andnot_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ), x);
}

/* x where a > b, else y, also where either is NaN. */
static inline Vec v_if_greater(Vec a, Vec b, Vec x, Vec y)
{
    return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_GT_OQ));
}

static inline Vec v_round(Vec x)
{
    return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* x 2^n for integer n, where 2^n and the result are normal floats. */
static inline Vec v_scale(Vec x, Vec n)
{
    __m256i bits = _mm256_slli_epi32(_mm256_cvtps_epi32(n), 23);

    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(x), bits));
}

static inline float v_sum(Vec x)
{
    __m128 s = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

    s = _mm_add_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_add_ss(s, _mm_movehdup_ps(s)));
}

/* The largest lane; none is NaN. */
static inline float v_largest(Vec x)
{
    __m128 s = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));

    s = _mm_max_ps(s, _mm_movehl_ps(s, s));
    return _mm_cvtss_f32(_mm_max_ss(s, _mm_movehdup_ps(s)));
}

/* total: [LANES], any alignment. */
static inline void v_add_to_doubles(double *total, Vec x)
{
    __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
    __m256d high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));

    _mm256_storeu_pd(total, _mm256_add_pd(_mm256_loadu_pd(total), low));
    _mm256_storeu_pd(total + 4, _mm256_add_pd(_mm256_loadu_pd(total + 4), high));
}
