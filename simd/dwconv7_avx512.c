/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/vec_avx512.h"

/* 14 accumulators, 7 weights and an input, of 32 registers: half a row of a 28 pixel wide map. */
#define TILE_MAX 14
/* clang-format off */
#define DEFINE_TILES \
    TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7) \
    TILE(8) TILE(9) TILE(10) TILE(11) TILE(12) TILE(13) TILE(14)
#define NAME_TILES(k) \
    {k##_1, k##_2, k##_3, k##_4, k##_5, k##_6, k##_7, \
     k##_8, k##_9, k##_10, k##_11, k##_12, k##_13, k##_14}
/* clang-format on */

#include "simd/dwconv7_vec.inc"
