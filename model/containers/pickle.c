/* The opcodes of pickles: each reads its argument from the file and works on the stack.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/pickle.h"

#include <string.h>

#include "model/containers/pickle_machine.h"
#include "model/containers/pickle_opcodes.h"
#include "model/containers/torch.h"

#define GLOBAL_MAX 255 /* bytes of a module's or class's name */
#define PROTOCOL_MAX 5

static gboolean push_integer(CnxMachine *m, CnxPyKind kind, gint64 integer)
{
    CnxPy *value = cnx_py_new(m->pickle->strings, kind);

    if (value)
        value->integer = integer;
    return cnx_machine_push(m, value);
}

/* A two's complement integer after its length in length_bytes bytes. */
static gboolean push_long(CnxMachine *m, guint length_bytes)
{
    const guint8 *bytes;
    gsize length;
    guint64 bits = 0;

    if (!cnx_machine_bytes(m, length_bytes, &bytes, &length))
        return FALSE;
    if (length > sizeof bits) {
        CnxPy *value = cnx_py_new(m->pickle->strings, CNX_PY_BYTES);

        if (value) {
            value->text = (const char *)bytes;
            value->length = length;
        }
        return cnx_machine_push(m, value);
    }
    for (gsize i = 0; i < sizeof bits; i++) {
        guint8 sign = length && bytes[length - 1] & 0x80 ? 0xff : 0;

        bits |= (guint64)(i < length ? bytes[i] : sign) << 8 * i;
    }
    return push_integer(m, CNX_PY_INT, (gint64)bits);
}

static gboolean push_float(CnxMachine *m)
{
    CnxPy *value = cnx_py_new(m->pickle->strings, CNX_PY_FLOAT);
    guint64 bits;

    if (!cnx_machine_uint(m, sizeof bits, &bits))
        return FALSE;
    bits = GUINT64_SWAP_LE_BE(bits);
    if (value)
        memcpy(&value->number, &bits, sizeof bits);
    return cnx_machine_push(m, value);
}

static gboolean push_text(CnxMachine *m, CnxPyKind kind, guint length_bytes)
{
    CnxPy *value = cnx_py_new(m->pickle->strings, kind);
    const guint8 *bytes;
    gsize length;

    if (!cnx_machine_bytes(m, length_bytes, &bytes, &length))
        return FALSE;
    if (kind == CNX_PY_TEXT && !g_utf8_validate_len((const char *)bytes, length, NULL))
        kind = CNX_PY_BYTES;
    if (value) {
        value->kind = kind;
        value->text = (const char *)bytes;
        value->length = length;
    }
    return cnx_machine_push(m, value);
}

static gboolean is_name(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isgraph(text[i]))
            return FALSE;
    return length > 0 && length <= GLOBAL_MAX;
}

static gboolean push_global(CnxMachine *m, const char *module, gsize module_length,
                            const char *name, gsize name_length)
{
    CnxPy *value = cnx_py_new(m->pickle->strings, CNX_PY_GLOBAL);
    char text[2 * GLOBAL_MAX + 2];

    if (!is_name(module, module_length) || !is_name(name, name_length))
        return cnx_machine_fail(m, "has a class name that is not 1 to %d printable characters long",
                                GLOBAL_MAX);
    memcpy(text, module, module_length);
    text[module_length] = '.';
    memcpy(text + module_length + 1, name, name_length);
    if (value) {
        value->length = module_length + 1 + name_length;
        value->text = cnx_strings_copy(m->pickle->strings, text, value->length);
    }
    return cnx_machine_push(m, value && value->text ? value : NULL);
}

static gboolean read_global(CnxMachine *m)
{
    const char *module, *name;
    gsize module_length, name_length;

    return cnx_machine_line(m, &module, &module_length) &&
           cnx_machine_line(m, &name, &name_length) &&
           push_global(m, module, module_length, name, name_length);
}

static gboolean stack_global(CnxMachine *m)
{
    CnxPy *name = cnx_machine_pop(m), *module = name ? cnx_machine_pop(m) : NULL;

    if (!module)
        return FALSE;
    if (name->kind != CNX_PY_TEXT || module->kind != CNX_PY_TEXT)
        return cnx_machine_fail(m, "has a class name that is not text");
    return push_global(m, module->text, module->length, name->text, name->length);
}

/* fault: as in model/containers/torch.h. */
static gboolean push_made(CnxMachine *m, CnxPy *value, const char *fault)
{
    if (!value && fault)
        return cnx_machine_fail(m, "has %s", fault);
    return cnx_machine_push(m, value);
}

