/* The limits of this core: the speed of fused multiply-adds and of products of 8-bit integers and
 * of bf16 at each isa level, and memory bandwidth for buffers that fit in each cache and in none.
 * Run it pinned: taskset -c 0 bench-limits
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "simd/kernels.h"
#include "tests/bench/clock.h"

#define RUNS 15
#define BYTES_PER_RUN (64u << 20) /* or one pass over the buffer if it is larger */

/* The widest vectors that the compiler can target. Loads limit these loops, not arithmetic. */
typedef uint64_t Words __attribute__((vector_size(64), aligned(64)));

#ifdef __x86_64__
#define WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDEST
#endif

typedef uint64_t PassFn(Words *x, size_t n);

WIDEST static uint64_t read_all(Words *x, size_t n)
{
    Words a = {0}, b = {0}, c = {0}, d = {0};

    for (size_t i = 0; i < n; i += 4) {
        a |= x[i];
        b |= x[i + 1];
        c |= x[i + 2];
        d |= x[i + 3];
    }
    a |= b | c | d;
    return a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7];
}

static uint64_t write_all(Words *x, size_t n)
{
    memset(x, (int)n, n * sizeof *x);
    return 0;
}

static uint64_t copy_all(Words *x, size_t n)
{
    memcpy(x, x + n / 2, n / 2 * sizeof *x);
    return 0;
}

/* GB/s of passes over size bytes in the fastest run. */
static double bandwidth(PassFn *pass, Words *x, size_t size)
{
    const int passes = size < BYTES_PER_RUN ? (int)(BYTES_PER_RUN / size) : 1;
    volatile uint64_t sink;
    double least = 1e300;

    sink = pass(x, size / sizeof *x);
    for (int run = 0; run < RUNS; run++) {
        const double begin = clock_ms();

        for (int i = 0; i < passes; i++)
            sink = pass(x, size / sizeof *x);

        const double ms = clock_ms() - begin;

        least = ms < least ? ms : least;
    }
    (void)sink;
    return (double)size * passes / least * 1e-6;
}

/* GOP/s of the fastest run. */
static double dot_peak(CnxPeakDotFn *peak)
{
    double best = 0;

    for (int run = 0; run < RUNS; run++) {
        const double speed = cnx_peak_dot_now(peak);

        best = speed > best ? speed : best;
    }
    return best;
}

int main(void)
{
    static const size_t sizes[] = {16u << 10, 256u << 10, 1u << 20, 8u << 20, 256u << 20};
    const size_t most = sizes[sizeof sizes / sizeof *sizes - 1];
    Words *x = aligned_alloc(4096, most);

    if (!x) {
        fprintf(stderr, "not enough memory for a buffer of %zu bytes\n", most);
        return 1;
    }
    memset(x, 1, most);
    printf("| isa level | FMA, GFLOP/s | int8, GOP/s | bf16, GFLOP/s |\n"
           "| --- | ---: | ---: | ---: |\n");
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        const CnxKernels *k = cnx_kernels_get((CnxIsa)i);

        if (k)
            printf("| %s | %.1f | %.1f | %.1f |\n", cnx_isa_name((CnxIsa)i), cnx_peak_measure(k),
                   dot_peak(k->peak_int8), dot_peak(k->peak_bf16));
    }
    printf("\n| buffer | read, GB/s | write, GB/s | copy, GB/s |\n| --- | ---: | ---: | ---: |\n");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        printf("| %zu KiB | %.1f | %.1f | %.1f |\n", sizes[i] >> 10,
               bandwidth(read_all, x, sizes[i]), bandwidth(write_all, x, sizes[i]),
               bandwidth(copy_all, x, sizes[i]));
    free(x);
    return 0;
}
