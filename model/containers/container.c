/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/container.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/mapping.h"
#include "model/containers/safetensors.h"
#include "model/containers/shards.h"
#include "model/containers/torch_legacy.h"
#include "model/containers/torch_zip.h"

#define TENSORS_MAX                                                              \
    65536 /* the largest ConvNeXt has 380, its training checkpoint some thousand \
           */

struct CnxContainer {
    const char *format;
    GPtrArray *maps;  /* of GMappedFile: the files that it is in */
    GPtrArray *paths; /* of these files, then NULL */
    CnxStrings *pool;
    CnxTensor *tensors; /* [count] */
    gsize count, room;
    CnxWeightSet wanted, set;
    char *key;
};

/* The last takes what no other does, and says what it is instead. */
static const CnxFormat *const formats[] = {
    &cnx_format_torch_zip,
    &cnx_format_torch_legacy,
    &cnx_format_safetensors,
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const CnxTensor *)a)->name, ((const CnxTensor *)b)->name);
}

/* Begins of names that training tools give to averaged weights beside raw ones. */
static const char *ema_prefix(const char *name)
{
    static const char *const prefixes[] = {"model_ema.", "ema_model.", "ema.", "state_dict_ema."};

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return prefixes[i];
    return NULL;
}

/* Leaves one set of weights where tensors of two stand side by side. */
static gboolean choose_by_prefix(CnxContainer *self, const char *file, GError **error)
{
    gsize averaged = 0, kept = 0;
    const char *prefix = NULL;

    for (gsize i = 0; i < self->count; i++)
        if (ema_prefix(self->tensors[i].name)) {
            prefix = ema_prefix(self->tensors[i].name);
            averaged++;
        }
    if (self->set == CNX_WEIGHT_SET_AUTO && averaged) {
        gboolean both = averaged < self->count;
        CnxWeightSet set =
            self->wanted == CNX_WEIGHT_SET_EMA || !both ? CNX_WEIGHT_SET_EMA : CNX_WEIGHT_SET_RAW;

        for (gsize i = 0; i < self->count; i++)
            if (!!ema_prefix(self->tensors[i].name) == (set == CNX_WEIGHT_SET_EMA))
                self->tensors[kept++] = self->tensors[i];
        self->count = kept;
        g_autofree char *in = g_strndup(prefix, strlen(prefix) - 1);
        g_autofree char *key = set == CNX_WEIGHT_SET_RAW ? g_strdup(self->key)
                               : *self->key              ? g_strjoin(".", self->key, in, NULL)
                                                         : g_strdup(in);
        cnx_container_set_weights(self, set, key);
    }
    if (self->wanted == CNX_WEIGHT_SET_AUTO || self->wanted == self->set ||
        (self->wanted == CNX_WEIGHT_SET_RAW && self->set == CNX_WEIGHT_SET_AUTO))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "%s: holds one set of weights only, %s: leave the choice of weights at auto", file,
                self->wanted == CNX_WEIGHT_SET_EMA ? "and none that is marked as averaged (EMA)"
                                                   : "averaged ones (EMA)");
    return FALSE;
}

/* Sorts; names are all different. */
static gboolean finish(CnxContainer *self, const char *file, GError **error)
{
    if (self->count)
        qsort(self->tensors, self->count, sizeof *self->tensors, by_name);
    for (gsize i = 1; i < self->count; i++)
        if (!by_name(&self->tensors[i - 1], &self->tensors[i])) {
            g_autofree char *name = cnx_quote(self->tensors[i].name);

            g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: tensor %s occurs twice", file,
                        name);
            return FALSE;
        }
    return TRUE;
}

static gboolean read_bytes(CnxContainer *self, const guint8 *bytes, gsize size, const char *file,
                           GError **error)
{
    guint i = 0;

    while (i + 1 < G_N_ELEMENTS(formats) && !formats[i]->probe(bytes, size))
        i++;
    self->format = formats[i]->name;
    return formats[i]->read(self, bytes, size, file, error);
}

