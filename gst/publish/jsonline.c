/* To add a key, write a function that appends its value and add a row to fields[]; then list the
 * key in gst/README.md.
 *
 * json-glib escapes the strings. Numbers are formatted here because json-glib stores doubles only,
 * and 0.1f as a double needs 17 digits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/jsonline.h"

#include <math.h>

#include <json-glib/json-glib.h>

/* Values: each function appends one JSON value */

static void append_string(GString *line, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(JsonNode) node = json_node_init_string(json_node_alloc(), valid);
    g_autofree char *json = json_to_string(node, FALSE);

    g_string_append(line, json);
}

static void append_integer(GString *line, guint64 value)
{
    g_string_append_printf(line, "%" G_GUINT64_FORMAT, value);
}

/* Nine digits always identify a float32, and most values need eight or nine; so the search starts
 * with nine and stops before the first length that reads back differently. */
static void append_float(GString *line, float value)
{
    static const char *const formats[] = {"%.9g", "%.8g", "%.7g", "%.6g"};
    char text[2][G_ASCII_DTOSTR_BUF_SIZE];
    guint i;

    if (!isfinite(value)) {
        g_string_append(line, "null");
        return;
    }
    g_ascii_formatd(text[0], sizeof(text[0]), formats[0], value);
    for (i = 1; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text[i % 2], sizeof(text[0]), formats[i], value);
        if ((float)g_ascii_strtod(text[i % 2], NULL) != value)
            break;
    }
    g_string_append(line, text[(i - 1) % 2]);
}

/* Keys */

static void append_comma(GString *line)
{
    if (line->str[line->len - 1] != '{')
        g_string_append_c(line, ',');
}

/* key must not need escaping. */
static void append_key(GString *line, const char *key)
{
    append_comma(line);
    g_string_append_printf(line, "\"%s\":", key);
}

static void append_string_member(GString *line, const char *key, const char *value)
{
    append_key(line, key);
    append_string(line, value);
}

static void append_integer_member(GString *line, const char *key, guint64 value)
{
    append_key(line, key);
    append_integer(line, value);
}

/* Fields: each function appends its key and value, or nothing if there is no value */

typedef struct Source {
    const GstConvnextLineFrame *frame;
    GstConvnextMeta *meta;
    GstConvnextResult *result;  /* of meta */
    const GstStructure *change; /* or NULL */
} Source;

static void append_stream(GString *line, const char *key, const Source *source)
{
    if (source->frame->stream)
        append_string_member(line, key, source->frame->stream);
}

static void append_frame_number(GString *line, const char *key, const Source *source)
{
    append_integer_member(line, key, source->frame->number);
}

static void append_pts(GString *line, const char *key, const Source *source)
{
    if (GST_BUFFER_PTS_IS_VALID(source->frame->buffer))
        append_integer_member(line, key, GST_BUFFER_PTS(source->frame->buffer));
}

static gboolean frame_size_is_known(const Source *source)
{
    return source->frame->width && source->frame->height;
}

static void append_time(GString *line, const char *key, const Source *source)
{
    if (source->frame->time)
        append_string_member(line, key, source->frame->time);
}

static void append_width(GString *line, const char *key, const Source *source)
{
    if (frame_size_is_known(source))
        append_integer_member(line, key, source->frame->width);
}

static void append_height(GString *line, const char *key, const Source *source)
{
    if (frame_size_is_known(source))
        append_integer_member(line, key, source->frame->height);
}

static void append_model(GString *line, const char *key, const Source *source)
{
    append_string_member(line, key, gst_convnext_result_get_model(source->result));
}

static void append_age(GString *line, const char *key, const Source *source)
{
    append_integer_member(line, key, source->meta->age);
}

static void append_region(GString *line, const char *key, const Source *source)
{
    const GstConvnextLineFrame *frame = source->frame;
    guint x, y, width, height;

    if (!gst_buffer_get_convnext_region(frame->buffer, source->meta, frame->width, frame->height,
                                        &x, &y, &width, &height))
        return;
    append_key(line, key);
    g_string_append_printf(line, "[%u,%u,%u,%u]", x, y, width, height);
}

static void append_orientation(GString *line, const char *key, const Source *source)
{
    GstConvnextOrientation orientation = gst_convnext_result_get_orientation(source->result);
    g_autoptr(GEnumClass) words = g_type_class_ref(GST_TYPE_CONVNEXT_ORIENTATION);

    if (orientation != GST_CONVNEXT_ORIENTATION_IDENTITY)
        append_string_member(line, key, g_enum_get_value(words, (int)orientation)->value_nick);
}

