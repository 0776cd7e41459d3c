/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/versions.h"

#define COLS 16 /* columns summed in parallel */
#define ROWS 8  /* rows summed in float before they are added to a double */

/* total[j] = sum_i x[i][j], or the sum of squares, with the rounding error of ROWS terms. */
static void sum_columns(double total[COLS], const float *x, size_t stride, int rows, int cols,
                        int squares)
{
    for (int j = 0; j < cols; j++)
        total[j] = 0;
    for (int i = 0; i < rows; i += ROWS) {
        int end = rows - i < ROWS ? rows : i + ROWS;
        float s[COLS] = {0};

        for (int r = i; r < end; r++) {
            const float *row = x + r * stride;

            for (int j = 0; j < cols; j++)
                s[j] += squares ? row[j] * row[j] : row[j];
        }
        for (int j = 0; j < cols; j++)
            total[j] += s[j];
    }
}

void cnx_columns_sumsq_c(float *sum, const float *x, size_t stride, int rows, int c)
{
    double total[COLS];

    for (int j0 = 0; j0 < c; j0 += COLS) {
        int cols = c - j0 < COLS ? c - j0 : COLS;

        sum_columns(total, x + j0, stride, rows, cols, 1);
        for (int j = 0; j < cols; j++)
            sum[j0 + j] = (float)(sum[j0 + j] + total[j]);
    }
}

void cnx_columns_scale_c(float *x, size_t stride, int rows, int c, const float *scale)
{
    for (int i = 0; i < rows; i++) {
        for (int j = 0; j < c; j++)
            x[i * stride + j] *= scale[j];
    }
}

void cnx_columns_mean_c(float *dst, const float *x, size_t stride, int rows, int c)
{
    double total[COLS];

    for (int j0 = 0; j0 < c; j0 += COLS) {
        int cols = c - j0 < COLS ? c - j0 : COLS;

        sum_columns(total, x + j0, stride, rows, cols, 0);
        for (int j = 0; j < cols; j++)
            dst[j0 + j] = (float)(total[j] / rows);
    }
}
