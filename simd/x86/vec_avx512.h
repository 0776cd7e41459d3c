/* The helpers of vec_avx2.h for AVX-512 F, BW, DQ, VL: sixteen floats.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>
#include <stdint.h>

#include "simd/x86/unroll.h"

#define VERSION(kernel) cnx_##kernel##_avx512
#define LANES 16

typedef __m512 Vec;
typedef __mmask16 Mask;

#define v_set1 _mm512_set1_ps
#define v_zero _mm512_setzero_ps
#define v_load _mm512_loadu_ps
#define v_store _mm512_storeu_ps
#define v_add _mm512_add_ps
#define v_sub _mm512_sub_ps
#define v_mul _mm512_mul_ps
#define v_div _mm512_div_ps
#define v_min _mm512_min_ps
#define v_max _mm512_max_ps
#define v_fma _mm512_fmadd_ps
#define v_fnma _mm512_fnmadd_ps
#define v_sum _mm512_reduce_add_ps
#define v_largest _mm512_reduce_max_ps

static inline Mask mask_first(int n)
{
    return (Mask)((1u << n) - 1);
}

static inline Vec v_load_part(const float *p, Mask m)
{
    return _mm512_maskz_loadu_ps(m, p);
}

static inline void v_store_part(float *p, Mask m, Vec x)
{
    _mm512_mask_storeu_ps(p, m, x);
}

static inline Vec v_keep(Mask m, Vec x)
{
    return _mm512_maskz_mov_ps(m, x);
}

static inline Vec v_min_abs(Vec limit, Vec x)
{
    enum { LEAST_MAGNITUDE = 2, POSITIVE = 2 << 2 };

    return _mm512_range_ps(x, limit, LEAST_MAGNITUDE | POSITIVE);
}

static inline Vec v_unless_greater(Vec a, Vec b, Vec x)
{
    return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_NGT_UQ), x);
}

static inline Vec v_if_greater(Vec a, Vec b, Vec x, Vec y)
{
    return _mm512_mask_mov_ps(x, _mm512_cmp_ps_mask(a, b, _CMP_NGT_UQ), y);
}

static inline Vec v_round(Vec x)
{
    return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

static inline Vec v_scale(Vec x, Vec n)
{
    return _mm512_scalef_ps(x, n);
}

static inline void v_add_to_doubles(double *total, Vec x)
{
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
    __m512d high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1));

    _mm512_storeu_pd(total, _mm512_add_pd(_mm512_loadu_pd(total), low));
    _mm512_storeu_pd(total + 8, _mm512_add_pd(_mm512_loadu_pd(total + 8), high));
}
