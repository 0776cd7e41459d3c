/* The peak speed of one core for rounded inputs: the level's fastest instructions for products of
 * 8-bit integers and of bf16, on registers only. peak.h measures fp32. ARM levels have only the C
 * version, which is below their peak.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Multiplies ones by ones and adds up the products, for `steps` steps. Returns the sum, which is
 * the number of multiplications. steps: at most 20000, so that sums are exact. */
typedef double CnxPeakDotFn(int steps);

/* Measures the current speed of this core in GOP/s in one run of about 50 microseconds. A
 * multiplication and an addition count as two operations. */
double cnx_peak_dot_now(CnxPeakDotFn *peak);
