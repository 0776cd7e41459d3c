/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/arm/vec_neon.h"

/* 14 accumulators, the weights of two kernel rows and an input take 29 of the 32 registers. */
#define TILE_ROWS 2

#include "simd/x86/dwconv7_vec.inc"
