/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/pool.h"

GstMemory *gst_convnext_pool_take(CnxPool *pool, gsize size, gpointer *data)
{
    CnxBlock *block = cnx_pool_take(pool, size);

    if (!block)
        return NULL;
    *data = cnx_block_data(block);
    return gst_memory_new_wrapped(0, *data, size, 0, size, block, (GDestroyNotify)cnx_block_unref);
}
