/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "simd/gemm_bf16.h"
#include "simd/versions.h"

#define WIDTH 64

double cnx_peak_int8_c(int steps)
{
    int8_t a[WIDTH], w[WIDTH];
    int32_t sum[WIDTH] = {0};
    double total = 0;

    for (int j = 0; j < WIDTH; j++)
        a[j] = w[j] = 1;
    for (int i = 0; i < steps; i++) {
        for (int j = 0; j < WIDTH; j++)
            sum[j] += a[j] * w[j];
        __asm__ volatile("" : : "r"(a), "r"(w) : "memory"); /* so that every step multiplies */
    }
    for (int j = 0; j < WIDTH; j++)
        total += sum[j];
    return total;
}

double cnx_peak_bf16_c(int steps)
{
    uint16_t a[WIDTH], w[WIDTH];
    float sum[WIDTH] = {0};
    double total = 0;

    for (int j = 0; j < WIDTH; j++)
        a[j] = w[j] = cnx_bf16(1);
    for (int i = 0; i < steps; i++) {
        for (int j = 0; j < WIDTH; j++)
            sum[j] += cnx_bf16_value(a[j]) * cnx_bf16_value(w[j]);
        __asm__ volatile("" : : "r"(a), "r"(w) : "memory");
    }
    for (int j = 0; j < WIDTH; j++)
        total += sum[j];
    return total;
}
