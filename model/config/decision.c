/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/decision.h"

#include <string.h>

#include "model/base/text.h"

static const char temperature_key[] = "temperature";
static const char threshold_key[] = "threshold";
static const char rest_key[] = "rest_class";

void cnx_decision_clear(CnxDecision *decision)
{
    g_clear_pointer(&decision->temperature, g_free);
    g_clear_pointer(&decision->threshold, g_free);
    decision->rest_class = CNX_NO_CLASS;
}

char *cnx_decision_text(const float *values, guint classes)
{
    GString *text = g_string_new(NULL);
    gboolean differ = FALSE;

    for (guint i = 1; i < classes; i++)
        differ |= values[i] != values[0];
    for (guint i = 0; i < (differ ? classes : 1); i++) {
        char number[G_ASCII_DTOSTR_BUF_SIZE];

        g_ascii_formatd(number, sizeof number, "%.6g", (double)values[i]);
        g_string_append_printf(text, i ? " %s" : "%s", number);
    }
    return g_string_free(text, FALSE);
}

/* Reads a number for each class. is_single: the file has one number for all of them, not an array.
 * An absent key leaves *values NULL. */
static gboolean read_numbers(const CnxJson *json, const char *key, CnxJsonRange range,
                             guint classes, gboolean is_single, float **values)
{
    if (!cnx_json_has(json, key))
        return TRUE;
    if (!cnx_budget_take(json->budget, classes * sizeof **values))
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                             "has %u numbers, one for each class, which take more memory than a "
                             "file of this size may",
                             classes);
    g_autofree float *numbers = g_new(float, classes);
    if (!cnx_json_floats(json, key, range, is_single ? 1 : classes, numbers))
        return FALSE;
    for (guint i = 1; is_single && i < classes; i++)
        numbers[i] = numbers[0];
    *values = g_steal_pointer(&numbers);
    return TRUE;
}

/* transformers 4 writes "temperature": 1.0, of text generation, where it writes all keys. */
static gboolean is_neutral(const CnxJson *json, const char *key)
{
    JsonNode *node = json_object_get_member(json->object, key);

    return !strcmp(key, temperature_key) && JSON_NODE_HOLDS_VALUE(node) &&
           json_node_get_value_type(node) != G_TYPE_BOOLEAN && json_node_get_double(node) == 1;
}

static gboolean check_kind(const CnxJson *json, const char *key, CnxScoreKind kind)
{
    if (!cnx_json_has(json, key) || kind == CNX_SCORES_SIGMOID)
        return TRUE;
    if (kind == CNX_SCORES_NONE)
        return is_neutral(json, key) ||
               cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                             "is about scores, but the outputs are values (\"problem_type\" is "
                             "\"regression\")");
    return !strcmp(key, temperature_key) ||
           cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                         "is for independent classes (\"problem_type\" "
                         "\"multi_label_classification\"), but these exclude each other (softmax)");
}

/* Softmax divides all logits by one number. */
static gboolean check_single(const CnxJson *json, const char *key)
{
    JsonNode *node = json_object_get_member(json->object, key);

    return !node || !JSON_NODE_HOLDS_ARRAY(node) ||
           cnx_json_fail(json, CNX_ERROR_CORRUPT, key,
                         "is an array, expected one number for all classes, because they exclude "
                         "each other (softmax)");
}

static gboolean fail_rest_class(const CnxJson *json, guint classes, char *const *labels)
{
    g_autofree char *expected =
        g_strdup_printf(labels ? "one of the labels or an index from 0 to %u"
                               : "an index from 0 to %u, because the file names no classes",
                        classes - 1);

    return cnx_json_fail_expected(json, CNX_ERROR_CORRUPT, rest_key, expected);
}

static gboolean find_label(const CnxJson *json, const char *name, guint classes,
                           char *const *labels, int *found)
{
    g_autofree char *label = cnx_printable(name, -1);
    g_autofree char *quoted = cnx_quote(label);
    guint count = 0;

    for (guint i = 0; labels && i < classes; i++)
        if (!strcmp(labels[i], label)) {
            *found = (int)i;
            count++;
        }
    if (count == 0)
        return fail_rest_class(json, classes, labels);
    return count == 1 ||
           cnx_json_fail(json, CNX_ERROR_CORRUPT, rest_key,
                         "is %s, the label of %u classes, expected an index from 0 to %u", quoted,
                         count, classes - 1);
}

static gboolean read_rest_class(const CnxJson *json, guint classes, char *const *labels, int *found)
{
    JsonNode *node = json_object_get_member(json->object, rest_key);
    guint index;

    if (!cnx_json_has(json, rest_key))
        return TRUE;
    if (!cnx_json_has(json, threshold_key))
        return cnx_json_fail(json, CNX_ERROR_CORRUPT, rest_key,
                             "needs the key \"%s\", which says when the other classes are present",
                             threshold_key);
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
        return find_label(json, json_node_get_string(node), classes, labels, found);
    if (!cnx_json_peek_uint(json, rest_key, 0, classes - 1, &index))
        return fail_rest_class(json, classes, labels);
    *found = (int)index;
    return TRUE;
}

gboolean cnx_decision_read(CnxDecision *decision, const CnxJson *json, CnxScoreKind kind,
                           guint classes, char *const *labels)
{
    static const CnxJsonRange positive = {0, FALSE, G_MAXFLOAT, "a positive float32 number"};
    static const CnxJsonRange probability = {0, TRUE, 1, "a number from 0 to 1"};

    return check_kind(json, temperature_key, kind) && check_kind(json, threshold_key, kind) &&
           check_kind(json, rest_key, kind) &&
           (kind != CNX_SCORES_SOFTMAX || check_single(json, temperature_key)) &&
           (kind == CNX_SCORES_NONE ||
            (read_numbers(json, temperature_key, positive, classes, kind == CNX_SCORES_SOFTMAX,
                          &decision->temperature) &&
             read_numbers(json, threshold_key, probability, classes, FALSE, &decision->threshold) &&
             read_rest_class(json, classes, labels, &decision->rest_class)));
}
