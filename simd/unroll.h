/* UNROLL before a loop of few, constant, steps: all of them in a row, so that an array which only
 * such loops index becomes registers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif
