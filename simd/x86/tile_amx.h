/* The tile instructions (AMX). tile_emulated.h defines the same names in C. Tile numbers are
 * constants.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <immintrin.h>

#include "simd/x86/tile_config.h"

#define tiles_configure _tile_loadconfig
#define tiles_release _tile_release
#define tile_zero _tile_zero
#define tile_load _tile_loadd
#define tile_store _tile_stored
#define tile_dot_bf16 _tile_dpbf16ps
#define tile_dot_int8 _tile_dpbusd
