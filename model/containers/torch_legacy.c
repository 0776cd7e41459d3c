/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/torch_legacy.h"

#include <stdlib.h>
#include <string.h>

#include "model/containers/pickle.h"
#include "model/containers/unwrap.h"

#define PROTOCOL 1001
#define PROBED 64 /* bytes in which the first pickle's magic number stands */

static const guint8 magic[10] = {0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19};

typedef struct Legacy {
    const guint8 *at, *end;
    const char *file;
    CnxPyStorage **storages; /* [count], in the order of their keys */
    gsize count;
    GError **error;
} Legacy;

static gboolean probe(const guint8 *bytes, gsize size)
{
    for (gsize i = 2; size && bytes[0] == 0x80 && i + sizeof magic <= MIN(size, PROBED); i++)
        if (!memcmp(bytes + i, magic, sizeof magic))
            return TRUE;
    return FALSE;
}

static CnxPickle *read_pickle(Legacy *l)
{
    CnxPickle *pickle = cnx_pickle_read(l->at, (gsize)(l->end - l->at), l->file, l->error);

    if (pickle)
        l->at += pickle->size;
    return pickle;
}

/* Magic number, protocol version, facts about the system that wrote the file. */
static gboolean read_preamble(Legacy *l)
{
    CnxPickle *number = read_pickle(l), *version = number ? read_pickle(l) : NULL;
    CnxPickle *system = version ? read_pickle(l) : NULL;
    gboolean ok = system != NULL;

    if (ok && (version->top->kind != CNX_PY_INT || version->top->integer != PROTOCOL))
        ok = cnx_corrupt(l->error, l->file,
                         "is of no known version of PyTorch's format, expected %d", PROTOCOL);
    if (ok) {
        const CnxPy *little = cnx_py_get(system->top, "little_endian");

        if (little && (little->kind != CNX_PY_BOOL || !little->integer)) {
            g_set_error(l->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: holds big-endian numbers: save it again on a little-endian machine",
                        l->file);
            ok = FALSE;
        }
    }
    cnx_pickle_free(number);
    cnx_pickle_free(version);
    cnx_pickle_free(system);
    return ok;
}

static int by_key(const void *a, const void *b)
{
    return strcmp((*(CnxPyStorage *const *)a)->key, (*(CnxPyStorage *const *)b)->key);
}

static gboolean list_storages(Legacy *l, CnxPyStorage *all)
{
    for (CnxPyStorage *s = all; s; s = s->next)
        l->count++;
    l->storages = g_try_malloc_n(l->count, sizeof(CnxPyStorage *));
    if (!l->storages && l->count) {
        g_set_error(l->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "%s: not enough memory", l->file);
        return FALSE;
    }
    gsize i = 0;
    for (CnxPyStorage *s = all; s; s = s->next)
        l->storages[i++] = s;
    if (l->count)
        qsort(l->storages, l->count, sizeof *l->storages, by_key);
    return TRUE;
}

static int key_order(const void *key, const void *element)
{
    const CnxPy *text = key;
    const char *other = (*(CnxPyStorage *const *)element)->key;
    gsize length = strlen(other);
    int order = memcmp(text->text, other, MIN(text->length, length));

    return order ? order : text->length < length ? -1 : text->length > length;
}

/* The references [result] to the storage of that key; *first is the first of them. */
static gsize find_storages(const Legacy *l, const CnxPy *key, CnxPyStorage ***first)
{
    CnxPyStorage **found = key->kind == CNX_PY_TEXT && l->count
                               ? bsearch(key, l->storages, l->count, sizeof *found, key_order)
                               : NULL;

    if (!found)
        return 0;
    CnxPyStorage **last = found, **end = l->storages + l->count;
    while (found > l->storages && !by_key(found - 1, found))
        found--;
    while (last < end && !by_key(last, found))
        last++;
    *first = found;
    return (gsize)(last - found);
}

/* The next storage of the data, which all references with its key are to. */
static gboolean read_storage(Legacy *l, const CnxPy *key)
{
    CnxPyStorage **references;
    guint64 elements;

    const gsize count = find_storages(l, key, &references);
    if (!count)
        return cnx_corrupt(l->error, l->file, "holds a storage that no tensor refers to");
    const CnxPyStorage *s = references[0];
    g_autofree char *name = cnx_quote(s->key);
    if (s->data)
        return cnx_corrupt(l->error, l->file, "holds storage %s twice", name);
    if ((gsize)(l->end - l->at) < sizeof elements)
        return cnx_corrupt(l->error, l->file,
                           "ends before storage %s: it is truncated, download it again", name);
    memcpy(&elements, l->at, sizeof elements);
    l->at += sizeof elements;
    elements = GUINT64_FROM_LE(elements);
    if (s->elements != elements)
        return cnx_corrupt(l->error, l->file,
                           "storage %s has %" G_GUINT64_FORMAT
                           " elements, its tensors expect %" G_GUINT64_FORMAT,
                           name, elements, s->elements);
    if (elements > (gsize)(l->end - l->at) / s->item)
        return cnx_corrupt(l->error, l->file,
                           "ends within storage %s: it is truncated, download it again", name);
    for (gsize i = 0; i < count; i++) {
        if (references[i]->item != s->item || references[i]->elements != elements)
            return cnx_corrupt(l->error, l->file,
                               "storage %s is referred to in two ways that do not agree", name);
        references[i]->data = l->at;
    }
    l->at += elements * s->item;
    return TRUE;
}

static gboolean read_storages(Legacy *l)
{
    CnxPickle *keys = read_pickle(l);
    gboolean ok = keys != NULL;

    if (ok && keys->top->kind != CNX_PY_LIST)
        ok = cnx_corrupt(l->error, l->file, "has no list of storages behind its object");
    for (guint i = 0; ok && i < keys->top->count; i++)
        ok = read_storage(l, keys->top->items[i]);
    cnx_pickle_free(keys);
    return ok;
}

static gboolean find(CnxPyStorage *storage, gpointer user_data, GError **error)
{
    const Legacy *l = user_data;
    g_autofree char *name = cnx_quote(storage->key);

    return cnx_corrupt(error, l->file, "has no storage %s, which its tensors are in", name);
}

static gboolean read_legacy(CnxContainer *container, const guint8 *bytes, gsize size,
                            const char *file, GError **error)
{
    Legacy l = {bytes, bytes + size, file, NULL, 0, error};
    CnxPickle *object = read_preamble(&l) ? read_pickle(&l) : NULL;
    gboolean ok = object && list_storages(&l, object->storages) && read_storages(&l) &&
                  cnx_unwrap(container, object, find, &l, file, error);

    g_free(l.storages);
    cnx_pickle_free(object);
    return ok;
}

const CnxFormat cnx_format_torch_legacy = {"PyTorch legacy", probe, read_legacy};
