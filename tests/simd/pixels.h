/* Test data for the pixel kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "tests/simd/check.h"

/* Fills x at random with all 0, all 255, a mix of the two, or any values. */
static inline void pixels_fill(Check *t, uint8_t *x, size_t n)
{
    const int kind = (int)(check_random(t) % 8);

    for (size_t i = 0; i < n; i++) {
        uint8_t any = (uint8_t)(check_random(t) >> 32);

        x[i] = kind == 0 ? 0 : kind == 1 ? 255 : kind == 2 ? (any & 1) * 255 : any;
    }
}

static inline uint8_t pixels_clamp(int64_t value)
{
    return value < 0 ? 0 : value > 255 ? 255 : (uint8_t)value;
}
