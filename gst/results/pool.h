/* Memory of results, for example masks, that is used again once nobody refers to it: no frame
 * allocates any, unless downstream keeps more results than before.
 *
 * Thread safe. Memory may outlive the pool.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef struct GstConvnextPool GstConvnextPool;

GstConvnextPool *gst_convnext_pool_new(void);
void gst_convnext_pool_unref(GstConvnextPool *pool); /* NULL allowed */

/* size bytes, more than 0, not initialised. *data receives their address, for the caller to write
 * before it hands the memory on. NULL if there is no memory. Blocks of another size than the last
 * one are not kept. */
GstMemory *gst_convnext_pool_take(GstConvnextPool *pool, gsize size, gpointer *data);
