/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/vec_avx512.h"

/* 14 accumulators, the weights of two kernel rows and an input, of 32 registers. */
#define TILE_ROWS 2
#define TILE_MAX 7
/* clang-format off */
#define DEFINE_TILES TILE(1) TILE(2) TILE(3) TILE(4) TILE(5) TILE(6) TILE(7)
#define NAME_TILES(k) {k##_1, k##_2, k##_3, k##_4, k##_5, k##_6, k##_7}
/* clang-format on */

#include "simd/x86/dwconv7_vec.inc"
