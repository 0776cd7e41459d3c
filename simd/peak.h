/* What one core can do: multiplications and additions on registers, with nothing else, fused where
 * the level has that. The yardstick of the compute kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#define CNX_PEAK_LANES 16  /* the most of any level */
#define CNX_PEAK_CHAINS 12 /* that do not wait for each other: more than latency times units */

/* Chain l begins with state[j] + l in each lane j of one of the level's vectors. Each step does
 * x = x / 2 + 1 / 2 in every chain and lane. Lane j's sum over the chains goes back to state[j].
 * state: [CNX_PEAK_LANES], those after the level's lanes are left alone.
 * Returns the lanes: that was 2 CNX_PEAK_CHAINS lanes steps operations. */
typedef int CnxPeakFn(float *state, int steps);

struct CnxKernels;

/* GFLOP/s of this core at the level of k (simd/kernels.h), in one run of some 50 microseconds: what
 * it does just now. */
double cnx_peak_now(const struct CnxKernels *k);

/* The best of some runs, 10 ms in all. */
double cnx_peak_measure(const struct CnxKernels *k);
