/* The isa level of this process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "simd/isa.h"
#include "simd/kernels.h"

/* Returns the processor's level, capped by the environment variable CONVNEXT_CPU, which never
 * raises it. An empty variable counts as unset. Returns FALSE with error (CNX_ERROR_SETTINGS) if
 * its value is not a level. */
gboolean cnx_isa_get(CnxIsa *level, GError **error);

/* The names of a level and of those that it includes, if they are supported: "c, avx2". The caller
 * owns it. */
char *cnx_isa_list(CnxIsa level);

/* A sentence for the log if `level` runs because the operating system denies the processor's tiles;
 * else NULL. The caller owns it. */
char *cnx_isa_remark(CnxIsa level);

/* The kernels for that level, with OpenBLAS's gemm at level c. NULL with error as above. */
const CnxKernels *cnx_isa_kernels(GError **error);
