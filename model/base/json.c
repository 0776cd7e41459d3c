/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/json.h"

#include <math.h>
#include <string.h>

#include "model/base/json_scan.h"
#include "model/base/mapping.h"

#define SIZE_MAX_BYTES (16 << 20)
#define TEXT_SHORT 1000  /* bytes of a string that a message may repeat */
#define VALUES_SHORT 100 /* values of an array or object, likewise */
#define MAX_DIGITS 18    /* of an integer of 64 bits */

static JsonObject *fail_budget(const char *file, gsize size, gsize memory, const CnxBudget *budget,
                               GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                "%s: has so many values in its %" G_GSIZE_FORMAT
                " bytes that reading it takes about %" G_GSIZE_FORMAT
                " bytes of memory, expected at most %" G_GSIZE_FORMAT,
                file, size, memory, budget->left);
    return NULL;
}

/* The UTF-16 unit of the escape \uXXXX at text [left], or -1. */
static int escaped_unit(const char *text, gsize left)
{
    int unit = 0;

    if (left < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++) {
        if (!g_ascii_isxdigit(text[i]))
            return -1;
        unit = unit * 16 + g_ascii_xdigit_value(text[i]);
    }
    return unit;
}

/* text [left]: from a backslash on. Returns the bytes of the escape. */
static gsize repair_escape(char *text, gsize left)
{
    const int unit = escaped_unit(text, left);
    const int next = unit < 0 ? -1 : escaped_unit(text + 6, left - 6);
    const gboolean is_high = unit >= 0xd800 && unit < 0xdc00;

    if (unit < 0)
        return 2;
    if (is_high && next >= 0xdc00 && next < 0xe000)
        return 12; /* a pair */
    if (unit == 0 || (unit >= 0xd800 && unit < 0xe000))
        memcpy(text + 2, "fffd", 4);
    return 6;
}

/* text [left]: from the first digit of a number on. Returns its bytes. */
static gsize repair_number(char *text, gsize left)
{
    gsize length = 0;
    gboolean is_integer = TRUE;

    for (; length < left && (g_ascii_isdigit(text[length]) || strchr(".eE+-", text[length]));
         length++)
        is_integer = is_integer && g_ascii_isdigit(text[length]);
    if (is_integer && length > MAX_DIGITS)
        memcpy(text + length - 2, "e2", 2);
    return length;
}

/* A copy of text [size], valid JSON, that json-glib reads correctly. Half of a surrogate pair and
 * \u0000 become U+FFFD: json-glib copies the former as it is, and ends the string at the latter.
 * Integers of more than MAX_DIGITS digits get an exponent in place of the last two: json-glib takes
 * those of more than 64 bits for a small number. */
static char *repair(const char *text, gsize size)
{
    char *copy = g_malloc(size + 1);
    gboolean is_in_string = FALSE;

    memcpy(copy, text, size);
    copy[size] = '\0';
    for (gsize i = 0; i < size;) {
        if (copy[i] == '\\') {
            i += repair_escape(copy + i, size - i);
        } else if (!is_in_string && g_ascii_isdigit(copy[i])) {
            i += repair_number(copy + i, size - i);
        } else {
            is_in_string ^= copy[i] == '"';
            i++;
        }
    }
    return copy;
}

JsonObject *cnx_json_parse(const char *text, gsize size, CnxBudget *budget, const char *file,
                           GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) cause = NULL;

    if (size > SIZE_MAX_BYTES) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                    "%s: has %" G_GSIZE_FORMAT " bytes, but a config file may have at most %d",
                    file, size, SIZE_MAX_BYTES);
        return NULL;
    }
    gsize at = 0, memory = 0;
    const char *fault = cnx_json_scan(text, size, &at, &memory);
    if (fault) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                    "%s: is not valid JSON: it %s, at byte %" G_GSIZE_FORMAT, file, fault, at);
        return NULL;
    }
    cnx_budget_add_file(budget, size);
    if (!cnx_budget_take(budget, memory))
        return fail_budget(file, size, memory, budget, error);
    g_autofree char *repaired = repair(text, size);
    if (!json_parser_load_from_data(parser, repaired, (gssize)size, &cause)) {
        g_autofree char *what = cnx_quote(cause->message); /* json-glib may quote a long text */

        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: is not valid JSON: %s", file, what);
        return NULL;
    }
    JsonNode *root = json_parser_get_root(parser);
    if (!root || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT, "%s: contains no JSON object", file);
        return NULL;
    }
    return json_node_dup_object(root);
}

JsonObject *cnx_json_load(const char *path, CnxBudget *budget, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);

    if (!g_file_test(path, G_FILE_TEST_EXISTS))
        return NULL;
    g_autoptr(GMappedFile) map = cnx_map_file(path, error);
    if (!map)
        return NULL;
    const char *text = g_mapped_file_get_contents(map); /* NULL for an empty file */
    return cnx_json_parse(text ? text : "", g_mapped_file_get_length(map), budget, file, error);
}

