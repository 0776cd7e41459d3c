/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/int_avx2.h"

#include "simd/resize_pairs_int.inc"
