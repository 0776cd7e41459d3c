/* Blocks of a pool as GstMemory, for results such as masks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "model/base/pool.h"

/* size bytes, more than 0, not initialised. *data receives their address, for the caller to write
 * before it hands the memory on. NULL if there is no memory. Thread safe; the memory may outlive
 * the pool. */
GstMemory *gst_convnext_pool_take(CnxPool *pool, gsize size, gpointer *data);
