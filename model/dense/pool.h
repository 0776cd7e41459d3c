/* Adaptive average pooling of whole maps (simd/adaptive_pool.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/dense/context.h"
#include "model/network/run.h"

/* dst: [map->n, side, side, channels], dense. Runs on the context's threads and needs no scratch
 * memory. The result does not depend on the number of threads. */
void cnx_pool_run(const CnxDenseContext *context, const CnxMap *map, guint side, float *dst);