/* null if the state has no label. */
static void append_state(GString *line, const char *key, const Source *source)
{
    const char *label = source->change ? gst_structure_get_string(source->change, "new") : NULL;

    if (label) {
        append_string_member(line, key, label);
    } else if (source->change) {
        append_key(line, key);
        g_string_append(line, "null");
    }
}

static void append_object(GString *line, const char *key, const Source *source)
{
    const char *label;
    int id;

    if (!gst_convnext_result_get_object(source->result, &id, &label))
        return;
    append_key(line, key);
    g_string_append_c(line, '{');
    if (id >= 0)
        append_integer_member(line, "id", id);
    if (label)
        append_string_member(line, "label", label);
    g_string_append_c(line, '}');
}

/* An empty array if no class reached the threshold; no key if classes are not among the outputs. */
static void append_classes(GString *line, const char *key, const Source *source)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(source->result, &n);

    if (gst_convnext_result_get_activation(source->result) == GST_CONVNEXT_ACTIVATION_AUTO)
        return;
    append_key(line, key);
    g_string_append_c(line, '[');
    for (guint i = 0; i < n; i++) {
        g_string_append(line, i ? ",{" : "{");
        append_integer_member(line, "index", classes[i].index);
        if (classes[i].label)
            append_string_member(line, "label", classes[i].label);
        append_key(line, "score");
        append_float(line, classes[i].score);
        g_string_append_c(line, '}');
    }
    g_string_append_c(line, ']');
}

/* The edges of a box of the result, rounded to whole pixels of this frame. No key if its place is
 * unknown. */
static void append_whole_box(GString *line, const GstConvnextRect *box, const Source *source)
{
    const GstConvnextLineFrame *frame = source->frame;
    double x = box->x, y = box->y, width = box->w, height = box->h;

    if (!gst_buffer_locate_convnext_box(frame->buffer, source->meta, frame->width, frame->height,
                                        &x, &y, &width, &height))
        return;
    const double left = round(x), top = round(y);
    append_key(line, "box");
    g_string_append_printf(line, "[%.0f,%.0f,%.0f,%.0f]", left, top, round(x + width) - left,
                           round(y + height) - top);
}

static void append_segmentation(GString *line, const char *key, const Source *source)
{
    GstConvnextSegmentation *s = gst_convnext_result_get_segmentation(source->result);
    GstConvnextRect rect;
    guint width, height, n;

    if (!s)
        return;
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(s, &n);
    gst_convnext_segmentation_get_size(s, &width, &height, NULL);
    append_key(line, key);
    g_string_append_c(line, '{');
    append_integer_member(line, "width", width);
    append_integer_member(line, "height", height);
    gst_convnext_segmentation_get_rect(s, &rect);
    append_whole_box(line, &rect, source);
    append_key(line, "classes");
    g_string_append_c(line, '[');
    for (guint i = 0; i < n; i++) {
        g_string_append(line, i ? ",{" : "{");
        append_integer_member(line, "index", segments[i].index);
        if (segments[i].label)
            append_string_member(line, "label", segments[i].label);
        append_key(line, "share");
        append_float(line, segments[i].share);
        append_whole_box(line, &segments[i].box, source);
        g_string_append_c(line, '}');
    }
    g_string_append(line, "]}");
}

/* No key if its place is unknown. */
static void append_box(GString *line, const GstConvnextDetectedObject *object, const Source *source)
{
    const GstConvnextLineFrame *frame = source->frame;
    double box[] = {object->x, object->y, object->width, object->height};

    if (!gst_buffer_locate_convnext_box(frame->buffer, source->meta, frame->width, frame->height,
                                        &box[0], &box[1], &box[2], &box[3]))
        return;
    append_key(line, "box");
    for (guint i = 0; i < G_N_ELEMENTS(box); i++) {
        g_string_append_c(line, i ? ',' : '[');
        append_float(line, (float)box[i]);
    }
    g_string_append_c(line, ']');
}

/* An empty array if a network that detects objects has found none. */
static void append_objects(GString *line, const char *key, const Source *source)
{
    guint n;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(source->result, &n);

    if (!gst_convnext_result_has_objects(source->result))
        return;
    append_key(line, key);
    g_string_append_c(line, '[');
    for (guint i = 0; i < n; i++) {
        g_string_append(line, i ? ",{" : "{");
        append_integer_member(line, "index", objects[i].index);
        if (objects[i].label)
            append_string_member(line, "label", objects[i].label);
        append_key(line, "score");
        append_float(line, objects[i].score);
        append_box(line, &objects[i], source);
        g_string_append_c(line, '}');
    }
    g_string_append_c(line, ']');
}

