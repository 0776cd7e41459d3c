/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/vec_avx512.h"

#include "simd/x86/dwconv_vec.inc"
