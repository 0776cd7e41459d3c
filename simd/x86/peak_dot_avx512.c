/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx512.h"

#define PAIRS

#include "simd/x86/peak_dot.inc"
