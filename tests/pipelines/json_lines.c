/* Checks the output of convnextpublish: every line is a JSON object with the documented fields.
 *
 *   json-lines FILE LINES    LINES: the expected number, or 0 for one or more
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition, ...) \
    if (!(condition))         \
    return g_strdup_printf(__VA_ARGS__)

/* Checks, which return NULL or a description of the problem */

static char *check_number(JsonObject *object, const char *key, gint64 least)
{
    JsonNode *node = json_object_get_member(object, key);

    CHECK(node && json_node_get_value_type(node) == G_TYPE_INT64, "\"%s\" is not an integer", key);
    CHECK(json_node_get_int(node) >= least, "\"%s\" is below %" G_GINT64_FORMAT, key, least);
    return NULL;
}

/* A label and a score from 0 to 1. */
static char *check_label(JsonObject *klass, const char *score_key, guint i)
{
    double score = json_object_get_double_member_with_default(klass, score_key, NAN);
    char *wrong = check_number(klass, "index", 0);

    if (wrong)
        return wrong;
    CHECK(json_object_get_string_member_with_default(klass, "label", NULL), "class %u has no label",
          i);
    CHECK(score >= 0 && score <= 1, "%s %u is %g", score_key, i, score);
    return NULL;
}

/* A box: [x, y, width, height] */
static char *check_box(JsonObject *holder, guint i)
{
    JsonNode *node = json_object_get_member(holder, "box");

    CHECK(node && JSON_NODE_HOLDS_ARRAY(node) &&
              json_array_get_length(json_node_get_array(node)) == 4,
          "box %u is not four numbers", i);
    return NULL;
}

/* Labels with boxes, of a segmentation or of detected objects; there may be none. */
static char *check_places(JsonObject *holder, const char *key, const char *score_key)
{
    JsonNode *node = json_object_get_member(holder, key);
    JsonArray *places;
    char *wrong = NULL;

    CHECK(node && JSON_NODE_HOLDS_ARRAY(node), "\"%s\" is not an array", key);
    places = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(places) && !wrong; i++) {
        JsonObject *place = json_array_get_object_element(places, i);

        wrong = check_label(place, score_key, i);
        if (!wrong)
            wrong = check_box(place, i);
    }
    return wrong;
}

static char *check_segmentation(JsonObject *line)
{
    JsonObject *segmentation = json_object_get_object_member(line, "segmentation");
    char *wrong;

    if ((wrong = check_number(segmentation, "width", 1)) ||
        (wrong = check_number(segmentation, "height", 1)))
        return wrong;
    return check_places(segmentation, "classes", "share");
}

static char *check_classes(JsonObject *line)
{
    JsonNode *node = json_object_get_member(line, "classes");
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL); /* indices + 1 */
    JsonArray *classes;
    char *wrong;

    CHECK(node && JSON_NODE_HOLDS_ARRAY(node), "\"classes\" is not an array");
    classes = json_node_get_array(node);
    CHECK(json_array_get_length(classes) > 0, "\"classes\" is empty");
    for (guint i = 0; i < json_array_get_length(classes); i++) {
        JsonObject *klass = json_array_get_object_element(classes, i);

        if ((wrong = check_label(klass, "score", i)))
            return wrong;
        /* Scores may rise: the order also depends on the thresholds of the model. */
        gint64 index = json_object_get_int_member(klass, "index");
        CHECK(g_hash_table_add(seen, GINT_TO_POINTER((int)index + 1)),
              "class %" G_GINT64_FORMAT " appears twice", index);
    }
    return NULL;
}

/* What was found: a segmentation, detected objects or classes. */
static char *check_findings(JsonObject *line)
{
    if (json_object_has_member(line, "segmentation"))
        return check_segmentation(line);
    if (json_object_has_member(line, "objects"))
        return check_places(line, "objects", "score");
    return check_classes(line);
}

static char *check_times(JsonObject *line)
{
    JsonNode *node = json_object_get_member(line, "ms");
    JsonObject *ms;

    CHECK(node && JSON_NODE_HOLDS_OBJECT(node), "\"ms\" is not an object");
    ms = json_node_get_object(node);
    CHECK(json_object_get_double_member_with_default(ms, "preprocess", -1) > 0,
          "\"preprocess\" is not a time");
    CHECK(json_object_get_double_member_with_default(ms, "inference", -1) > 0,
          "\"inference\" is not a time");
    return NULL;
}

/* Frame numbers of a stream increase; a frame may have a line for each of its objects. frames:
 * stream
 * -> number of the last frame + 1. */
static char *check_order(JsonObject *line, GHashTable *frames)
{
    const char *stream = json_object_get_string_member_with_default(line, "stream", "");
    gint64 frame = json_object_get_int_member(line, "frame");
    gint64 next = (gint64)(gintptr)g_hash_table_lookup(frames, stream);

    CHECK(frame >= next - json_object_has_member(line, "object"),
          "frame %" G_GINT64_FORMAT " comes after %" G_GINT64_FORMAT, frame, next - 1);
    g_hash_table_insert(frames, g_strdup(stream), (gpointer)(gintptr)(frame + 1));
    return NULL;
}

static char *check_line(const char *text, GHashTable *frames)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) error = NULL;
    JsonNode *root;
    JsonObject *line;
    char *wrong = NULL;

    if (!json_parser_load_from_data(parser, text, -1, &error))
        return g_strdup(error->message);
    root = json_parser_get_root(parser);
    CHECK(root && JSON_NODE_HOLDS_OBJECT(root), "not an object");
    line = json_node_get_object(root);
    if ((wrong = check_number(line, "frame", 0)) || (wrong = check_number(line, "pts", 0)) ||
        (wrong = check_number(line, "width", 1)) || (wrong = check_number(line, "height", 1)) ||
        (wrong = check_findings(line)) || (wrong = check_times(line)) ||
        (wrong = check_order(line, frames)))
        return wrong;
    CHECK(json_object_get_string_member_with_default(line, "model", NULL),
          "\"model\" is not a string");
    return NULL;
}

int main(int argc, char **argv)
{
    g_autoptr(GHashTable) frames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    guint count = 0, expected, bad = 0;

    if (argc != 3 || !g_file_get_contents(argv[1], &text, NULL, &error)) {
        g_printerr("%s\n", error ? error->message : "usage: json-lines FILE LINES");
        return EXIT_FAILURE;
    }
    expected = (guint)atoi(argv[2]);
    lines = g_strsplit(text, "\n", -1);
    for (; lines[count] && *lines[count]; count++) {
        g_autofree char *wrong = check_line(lines[count], frames);

        if (wrong) {
            g_printerr("%s:%u: %s: %s\n", argv[1], count + 1, wrong, lines[count]);
            bad++;
        }
    }
    if (lines[count] && lines[count + 1]) {
        g_printerr("%s:%u: an empty line\n", argv[1], count + 1);
        bad++;
    }
    if (expected ? count != expected : count == 0) {
        g_printerr("%s: %u lines, expected %s\n", argv[1], count, expected ? argv[2] : "some");
        bad++;
    }
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
