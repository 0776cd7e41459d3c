/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/container.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model/base/mapping.h"
#include "model/containers/safetensors.h"
#include "model/containers/shards.h"
#include "model/containers/torch_legacy.h"
#include "model/containers/torch_zip.h"

struct CnxContainer {
    const char *format;
    GPtrArray *maps;  /* of GMappedFile */
    GPtrArray *paths; /* of the mapped files, NULL-terminated */
    gsize size;       /* bytes of all files */
    gsize inflated;   /* bytes of cnx_container_take_data */
    CnxBudget budget;
    CnxStrings *strings;
    CnxTensor *tensors; /* [count] */
    gsize count, room;
    CnxWeightSet requested_set, set;
    char *key;
    CnxDataset dataset;
};

/* The last format accepts every file, and describes the kind of an unknown one. */
static const CnxFormat *const formats[] = {
    &cnx_format_torch_zip,
    &cnx_format_torch_legacy,
    &cnx_format_safetensors,
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const CnxTensor *)a)->name, ((const CnxTensor *)b)->name);
}

/* Prefixes by which training tools mark averaged weights stored next to raw ones. */
static const char *ema_prefix(const char *name)
{
    static const char *const prefixes[] = {"model_ema.", "ema_model.", "ema.", "state_dict_ema."};

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return prefixes[i];
    return NULL;
}

/* If raw and averaged weights share one state dict, keeps the requested set only. */
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
        CnxWeightSet set = self->requested_set == CNX_WEIGHT_SET_EMA || !both ? CNX_WEIGHT_SET_EMA
                                                                              : CNX_WEIGHT_SET_RAW;

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
    if (self->requested_set == CNX_WEIGHT_SET_AUTO || self->requested_set == self->set ||
        (self->requested_set == CNX_WEIGHT_SET_RAW && self->set == CNX_WEIGHT_SET_AUTO))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "%s: has only one set of weights, which is %s: leave the choice of weights at auto",
                file,
                self->requested_set == CNX_WEIGHT_SET_EMA ? "not marked as averaged (EMA)"
                                                          : "averaged (EMA)");
    return FALSE;
}

/* Also rejects duplicate names. */
static gboolean sort_tensors(CnxContainer *self, const char *file, GError **error)
{
    if (self->count)
        qsort(self->tensors, self->count, sizeof *self->tensors, compare_names);
    for (gsize i = 1; i < self->count; i++)
        if (!compare_names(&self->tensors[i - 1], &self->tensors[i])) {
            g_autofree char *name = cnx_quote(self->tensors[i].name);

            return cnx_corrupt(error, file, "tensor %s occurs twice", name);
        }
    return TRUE;
}

static gboolean read_bytes(CnxContainer *self, const guint8 *bytes, gsize size, const char *file,
                           GError **error)
{
    guint i = 0;

    self->size += size;
    cnx_budget_add_file(&self->budget, size);
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

/* Reads the files that an index names. */
static gboolean read_shards(CnxContainer *self, const char *path, const char *file, GError **error)
{
    g_autoptr(CnxShards) shards = cnx_shards_read(path, error);

    if (!shards)
        return FALSE;
    for (guint i = 0; cnx_shards_files(shards)[i]; i++) {
        const char *shard = cnx_shards_files(shards)[i];
        g_autofree char *shard_file = g_filename_display_name(shard);

        if (!read_file(self, shard, shard_file, error)) {
            g_prefix_error(error, "%s: names a shard that cannot be used: ", file);
            return FALSE;
        }
    }
    return sort_tensors(self, file, error) &&
           cnx_shards_check(shards, self->tensors, self->count, file, error);
}

static CnxContainer *container_new(CnxWeightSet requested_set)
{
    CnxContainer *self = g_new0(CnxContainer, 1);

    self->maps = g_ptr_array_new_with_free_func((GDestroyNotify)g_mapped_file_unref);
    self->paths = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(self->paths, NULL);
    self->budget.left = CNX_BUDGET_FIXED;
    self->strings = cnx_strings_new(&self->budget);
    self->requested_set = requested_set;
    self->key = g_strdup("");
    return self;
}

CnxContainer *cnx_container_open(const char *path, CnxWeightSet requested_set, GError **error)
{
    g_autoptr(CnxContainer) self = container_new(requested_set);
    g_autofree char *file = g_filename_display_name(path);
    gboolean ok = cnx_shards_is_index(path)
                      ? read_shards(self, path, file, error)
                      : read_file(self, path, file, error) && sort_tensors(self, file, error);

    return ok && choose_by_prefix(self, file, error) ? g_steal_pointer(&self) : NULL;
}

CnxContainer *cnx_container_open_bytes(const guint8 *bytes, gsize size, CnxWeightSet requested_set,
                                       const char *file, GError **error)
{
    g_autoptr(CnxContainer) self = container_new(requested_set);
    gboolean ok = read_bytes(self, bytes, size, file, error) && sort_tensors(self, file, error) &&
                  choose_by_prefix(self, file, error);

    return ok ? g_steal_pointer(&self) : NULL;
}

void cnx_container_close(CnxContainer *self)
{
    if (!self)
        return;
    g_free(self->tensors);
    cnx_dataset_clear(&self->dataset);
    g_free(self->key);
    cnx_strings_free(self->strings);
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

void cnx_container_release_pages(const CnxContainer *self)
{
    for (guint i = 0; i < self->maps->len; i++) {
        GMappedFile *map = self->maps->pdata[i];

        if (g_mapped_file_get_length(map) > 0) /* advisory; the pages are those of the file */
            madvise(g_mapped_file_get_contents(map), g_mapped_file_get_length(map), MADV_DONTNEED);
    }
}

CnxWeightSet cnx_container_weight_set(const CnxContainer *self)
{
    return self->set;
}

const char *cnx_container_weights_key(const CnxContainer *self)
{
    return self->key;
}

gsize cnx_container_size(const CnxContainer *self)
{
    return self->size;
}

gsize cnx_container_data_size(const CnxContainer *self)
{
    return self->size + self->inflated;
}

guint8 *cnx_container_take_data(CnxContainer *self, gsize bytes)
{
    guint8 *data = cnx_strings_take(self->strings, bytes);

    self->inflated += data ? bytes : 0;
    return data;
}

CnxBudget *cnx_container_budget(CnxContainer *self)
{
    return &self->budget;
}

CnxStrings *cnx_container_strings(CnxContainer *self)
{
    return self->strings;
}

CnxWeightSet cnx_container_requested_set(const CnxContainer *self)
{
    return self->requested_set;
}

gboolean cnx_container_fail_count(const char *file, GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                "%s: has more than %d tensors, too many for a ConvNeXt", file, CNX_TENSORS_MAX);
    return FALSE;
}

gboolean cnx_container_add(CnxContainer *self, const CnxTensor *tensor, const char *file,
                           GError **error)
{
    if (self->count == CNX_TENSORS_MAX)
        return cnx_container_fail_count(file, error);
    if (!cnx_grow((gpointer *)&self->tensors, self->count, &self->room, sizeof *tensor,
                  &self->budget)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: not enough memory for its list of tensors", file);
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

const CnxDataset *cnx_container_dataset(const CnxContainer *self)
{
    return &self->dataset;
}

void cnx_container_set_dataset(CnxContainer *self, CnxDataset dataset)
{
    cnx_dataset_clear(&self->dataset);
    self->dataset = dataset;
}
