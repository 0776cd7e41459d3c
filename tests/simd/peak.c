/* What one core can do: fused multiplications and additions on registers, with nothing else.
 * The compiler makes the instructions from vector types; no intrinsics.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "tests/simd/state.h"

#define CHAINS 12 /* independent ones: more than latency times units */
#define STEPS 20000
#define REPEATS 25

static double seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

/* x = x * y + x * ... never overflows: y stays below 1. */
#define CHAIN_LOOP(type)                                                               \
    type s[CHAINS];                                                                    \
    for (int l = 0; l < CHAINS; l++)                                                   \
        s[l] = *(const type *)start + (float)l;                                        \
    type y = s[0] * 0.0f + 0.5f;                                                       \
    for (int i = 0; i < STEPS; i++) {                                                  \
        _Pragma("GCC unroll 12") for (int l = 0; l < CHAINS; l++) s[l] = s[l] * y + y; \
    }                                                                                  \
    for (int l = 1; l < CHAINS; l++)                                                   \
        s[0] += s[l];                                                                  \
    *(type *)start = s[0]

typedef float Vec4 __attribute__((vector_size(16)));
static void loop_c(float *start)
{
    CHAIN_LOOP(Vec4);
}

#ifdef __x86_64__
typedef float Vec8 __attribute__((vector_size(32)));
__attribute__((target("avx2,fma"))) static void loop_avx2(float *start)
{
    CHAIN_LOOP(Vec8);
}

typedef float Vec16 __attribute__((vector_size(64)));
__attribute__((target("avx512f,fma"))) static void loop_avx512(float *start)
{
    CHAIN_LOOP(Vec16);
}
#endif

double check_peak(CnxCpu level)
{
    static float start[16] __attribute__((aligned(64)));
    void (*loop)(float *) = loop_c;
    int lanes = 4;
    double best = 1e30;

#ifdef __x86_64__
    if (level == CNX_CPU_AVX2) {
        loop = loop_avx2;
        lanes = 8;
    } else if (level == CNX_CPU_AVX512) {
        loop = loop_avx512;
        lanes = 16;
    }
#endif
    for (int i = 0; i < REPEATS; i++) {
        double begin = seconds();

        loop(start);

        double took = seconds() - begin;

        best = took < best ? took : best;
    }
    return 2.0 * lanes * CHAINS * STEPS / best * 1e-9;
}
