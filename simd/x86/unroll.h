/* Control over loops and inlining.
 *
 *   UNROLL    before a loop with a few constant steps: unrolls it fully, so that an array that only
 *             such loops index stays in registers
 *   UNROLL_4  before a short loop of any length: four steps at a time
 *   INLINE    a function whose constant arguments become constants of its code
 *   NOINLINE  a function that stays one
 *
 * Builds with sanitizers define CNX_ROLLED, which keeps the loops and the calls. Instrumented, the
 * unrolled code takes minutes to compile; rolled, it checks every index of every array.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define NOINLINE static __attribute__((noinline))

#if defined CNX_ROLLED
#define UNROLL
#define UNROLL_4
#define INLINE static
#elif defined __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_4 _Pragma("clang loop unroll_count(4)")
#define INLINE static inline __attribute__((always_inline))
#else
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL_4 _Pragma("GCC unroll 4")
#define INLINE static inline __attribute__((always_inline))
#endif
