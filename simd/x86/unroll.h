/* Control over loops and inlining.
 *
 *   UNROLL    before a short loop with a constant number of steps: unrolls it fully, so that arrays
 *             indexed only by such loops stay in registers
 *   UNROLL_4  before a loop of any length: unrolls four steps
 *   INLINE    a function that is always inlined, so that constant arguments are folded
 *   NOINLINE  a function that is never inlined
 *   IN_REGISTER(x)  in a loop that adds to the vector x: keeps x in one register. Compilers
 * otherwise copy it in each step, perhaps to the stack
 *   ADD_PRODUCT(sum, a, b)  sum += a b on the vectors of vec_<level>.h. With AVX-512, always in the
 * register of sum: compilers otherwise also choose instructions that overwrite a factor, and then
 * copy sums
 *   ADD_DOT(name, intrinsic, sum, a, w)  sum = intrinsic(sum, a, w), which is the x86 instruction
 * `name`. Always in the register of sum, because compilers copy it as well
 *   OPAQUE(p)  hides from the compiler how the pointer p was computed
 *   OPAQUE_ARRAY(x)  stores the array x to memory, and hides its values from the compiler
 *
 * Builds with sanitizers define CNX_ROLLED, which keeps loops and calls as they are: unrolled code
 * takes minutes to compile with instrumentation, and loops let sanitizers check every array index.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define OPAQUE(p) __asm__("" : "+r"(p))
#define OPAQUE_ARRAY(x) __asm__("" : "+m"(x))
#define NOINLINE static __attribute__((noinline))

#if defined CNX_EMULATED /* vectors of 64 bytes have no register */
#define IN_REGISTER(x)
#elif defined __AVX512F__
#define IN_REGISTER(x) __asm__("" : "+v"(x))
#elif defined __aarch64__
#define IN_REGISTER(x) __asm__("" : "+w"(x))
#else
#define IN_REGISTER(x) __asm__("" : "+x"(x))
#endif

#if defined __AVX512F__ && !defined CNX_EMULATED
#define ADD_PRODUCT(sum, a, b) __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))
#elif defined __aarch64__
#define ADD_PRODUCT(sum, a, b)  \
    do {                        \
        sum = v_fma(a, b, sum); \
        IN_REGISTER(sum);       \
    } while (0)
#else
#define ADD_PRODUCT(sum, a, b) (sum = v_fma(a, b, sum))
#endif

#if defined CNX_EMULATED
#define ADD_DOT(name, intrinsic, sum, a, w) (sum = intrinsic(sum, a, w))
#elif defined __AVX512F__
#define ADD_DOT(name, intrinsic, sum, a, w) __asm__(name " %2, %1, %0" : "+v"(sum) : "v"(a), "v"(w))
#else
#define ADD_DOT(name, intrinsic, sum, a, w) __asm__(name " %2, %1, %0" : "+x"(sum) : "x"(a), "x"(w))
#endif

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
