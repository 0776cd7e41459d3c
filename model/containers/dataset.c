/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/dataset.h"

#include "model/base/text.h"

#define NAME_MAX_LENGTH 256 /* bytes; more are cut */

static gboolean is_list(const CnxPy *value)
{
    return value && value->kind == CNX_PY_LIST && value->count > 0 &&
           value->count <= CNX_DATASET_CLASSES_MAX;
}

static char **read_classes(const CnxPy *list)
{
    g_auto(GStrv) classes = g_new0(char *, list->count + 1);

    for (guint i = 0; i < list->count; i++) {
        const CnxPy *name = list->items[i];

        if (name->kind != CNX_PY_TEXT)
            return NULL;
        classes[i] = cnx_printable(name->text, (gssize)MIN(name->length, NAME_MAX_LENGTH));
    }
    return g_steal_pointer(&classes);
}

static guint8 *read_palette(const CnxPy *list, guint count)
{
    g_autofree guint8 *palette = g_new(guint8, 3 * (gsize)count);

    if (list->count != count)
        return NULL;
    for (guint i = 0; i < count; i++) {
        const CnxPy *colour = list->items[i];

        if (colour->kind != CNX_PY_LIST || colour->count != 3)
            return NULL;
        for (guint k = 0; k < 3; k++) {
            const CnxPy *value = colour->items[k];

            if (value->kind != CNX_PY_INT || value->integer < 0 || value->integer > 255)
                return NULL;
            palette[3 * i + k] = (guint8)value->integer;
        }
    }
    return g_steal_pointer(&palette);
}

CnxDataset cnx_dataset_read(const CnxPy *top)
{
    const CnxPy *meta = cnx_py_get(top, "meta");
    const CnxPy *inner = meta ? cnx_py_get(meta, "dataset_meta") : NULL;
    const CnxPy *dataset = inner ? inner : cnx_py_get(top, "dataset_meta");
    const CnxPy *classes = dataset ? cnx_py_get(dataset, "classes") : NULL;
    const CnxPy *palette = dataset ? cnx_py_get(dataset, "palette") : NULL;
    CnxDataset found = {0, NULL, NULL};

    if (!classes && meta) {
        classes = cnx_py_get(meta, "CLASSES");
        palette = cnx_py_get(meta, "PALETTE");
    }
    if (!is_list(classes))
        return found;
    found.classes = read_classes(classes);
    found.count = found.classes ? classes->count : 0;
    if (found.classes && is_list(palette))
        found.palette = read_palette(palette, found.count);
    return found;
}

void cnx_dataset_clear(CnxDataset *dataset)
{
    g_clear_pointer(&dataset->classes, g_strfreev);
    g_clear_pointer(&dataset->palette, g_free);
    dataset->count = 0;
}
