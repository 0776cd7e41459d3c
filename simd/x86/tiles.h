/* The includes of the products on tiles: vectors, lanes and the tile instructions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/x86/lanes_avx512.h"
#ifdef CNX_EMULATED
#include "simd/x86/tile_emulated.h"
#else
#include "simd/x86/tile_amx.h"
#endif

#undef VERSION
#define VERSION(kernel) cnx_##kernel##_amx
