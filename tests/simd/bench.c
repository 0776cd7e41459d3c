/* Timings: the median of many samples, each long enough for the clock's resolution.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/simd/state.h"

#define SAMPLES 31
#define SAMPLE_NS 300e3 /* minimum duration of a sample */
#define LEVEL_NS 400e6  /* maximum time for one shape at one level */

typedef struct Timing {
    double median, least, spread; /* ns per call; spread: half the interquartile range / median */
} Timing;

static double now_ns(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double sample(const CheckBench *b, const CnxKernels *k, int calls)
{
    double begin = now_ns();

    for (int i = 0; i < calls; i++)
        b->body(k, b->data, i & 1);
    return (now_ns() - begin) / calls;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static Timing measure(const CheckBench *b, const CnxKernels *k)
{
    double ns[SAMPLES];
    double once = sample(b, k, 2);
    int calls = once < SAMPLE_NS ? (int)(SAMPLE_NS / once) + 1 : 1;
    int n = 0;

    if (calls & 1)
        calls++;
    once = sample(b, k, calls);
    while (n < SAMPLES && (n < 3 || n * calls * once < LEVEL_NS))
        ns[n++] = sample(b, k, calls);
    qsort(ns, n, sizeof *ns, by_value);
    return (Timing){ns[n / 2], ns[0], (ns[3 * n / 4] - ns[n / 4]) / 2 / ns[n / 2]};
}

/* Measures a level's peak on first use. */
static double peak_of(CnxIsa level)
{
    static double peaks[CNX_ISA_COUNT];

    if (!peaks[level])
        peaks[level] = cnx_peak_measure(cnx_kernels_get(level));
    return peaks[level];
}

void check_bench(Check *t, const CheckBench *b, const char *format, ...)
{
    double c_median = 0;
    char shape[100];
    va_list args;

    va_start(args, format);
    vsnprintf(shape, sizeof shape, format, args);
    va_end(args);
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        const CnxKernels *k = cnx_kernels_get((CnxIsa)i);

        if (!k || (i != CNX_ISA_C && !t->state->levels[i]))
            continue;
        if (b->prepare)
            b->prepare(k, b->data);

        Timing timing = measure(b, k);

        if (i == CNX_ISA_C)
            c_median = timing.median;
        printf("%-15s %-11s %-26s %12.0f %12.0f %6.1f%%", b->kernel, cnx_isa_name((CnxIsa)i), shape,
               timing.median, timing.least, 100 * timing.spread);
        if (b->flops > 0)
            printf(" %9.1f %5.1f%%", b->flops / timing.median,
                   100 * b->flops / timing.least / peak_of((CnxIsa)i));
        else
            printf(" %9s %6s", "", "");
        printf(" %6.1fx\n", c_median / timing.median);
        fflush(stdout);
    }
}

float *check_bench_floats(Check *t, size_t n)
{
    float *x = aligned_alloc(64, (n * sizeof *x + 63) / 64 * 64);

    if (!x) {
        perror("aligned_alloc");
        exit(1);
    }
    for (size_t i = 0; i < n; i++)
        x[i] = (float)check_normal(t);
    return x;
}
