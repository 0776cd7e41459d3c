/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/pickle_values.h"

#include <string.h>

CnxPy *cnx_py_new(CnxStrings *strings, CnxPyKind kind)
{
    CnxPy *value = cnx_strings_take(strings, sizeof *value);

    if (!value)
        return NULL;
    memset(value, 0, sizeof *value);
    value->kind = kind;
    return value;
}

gboolean cnx_py_append(CnxStrings *strings, CnxPy *to, CnxPy *item)
{
    if (to->count == to->capacity) {
        guint larger = to->capacity ? 2 * to->capacity : 4;
        CnxPy **items = cnx_strings_take(strings, larger * sizeof *items);

        if (!items)
            return FALSE;
        if (to->count)
            memcpy(items, to->items, to->count * sizeof *items);
        to->items = items;
        to->capacity = larger;
    }
    to->items[to->count++] = item;
    return TRUE;
}

CnxPy *cnx_py_get(const CnxPy *dict, const char *key)
{
    for (guint i = 0; dict->kind == CNX_PY_DICT && i + 1 < dict->count; i += 2)
        if (cnx_py_is_text(dict->items[i], key))
            return dict->items[i + 1];
    return NULL;
}

gboolean cnx_py_is_text(const CnxPy *value, const char *text)
{
    return value->kind == CNX_PY_TEXT && value->length == strlen(text) &&
           !memcmp(value->text, text, value->length);
}

gboolean cnx_py_is_global(const CnxPy *value, const char *name)
{
    return value->kind == CNX_PY_GLOBAL && !strcmp(value->text, name);
}

const char *cnx_py_type_name(const CnxPy *value)
{
    static const char *const names[] = {
        [CNX_PY_NONE] = "None",   [CNX_PY_BOOL] = "bool",       [CNX_PY_INT] = "int",
        [CNX_PY_FLOAT] = "float", [CNX_PY_TEXT] = "str",        [CNX_PY_BYTES] = "bytes",
        [CNX_PY_LIST] = "list",   [CNX_PY_DICT] = "dict",       [CNX_PY_GLOBAL] = "class",
        [CNX_PY_OBJECT] = "?",    [CNX_PY_STORAGE] = "storage", [CNX_PY_TENSOR] = "tensor",
    };

    for (int depth = 0; value->kind == CNX_PY_OBJECT && depth < 4; depth++)
        if (value->class->kind == CNX_PY_GLOBAL)
            return value->class->text;
        else
            value = value->class;
    return names[value->kind];
}
