/* Large blocks of memory, for packed weights and the arena of a run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_ALIGNMENT 64 /* bytes: a cache line, and the widest vector */

/* Allocates uninitialised memory, aligned to CNX_ALIGNMENT; large blocks request huge pages.
 * Returns NULL if out of memory. Release with free(). */
void *cnx_memory_new(gsize bytes);

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
