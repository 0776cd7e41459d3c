/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>

#include "simd/x86/vec_avx512.h"
#include "simd/x86/gemm_9x3.inc"

/* The loop takes two steps of k at a time, because the speed of a shorter loop depends on its
 * alignment. In measurements, prefetching a line by the address of its first byte is the fastest.
 */
#define STEPS 2
#define FETCHED(p) ((const void *)((uintptr_t)(p) & -(uintptr_t)LINE))

#include "simd/x86/gemm_vec.inc"
