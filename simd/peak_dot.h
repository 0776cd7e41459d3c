/* The peak speed of one core for rounded inputs: the level's fastest instructions for products of
 * 8-bit integers and of bf16, on registers only. peak.h is about fp32.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Multiplies ones by ones and adds the products in each of `steps` steps. Returns the sum, which is
 * the number of multiplications. steps: at most 20000, so that sums are exact. */
typedef double CnxPeakDotFn(int steps);

/* Measures the current speed of this core in GOP/s, a multiplication and an addition being two, in
 * one run of about 50 microseconds. */
double cnx_peak_dot_now(CnxPeakDotFn *peak);
