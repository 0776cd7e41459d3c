/* Strings are written by json-glib; numbers are not, for it knows doubles only, and 0.1f as a
 * double has 17 digits.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/publish/jsonline.h"

#include <math.h>

#include <json-glib/json-glib.h>

/* Text in quotes, with escapes; text that is no UTF-8 gets replacement characters. */
static void append_quoted(GString *line, const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);
    JsonNode *node = json_node_init_string(json_node_alloc(), valid);
    char *json = json_to_string(node, FALSE);

    g_string_append(line, json);
    g_free(json);
    json_node_unref(node);
    g_free(valid);
}

static void append_comma(GString *line)
{
    if (line->str[line->len - 1] != '{')
        g_string_append_c(line, ',');
}

/* key: one of ours, so without characters to escape. */
static void append_key(GString *line, const char *key)
{
    append_comma(line);
    g_string_append_printf(line, "\"%s\":", key);
}

static void append_string(GString *line, const char *key, const char *value)
{
    append_key(line, key);
    append_quoted(line, value);
}

static void append_integer(GString *line, const char *key, guint64 value)
{
    append_key(line, key);
    g_string_append_printf(line, "%" G_GUINT64_FORMAT, value);
}

static void append_float(GString *line, float value)
{
    static const char *const formats[] = {"%.9g", "%.8g", "%.7g", "%.6g"};
    char text[2][G_ASCII_DTOSTR_BUF_SIZE];
    guint i;

    if (!isfinite(value)) {
        g_string_append(line, "null");
        return;
    }
    /* 9 digits always do. Most values need 8 or 9, so the search is from the long end. */
    g_ascii_formatd(text[0], sizeof(text[0]), formats[0], value);
    for (i = 1; i < G_N_ELEMENTS(formats); i++) {
        g_ascii_formatd(text[i % 2], sizeof(text[0]), formats[i], value);
        if ((float)g_ascii_strtod(text[i % 2], NULL) != value)
            break;
    }
    g_string_append(line, text[(i - 1) % 2]);
}

static void append_milliseconds(GString *line, const char *key, GstClockTime time)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    if (!GST_CLOCK_TIME_IS_VALID(time))
        return;
    append_key(line, key);
    g_string_append(line, g_ascii_formatd(text, sizeof(text), "%.3f", time / 1e6));
}

static void append_region(GString *line, const GstConvnextMeta *meta)
{
    append_key(line, "region");
    g_string_append_printf(line, "[%u,%u,%u,%u]", meta->x, meta->y, meta->width, meta->height);
}

static void append_object(GString *line, GstConvnextResult *result)
{
    const char *label;
    int id;

    if (!gst_convnext_result_get_object(result, &id, &label))
        return;
    append_key(line, "object");
    g_string_append_c(line, '{');
    if (id >= 0)
        append_integer(line, "id", id);
    if (label)
        append_string(line, "label", label);
    g_string_append_c(line, '}');
}

static void append_classes(GString *line, GstConvnextResult *result)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    if (gst_convnext_result_get_activation(result) == GST_CONVNEXT_ACTIVATION_AUTO)
        return;
    append_key(line, "classes");
    g_string_append_c(line, '[');
    for (guint i = 0; i < n; i++) {
        g_string_append(line, i ? ",{" : "{");
        append_integer(line, "index", classes[i].index);
        if (classes[i].label)
            append_string(line, "label", classes[i].label);
        append_key(line, "score");
        append_float(line, classes[i].score);
        g_string_append_c(line, '}');
    }
    g_string_append_c(line, ']');
}

static void append_values(GString *line, GstConvnextResult *result, const char *name)
{
    GstConvnextTensor *tensor = gst_convnext_result_get_tensor(result, name);
    const float *values;
    gsize n;

    if (!tensor)
        return;
    values = gst_convnext_tensor_get_values(tensor, &n);
    append_key(line, name);
    g_string_append_c(line, '[');
    for (gsize i = 0; i < n; i++) {
        if (i)
            g_string_append_c(line, ',');
        append_float(line, values[i]);
    }
    g_string_append_c(line, ']');
    gst_convnext_tensor_unref(tensor);
}

static gboolean is_inline(GstConvnextTensor *tensor)
{
    const char *name = gst_convnext_tensor_get_name(tensor);

    return g_str_equal(name, GST_CONVNEXT_TENSOR_EMBEDDING) ||
           g_str_equal(name, GST_CONVNEXT_TENSOR_LOGITS);
}

static void append_shape(GString *line, GstConvnextTensor *tensor)
{
    guint n_dims;
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n_dims);

    append_comma(line);
    append_quoted(line, gst_convnext_tensor_get_name(tensor));
    g_string_append(line, ":{\"shape\":[");
    for (guint i = 0; i < n_dims; i++)
        g_string_append_printf(line, "%s%" G_GSIZE_FORMAT, i ? "," : "", shape[i]);
    g_string_append(line, "]}");
}

static void append_tensors(GString *line, GstConvnextResult *result)
{
    gboolean open = FALSE;

    for (guint i = 0; i < gst_convnext_result_get_n_tensors(result); i++) {
        GstConvnextTensor *tensor = gst_convnext_result_peek_tensor(result, i);

        if (is_inline(tensor))
            continue;
        if (!open) {
            append_key(line, "tensors");
            g_string_append_c(line, '{');
            open = TRUE;
        }
        append_shape(line, tensor);
    }
    if (open)
        g_string_append_c(line, '}');
}

static void append_times(GString *line, GstConvnextResult *result)
{
    GstClockTime preprocess = gst_convnext_result_get_preprocess_time(result);
    GstClockTime inference = gst_convnext_result_get_inference_time(result);

    if (!GST_CLOCK_TIME_IS_VALID(preprocess) && !GST_CLOCK_TIME_IS_VALID(inference))
        return;
    append_key(line, "ms");
    g_string_append_c(line, '{');
    append_milliseconds(line, "preprocess", preprocess);
    append_milliseconds(line, "inference", inference);
    g_string_append_c(line, '}');
}

void gst_convnext_json_line(GString *line, const GstConvnextFrame *frame,
                            const GstConvnextMeta *meta)
{
    GstConvnextResult *result = meta->result;

    g_string_append_c(line, '{');
    if (frame->stream)
        append_string(line, "stream", frame->stream);
    append_integer(line, "frame", frame->number);
    if (GST_CLOCK_TIME_IS_VALID(frame->pts))
        append_integer(line, "pts", frame->pts);
    if (frame->width && frame->height) {
        append_integer(line, "width", frame->width);
        append_integer(line, "height", frame->height);
    }
    append_string(line, "model", gst_convnext_result_get_model(result));
    append_integer(line, "age", meta->age);
    if (meta->width && meta->height)
        append_region(line, meta);
    append_object(line, result);
    append_classes(line, result);
    append_values(line, result, GST_CONVNEXT_TENSOR_EMBEDDING);
    append_values(line, result, GST_CONVNEXT_TENSOR_LOGITS);
    append_tensors(line, result);
    append_times(line, result);
    g_string_append(line, "}\n");
}
