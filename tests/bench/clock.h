/* Time and medians for benchmarks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdlib.h>
#include <time.h>

static inline double clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec * 1e-6;
}

static inline int clock_compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of times, [n]. Sorts them. */
static inline double clock_median(double *times, int n)
{
    qsort(times, (size_t)n, sizeof *times, clock_compare);
    return times[n / 2];
}
