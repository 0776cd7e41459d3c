/* What the products on tiles need: vectors, lanes and the tile instructions. With CNX_EMULATED, the
 * same products run on AVX2 with emulated tiles, for tests on processors without them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#if defined CNX_EMULATED
#include "simd/x86/lanes_avx2.h"
#include "simd/x86/tile_emulated.h"
#undef VERSION
#define VERSION(kernel) cnx_##kernel##_emulated
#else
#include "simd/x86/lanes_avx512.h"
#include "simd/x86/tile_amx.h"
#undef VERSION
#define VERSION(kernel) cnx_##kernel##_amx
#endif
