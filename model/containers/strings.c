/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/strings.h"

#include <stddef.h>
#include <string.h>

#define BLOCK 16384 /* bytes; larger pieces get a block of their own */
#define ALIGNMENT (_Alignof(max_align_t))

typedef struct Block {
    struct Block *next;
    max_align_t bytes[];
} Block;

struct CnxStrings {
    Block *blocks; /* the first is the one being filled */
    gsize used;    /* of the first block */
    gsize room;    /* of the first block, in all */
    gsize left;    /* of the limit */
};

CnxStrings *cnx_strings_new(gsize limit)
{
    CnxStrings *pool = g_new0(CnxStrings, 1);

    pool->left = limit;
    return pool;
}

void cnx_strings_free(CnxStrings *pool)
{
    if (!pool)
        return;
    while (pool->blocks) {
        Block *block = pool->blocks;

        pool->blocks = block->next;
        g_free(block);
    }
    g_free(pool);
}

static Block *add_block(CnxStrings *pool, gsize bytes)
{
    Block *block = bytes <= G_MAXSIZE - sizeof *block ? g_try_malloc(sizeof *block + bytes) : NULL;

    if (!block)
        return NULL;
    block->next = pool->blocks;
    pool->blocks = block;
    pool->used = 0;
    pool->room = bytes;
    return block;
}

gpointer cnx_strings_take(CnxStrings *pool, gsize bytes)
{
    if (bytes > pool->left || pool->left - bytes < ALIGNMENT)
        return NULL;
    gsize size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > pool->room - pool->used && !add_block(pool, MAX(size, BLOCK)))
        return NULL;
    guint8 *piece = (guint8 *)pool->blocks->bytes + pool->used;
    pool->used += size;
    pool->left -= size;
    return piece;
}

char *cnx_strings_copy(CnxStrings *pool, const char *text, gsize length)
{
    char *copy = length < G_MAXSIZE ? cnx_strings_take(pool, length + 1) : NULL;

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

gboolean cnx_grow(gpointer *array, gsize count, gsize *capacity, gsize element)
{
    if (count < *capacity)
        return TRUE;
    gsize larger = *capacity ? *capacity * 2 : 16;
    gpointer moved = larger > *capacity ? g_try_realloc_n(*array, larger, element) : NULL;
    if (!moved)
        return FALSE;
    *array = moved;
    *capacity = larger;
    return TRUE;
}
