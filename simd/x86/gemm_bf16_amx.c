/* The product in bf16 on tiles.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/tiles.h"

#define FAMILY(part) VERSION(gemm_bf16##part)
#define TILE_GELU CNX_ACT_GELU_COARSE
#define COLUMN_EXTRA 0

#include "simd/x86/gemm_bf16_tiles.inc"
#include "simd/x86/gemm_bf16_rows.inc"
