/* The kernels on tiles with emulated tiles, for processors without them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/kernels.h"

/* The table of level amx whose products on tiles are emulated; the others are those of level avx2.
 * NULL if the processor or the build lacks that level. */
const CnxKernels *check_emulated(void);
