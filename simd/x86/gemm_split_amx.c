/* The product in fp32 as three products in bf16 on tiles.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/gemm_split.h"
#include "simd/x86/tiles.h"

#define FAMILY(part) VERSION(gemm_split##part)
#define PARTS 2
#define COLUMN_EXTRA sizeof(uint32_t) /* whether a weight is not finite */
#define OWN_REPAIR

#include "simd/x86/gemm_bf16_tiles.inc"

/* Two halves, and a cache line with a flag for values that are not finite. */
size_t FAMILY(_row_size)(int k)
{
    return 2 * padded(k) * sizeof(uint16_t) + LINE;
}

void FAMILY(_rows)(void *dst, const float *src, size_t lds, int m, int k)
{
    char *row = dst;

    for (int i = 0; i < m; i++, src += lds, row += FAMILY(_row_size)(k)) {
        uint16_t *high = (uint16_t *)row, *low = high + padded(k);
        uint32_t *is_special = (uint32_t *)(low + padded(k));
        float finite = 0;

        memset(row, 0, FAMILY(_row_size)(k));
        for (int l = 0; l < k; l++) {
            const CnxHalves halves = cnx_halves(src[l]);

            high[l] = halves.high;
            low[l] = halves.low;
            finite += src[l] * 0;
        }
        *is_special = isnan(finite);
    }
}

static char *low_weight_at(char *panel, int width, int j, int l)
{
    return weight_at(panel, width, j, l) + width / SIDE * TILE_BYTES;
}

static void pack_column(char *panel, const float *w, int j, int width, int k)
{
    uint32_t *is_special = behind_weights(panel, width, k); /* [width] */

    for (int l = 0; l < k; l++) {
        const CnxHalves halves = cnx_halves(w[l]);

        memcpy(weight_at(panel, width, j, l), &halves.high, sizeof halves.high);
        memcpy(low_weight_at(panel, width, j, l), &halves.low, sizeof halves.low);
        is_special[j] |= !isfinite(w[l]);
    }
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
               whole_value(weight_at(panel, p->width, column, l),
                           low_weight_at(panel, p->width, column, l));
    return sum;
}

/* Sums with a value that is not finite are computed again in C, because the three products can give
 * NaN where fp32 gives an infinity. */
static void repair_sums(const Product *p, char *sums)
{
    const uint32_t *columns = behind_weights(p->panel, p->width, p->steps * STEP);

    for (int i = 0; i < p->rows; i++) {
        const char *row = p->a + (size_t)i * p->lda;
        const uint32_t *is_special = (const uint32_t *)(row + 2 * (size_t)p->steps * 64);

        for (int j = 0; j < p->out.cols; j++) {
            if (*is_special || columns[j])
                ((float *)sums)[i * PANEL + j] = whole_dot(p, i, j);
        }
    }
}
