/* References are counted under the lock, so that the thread that writes a reused block has seen
 * its readers end. The lock is POSIX's because ThreadSanitizer understands it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/pool.h"

#include <pthread.h>
#include <stdlib.h>

#include "model/base/memory.h"

struct CnxBlock {
    CnxBlock *next; /* in the list of free blocks, newest first */
    CnxPool *pool;
    gsize size;
    void *data;
    guint references; /* 0 if it is free */
    guint64 freed;    /* the number of takes when it became free */
};

struct CnxPool {
    pthread_mutex_t lock; /* guards everything below, and the blocks' references */
    CnxBlock *free;
    guint blocks; /* in use */
    guint64 takes;
    gboolean is_closed; /* the last block in use frees the pool */
};

CnxPool *cnx_pool_new(void)
{
    CnxPool *pool = g_new0(CnxPool, 1);

    pthread_mutex_init(&pool->lock, NULL);
    return pool;
}

/* The lock is held. Takes the blocks off the list that have been free for this many takes. Returns
 * them as a list, for the caller to free without the lock. */
static CnxBlock *remove_idle(CnxPool *pool, guint64 takes)
{
    CnxBlock **link = &pool->free, *idle;

    while (*link && pool->takes - (*link)->freed < takes)
        link = &(*link)->next;
    idle = *link; /* those behind it have been free for longer */
    *link = NULL;
    return idle;
}

static void free_blocks(CnxBlock *block)
{
    while (block) {
        CnxBlock *next = block->next;

        free(block->data);
        g_free(block);
        block = next;
    }
}

static void destroy(CnxPool *pool)
{
    pthread_mutex_destroy(&pool->lock);
    g_free(pool);
}

void cnx_pool_free(CnxPool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    CnxBlock *idle = remove_idle(pool, 0);
    const gboolean is_last = pool->blocks == 0;
    pool->is_closed = TRUE;
    pthread_mutex_unlock(&pool->lock);
    free_blocks(idle);
    if (is_last)
        destroy(pool);
}

static CnxBlock *block_new(CnxPool *pool, gsize size)
{
    CnxBlock *block = g_new0(CnxBlock, 1);

    block->pool = pool;
    block->size = size;
    block->references = 1;
    block->data = cnx_memory_new(size);
    if (!block->data)
        g_clear_pointer(&block, g_free);
    return block;
}

/* The lock is held. The newest free block of this size, or NULL. */
static CnxBlock *take_free(CnxPool *pool, gsize size)
{
    for (CnxBlock **link = &pool->free; *link; link = &(*link)->next) {
        CnxBlock *block = *link;

        if (block->size != size)
            continue;
        *link = block->next;
        block->next = NULL;
        block->references = 1;
        return block;
    }
    return NULL;
}

CnxBlock *cnx_pool_take(CnxPool *pool, gsize size)
{
    g_assert(size > 0);
    pthread_mutex_lock(&pool->lock);
    pool->takes++;
    CnxBlock *block = take_free(pool, size), *idle = remove_idle(pool, CNX_POOL_TAKES);
    pool->blocks += block != NULL;
    pthread_mutex_unlock(&pool->lock);
    free_blocks(idle);
    if (block)
        return block;
    block = block_new(pool, size);
    if (!block)
        return NULL;
    pthread_mutex_lock(&pool->lock);
    pool->blocks++;
    pthread_mutex_unlock(&pool->lock);
    return block;
}

void *cnx_block_data(const CnxBlock *block)
{
    return block->data;
}

CnxBlock *cnx_block_ref(CnxBlock *block)
{
    pthread_mutex_lock(&block->pool->lock);
    block->references++;
    pthread_mutex_unlock(&block->pool->lock);
    return block;
}

void cnx_block_unref(CnxBlock *block)
{
    if (!block)
        return;
    CnxPool *pool = block->pool;
    CnxBlock *idle = NULL;
    gboolean is_last = FALSE;

    pthread_mutex_lock(&pool->lock);
    if (--block->references == 0) {
        block->freed = pool->takes;
        block->next = pool->free;
        pool->free = block;
        pool->blocks--;
        if (pool->is_closed)
            idle = remove_idle(pool, 0);
        is_last = pool->is_closed && pool->blocks == 0;
    }
    pthread_mutex_unlock(&pool->lock);
    free_blocks(idle);
    if (is_last)
        destroy(pool);
}
