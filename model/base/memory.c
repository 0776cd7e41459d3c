/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((gsize)2 << 20)
#define ALIGNED_FLOATS (CNX_ALIGNMENT / sizeof(float))

void *cnx_memory_new(gsize bytes)
{
    const gboolean large = bytes >= 2 * HUGE_PAGE;
    void *block = NULL;

    if (bytes > G_MAXSSIZE || posix_memalign(&block, large ? HUGE_PAGE : CNX_ALIGNMENT, bytes) != 0)
        return NULL;
    if (large)
        madvise(block, bytes, MADV_HUGEPAGE); /* advisory; failure only costs speed */
    return block;
}

void cnx_budget_add_file(CnxBudget *budget, gsize size)
{
    cnx_budget_give(budget, size < G_MAXSIZE / CNX_BUDGET_PER_BYTE ? size * CNX_BUDGET_PER_BYTE
                                                                   : G_MAXSIZE);
}

gboolean cnx_budget_take(CnxBudget *budget, gsize bytes)
{
    if (bytes > budget->left)
        return FALSE;
    budget->left -= bytes;
    return TRUE;
}

void cnx_budget_give(CnxBudget *budget, gsize bytes)
{
    budget->left += MIN(bytes, G_MAXSIZE - budget->left);
}

float *cnx_arena_take(CnxArena *arena, guint count, const gsize *factors)
{
    gsize floats = 1, end;
    float *place;

    for (guint i = 0; i < count; i++)
        if (!g_size_checked_mul(&floats, floats, factors[i]))
            arena->overflow = TRUE;
    if (floats > G_MAXSIZE - ALIGNED_FLOATS)
        arena->overflow = TRUE;
    floats = (floats + ALIGNED_FLOATS - 1) / ALIGNED_FLOATS * ALIGNED_FLOATS;
    if (!g_size_checked_add(&end, arena->floats, floats))
        arena->overflow = TRUE;
    if (arena->overflow)
        return NULL;

    place = arena->base ? arena->base + arena->floats : NULL;
    arena->floats = end;
    return place;
}

gboolean cnx_arena_bytes(const CnxArena *arena, gsize *bytes)
{
    return !arena->overflow && g_size_checked_mul(bytes, arena->floats, sizeof(float));
}
