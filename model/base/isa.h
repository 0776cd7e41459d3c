/* The level of the kernels that this process uses.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "simd/isa.h"
#include "simd/kernels.h"

/* What the processor has, or less if the environment variable CONVNEXT_CPU says so: a cap, which
 * never raises the level. An empty variable counts as unset. Returns FALSE and sets error
 * (CNX_ERROR_SETTINGS) when its word is none of the levels'. */
gboolean cnx_isa_get(CnxIsa *level, GError **error);

/* The kernels of that level. */
const CnxKernels *cnx_isa_kernels(GError **error);