/* The values of the tensor whose name is the key. */
static void append_tensor_values(GString *line, const char *key, const Source *source)
{
    g_autoptr(GstConvnextTensor) tensor = gst_convnext_result_get_tensor(source->result, key);
    const float *values;
    gsize n;

    if (!tensor)
        return;
    values = gst_convnext_tensor_get_values(tensor, &n);
    append_key(line, key);
    g_string_append_c(line, '[');
    for (gsize i = 0; i < n; i++) {
        if (i)
            g_string_append_c(line, ',');
        append_float(line, values[i]);
    }
    g_string_append_c(line, ']');
}

static void append_shape(GString *line, GstConvnextTensor *tensor)
{
    guint n_dims;
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n_dims);

    append_comma(line);
    append_string(line, gst_convnext_tensor_get_name(tensor));
    g_string_append(line, ":{\"shape\":[");
    for (guint i = 0; i < n_dims; i++)
        g_string_append_printf(line, "%s%" G_GSIZE_FORMAT, i ? "," : "", shape[i]);
    g_string_append(line, "]}");
}

static gboolean has_own_key(GstConvnextTensor *tensor)
{
    const char *name = gst_convnext_tensor_get_name(tensor);

    return g_str_equal(name, GST_CONVNEXT_TENSOR_EMBEDDING) ||
           g_str_equal(name, GST_CONVNEXT_TENSOR_LOGITS);
}

static void append_embedding(GString *line, const char *key, const Source *source)
{
    if (!source->frame->without_embedding)
        append_tensor_values(line, key, source);
}

/* The shapes of the tensors whose values are not in the line. */
static void append_tensor_shapes(GString *line, const char *key, const Source *source)
{
    const guint n = gst_convnext_result_get_n_tensors(source->result);
    gboolean is_open = FALSE;

    for (guint i = 0; i < n; i++) {
        GstConvnextTensor *tensor = gst_convnext_result_peek_tensor(source->result, i);

        if (has_own_key(tensor))
            continue;
        if (!is_open) {
            append_key(line, key);
            g_string_append_c(line, '{');
            is_open = TRUE;
        }
        append_shape(line, tensor);
    }
    if (is_open)
        g_string_append_c(line, '}');
}

static void append_milliseconds(GString *line, const char *key, GstClockTime time)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (!GST_CLOCK_TIME_IS_VALID(time))
        return;
    append_key(line, key);
    g_string_append(line, g_ascii_formatd(text, sizeof(text), "%.3f", time / 1e6));
}

static void append_times(GString *line, const char *key, const Source *source)
{
    GstClockTime preprocess = gst_convnext_result_get_preprocess_time(source->result);
    GstClockTime inference = gst_convnext_result_get_inference_time(source->result);

    if (!GST_CLOCK_TIME_IS_VALID(preprocess) && !GST_CLOCK_TIME_IS_VALID(inference))
        return;
    append_key(line, key);
    g_string_append_c(line, '{');
    append_milliseconds(line, "preprocess", preprocess);
    append_milliseconds(line, "inference", inference);
    g_string_append_c(line, '}');
}

typedef struct Field {
    const char *key;
    void (*append)(GString *line, const char *key, const Source *source);
} Field;

/* In the order of the line. */
static const Field fields[] = {
    {"stream", append_stream},
    {"frame", append_frame_number},
    {"pts", append_pts},
    {"time", append_time},
    {"width", append_width},
    {"height", append_height},
    {"model", append_model},
    {"age", append_age},
    {"region", append_region},
    {"orientation", append_orientation},
    {"object", append_object},
    {"state", append_state},
    {"classes", append_classes},
    {"segmentation", append_segmentation},
    {"objects", append_objects},
    {GST_CONVNEXT_TENSOR_EMBEDDING, append_embedding},
    {GST_CONVNEXT_TENSOR_LOGITS, append_tensor_values},
    {"tensors", append_tensor_shapes},
    {"ms", append_times},
};

void gst_convnext_json_line(GString *line, const GstConvnextLineFrame *frame, GstConvnextMeta *meta,
                            const GstStructure *change)
{
    const Source source = {frame, meta, meta->result, change};

    g_string_append_c(line, '{');
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
        fields[i].append(line, fields[i].key, &source);
    g_string_append(line, "}\n");
}
