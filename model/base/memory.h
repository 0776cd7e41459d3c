/* Large blocks of memory, for packed weights and the arena of a run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_ALIGNMENT 64 /* bytes: a cache line, a vector of the widest instruction set */

/* Allocates uninitialised memory, aligned to CNX_ALIGNMENT; large blocks request huge pages.
 * Returns NULL if out of memory. Release with free(). */
void *cnx_memory_new(gsize bytes);

/* A block that is sized by one pass and handed out by a second pass of the same steps. With base
 * NULL, it only counts. */
typedef struct CnxArena {
    float *base;
    gsize floats;      /* handed out so far */
    gboolean overflow; /* a size did not fit in gsize; floats is invalid */
} CnxArena;

/* Takes as many floats as the product of the count factors, aligned as base is. Returns NULL while
 * counting or after an overflow. A product of 0 takes no space. */
float *cnx_arena_take(CnxArena *arena, guint count, const gsize *factors);

#define CNX_TAKE(arena, ...)                                                    \
    cnx_arena_take(arena, sizeof((const gsize[]){__VA_ARGS__}) / sizeof(gsize), \
                   (const gsize[]){__VA_ARGS__})

/* Bytes of the block that the steps so far need; FALSE if that overflows. */
gboolean cnx_arena_bytes(const CnxArena *arena, gsize *bytes);
