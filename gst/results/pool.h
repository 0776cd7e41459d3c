/* Blocks of a pool as GstMemory, for results such as masks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "model/base/pool.h"

/* size bytes, more than 0, not initialised, at the start of a pooled block of `block` bytes, at
 * least size. A pool reuses a block only for requests with the same `block`, so a caller whose size
 * varies from frame to frame passes a block size that does not. *data receives the address, for the
 * caller to write before it hands the memory on. NULL if there is no memory. Thread safe; the
 * memory may outlive the pool. */
GstMemory *gst_convnext_pool_take(CnxPool *pool, gsize size, gsize block, gpointer *data);
