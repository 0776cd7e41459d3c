/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/x86/lanes_avx2_vnni.h"

#include "simd/x86/peak_dot.inc"
