/* The tile instructions (AMX). tile_emulated.h defines the same names in C. Tile numbers are
 * constants.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>

#include "simd/x86/tile_config.h"

#define tiles_release _tile_release
#define tile_zero _tile_zero
#define tile_load _tile_loadd
#define tile_store _tile_stored
#define tile_dot_bf16 _tile_dpbf16ps
#define tile_dot_int8 _tile_dpbusd

/* GCC's _tile_loadconfig() declares that it reads the first 8 bytes only, so that GCC may leave out
 * stores to the others. */
static inline void tiles_configure(const TileConfig *config)
{
    __asm__ volatile("ldtilecfg %0" : : "m"(*config));
}
