/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/strings.h"

#include <stddef.h>
#include <string.h>

#define BLOCK 16384 /* bytes; a larger piece gets its own block */
#define ALIGNMENT (_Alignof(max_align_t))

typedef struct Block {
    struct Block *next;
    max_align_t bytes[];
} Block;

struct CnxStrings {
    CnxBudget *budget;
    Block *blocks; /* pieces come from the first one */
    gsize used;    /* bytes of the first block */
    gsize room;    /* size of the first block */
    gsize taken;   /* bytes of all blocks */
};

CnxStrings *cnx_strings_new(CnxBudget *budget)
{
    CnxStrings *strings = g_new0(CnxStrings, 1);

    strings->budget = budget;
    return strings;
}

void cnx_strings_free(CnxStrings *strings)
{
    if (!strings)
        return;
    while (strings->blocks) {
        Block *block = strings->blocks;

        strings->blocks = block->next;
        g_free(block);
    }
    cnx_budget_give(strings->budget, strings->taken);
    g_free(strings);
}

static Block *add_block(CnxStrings *strings, gsize bytes)
{
    gsize size;

    if (!g_size_checked_add(&size, bytes, sizeof(Block)) || !cnx_budget_take(strings->budget, size))
        return NULL;
    Block *block = g_try_malloc(size);
    if (!block) {
        cnx_budget_give(strings->budget, size);
        return NULL;
    }
    strings->taken += size;
    block->next = strings->blocks;
    strings->blocks = block;
    strings->used = 0;
    strings->room = bytes;
    return block;
}

gpointer cnx_strings_take(CnxStrings *strings, gsize bytes)
{
    if (bytes > G_MAXSIZE - ALIGNMENT)
        return NULL;
    gsize size = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (size > strings->room - strings->used && !add_block(strings, MAX(size, BLOCK)))
        return NULL;
    guint8 *piece = (guint8 *)strings->blocks->bytes + strings->used;
    strings->used += size;
    return piece;
}

char *cnx_strings_copy(CnxStrings *strings, const char *text, gsize length)
{
    char *copy = length < G_MAXSIZE ? cnx_strings_take(strings, length + 1) : NULL;

    if (!copy)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

gboolean cnx_grow(gpointer *array, gsize count, gsize *capacity, gsize element, CnxBudget *budget)
{
    const gsize larger = *capacity ? *capacity * 2 : 16, before = *capacity * element;

    if (count < *capacity)
        return TRUE;
    /* While the array moves, both copies exist. */
    if (larger > budget->left / element || !cnx_budget_take(budget, larger * element))
        return FALSE;
    gpointer moved = g_try_realloc_n(*array, larger, element);
    cnx_budget_give(budget, moved ? before : larger * element);
    if (!moved)
        return FALSE;
    *array = moved;
    *capacity = larger;
    return TRUE;
}
