/* The kernels of level c, with OpenBLAS for the matrix product.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/kernels.h"

/* The C table with its gemm replaced. Packing is the C version's: a plain [n, k]. Sets OpenBLAS of
 * this process to one thread, since the callers bring the threads. Thread safe. */
const CnxKernels *cnx_blas_kernels(void);
