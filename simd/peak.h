/* The peak speed of one core: multiplications and additions on registers only, fused if the level
 * supports it. The benchmarks compare the compute kernels with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define CNX_PEAK_LANES 16  /* maximum over all levels */
#define CNX_PEAK_CHAINS 12 /* independent chains; more than the FMA latency times the FMA units */

/* In each lane j of one of the level's vectors, chain l starts with state[j] + l. Each step
 * computes x = x / 2 + 1 / 2 in every chain and lane. Afterwards state[j] is the sum of lane j over
 * the chains. state: [CNX_PEAK_LANES]; elements beyond the level's lanes are left unchanged.
 * Returns the number of lanes: the call made 2 CNX_PEAK_CHAINS lanes steps operations. */
typedef int CnxPeakFn(float *state, int steps);

struct CnxKernels;

/* Measures the current speed of this core in GFLOP/s at the level of k (simd/kernels.h), in one run
 * of about 50 microseconds. */
double cnx_peak_now(const struct CnxKernels *k);

/* Returns the best of several runs, 10 ms in all. */
double cnx_peak_measure(const struct CnxKernels *k);
