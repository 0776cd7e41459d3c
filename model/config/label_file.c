/* Files of labels: text and JSON.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/base/mapping.h"
#include "model/config/label_lines.h"
#include "model/config/label_names.h"
#include "model/config/labels.h"

#define LABEL_BYTES 96 /* of memory for each label, not counting its text */
#define LABELS_FIXED ((gsize)8 << 20)
#define SIZE_MAX_BYTES (16 << 20)
#define KEY "labels" /* stands for the missing key of a bare array */

/* Keras' file of ImageNet's classes pairs each name with its WordNet id. */
static JsonNode *name_of_pair(JsonNode *node)
{
    JsonArray *pair = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;

    if (!pair || json_array_get_length(pair) != 2)
        return node;
    JsonNode *id = json_array_get_element(pair, 0);
    const char *text = JSON_NODE_HOLDS_VALUE(id) ? json_node_get_string(id) : NULL;
    const gboolean wordnet =
        text && *text == 'n' && strlen(text) == 9 && strspn(text + 1, "0123456789") == 8;
    return wordnet ? json_array_get_element(pair, 1) : node;
}

static gboolean is_number(const char *text, guint64 *number)
{
    return g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, number, NULL);
}

static gboolean node_is_number(JsonNode *node, guint64 *number)
{
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_INT64 ||
        json_node_get_int(node) < 0)
        return FALSE;
    *number = (guint64)json_node_get_int(node);
    return TRUE;
}

/* Which sides of an object's members are numbers */
typedef struct Sides {
    gboolean keys, values, equal;
} Sides;

static Sides sides_of(JsonObject *object)
{
    Sides sides = {TRUE, TRUE, TRUE};
    JsonObjectIter iter;
    const char *key;
    JsonNode *value;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &key, &value)) {
        guint64 left = 0, right = 0;

        sides.keys &= is_number(key, &left);
        sides.values &= node_is_number(value, &right);
        sides.equal &= left == right;
    }
    return sides;
}

static JsonNode *string_node(const char *text)
{
    return json_node_init_string(json_node_alloc(), text);
}

/* Puts the names of an object, whose keys or values are class numbers, at places [count] by number
 * minus first. Returns FALSE if a number is out of range or occurs twice; *stray is then that
 * number. */
static gboolean place_names(JsonObject *object, gboolean by_key, guint first, guint count,
                            JsonNode **places, guint64 *stray)
{
    JsonObjectIter iter;
    const char *key;
    JsonNode *value;

    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &key, &value)) {
        guint64 number = 0;

        if (by_key)
            is_number(key, &number);
        else
            node_is_number(value, &number);
        *stray = number;
        if (number < first || number - first >= count || places[number - first])
            return FALSE;
        places[number - first] = by_key ? json_node_copy(name_of_pair(value)) : string_node(key);
    }
    return TRUE;
}

static void free_places(JsonNode **places, guint count)
{
    for (guint i = 0; i < count; i++)
        g_clear_pointer(&places[i], json_node_unref);
}

/* Returns the object's names in the order of their numbers, which begin at 0 or 1, or NULL. */
static JsonArray *array_of_object(const CnxJson *json, const char *key, JsonObject *object,
                                  guint count)
{
    const guint size = json_object_get_size(object);
    const Sides sides = sides_of(object);

    if (!sides.keys && !sides.values) {
        cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                      "is an object, expected class numbers as its keys or as its values");
        return NULL;
    }
    if (sides.keys && sides.values && !sides.equal) {
        cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                      "maps numbers to other numbers, expected names on one side");
        return NULL;
    }
    if (size != count) {
        cnx_json_fail(json, CNX_ERROR_MISMATCH, key, "names %u classes, but the model has %u", size,
                      count);
        return NULL;
    }
    g_autofree JsonNode **places = g_new0(JsonNode *, count);
    guint64 stray = 0, ignored;
    gboolean ok = place_names(object, sides.keys, 0, count, places, &stray);
    if (!ok) {
        free_places(places, count);
        ok = place_names(object, sides.keys, 1, count, places, &ignored);
    }
    JsonArray *array = ok ? json_array_sized_new(count) : NULL;
    for (guint i = 0; ok && i < count; i++)
        json_array_add_element(array, g_steal_pointer(&places[i]));
    if (!ok) {
        free_places(places, count);
        cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                      "has the class number %" G_GUINT64_FORMAT
                      ", expected each number from 0 to %u, or from 1 to %u, once",
                      stray, count - 1, count);
    }
    return array;
}

