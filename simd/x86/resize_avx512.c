/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/int_avx512.h"

#include "simd/x86/resize_pairs_int.inc"
