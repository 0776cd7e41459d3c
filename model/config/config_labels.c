/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/config_labels.h"

#include <string.h>

typedef struct Numbered {
    guint64 number;
    JsonNode *name; /* borrowed */
} Numbered;

static int by_number(gconstpointer a, gconstpointer b)
{
    const Numbered *x = a, *y = b;

    return x->number < y->number ? -1 : x->number > y->number;
}

/* The member's names in the order of the classes; NULL with error. */
static GArray *collect(const CnxJson *json, const char *key)
{
    JsonNode *node = json_object_get_member(json->object, key);
    GArray *names = g_array_new(FALSE, FALSE, sizeof(Numbered));

    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(array); i++) {
            Numbered entry = {i, json_array_get_element(array, i)};

            g_array_append_val(names, entry);
        }
        return names;
    }
    if (!JSON_NODE_HOLDS_OBJECT(node)) {
        cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "is neither a list nor an object");
        goto failed;
    }
    JsonObjectIter iter;
    const char *member;
    Numbered entry;
    json_object_iter_init(&iter, json_node_get_object(node));
    while (json_object_iter_next(&iter, &member, &entry.name)) {
        if (!g_ascii_string_to_unsigned(member, 10, 0, G_MAXUINT32, &entry.number, NULL)) {
            g_autofree char *quoted = cnx_quote(member);

            cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "has an entry %s, expected class numbers",
                          quoted);
            goto failed;
        }
        g_array_append_val(names, entry);
    }
    g_array_sort(names, by_number);
    return names;
failed:
    g_array_unref(names);
    return NULL;
}

static char *label_text(JsonNode *node, JsonObject *descriptions)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    if (type != G_TYPE_STRING && type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return NULL;
    g_autofree char *name =
        type == G_TYPE_STRING ? json_node_dup_string(node) : json_to_string(node, FALSE);
    const char *text =
        descriptions ? json_object_get_string_member_with_default(descriptions, name, name) : name;
    return g_strdup(text);
}

/* "LABEL_0", "LABEL_1", ...: what transformers writes where nobody named the classes. */
static gboolean are_numbers(const GPtrArray *texts)
{
    for (guint i = 0; i < texts->len; i++) {
        char name[24];

        g_snprintf(name, sizeof name, "LABEL_%u", i);
        if (strcmp(texts->pdata[i], name))
            return FALSE;
    }
    return TRUE;
}

gboolean cnx_config_read_labels(const CnxJson *json, const char *key, JsonObject *descriptions,
                                guint count, char ***labels)
{
    if (!cnx_json_has(json, key))
        return TRUE;
    g_autoptr(GArray) names = collect(json, key);
    if (!names)
        return FALSE;
    if (names->len != count)
        return cnx_json_fail(json, CNX_ERROR_MISMATCH, key,
                             "names %u classes, the weights have %u outputs", names->len, count);

    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < count; i++) {
        const Numbered *entry = &g_array_index(names, Numbered, i);
        char *text = label_text(entry->name, descriptions);

        if (!text)
            return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                                 "has an entry %" G_GUINT64_FORMAT
                                 " that is neither a string nor a number",
                                 entry->number);
        g_ptr_array_add(texts, text);
    }
    if (are_numbers(texts))
        return TRUE;
    g_ptr_array_add(texts, NULL);
    g_strfreev(*labels);
    *labels = (char **)g_ptr_array_free(g_steal_pointer(&texts), FALSE);
    return TRUE;
}