static JsonNode *find_list(JsonObject *object, const char **key)
{
    static const char *const keys[] = {"id2label", "label2id", "label_names",
                                       "labels",   "names",    "classes"};

    for (guint i = 0; i < G_N_ELEMENTS(keys); i++) {
        JsonNode *node = json_object_get_member(object, keys[i]);

        if (node && (JSON_NODE_HOLDS_OBJECT(node) || JSON_NODE_HOLDS_ARRAY(node))) {
            *key = keys[i];
            return node;
        }
    }
    return NULL;
}

/* is_bare: the file is an array. *labels is NULL on entry. */
static gboolean read_object(const CnxJson *json, gboolean is_bare, guint count, char ***labels)
{
    const char *key = "";
    JsonNode *list = find_list(json->object, &key);
    g_autoptr(JsonObject) ordered = json_object_new();
    const CnxJson inner = {ordered, json->file, json->error, json->budget};

    if (is_bare)
        key = "";
    if (list && JSON_NODE_HOLDS_ARRAY(list)) {
        json_object_set_array_member(ordered, key, json_array_ref(json_node_get_array(list)));
    } else {
        JsonObject *object = list ? json_node_get_object(list) : json->object;
        JsonArray *array = array_of_object(json, key, object, count);

        if (!array)
            return FALSE;
        json_object_set_array_member(ordered, key, array);
    }
    if (!cnx_labels_read_json(&inner, key, NULL, count, labels))
        return FALSE;
    return *labels || cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                                    "has only the placeholders LABEL_0 to LABEL_%u, expected names",
                                    count - 1);
}

/* The object of text, which may be a bare array instead; its list is then under KEY. NULL without
 * error if the text is not JSON, but lines. */
static JsonObject *parse_json(const char *text, CnxBudget *budget, const char *file, GError **error)
{
    g_autofree char *bare = g_strstrip(g_strdup(text));
    const gsize length = strlen(bare);

    if (*bare == '{')
        return cnx_json_parse(bare, length, budget, file, error);
    if (*bare != '[' || bare[length - 1] != ']')
        return NULL;
    g_autofree char *whole = g_strconcat("{\"" KEY "\":", bare, "}", NULL);
    return cnx_json_parse(whole, strlen(whole), budget, file, NULL); /* a label may have brackets */
}

char **cnx_labels_parse(const char *text, gsize size, guint count, const char *file, GError **error)
{
    g_autoptr(GError) cause = NULL;
    g_auto(GStrv) labels = NULL;

    if (size > SIZE_MAX_BYTES) {
        cnx_corrupt(error, file,
                    "has %" G_GSIZE_FORMAT " bytes, but a labels file may have at most %d", size,
                    SIZE_MAX_BYTES);
        return NULL;
    }
    CnxBudget budget = {LABELS_FIXED};
    cnx_budget_add_file(&budget, size);
    if (!cnx_budget_take(&budget, (gsize)count * LABEL_BYTES + size)) {
        cnx_corrupt(error, file, "has %u labels in %" G_GSIZE_FORMAT " bytes, too many", count,
                    size);
        return NULL;
    }
    g_autofree char *utf8 = cnx_text_decode(text, size, file, error);
    if (!utf8)
        return NULL;
    g_autoptr(JsonObject) object = parse_json(utf8, &budget, file, &cause);
    if (cause) {
        g_propagate_error(error, g_steal_pointer(&cause));
        return NULL;
    }
    if (!object)
        return cnx_label_lines(utf8, count, file, error);
    const CnxJson json = {object, file, error, &budget};
    const gboolean is_bare = *g_strchug(utf8) == '[';
    return read_object(&json, is_bare, count, &labels) ? g_steal_pointer(&labels) : NULL;
}

char **cnx_labels_read(const char *path, guint count, GError **error)
{
    if (g_file_test(path, G_FILE_TEST_IS_DIR))
        return cnx_label_folders(path, count, error);
    if (strchr(path, ',') && !g_file_test(path, G_FILE_TEST_EXISTS))
        return cnx_label_list(path, count, error);

    g_autoptr(GMappedFile) map = cnx_map_file(path, error);
    g_autofree char *file = g_filename_display_name(path);

    if (!map)
        return NULL;
    const char *text = g_mapped_file_get_contents(map); /* NULL for an empty file */
    return cnx_labels_parse(text ? text : "", g_mapped_file_get_length(map), count, file, error);
}
