/* What the layers of a dense network need to run. Inline code only: there is no context.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "simd/kernels.h"

typedef struct CnxDenseContext {
    const CnxKernels *kernels;
    guint threads;      /* limit on the threads of a layer, at least 1; the caller holds the pool */
    float *scratch;     /* [threads, scratch_size], aligned to CNX_ALIGNMENT */
    gsize scratch_size; /* bytes of each thread, a multiple of CNX_ALIGNMENT, at least what every
                           layer asks for */
} CnxDenseContext;

/* The scratch memory of a thread; slot: as in CnxTaskFn. */
static inline void *cnx_dense_scratch(const CnxDenseContext *context, guint slot)
{
    return (char *)context->scratch + slot * context->scratch_size;
}
