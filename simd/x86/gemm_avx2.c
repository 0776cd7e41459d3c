/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/vec_avx2.h"

/* 12 accumulators, 3 vectors of the panel and a broadcast take all 16 registers. */
#define ROWS 4
#define MOST 4
#define VECS 3
#define STEPS 1
#define FETCHED(p) (p)
/* clang-format off */
#define TILES(v) TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v)
#define DEFINE_TILES TILES(1) TILES(2) TILES(3)
#define NAMES(v) {tile_1x##v, tile_2x##v, tile_3x##v, tile_4x##v}
#define NAME_TILES {NAMES(1), NAMES(2), NAMES(3)}
/* clang-format on */

#include "simd/x86/gemm_vec.inc"