/* with_keywords: drop the dict of keyword arguments on top of the stack (NEWOBJ_EX). */
static gboolean call_function(CnxMachine *m, gboolean with_keywords)
{
    const char *fault;

    if (with_keywords && !cnx_machine_pop(m))
        return FALSE;
    CnxPy *arguments = cnx_machine_pop(m), *function = arguments ? cnx_machine_pop(m) : NULL;
    if (!function)
        return FALSE;
    if (arguments->kind != CNX_PY_LIST)
        return cnx_machine_fail(m, "calls a function without a tuple of arguments");
    CnxPy *made = cnx_torch_call(m->pickle->strings, function, arguments, &fault);
    return push_made(m, made, fault);
}

static gboolean push_persistent(CnxMachine *m)
{
    CnxPy *id = cnx_machine_pop(m);
    const char *fault;

    if (!id)
        return FALSE;
    CnxPy *made = cnx_torch_persistent(m->pickle->strings, &m->pickle->storages, id, &fault);
    return push_made(m, made, fault);
}

static gboolean fail_opcode(CnxMachine *m, guint8 opcode)
{
    m->at--;
    if (strchr("FGILPSVgip", opcode) && opcode)
        return cnx_machine_fail(m, "has the opcode '%c' of protocol 0, expected protocol 2 to %d",
                                opcode, PROTOCOL_MAX);
    return cnx_machine_fail(m, "has an unknown opcode 0x%02x", opcode);
}

static gboolean get_or_put(CnxMachine *m, guint length, gboolean getting)
{
    guint64 index;

    return cnx_machine_uint(m, length, &index) &&
           (getting ? cnx_machine_get(m, index) : cnx_machine_put(m, index));
}

static gboolean skip_uint(CnxMachine *m, guint length)
{
    guint64 ignored;

    return cnx_machine_uint(m, length, &ignored);
}

static gboolean check_protocol(CnxMachine *m)
{
    guint64 protocol;

    if (!cnx_machine_uint(m, 1, &protocol))
        return FALSE;
    return protocol <= PROTOCOL_MAX ||
           cnx_machine_fail(m, "has protocol %" G_GUINT64_FORMAT ", expected at most %d", protocol,
                            PROTOCOL_MAX);
}

static gboolean drop_marked(CnxMachine *m)
{
    gsize first;

    if (!cnx_machine_pop_mark(m, &first))
        return FALSE;
    m->depth = first;
    return TRUE;
}

/* Drops the state on top of the stack and leaves the object below it unchanged, because no
 * attribute is ever read, except the metadata of a state dict. */
static gboolean build_object(CnxMachine *m)
{
    const CnxPy *state = cnx_machine_pop(m);
    CnxPy *object = state ? cnx_machine_peek(m) : NULL;

    if (!object)
        return FALSE;
    if (object->kind == CNX_PY_DICT && state->kind == CNX_PY_DICT && state->count >= 2 &&
        cnx_py_is_text(state->items[0], "_metadata") && state->items[1]->kind == CNX_PY_DICT)
        object->class = state->items[1];
    return TRUE;
}

/* Opcodes that make a value from bytes of the file. */
static gboolean run_constant(CnxMachine *m, guint8 opcode)
{
    guint64 n;

    switch (opcode) {
    case NONE:
        return cnx_machine_push(m, cnx_py_new(m->pickle->strings, CNX_PY_NONE));
    case NEWTRUE:
    case NEWFALSE:
        return push_integer(m, CNX_PY_BOOL, opcode == NEWTRUE);
    case BININT:
        return cnx_machine_uint(m, 4, &n) && push_integer(m, CNX_PY_INT, (gint32)n);
    case BININT1:
        return cnx_machine_uint(m, 1, &n) && push_integer(m, CNX_PY_INT, (gint64)n);
    case BININT2:
        return cnx_machine_uint(m, 2, &n) && push_integer(m, CNX_PY_INT, (gint64)n);
    case LONG1:
        return push_long(m, 1);
    case LONG4:
        return push_long(m, 4);
    case BINFLOAT:
        return push_float(m);
    case BINUNICODE:
    case BINSTRING:
        return push_text(m, CNX_PY_TEXT, 4);
    case SHORT_BINUNICODE:
    case SHORT_BINSTRING:
        return push_text(m, CNX_PY_TEXT, 1);
    case BINUNICODE8:
        return push_text(m, CNX_PY_TEXT, 8);
    case BINBYTES:
        return push_text(m, CNX_PY_BYTES, 4);
    case SHORT_BINBYTES:
        return push_text(m, CNX_PY_BYTES, 1);
    case BINBYTES8:
    case BYTEARRAY8:
        return push_text(m, CNX_PY_BYTES, 8);
    case GLOBAL:
        return read_global(m);
    default:
        return fail_opcode(m, opcode);
    }
}

