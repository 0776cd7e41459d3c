/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/vec_avx512.h"

#include "simd/peak_vec.inc"
