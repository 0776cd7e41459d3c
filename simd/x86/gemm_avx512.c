/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "simd/x86/vec_avx512.h"

/* 24 accumulators, 3 vectors of the panel and a broadcast take 28 of the 32 registers. A ninth row
 * costs slightly more than its share, but less than another tile of a few rows. The loop takes two
 * steps of k at a time, because the speed of a shorter loop depends on its alignment. Measured,
 * prefetching a line by the address of its first byte is faster than by any other. */
#define ROWS 8
#define MOST 9
#define VECS 3
#define STEPS 2
#define FETCHED(p) ((const void *)((uintptr_t)(p) & -(uintptr_t)LINE))
/* clang-format off */
#define TILES(v) \
    TILE(1, v) TILE(2, v) TILE(3, v) TILE(4, v) TILE(5, v) TILE(6, v) TILE(7, v) TILE(8, v) \
    TILE(9, v)
#define DEFINE_TILES TILES(1) TILES(2) TILES(3)
#define NAMES(v) \
    {tile_1x##v, tile_2x##v, tile_3x##v, tile_4x##v, tile_5x##v, \
     tile_6x##v, tile_7x##v, tile_8x##v, tile_9x##v}
#define NAME_TILES {NAMES(1), NAMES(2), NAMES(3)}
/* clang-format on */

#include "simd/x86/gemm_vec.inc"
