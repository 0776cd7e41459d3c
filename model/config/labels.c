/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/labels.h"

#include <string.h>

#include "model/base/mapping.h"

#define SIZE_MAX_BYTES (16 << 20)
#define LABEL_MAX 4096 /* bytes */
#define LABEL_BYTES 96 /* of memory for each label, not counting its text */
#define LABELS_FIXED ((gsize)8 << 20)

/* Text files */

static guint count_lines(const char *text, gsize size)
{
    guint lines = size > 0 && text[size - 1] != '\n';

    for (gsize i = 0; i < size; i++)
        lines += text[i] == '\n';
    return lines;
}

/* Returns the next line without surrounding blanks and moves *text past it. */
static char *next_label(const char **text, const char *end)
{
    const char *newline = memchr(*text, '\n', (gsize)(end - *text));
    const char *from = *text, *to = newline ? newline : end;

    *text = newline ? newline + 1 : end;
    while (from < to && g_ascii_isspace(*from))
        from++;
    while (from < to && g_ascii_isspace(to[-1]))
        to--;
    return g_strndup(from, MIN((gsize)(to - from), LABEL_MAX + 1));
}

/* *labels is NULL on entry; the caller frees it even on failure. */
static gboolean parse_lines(char ***labels, const char *text, gsize size, guint count,
                            const char *file, GError **error)
{
    static const char mark[] = "\xef\xbb\xbf"; /* byte order mark, which some editors write */
    const char *end = text + size;

    if (size >= 3 && !memcmp(text, mark, 3))
        text += 3;
    const guint lines = count_lines(text, (gsize)(end - text));
    if (lines != count) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_MISMATCH,
                    "%s: has %u labels, but the model has %u classes", file, lines, count);
        return FALSE;
    }
    CnxBudget budget = {LABELS_FIXED};
    cnx_budget_add_file(&budget, size);
    if (!cnx_budget_take(&budget, (gsize)count * LABEL_BYTES + size))
        return cnx_corrupt(error, file, "has %u labels in %" G_GSIZE_FORMAT " bytes, too many",
                           count, size);
    *labels = g_new0(char *, count + 1);
    for (guint i = 0; i < count; i++) {
        char *label = (*labels)[i] = next_label(&text, end);

        if (!*label)
            return cnx_corrupt(error, file, "line %u is empty, expected a label", i + 1);
        if (strlen(label) > LABEL_MAX)
            return cnx_corrupt(error, file, "line %u is longer than %d bytes", i + 1, LABEL_MAX);
    }
    return TRUE;
}

char **cnx_labels_parse(const char *text, gsize size, guint count, const char *file, GError **error)
{
    g_auto(GStrv) labels = NULL;
    gboolean ok;

    if (size > SIZE_MAX_BYTES)
        ok = cnx_corrupt(error, file,
                         "has %" G_GSIZE_FORMAT " bytes, but a labels file may have at most %d",
                         size, SIZE_MAX_BYTES);
    else if (!g_utf8_validate_len(text, size, NULL))
        ok = cnx_corrupt(error, file, "is not UTF-8 text");
    else
        ok = parse_lines(&labels, text, size, count, file, error);
    return ok ? g_steal_pointer(&labels) : NULL;
}

char **cnx_labels_read(const char *path, guint count, GError **error)
{
    g_autoptr(GMappedFile) map = cnx_map_file(path, error);
    g_autofree char *file = g_filename_display_name(path);

    if (!map)
        return NULL;
    const char *text = g_mapped_file_get_contents(map); /* NULL for an empty file */
    return cnx_labels_parse(text ? text : "", g_mapped_file_get_length(map), count, file, error);
}

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

/* NULL for any other kind of value. */
static char *label_text(JsonNode *node, JsonObject *descriptions)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    if (type != G_TYPE_STRING && type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return NULL;
    g_autofree char *number = type == G_TYPE_STRING ? NULL : json_to_string(node, FALSE);
    const char *name = number ? number : json_node_get_string(node);
    const char *text =
        descriptions ? json_object_get_string_member_with_default(descriptions, name, name) : name;
    return g_strndup(text, strnlen(text, LABEL_MAX + 1)); /* g_strndup allocates its limit */
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
