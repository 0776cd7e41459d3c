/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/pool.h"

GstMemory *gst_convnext_pool_take(CnxPool *pool, gsize size, gsize block, gpointer *data)
{
    CnxBlock *taken = cnx_pool_take(pool, block);

    if (!taken)
        return NULL;
    *data = cnx_block_data(taken);
    return gst_memory_new_wrapped(0, *data, size, 0, size, taken, (GDestroyNotify)cnx_block_unref);
}
