/* Large blocks of memory: packed weights, the arena of a run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_ALIGNMENT 64 /* bytes: a cache line, a vector of the widest instruction set */

/* Returns bytes of uninitialised memory, aligned to CNX_ALIGNMENT, huge pages asked for when it is
 * large; NULL when it cannot be had. Released by free(). */
void *cnx_memory_new(gsize bytes);

/* A block that is planned in one walk and handed out in a second one of the same steps: with base
 * NULL it only counts. */
typedef struct CnxArena {
    float *base;
    gsize floats;      /* handed out so far */
    gboolean overflow; /* a size did not fit in gsize; floats is meaningless */
} CnxArena;

/* A place for the product of the count factors, at the alignment of the base; NULL when counting
 * or after an overflow. A product of 0 takes no room. */
float *cnx_arena_take(CnxArena *arena, guint count, const gsize *factors);

#define CNX_TAKE(arena, ...)                                                    \
    cnx_arena_take(arena, sizeof((const gsize[]){__VA_ARGS__}) / sizeof(gsize), \
                   (const gsize[]){__VA_ARGS__})

/* Bytes of the block that the steps so far need; FALSE when that does not fit. */
gboolean cnx_arena_bytes(const CnxArena *arena, gsize *bytes);
