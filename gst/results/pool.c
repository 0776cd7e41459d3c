/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/pool.h"

#define MOST_FREE 16 /* blocks that are kept for later frames */

typedef struct Block {
    GstConvnextPool *pool; /* a reference while the block is in use */
    gsize size;
    gpointer data;
} Block;

struct GstConvnextPool {
    gatomicrefcount references; /* of the owner and of each block in use */
    GMutex lock;                /* guards everything below */
    gsize size;                 /* bytes of each free block */
    GPtrArray *free;            /* Block */
};

static void block_free(gpointer data)
{
    Block *block = data;

    g_free(block->data);
    g_free(block);
}

GstConvnextPool *gst_convnext_pool_new(void)
{
    GstConvnextPool *self = g_new0(GstConvnextPool, 1);

    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->lock);
    self->free = g_ptr_array_new_full(MOST_FREE, block_free);
    return self;
}

void gst_convnext_pool_unref(GstConvnextPool *self)
{
    if (!self || !g_atomic_ref_count_dec(&self->references))
        return;
    g_ptr_array_unref(self->free);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* The last reference to a GstMemory has gone, in any thread. */
static void give_back(gpointer data)
{
    Block *block = data;
    GstConvnextPool *pool = block->pool;

    g_mutex_lock(&pool->lock);
    const gboolean is_kept = block->size == pool->size && pool->free->len < MOST_FREE;
    if (is_kept)
        g_ptr_array_add(pool->free, block);
    g_mutex_unlock(&pool->lock);
    if (!is_kept)
        block_free(block);
    gst_convnext_pool_unref(pool);
}

static Block *block_new(gsize size)
{
    Block *block = g_new0(Block, 1);

    block->size = size;
    block->data = g_try_malloc(size);
    if (!block->data)
        g_clear_pointer(&block, g_free);
    return block;
}

/* A free block of this size, or NULL. Frees those of another size. */
static Block *take_free(GstConvnextPool *self, gsize size)
{
    Block *block = NULL;

    g_mutex_lock(&self->lock);
    if (self->size != size)
        g_ptr_array_set_size(self->free, 0);
    self->size = size;
    if (self->free->len > 0)
        block = g_ptr_array_steal_index(self->free, self->free->len - 1);
    g_mutex_unlock(&self->lock);
    return block;
}

GstMemory *gst_convnext_pool_take(GstConvnextPool *self, gsize size, gpointer *data)
{
    Block *block = take_free(self, size);

    if (!block)
        block = block_new(size);
    if (!block)
        return NULL;
    g_atomic_ref_count_inc(&self->references);
    block->pool = self;
    *data = block->data;
    return gst_memory_new_wrapped(0, block->data, size, 0, size, block, give_back);
}
