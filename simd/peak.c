/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "simd/peak.h"

#include <time.h>

#include "simd/kernels.h"

#define STEPS 20000
#define DOT_STEPS 2000
#define RUNS 40

static double seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

double cnx_peak_now(const CnxKernels *k)
{
    float state[CNX_PEAK_LANES] = {0};
    const double begin = seconds();
    const int lanes = k->peak(state, STEPS);

    return 2e-9 * CNX_PEAK_CHAINS * lanes * STEPS / (seconds() - begin);
}

double cnx_peak_measure(const CnxKernels *k)
{
    double best = 0;

    for (int i = 0; i < RUNS; i++) {
        const double speed = cnx_peak_now(k);

        best = speed > best ? speed : best;
    }
    return best;
}

double cnx_peak_dot_now(CnxPeakDotFn *peak)
{
    const double begin = seconds();
    const double products = peak(DOT_STEPS);

    return 2e-9 * products / (seconds() - begin);
}
