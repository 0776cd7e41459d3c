/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512_bf16.h"

#define BF16

#include "simd/x86/peak_dot.inc"