gboolean cnx_json_has(const CnxJson *json, const char *key)
{
    JsonNode *node = json_object_get_member(json->object, key);

    return node && !JSON_NODE_HOLDS_NULL(node);
}

gboolean cnx_json_fail(const CnxJson *json, CnxError code, const char *key, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *what = g_strdup_vprintf(format, args);
    va_end(args);
    if (*key)
        g_set_error(json->error, CNX_ERROR, code, "%s: key \"%s\" %s", json->file, key, what);
    else
        g_set_error(json->error, CNX_ERROR, code, "%s: %s", json->file, what);
    return FALSE;
}

/* Whether the text of the node is short enough to write in full. *left: values. */
static gboolean is_short(JsonNode *node, guint *left)
{
    if (*left == 0)
        return FALSE;
    (*left)--;
    if (JSON_NODE_HOLDS_VALUE(node))
        return json_node_get_value_type(node) != G_TYPE_STRING ||
               strlen(json_node_get_string(node)) < TEXT_SHORT;
    if (JSON_NODE_HOLDS_ARRAY(node)) {
        JsonArray *array = json_node_get_array(node);

        for (guint i = 0; i < json_array_get_length(array); i++)
            if (!is_short(json_array_get_element(array, i), left))
                return FALSE;
    }
    if (JSON_NODE_HOLDS_OBJECT(node)) {
        JsonObjectIter iter;
        JsonNode *member;
        const char *name;

        json_object_iter_init(&iter, json_node_get_object(node));
        while (json_object_iter_next(&iter, &name, &member))
            if (strlen(name) >= TEXT_SHORT || !is_short(member, left))
                return FALSE;
    }
    return TRUE;
}

/* With as few digits as the number needs. */
static char *number_text(double number)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (isinf(number))
        return g_strdup(number > 0 ? "Infinity" : "-Infinity");
    g_ascii_formatd(text, sizeof text, "%.15g", number);
    if (g_ascii_strtod(text, NULL) != number)
        g_ascii_dtostr(text, sizeof text, number);
    return g_strdup(text);
}

/* The node's value as written in the file, for a message. */
static char *node_text(JsonNode *node)
{
    guint left = VALUES_SHORT;

    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_DOUBLE)
        return number_text(json_node_get_double(node));
    if (!is_short(node, &left))
        return g_strdup_printf("a long %s", JSON_NODE_HOLDS_ARRAY(node)    ? "array"
                                            : JSON_NODE_HOLDS_OBJECT(node) ? "object"
                                                                           : "string");
    g_autofree char *text = json_to_string(node, FALSE);
    g_autofree char *quoted = cnx_quote(text);

    quoted[strlen(quoted) - 1] = '\0';
    return g_strdup(quoted + 1);
}

gboolean cnx_json_fail_expected(const CnxJson *json, CnxError code, const char *key,
                                const char *expected)
{
    g_autofree char *text = node_text(json_object_get_member(json->object, key));

    return cnx_json_fail(json, code, key, "is %s, expected %s", text, expected);
}

static gboolean node_number(JsonNode *node, double *value)
{
    GType type = JSON_NODE_HOLDS_VALUE(node) ? json_node_get_value_type(node) : G_TYPE_INVALID;

    if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
        return FALSE;
    *value = json_node_get_double(node);
    return isfinite(*value);
}

static gboolean node_uint(JsonNode *node, guint min, guint max, guint *value)
{
    double number;

    if (!node_number(node, &number) || number < min || number > max || number != floor(number))
        return FALSE;
    *value = number;
    return TRUE;
}

gboolean cnx_json_peek_uint(const CnxJson *json, const char *key, guint min, guint max,
                            guint *value)
{
    return cnx_json_has(json, key) &&
           node_uint(json_object_get_member(json->object, key), min, max, value);
}

gboolean cnx_json_uint(const CnxJson *json, const char *key, guint min, guint max, guint *value)
{
    if (!cnx_json_has(json, key) || cnx_json_peek_uint(json, key, min, max, value))
        return TRUE;
    g_autofree char *expected = g_strdup_printf("an integer from %u to %u", min, max);
    return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, key, expected);
}

gboolean cnx_json_double(const CnxJson *json, const char *key, double min, double max,
                         double *value)
{
    double number;

    if (!cnx_json_has(json, key))
        return TRUE;
    if (node_number(json_object_get_member(json->object, key), &number) && number > min &&
        number <= max) {
        *value = number;
        return TRUE;
    }
    g_autofree char *expected = g_strdup_printf("a number above %g and at most %g", min, max);
    return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, key, expected);
}

