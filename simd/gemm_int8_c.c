/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "simd/versions.h"

#define TOP 255 /* of rounded activations */

const int cnx_gemm_int8_panel_c = 1;
const int cnx_gemm_int8_top_c = TOP;

/* Follows the bytes of a row of activations or weights. */
typedef struct Rounding {
    float scale;
    int32_t shift; /* of activations: the zero point; of weights: the sum of the rounded row */
} Rounding;

/* Bytes of k values, padded so that the Rounding that follows is aligned. */
static size_t padded(int k)
{
    return ((size_t)k + 7) / 8 * 8;
}

size_t cnx_gemm_int8_row_size_c(int k)
{
    return padded(k) + sizeof(Rounding);
}

size_t cnx_gemm_int8_packed_size_c(int n, int k)
{
    return (size_t)n * (padded(k) + sizeof(Rounding));
}

static float clamp(float x, float least, float most)
{
    return x > least ? (x < most ? x : most) : least; /* NaN becomes least */
}

/* Zero unless x, [k], has a NaN or an infinity, otherwise NaN. */
static float finite_zero(const float *x, int k)
{
    float sum = 0;

    for (int l = 0; l < k; l++)
        sum += x[l] * 0;
    return sum;
}

static Rounding round_activations(uint8_t *dst, const float *a, int k)
{
    float least = 0, most = 0;
    Rounding row;

    for (int l = 0; l < k; l++) {
        least = a[l] < least ? a[l] : least;
        most = a[l] > most ? a[l] : most;
    }
    row.scale = clamp(most / TOP - least / TOP, FLT_MIN, FLT_MAX);
    row.shift = (int32_t)clamp(rintf(-least / row.scale), 0, TOP);
    for (int l = 0; l < k; l++)
        dst[l] = (uint8_t)clamp(rintf(a[l] / row.scale) + (float)row.shift, 0, TOP);
    row.scale += finite_zero(a, k);
    return row;
}

static Rounding round_weights(int8_t *dst, const float *w, int k)
{
    Rounding row = {0};
    float most = 0;

    for (int l = 0; l < k; l++)
        most = fabsf(w[l]) > most ? fabsf(w[l]) : most;
    row.scale = clamp(most / 127, FLT_MIN, FLT_MAX);
    for (int l = 0; l < k; l++) {
        dst[l] = (int8_t)clamp(rintf(w[l] / row.scale), -127, 127);
        row.shift += dst[l];
    }
    row.scale += finite_zero(w, k);
    return row;
}

void cnx_gemm_int8_rows_c(void *dst, const float *src, size_t lds, int m, int k)
{
    uint8_t *to = dst;

    for (int i = 0; i < m; i++, src += lds, to += cnx_gemm_int8_row_size_c(k)) {
        const Rounding row = round_activations(to, src, k);

        memset(to + k, 0, padded(k) - (size_t)k);
        memcpy(to + padded(k), &row, sizeof row);
    }
}

void cnx_gemm_int8_pack_c(void *dst, const float *w, int n, int k)
{
    int8_t *to = dst;

    for (int j = 0; j < n; j++, w += k, to += padded(k) + sizeof(Rounding)) {
        const Rounding row = round_weights(to, w, k);

        memset(to + k, 0, padded(k) - (size_t)k);
        memcpy(to + padded(k), &row, sizeof row);
    }
}

static float dot(const uint8_t *a, const int8_t *w, int k)
{
    Rounding activations, weights;
    int32_t sum = 0;

    memcpy(&activations, a + padded(k), sizeof activations);
    memcpy(&weights, w + padded(k), sizeof weights);
    for (int l = 0; l < k; l++)
        sum += a[l] * w[l];
    sum -= activations.shift * weights.shift;
    return (float)sum * (activations.scale * weights.scale);
}

#include "simd/gemm_rows.inc"

void cnx_gemm_int8_c(const CnxGemm *g)
{
    multiply_rows(g, cnx_gemm_int8_packed_size_c(1, g->k));
}