static gboolean read_file(CnxContainer *self, const char *path, const char *file, GError **error)
{
    GMappedFile *map = cnx_map_file(path, error);

    if (!map)
        return FALSE;
    g_ptr_array_add(self->maps, map);
    g_ptr_array_insert(self->paths, (int)self->paths->len - 1, g_strdup(path));
    return read_bytes(self, (const guint8 *)g_mapped_file_get_contents(map),
                      g_mapped_file_get_length(map), file, error);
}

/* An index, and the files that it names. */
static gboolean read_shards(CnxContainer *self, const char *path, const char *file, GError **error)
{
    CnxShards *shards = cnx_shards_read(path, error);
    gboolean ok = shards != NULL;

    for (guint i = 0; ok && cnx_shards_files(shards)[i]; i++) {
        const char *shard = cnx_shards_files(shards)[i];
        g_autofree char *shard_file = g_filename_display_name(shard);

        ok = read_file(self, shard, shard_file, error);
        if (!ok)
            g_prefix_error(error, "%s: names a file that cannot be used: ", file);
    }
    ok = ok && finish(self, file, error) &&
         cnx_shards_check(shards, self->tensors, self->count, file, error);
    cnx_shards_free(shards);
    return ok;
}

static CnxContainer *container_new(CnxWeightSet wanted)
{
    CnxContainer *self = g_new0(CnxContainer, 1);

    self->maps = g_ptr_array_new_with_free_func((GDestroyNotify)g_mapped_file_unref);
    self->paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(self->paths, NULL);
    self->pool = cnx_strings_new(G_MAXSIZE);
    self->wanted = wanted;
    self->key = g_strdup("");
    return self;
}

/* The container where all went well, or NULL. */
static CnxContainer *finished(CnxContainer *self, gboolean ok, const char *file, GError **error)
{
    if (ok && choose_by_prefix(self, file, error))
        return self;
    cnx_container_close(self);
    return NULL;
}

CnxContainer *cnx_container_open(const char *path, CnxWeightSet wanted, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);
    CnxContainer *self = container_new(wanted);
    gboolean ok = cnx_shards_is_index(path)
                      ? read_shards(self, path, file, error)
                      : read_file(self, path, file, error) && finish(self, file, error);

    return finished(self, ok, file, error);
}

CnxContainer *cnx_container_open_bytes(const guint8 *bytes, gsize size, CnxWeightSet wanted,
                                       const char *file, GError **error)
{
    CnxContainer *self = container_new(wanted);
    gboolean ok = read_bytes(self, bytes, size, file, error) && finish(self, file, error);

    return finished(self, ok, file, error);
}

void cnx_container_close(CnxContainer *self)
{
    if (!self)
        return;
    g_free(self->tensors);
    g_free(self->key);
    cnx_strings_free(self->pool);
    g_ptr_array_unref(self->paths);
    g_ptr_array_unref(self->maps);
    g_free(self);
}

const CnxTensor *cnx_container_tensors(const CnxContainer *self, guint *count)
{
    *count = (guint)self->count;
    return self->tensors;
}

const char *cnx_container_format(const CnxContainer *self)
{
    return self->format;
}

const char *const *cnx_container_files(const CnxContainer *self)
{
    return (const char *const *)self->paths->pdata;
}

CnxWeightSet cnx_container_weight_set(const CnxContainer *self)
{
    return self->set;
}

const char *cnx_container_weights_key(const CnxContainer *self)
{
    return self->key;
}

CnxStrings *cnx_container_pool(CnxContainer *self)
{
    return self->pool;
}

CnxWeightSet cnx_container_wanted(const CnxContainer *self)
{
    return self->wanted;
}

gboolean cnx_container_add(CnxContainer *self, const CnxTensor *tensor, const char *file,
                           GError **error)
{
    if (self->count == TENSORS_MAX) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: holds more than %d tensors, no ConvNeXt has so many", file, TENSORS_MAX);
        return FALSE;
    }
    if (!cnx_grow((gpointer *)&self->tensors, self->count, &self->room, sizeof *tensor)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: not enough memory for its list "
                    "of tensors",
                    file);
        return FALSE;
    }
    self->tensors[self->count++] = *tensor;
    return TRUE;
}

void cnx_container_set_weights(CnxContainer *self, CnxWeightSet set, const char *key)
{
    g_free(self->key);
    self->key = g_strdup(key);
    self->set = set;
}
