/* The machine that a pickle drives: the file it reads, its stack, marks and memo.
 *
 * Memory is bounded by the file: an opcode is at least one byte long and pushes at most one value,
 * the memo has no more places than bytes were read, and values are of a pool with a limit.
 *
 * Every function returns FALSE (or NULL) with error set.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/pickle.h"

typedef struct CnxMachine {
    const guint8 *start, *at, *end;
    const char *file;
    CnxPickle *pickle;
    CnxPy **stack;
    gsize depth, stack_room;
    gsize *marks; /* depths of the stack */
    gsize mark_count, mark_room;
    CnxPy **memo; /* NULL where nothing was put */
    gsize memo_count, memo_room;
    GError **error;
} CnxMachine;

gboolean cnx_machine_fail(CnxMachine *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean cnx_machine_no_memory(CnxMachine *m);

/* From the file. A number of count bytes, at most 8, little endian; that, and as many bytes as it
 * says; a line. */
gboolean cnx_machine_uint(CnxMachine *m, guint count, guint64 *value);
gboolean cnx_machine_bytes(CnxMachine *m, guint count, const guint8 **bytes, gsize *length);
gboolean cnx_machine_line(CnxMachine *m, const char **line, gsize *length);

/* value NULL: memory was short. */
gboolean cnx_machine_push(CnxMachine *m, CnxPy *value);
CnxPy *cnx_machine_pop(CnxMachine *m);
CnxPy *cnx_machine_peek(CnxMachine *m);

/* The lowest place that may be popped: the last mark protects what is under it. */
gsize cnx_machine_floor(const CnxMachine *m);

gboolean cnx_machine_push_mark(CnxMachine *m);
/* Removes the last mark; *first is the place of the first value above it. */
gboolean cnx_machine_pop_mark(CnxMachine *m, gsize *first);

/* Replaces the values above the last mark, or the last count, by a value of kind that holds them.
 */
gboolean cnx_machine_gather_marked(CnxMachine *m, CnxPyKind kind);
gboolean cnx_machine_gather_last(CnxMachine *m, CnxPyKind kind, guint count);

/* Moves the values above the last mark, or the last count, into the list or dict under them. Any
 * other object stays as it is, for nobody reads what it holds. */
gboolean cnx_machine_add_marked(CnxMachine *m, CnxPyKind kind);
gboolean cnx_machine_add_last(CnxMachine *m, CnxPyKind kind, guint count);

gboolean cnx_machine_put(CnxMachine *m, guint64 index);
gboolean cnx_machine_get(CnxMachine *m, guint64 index);
