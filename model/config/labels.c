/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/labels.h"

#include <string.h>

#include "model/base/text.h"

#define LABEL_MAX 4096 /* bytes */
#define LABEL_BYTES 96 /* of memory for each label, not counting its text */

/* Config files */

typedef struct Numbered {
    guint64 number;
    JsonNode *name; /* borrowed */
} Numbered;

static int by_number(gconstpointer a, gconstpointer b)
{
    const Numbered *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* Returns the member's names in the order of their numbers, or NULL with error. */
static GArray *collect_names(const CnxJson *json, const char *key)
{
    g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(Numbered));
    JsonNode *node = json_object_get_member(json->object, key);

    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(array); i++) {
            Numbered entry = {i, json_array_get_element(array, i)};

            g_array_append_val(names, entry);
        }
        return g_steal_pointer(&names);
    }
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "is neither an array nor an object");
        return NULL;
    }
    JsonObjectIter iter;
    const char *member;
    Numbered entry;
    json_object_iter_init(&iter, json_node_get_object(node));
    while (json_object_iter_next(&iter, &member, &entry.name)) {
        if (!g_ascii_string_to_unsigned(member, 10, 0, G_MAXUINT32, &entry.number, NULL)) {
            g_autofree char *quoted = cnx_quote(member);

            cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "has the entry %s, expected a class number",
                          quoted);
            return NULL;
        }
        g_array_append_val(names, entry);
    }
    g_array_sort(names, by_number);
    return g_steal_pointer(&names);
}

/* The text under name, or name if there is none or it is not a string. */
static const char *describe(JsonObject *descriptions, const char *name)
{
    JsonNode *node = descriptions ? json_object_get_member(descriptions, name) : NULL;
    const gboolean string =
        node && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING;

    return string ? json_node_get_string(node) : name;
}

/* NULL for any other kind of value. */
static char *label_text(JsonNode *node, JsonObject *descriptions)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    if (type != G_TYPE_STRING && type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return NULL;
    g_autofree char *name =
        type == G_TYPE_STRING ? json_node_dup_string(node) : json_to_string(node, FALSE);
    const char *text = describe(descriptions, name);
    return cnx_printable(text, (gssize)strnlen(text, LABEL_MAX + 1));
}

/* Whether the names are "LABEL_0", "LABEL_1", ..., transformers' placeholders. */
static gboolean are_placeholders(const GPtrArray *texts)
{
    for (guint i = 0; i < texts->len; i++) {
        char name[24];

        g_snprintf(name, sizeof name, "LABEL_%u", i);
        if (strcmp(texts->pdata[i], name))
            return FALSE;
    }
    return TRUE;
}

gboolean cnx_labels_read_json(const CnxJson *json, const char *key, JsonObject *descriptions,
                              guint count, char ***labels)
{
    if (!cnx_json_has(json, key))
        return TRUE;
    g_autoptr(GArray) names = collect_names(json, key);
    if (!names)
        return FALSE;
    if (names->len != count)
        return cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                             "names %u classes, but the weights have %u outputs", names->len,
                             count);

    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < count; i++) {
        const Numbered *entry = &g_array_index(names, Numbered, i);
        char *text = label_text(entry->name, descriptions);

        if (!text)
            return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                                 "has neither a string nor a number for class %" G_GUINT64_FORMAT,
                                 entry->number);
        g_ptr_array_add(texts, text);
        if (strlen(text) > LABEL_MAX)
            return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                                 "has a name of more than %d bytes for class %" G_GUINT64_FORMAT,
                                 LABEL_MAX, entry->number);
        if (!cnx_budget_take(json->budget, LABEL_BYTES + strlen(text)))
            return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                                 "has names that take more memory than a file of this size may");
    }
    if (are_placeholders(texts))
        return TRUE;
    g_ptr_array_add(texts, NULL);
    g_strfreev(*labels);
    *labels = (char **)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
    return TRUE;
}

/* ImageNet's lists, which pipelines/imagenet-labels.sh installs */

static const struct {
    guint classes;
    const char *file;
} lists[] = {
    {1000, "imagenet-1k.txt"},
    {11821, "imagenet-12k.txt"},
    {21841, "imagenet-22k.txt"},
};

static char *list_path(const char *folder, guint i)
{
    return g_build_filename(folder, "gst-convnext", lists[i].file, NULL);
}

char **cnx_labels_imagenet(guint count, GError **error)
{
    const char *const *folders = g_get_system_data_dirs();
    guint i = 0;

    while (i < G_N_ELEMENTS(lists) && lists[i].classes != count)
        i++;
    if (i == G_N_ELEMENTS(lists))
        return NULL;
    for (const char *folder = g_get_user_data_dir(); folder; folder = *folders++) {
        g_autofree char *path = list_path(folder, i);

        if (g_file_test(path, G_FILE_TEST_EXISTS)) {
            g_debug("%s: provides the class names, which the model's own files lack", path);
            return cnx_labels_read(path, count, error);
        }
    }
    return NULL;
}

char **cnx_labels_imagenet_files(void)
{
    const char *const *folders = g_get_system_data_dirs();
    g_autoptr(GPtrArray) files = g_ptr_array_new();

    for (const char *folder = g_get_user_data_dir(); folder; folder = *folders++)
        for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
            g_ptr_array_add(files, list_path(folder, i));
    g_ptr_array_add(files, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&files), FALSE);
}
