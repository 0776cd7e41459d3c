/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/shards.h"

#include <stdlib.h>
#include <string.h>

#include "model/base/json.h"

#define FILES_MAX 1000
#define NAME_MAX_BYTES 255 /* of a file; no file system allows more */

struct CnxShards {
    JsonObject *index;
    JsonObject *map; /* borrowed from index: tensor -> file */
    GPtrArray *files;
};

gboolean cnx_shards_is_index(const char *path)
{
    return g_str_has_suffix(path, ".index.json");
}

/* Accepts names of files in the folder of the index only, not paths. */
static gboolean is_plain_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if (g_ascii_iscntrl(*c))
            return FALSE;
    return *name && *name != '.' && !strpbrk(name, "/\\") && strlen(name) <= NAME_MAX_BYTES;
}

static int compare_paths(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static gboolean collect_files(CnxShards *self, const CnxJson *json, const char *folder)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    JsonObjectIter iter;
    const char *tensor;
    JsonNode *node;

    self->map = cnx_json_child(json, "weight_map");
    if (!self->map || json_object_get_size(self->map) == 0)
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, "weight_map",
                             "must be an object that maps each tensor to a file");
    json_object_iter_init(&iter, self->map);
    while (json_object_iter_next(&iter, &tensor, &node)) {
        gboolean text =
            JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;
        const char *name = text ? json_node_get_string(node) : "";

        if (!is_plain_name(name)) {
            g_autofree char *quoted = cnx_quote(tensor);

            return cnx_json_fail(json, CNX_ERROR_CORRUPT, "weight_map",
                                 "maps tensor %s to a value that is not the name of a file in the "
                                 "same folder",
                                 quoted);
        }
        if (g_hash_table_add(seen, (gpointer)name))
            g_ptr_array_add(self->files, g_build_filename(folder, name, NULL));
        if (self->files->len > FILES_MAX)
            return cnx_json_fail(json, CNX_ERROR_CORRUPT, "weight_map", "names more than %d files",
                                 FILES_MAX);
    }
    g_ptr_array_sort(self->files, compare_paths);
    g_ptr_array_add(self->files, NULL);
    return TRUE;
}

CnxShards *cnx_shards_read(const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *file = g_filename_display_name(path), *folder = g_path_get_dirname(path);
    CnxBudget budget = {CNX_BUDGET_FIXED};
    JsonObject *index = cnx_json_load(path, &budget, &cause);

    if (!index) {
        if (cause)
            g_propagate_error(error, g_steal_pointer(&cause));
        else
            g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_FOUND, "%s: does not exist", file);
        return NULL;
    }
    g_autoptr(CnxShards) self = g_new0(CnxShards, 1);
    const CnxJson json = {index, file, error, &budget};
    self->index = index;
    self->files = g_ptr_array_new_with_free_func(g_free);
    return collect_files(self, &json, folder) ? g_steal_pointer(&self) : NULL;
}

void cnx_shards_free(CnxShards *self)
{
    if (!self)
        return;
    g_ptr_array_unref(self->files);
    json_object_unref(self->index);
    g_free(self);
}

char *const *cnx_shards_files(const CnxShards *self)
{
    return (char *const *)self->files->pdata;
}

static int compare_name(const void *name, const void *tensor)
{
    return strcmp(name, ((const CnxTensor *)tensor)->name);
}

gboolean cnx_shards_check(const CnxShards *self, const CnxTensor *tensors, gsize count,
                          const char *file, GError **error)
{
    JsonObjectIter iter;
    const char *name;
    JsonNode *node;

    json_object_iter_init(&iter, self->map);
    while (json_object_iter_next(&iter, &name, &node)) {
        if (count && bsearch(name, tensors, count, sizeof *tensors, compare_name))
            continue;
        g_autofree char *quoted = cnx_quote(name);
        return cnx_corrupt(error, file, "maps tensor %s to %s, but no shard has that tensor",
                           quoted, json_node_get_string(node));
    }
    return TRUE;
}
