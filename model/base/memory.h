/* Large blocks of memory, for packed weights and the arena of a run; budgets of readers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_ALIGNMENT 64 /* bytes: a cache line, and the widest vector */

/* Allocates uninitialised memory, aligned to CNX_ALIGNMENT; large blocks request huge pages.
 * Returns NULL if out of memory. Release with free(). */
void *cnx_memory_new(gsize bytes);

/* The memory that files may make their readers allocate. Each file adds CNX_BUDGET_PER_BYTE times
 * its size, which leaves room for the pages of its mapping: opening a file of n bytes takes at most
 * 4 n bytes and a fixed amount. */
typedef struct CnxBudget {
    gsize left; /* bytes that may still be allocated */
} CnxBudget;

#define CNX_BUDGET_PER_BYTE 3
#define CNX_BUDGET_FIXED ((gsize)20 << 20) /* bytes, for small files */

/* Call for each file, size in bytes, before its reader allocates. */
void cnx_budget_add_file(CnxBudget *budget, gsize size);
/* FALSE, and takes nothing, if fewer bytes are left. */
gboolean cnx_budget_take(CnxBudget *budget, gsize bytes);
/* Gives bytes back. */
void cnx_budget_give(CnxBudget *budget, gsize bytes);

/* Hands out parts of one block. The same code runs twice: first with base NULL, which only counts,
 * then with the allocated block. */
typedef struct CnxArena {
    float *base;
    gsize floats;      /* handed out so far */
    gboolean overflow; /* a size did not fit in gsize; floats is invalid */
} CnxArena;

/* Takes a part of factors[0] * ... * factors[count - 1] floats, aligned as base is. Returns NULL
 * while counting or after an overflow. A product of 0 takes no space. */
float *cnx_arena_take(CnxArena *arena, guint count, const gsize *factors);

#define CNX_TAKE(arena, ...)                                                    \
    cnx_arena_take(arena, sizeof((const gsize[]){__VA_ARGS__}) / sizeof(gsize), \
                   (const gsize[]){__VA_ARGS__})

/* Sets *bytes to the size of the parts taken so far; FALSE if it overflows. */
gboolean cnx_arena_bytes(const CnxArena *arena, gsize *bytes);
