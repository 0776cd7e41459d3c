/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch_legacy.h"

#include <stdlib.h>
#include <string.h>

#include "model/containers/pickle.h"
#include "model/containers/unwrap.h"

#define PROTOCOL 1001
#define PROBED 64 /* bytes to search for the magic number */

static const guint8 magic[10] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

typedef struct Legacy {
    const guint8 *at, *end;
    const char *file;
    CnxBudget *budget;
    CnxPyStorage **storages; /* [count], sorted by key */
    gsize count, room;
    GError **error;
} Legacy;

static void legacy_clear(Legacy *l)
{
    cnx_budget_give(l->budget, l->room * sizeof *l->storages);
    g_free(l->storages);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Legacy, legacy_clear)

static gboolean probe_legacy(const guint8 *bytes, gsize size)
{
    for (gsize i = 2; size && bytes[0] == 0x80 && i + sizeof magic <= MIN(size, PROBED); i++)
        if (!memcmp(bytes + i, magic, sizeof magic))
            return TRUE;
    return FALSE;
}

static CnxPickle *read_pickle(Legacy *l)
{
    CnxPickle *pickle =
        cnx_pickle_read(l->at, (gsize)(l->end - l->at), l->budget, l->file, l->error);

    if (pickle)
        l->at += pickle->size;
    return pickle;
}

/* Magic number, protocol version, and the dict about the system that wrote the file. */
static gboolean read_preamble(Legacy *l)
{
    g_autoptr(CnxPickle) number = read_pickle(l);
    g_autoptr(CnxPickle) version = number ? read_pickle(l) : NULL;
    g_autoptr(CnxPickle) system = version ? read_pickle(l) : NULL;

    if (!system)
        return FALSE;
    if (version->top->kind != CNX_PY_INT || version->top->integer != PROTOCOL)
        return cnx_corrupt(l->error, l->file,
                           "has an unknown version of PyTorch's legacy format, expected %d",
                           PROTOCOL);
    const CnxPy *little = cnx_py_get(system->top, "little_endian");
    if (!little || (little->kind == CNX_PY_BOOL && little->integer))
        return TRUE;
    g_set_error(l->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: has big-endian data: save it again on a little-endian machine", l->file);
    return FALSE;
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(CnxPyStorage *const *)a)->key, (*(CnxPyStorage *const *)b)->key);
}

/* Sorts the storages by key. */
static gboolean list_storages(Legacy *l, CnxPyStorage *all)
{
    for (CnxPyStorage *s = all; s; s = s->next) {
        if (!cnx_grow((gpointer *)&l->storages, l->count, &l->room, sizeof s, l->budget)) {
            g_set_error(l->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                        "%s: not enough memory for its list of storages", l->file);
            return FALSE;
        }
        l->storages[l->count++] = s;
    }
    if (l->count)
        qsort(l->storages, l->count, sizeof *l->storages, compare_keys);
    return TRUE;
}

static int compare_key(const void *key, const void *element)
{
    const CnxPy *text = key;
    const char *other = (*(CnxPyStorage *const *)element)->key;
    gsize length = strlen(other);
    int order = memcmp(text->text, other, MIN(text->length, length));

    return order ? order : text->length < length ? -1 : text->length > length;
}

/* Returns the number of references to the storage with that key. *first: the first one. */
static gsize find_storages(const Legacy *l, const CnxPy *key, CnxPyStorage ***first)
{
    CnxPyStorage **found = key->kind == CNX_PY_TEXT && l->count
                               ? bsearch(key, l->storages, l->count, sizeof *found, compare_key)
                               : NULL;

    if (!found)
        return 0;
    CnxPyStorage **last = found, **end = l->storages + l->count;
    while (found > l->storages && !compare_keys(found - 1, found))
        found--;
    while (last < end && !compare_keys(last, found))
        last++;
    *first = found;
    return (gsize)(last - found);
}

/* Reads the next storage and sets the data of all references to its key. */
static gboolean read_storage(Legacy *l, const CnxPy *key)
{
    CnxPyStorage **references;
    guint64 elements;

    const gsize count = find_storages(l, key, &references);
    if (!count)
        return cnx_corrupt(l->error, l->file, "has a storage that no tensor refers to");
    const CnxPyStorage *s = references[0];
    g_autofree char *name = cnx_quote(s->key);
    if (s->data)
        return cnx_corrupt(l->error, l->file, "has storage %s twice", name);
    if ((gsize)(l->end - l->at) < sizeof elements)
        return cnx_corrupt(l->error, l->file,
                           "ends before storage %s: it is truncated, download it again", name);
    memcpy(&elements, l->at, sizeof elements);
    l->at += sizeof elements;
    elements = GUINT64_FROM_LE(elements);
    if (s->elements != elements)
        return cnx_corrupt(l->error, l->file,
                           "storage %s has %" G_GUINT64_FORMAT
                           " elements, expected %" G_GUINT64_FORMAT " for its tensors",
                           name, elements, s->elements);
    if (elements > (gsize)(l->end - l->at) / s->item)
        return cnx_corrupt(l->error, l->file,
                           "ends within storage %s: it is truncated, download it again", name);
    for (gsize i = 0; i < count; i++) {
        if (references[i]->item != s->item || references[i]->elements != elements)
            return cnx_corrupt(l->error, l->file,
                               "storage %s has references with different dtypes or sizes", name);
        references[i]->data = l->at;
    }
    l->at += elements * s->item;
    return TRUE;
}

static gboolean read_storages(Legacy *l)
{
    g_autoptr(CnxPickle) keys = read_pickle(l);

    if (!keys)
        return FALSE;
    if (keys->top->kind != CNX_PY_LIST)
        return cnx_corrupt(l->error, l->file, "has no list of storages after its object");
    for (guint i = 0; i < keys->top->count; i++)
        if (!read_storage(l, keys->top->items[i]))
            return FALSE;
    return TRUE;
}

/* read_storages located every storage of the file, so this one is missing. */
static gboolean find_storage(CnxPyStorage *storage, gpointer user_data, GError **error)
{
    const Legacy *l = user_data;
    g_autofree char *name = cnx_quote(storage->key);

    return cnx_corrupt(error, l->file, "has no storage %s, which its tensors refer to", name);
}

static gboolean read_legacy(CnxContainer *container, const guint8 *bytes, gsize size,
                            const char *file, GError **error)
{
    g_auto(Legacy) l = {
        .at = bytes,
        .end = bytes + size,
        .file = file,
        .budget = cnx_container_budget(container),
        .error = error,
    };
    g_autoptr(CnxPickle) object = read_preamble(&l) ? read_pickle(&l) : NULL;

    return object && list_storages(&l, object->storages) && read_storages(&l) &&
           cnx_unwrap(container, object, find_storage, &l, file, error);
}

const CnxFormat cnx_format_torch_legacy = {"PyTorch legacy", probe_legacy, read_legacy};
