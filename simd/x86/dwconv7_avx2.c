/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/vec_avx2.h"

/* 7 accumulators, 7 weights and an input take 15 of the 16 registers. */
#define TILE_ROWS 1

#include "simd/x86/dwconv7_vec.inc"
