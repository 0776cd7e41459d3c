/* The product in fp32 by three products in bf16 on tiles.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_split.h"
#include "simd/versions.h"
#include "simd/x86/tiles.h"
#include "simd/x86/vec_math.inc"

#define ROWS 4
#define MOST 4
#define VECS (32 / LANES)
#define STEP 32
#define PARTS 2
#define COLUMN_EXTRA sizeof(uint32_t) /* whether a weight is not finite */
#define tile_dot tile_dot_bf16

#include "simd/x86/gemm_tile.inc"
#include "simd/x86/gemm_tiles.inc"

const int VERSION(gemm_split_panel) = PANEL;

/* Values of a half row, padded. */
static size_t padded(int k)
{
    return (size_t)steps_of(k) * STEP;
}

/* Two halves, and a cache line that says whether a value is not finite. */
size_t VERSION(gemm_split_row_size)(int k)
{
    return 2 * padded(k) * sizeof(uint16_t) + LINE;
}

void VERSION(gemm_split_rows)(void *dst, const float *src, size_t lds, int m, int k)
{
    char *row = dst;

    for (int i = 0; i < m; i++, src += lds, row += VERSION(gemm_split_row_size)(k)) {
        uint16_t *high = (uint16_t *)row, *low = high + padded(k);
        uint32_t *is_special = (uint32_t *)(low + padded(k));
        float finite = 0;

        memset(row, 0, VERSION(gemm_split_row_size)(k));
        for (int l = 0; l < k; l++) {
            const CnxHalves halves = cnx_halves(src[l]);

            high[l] = halves.high;
            low[l] = halves.low;
            finite += src[l] * 0;
        }
        *is_special = isnan(finite);
    }
}

size_t VERSION(gemm_split_packed_size)(int n, int k)
{
    return packed_size(n, k);
}

/* [width]: whether a column has a weight that is not finite */
static uint32_t *special_columns(const char *panel, int width, int k)
{
    return (uint32_t *)(panel + (size_t)steps_of(k) * PARTS * (width / SIDE) * TILE_BYTES);
}

static void pack_column(char *panel, const float *w, int j, int width, int k)
{
    for (int l = 0; l < k; l++) {
        const CnxHalves halves = cnx_halves(w[l]);

        memcpy(weight_at(panel, width, j, l, 0), &halves.high, sizeof halves.high);
        memcpy(weight_at(panel, width, j, l, 1), &halves.low, sizeof halves.low);
        special_columns(panel, width, k)[j] |= !isfinite(w[l]);
    }
}

void VERSION(gemm_split_pack)(void *dst, const float *w, int n, int k)
{
    pack_panels(dst, w, n, k);
}

static float whole_value(const void *high, const void *low)
{
    uint16_t halves[2];

    memcpy(&halves[0], high, sizeof halves[0]);
    memcpy(&halves[1], low, sizeof halves[1]);
    return cnx_bf16_value(halves[0]) + cnx_bf16_value(halves[1]);
}

static float whole_dot(const Product *p, int row, int column)
{
    const int k = p->steps * STEP;
    const char *high = p->a + (size_t)row * p->lda, *low = high + 2 * (size_t)k;
    char *panel = (char *)p->panel;
    float sum = 0;

    for (int l = 0; l < k; l++)
        sum += whole_value(high + 2 * l, low + 2 * l) *
               whole_value(weight_at(panel, p->width, column, l, 0),
                           weight_at(panel, p->width, column, l, 1));
    return sum;
}

/* Halves of infinities have opposite signs, so the tiles give NaN where fp32 gives an infinity. */
static void repair_sums(const Product *p, char *sums)
{
    const uint32_t *columns = special_columns(p->panel, p->width, p->steps * STEP);

    for (int i = 0; i < p->rows; i++) {
        const char *row = p->a + (size_t)i * p->lda;
        const uint32_t *is_special = (const uint32_t *)(row + 2 * (size_t)p->steps * 64);

        for (int j = 0; j < p->out.cols; j++) {
            if (*is_special || columns[j])
                ((float *)sums)[i * PANEL + j] = whole_dot(p, i, j);
        }
    }
}

INLINE void finish_sums(const Product *p, const char *sums, int row, const int rows, const int vecs,
                        Vec acc[MOST][VECS])
{
    UNROLL
    for (int v = 0; v < vecs; v++) {
        const Vec bias = p->bias ? load_cols(p->bias, v, vecs, p->out.cols) : v_zero();

        UNROLL
        for (int i = 0; i < rows; i++) {
            const float *from = (const float *)sums + (row + i) * PANEL + v * LANES;

            acc[i][v] = v_add(v_load(from), bias);
        }
    }
}

void VERSION(gemm_split)(const CnxGemm *g)
{
    multiply_with_tiles(g);
}