/* Opcodes that make a value from other values. */
static gboolean run_compound(CnxMachine *m, guint8 opcode)
{
    switch (opcode) {
    case EMPTY_LIST:
    case EMPTY_TUPLE:
    case EMPTY_SET:
        return cnx_machine_push(m, cnx_py_new(m->pickle->strings, CNX_PY_LIST));
    case EMPTY_DICT:
        return cnx_machine_push(m, cnx_py_new(m->pickle->strings, CNX_PY_DICT));
    case LIST:
    case TUPLE:
    case FROZENSET:
        return cnx_machine_gather_marked(m, CNX_PY_LIST);
    case DICT:
        return cnx_machine_gather_marked(m, CNX_PY_DICT);
    case TUPLE1:
    case TUPLE2:
    case TUPLE3:
        return cnx_machine_gather_last(m, CNX_PY_LIST, 1 + opcode - TUPLE1);
    case APPEND:
        return cnx_machine_add_last(m, CNX_PY_LIST, 1);
    case APPENDS:
    case ADDITEMS:
        return cnx_machine_add_marked(m, CNX_PY_LIST);
    case SETITEM:
        return cnx_machine_add_last(m, CNX_PY_DICT, 2);
    case SETITEMS:
        return cnx_machine_add_marked(m, CNX_PY_DICT);
    case REDUCE:
    case NEWOBJ:
    case NEWOBJ_EX:
        return call_function(m, opcode == NEWOBJ_EX);
    case BUILD:
        return build_object(m);
    case STACK_GLOBAL:
        return stack_global(m);
    case BINPERSID:
        return push_persistent(m);
    default:
        return run_constant(m, opcode);
    }
}

/* Opcodes that work on the stack and the memo only, or else any other opcode. */
static gboolean run_opcode(CnxMachine *m, guint8 opcode)
{
    switch (opcode) {
    case PROTO:
        return check_protocol(m);
    case FRAME:
        return skip_uint(m, 8);
    case MARK:
        return cnx_machine_push_mark(m);
    case POP: /* pops the mark if no value is above it */
        return m->depth > cnx_machine_floor(m) ? cnx_machine_pop(m) != NULL : drop_marked(m);
    case POP_MARK:
        return drop_marked(m);
    case DUP: {
        CnxPy *top = cnx_machine_peek(m);
        return top && cnx_machine_push(m, top);
    }
    case BINPUT:
        return get_or_put(m, 1, FALSE);
    case LONG_BINPUT:
        return get_or_put(m, 4, FALSE);
    case MEMOIZE:
        return cnx_machine_put(m, m->memo_count);
    case BINGET:
        return get_or_put(m, 1, TRUE);
    case LONG_BINGET:
        return get_or_put(m, 4, TRUE);
    default:
        return run_compound(m, opcode);
    }
}

static gboolean run_pickle(CnxMachine *m)
{
    while (m->at < m->end) {
        guint8 opcode = *m->at++;

        if (opcode != STOP) {
            if (!run_opcode(m, opcode))
                return FALSE;
            continue;
        }
        m->mark_count = 0;
        m->pickle->top = cnx_machine_pop(m);
        m->pickle->size = (gsize)(m->at - m->start);
        return m->pickle->top != NULL;
    }
    return cnx_machine_fail(m, "ends before its STOP opcode");
}

CnxPickle *cnx_pickle_read(const guint8 *bytes, gsize size, CnxBudget *budget, const char *file,
                           GError **error)
{
    g_autoptr(CnxPickle) pickle = g_new0(CnxPickle, 1);
    g_auto(CnxMachine) m = {
        .start = bytes,
        .at = bytes,
        .end = bytes + size,
        .file = file,
        .pickle = pickle,
        .budget = budget,
        .error = error,
    };

    pickle->strings = cnx_strings_new(budget);
    return run_pickle(&m) ? g_steal_pointer(&pickle) : NULL;
}

void cnx_pickle_free(CnxPickle *pickle)
{
    if (!pickle)
        return;
    cnx_strings_free(pickle->strings);
    g_free(pickle);
}
