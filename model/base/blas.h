/* The kernels of isa level c with OpenBLAS's matrix product.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/kernels.h"

/* Returns the table of level c with OpenBLAS's gemm. Weights are packed as at level c: plain [n,
 * k]. The first call loads OpenBLAS; if that fails, gemm is that of level c. Limits OpenBLAS to one
 * thread in this process, because callers run it on several threads. Thread safe. */
const CnxKernels *cnx_blas_kernels(void);
