/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/pickle_machine.h"

#include <string.h>

void cnx_machine_clear(CnxMachine *m)
{
    cnx_budget_give(m->budget, m->stack_room * sizeof *m->stack + m->mark_room * sizeof *m->marks +
                                   m->memo_room * sizeof *m->memo);
    g_free(m->stack);
    g_free(m->marks);
    g_free(m->memo);
}

gboolean cnx_machine_fail_memory(CnxMachine *m)
{
    g_set_error(m->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: the pickle needs more memory than is available or its size allows", m->file);
    return FALSE;
}

gboolean cnx_machine_fail(CnxMachine *m, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error(m->error, CNX_ERROR, CNX_ERROR_CORRUPT,
                "%s: %s at byte %" G_GSIZE_FORMAT " of the pickle", m->file, what,
                (gsize)(m->at - m->start));
    return FALSE;
}

/* The file */

gboolean cnx_machine_uint(CnxMachine *m, guint count, guint64 *value)
{
    if ((gsize)(m->end - m->at) < count)
        return cnx_machine_fail(m, "ends in the middle of an opcode");
    *value = 0;
    for (guint i = 0; i < count; i++)
        *value |= (guint64)m->at[i] << 8 * i;
    m->at += count;
    return TRUE;
}

gboolean cnx_machine_bytes(CnxMachine *m, guint count, const guint8 **bytes, gsize *length)
{
    guint64 n = 0;

    if (!cnx_machine_uint(m, count, &n))
        return FALSE;
    if (n > (gsize)(m->end - m->at))
        return cnx_machine_fail(m, "ends before the %" G_GUINT64_FORMAT " bytes of a string", n);
    *bytes = m->at;
    *length = n;
    m->at += n;
    return TRUE;
}

gboolean cnx_machine_line(CnxMachine *m, const char **line, gsize *length)
{
    const guint8 *newline = memchr(m->at, '\n', (gsize)(m->end - m->at));

    if (!newline)
        return cnx_machine_fail(m, "ends in the middle of a name");
    *line = (const char *)m->at;
    *length = (gsize)(newline - m->at);
    m->at = newline + 1;
    return TRUE;
}

/* The stack */

gboolean cnx_machine_push(CnxMachine *m, CnxPy *value)
{
    if (!value ||
        !cnx_grow((gpointer *)&m->stack, m->depth, &m->stack_room, sizeof *m->stack, m->budget))
        return cnx_machine_fail_memory(m);
    m->stack[m->depth++] = value;
    return TRUE;
}

gsize cnx_machine_floor(const CnxMachine *m)
{
    return m->mark_count ? m->marks[m->mark_count - 1] : 0;
}

CnxPy *cnx_machine_pop(CnxMachine *m)
{
    if (m->depth > cnx_machine_floor(m))
        return m->stack[--m->depth];
    cnx_machine_fail(m, "pops a value from an empty stack");
    return NULL;
}

CnxPy *cnx_machine_peek(CnxMachine *m)
{
    if (m->depth > cnx_machine_floor(m))
        return m->stack[m->depth - 1];
    cnx_machine_fail(m, "pops a value from an empty stack");
    return NULL;
}

gboolean cnx_machine_push_mark(CnxMachine *m)
{
    if (!cnx_grow((gpointer *)&m->marks, m->mark_count, &m->mark_room, sizeof *m->marks, m->budget))
        return cnx_machine_fail_memory(m);
    m->marks[m->mark_count++] = m->depth;
    return TRUE;
}

gboolean cnx_machine_pop_mark(CnxMachine *m, gsize *first)
{
    if (!m->mark_count)
        return cnx_machine_fail(m, "pops a mark that does not exist");
    *first = m->marks[--m->mark_count];
    return TRUE;
}

/* Moves the values from stack position first on into value; FALSE when memory runs out. */
static gboolean move_values(CnxMachine *m, CnxPy *value, gsize first)
{
    for (gsize i = first; i < m->depth; i++)
        if (!cnx_py_append(m->pickle->strings, value, m->stack[i]))
            return FALSE;
    m->depth = first;
    return TRUE;
}

/* Replaces the values from stack position first on by one container. */
static gboolean gather_values(CnxMachine *m, CnxPyKind kind, gsize first)
{
    CnxPy *value = cnx_py_new(m->pickle->strings, kind);

    if (kind == CNX_PY_DICT && (m->depth - first) % 2)
        return cnx_machine_fail(m, "has a key without a value");
    if (!value || !move_values(m, value, first))
        return cnx_machine_fail_memory(m);
    return cnx_machine_push(m, value);
}

gboolean cnx_machine_gather_marked(CnxMachine *m, CnxPyKind kind)
{
    gsize first = 0;

    return cnx_machine_pop_mark(m, &first) && gather_values(m, kind, first);
}

gboolean cnx_machine_gather_last(CnxMachine *m, CnxPyKind kind, guint count)
{
    if (m->depth - cnx_machine_floor(m) < count)
        return cnx_machine_fail(m, "pops a value from an empty stack");
    return gather_values(m, kind, m->depth - count);
}

static gboolean add_values(CnxMachine *m, CnxPyKind kind, gsize first)
{
    if (first <= cnx_machine_floor(m))
        return cnx_machine_fail(m, "adds to a value that does not exist");
    CnxPy *to = m->stack[first - 1];
    if (kind == CNX_PY_DICT && (m->depth - first) % 2)
        return cnx_machine_fail(m, "has a key without a value");
    if (to->kind != kind) {
        m->depth = first;
        return TRUE;
    }
    return move_values(m, to, first) || cnx_machine_fail_memory(m);
}

gboolean cnx_machine_add_marked(CnxMachine *m, CnxPyKind kind)
{
    gsize first = 0;

    return cnx_machine_pop_mark(m, &first) && add_values(m, kind, first);
}

gboolean cnx_machine_add_last(CnxMachine *m, CnxPyKind kind, guint count)
{
    if (m->depth - cnx_machine_floor(m) < count)
        return cnx_machine_fail(m, "pops a value from an empty stack");
    return add_values(m, kind, m->depth - count);
}

/* The memo: picklers number its entries from 0, so an index cannot exceed the bytes read */

gboolean cnx_machine_put(CnxMachine *m, guint64 index)
{
    CnxPy *value = cnx_machine_peek(m);

    if (!value)
        return FALSE;
    if (index > (gsize)(m->at - m->start))
        return cnx_machine_fail(m, "puts entry %" G_GUINT64_FORMAT " into a shorter memo", index);
    while (m->memo_count <= index) {
        if (!cnx_grow((gpointer *)&m->memo, m->memo_count, &m->memo_room, sizeof *m->memo,
                      m->budget))
            return cnx_machine_fail_memory(m);
        m->memo[m->memo_count++] = NULL;
    }
    m->memo[index] = value;
    return TRUE;
}

gboolean cnx_machine_get(CnxMachine *m, guint64 index)
{
    if (index >= m->memo_count || !m->memo[index])
        return cnx_machine_fail(m, "gets entry %" G_GUINT64_FORMAT " of the memo, which is unset",
                                index);
    return cnx_machine_push(m, m->memo[index]);
}
