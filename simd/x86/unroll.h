/* UNROLL before a loop of few, constant, steps: all of them in a row, so that an array which only
 * such loops index becomes registers. UNROLL_4 before a short one of any number: four at a time.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#define UNROLL_4 _Pragma("clang loop unroll_count(4)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#define UNROLL_4 _Pragma("GCC unroll 4")
#endif
