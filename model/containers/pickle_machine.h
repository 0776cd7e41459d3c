/* The virtual machine that runs a pickle: input, stack, marks and memo.
 *
 * A budget pays for the memory. The size of the pickle alone would be no limit: an opcode of one
 * byte makes a value of 32 bytes, its slot on the stack and its slot in a list.
 *
 * On failure every function sets error and returns FALSE (or NULL).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/containers/pickle.h"

typedef struct CnxMachine {
    const guint8 *start, *at, *end;
    const char *file;
    CnxPickle *pickle;
    CnxBudget *budget;
    CnxPy **stack;
    gsize depth, stack_room;
    gsize *marks; /* depths of the stack */
    gsize mark_count, mark_room;
    CnxPy **memo; /* NULL: unused entry */
    gsize memo_count, memo_room;
    GError **error;
} CnxMachine;

void cnx_machine_clear(CnxMachine *m);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CnxMachine, cnx_machine_clear)

gboolean cnx_machine_fail(CnxMachine *m, const char *format, ...) G_GNUC_PRINTF(2, 3);
gboolean cnx_machine_fail_memory(CnxMachine *m);

/* Read from the file: a little-endian integer of count bytes, at most 8; a length of count bytes
 * and the bytes that follow it; a line. */
gboolean cnx_machine_uint(CnxMachine *m, guint count, guint64 *value);
gboolean cnx_machine_bytes(CnxMachine *m, guint count, const guint8 **bytes, gsize *length);
gboolean cnx_machine_line(CnxMachine *m, const char **line, gsize *length);

/* value NULL means that memory ran out. */
gboolean cnx_machine_push(CnxMachine *m, CnxPy *value);
CnxPy *cnx_machine_pop(CnxMachine *m);
CnxPy *cnx_machine_peek(CnxMachine *m);

/* The lowest stack position that may be popped: values below the last mark are protected. */
gsize cnx_machine_floor(const CnxMachine *m);

gboolean cnx_machine_push_mark(CnxMachine *m);
/* Removes the last mark. *first: stack position of the first value above it. */
gboolean cnx_machine_pop_mark(CnxMachine *m, gsize *first);

/* Replaces the values above the last mark, or the last count values, by one LIST or DICT. */
gboolean cnx_machine_gather_marked(CnxMachine *m, CnxPyKind kind);
gboolean cnx_machine_gather_last(CnxMachine *m, CnxPyKind kind, guint count);

/* Moves the values above the last mark, or the last count values, into the list or dict below them.
 * If the value below is of another kind, drops them, because its contents are never read. */
gboolean cnx_machine_add_marked(CnxMachine *m, CnxPyKind kind);
gboolean cnx_machine_add_last(CnxMachine *m, CnxPyKind kind, guint count);

gboolean cnx_machine_put(CnxMachine *m, guint64 index);
gboolean cnx_machine_get(CnxMachine *m, guint64 index);