gboolean cnx_json_string(const CnxJson *json, const char *key, const char **value)
{
    if (!cnx_json_has(json, key))
        return TRUE;
    JsonNode *node = json_object_get_member(json->object, key);
    if (!JSON_NODE_HOLDS_VALUE(node) || json_node_get_value_type(node) != G_TYPE_STRING)
        return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, key, "a string");
    *value = json_node_get_string(node);
    return TRUE;
}

gboolean cnx_json_truth(const CnxJson *json, const char *key, gboolean fallback)
{
    if (!cnx_json_has(json, key))
        return fallback;
    JsonNode *node = json_object_get_member(json->object, key);
    if (JSON_NODE_HOLDS_OBJECT(node))
        return json_object_get_size(json_node_get_object(node)) > 0;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return json_array_get_length(json_node_get_array(node)) > 0;
    if (json_node_get_value_type(node) == G_TYPE_STRING)
        return *json_node_get_string(node) != '\0';
    if (json_node_get_value_type(node) == G_TYPE_BOOLEAN)
        return json_node_get_boolean(node);
    return json_node_get_double(node) != 0;
}

gboolean cnx_json_uints(const CnxJson *json, const char *key, guint count, guint *values)
{
    if (!cnx_json_has(json, key))
        return TRUE;
    JsonNode *node = json_object_get_member(json->object, key);
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    gboolean ok = array && json_array_get_length(array) == count;

    for (guint i = 0; ok && i < count; i++)
        ok = node_uint(json_array_get_element(array, i), 0, G_MAXINT, &values[i]);
    if (ok)
        return TRUE;
    g_autofree char *expected = g_strdup_printf("an array of %u non-negative integers", count);
    return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, key, expected);
}

gboolean cnx_json_triple(const CnxJson *json, const char *key, double min, float values[3])
{
    if (!cnx_json_has(json, key))
        return TRUE;
    JsonNode *node = json_object_get_member(json->object, key);
    JsonArray *array = JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    guint length = array ? json_array_get_length(array) : 1;
    gboolean ok = length == 1 || length == 3;
    double number;

    for (guint i = 0; ok && i < 3; i++) {
        ok = node_number(array ? json_array_get_element(array, i % length) : node, &number) &&
             number > min && number <= G_MAXFLOAT;
        if (ok)
            values[i] = number;
    }
    return ok || cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, key,
                                        min < 0 ? "three numbers" : "three positive numbers");
}

static gboolean node_in_range(JsonNode *node, CnxJsonRange range, float *value)
{
    double number;

    if (!node_number(node, &number) || number > range.max)
        return FALSE;
    *value = (float)number; /* a tiny number becomes 0 */
    return *value > range.min || (range.has_min && number >= range.min);
}

gboolean cnx_json_floats(const CnxJson *json, const char *key, CnxJsonRange range, guint count,
                         float *values)
{
    if (!cnx_json_has(json, key))
        return TRUE;
    JsonNode *node = json_object_get_member(json->object, key);
    if (!JSON_NODE_HOLDS_ARRAY(node)) {
        float value;

        if (!node_in_range(node, range, &value)) {
            g_autofree char *expected =
                count == 1
                    ? g_strdup(range.text)
                    : g_strdup_printf("%s, or an array of %u such numbers", range.text, count);

            return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, key, expected);
        }
        for (guint i = 0; i < count; i++)
            values[i] = value;
        return TRUE;
    }
    JsonArray *array = json_node_get_array(node);
    const guint length = json_array_get_length(array);
    if (length != count)
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                             "is an array of %u, expected %u numbers or a single one", length,
                             count);
    for (guint i = 0; i < count; i++) {
        JsonNode *element = json_array_get_element(array, i);

        if (!node_in_range(element, range, &values[i])) {
            g_autofree char *text = node_text(element);

            return cnx_json_fail(json, CNX_ERROR_CORRUPT, key, "has %s at index %u, expected %s",
                                 text, i, range.text);
        }
    }
    return TRUE;
}

gboolean cnx_json_word(const CnxJson *json, const char *key, const CnxJsonWord *words, guint count,
                       int *value)
{
    const char *word = NULL;

    if (!cnx_json_string(json, key, &word))
        return FALSE;
    if (!word)
        return TRUE;
    for (guint i = 0; i < count; i++)
        if (!strcmp(word, words[i].word)) {
            *value = words[i].number;
            return TRUE;
        }
    g_autoptr(GString) list = g_string_new("one of");
    for (guint i = 0; i < count; i++)
        g_string_append_printf(list, "%s \"%s\"", i ? "," : "", words[i].word);
    return cnx_json_fail_expected(json, CNX_ERROR_UNSUPPORTED, key, list->str);
}

JsonObject *cnx_json_child(const CnxJson *json, const char *key)
{
    JsonNode *node = json_object_get_member(json->object, key);

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}
