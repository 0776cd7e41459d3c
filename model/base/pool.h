/* Blocks of memory that outlive the call that filled them, such as feature maps and masks, and are
 * used again after their last reference ends: frames allocate nothing while as many of their blocks
 * are alive as before.
 *
 * Thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct CnxPool CnxPool;
typedef struct CnxBlock CnxBlock;

CnxPool *cnx_pool_new(void);

/* Blocks in use stay valid; they are freed with their last reference. NULL allowed. */
void cnx_pool_free(CnxPool *pool);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxPool, cnx_pool_free)

/* A block of at least `size` bytes, more than 0, not initialised and aligned to CNX_ALIGNMENT: a
 * free one of this size, or a new one. The caller owns the only reference. NULL without memory.
 * Blocks that have been free for CNX_POOL_TAKES calls are freed. */
CnxBlock *cnx_pool_take(CnxPool *pool, gsize size);

#define CNX_POOL_TAKES 32

void *cnx_block_data(const CnxBlock *block);
CnxBlock *cnx_block_ref(CnxBlock *block);
void cnx_block_unref(CnxBlock *block); /* NULL allowed */
