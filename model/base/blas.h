/* The kernels of isa level c with OpenBLAS's matrix product.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/kernels.h"

/* Returns the C table with OpenBLAS's gemm. Weights are packed as in C: plain [n, k]. Limits this
 * process's OpenBLAS to one thread, because callers bring the threads. Thread safe. */
const CnxKernels *cnx_blas_kernels(void);
