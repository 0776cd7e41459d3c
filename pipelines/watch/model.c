/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/model.h"

#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/keys.h"

#define MAX_LABELS 20 /* in an error's sentence */

GstElement *watch_model_open(const WatchSettings *settings, GError **error)
{
    GstElement *convnext = gst_element_factory_make("convnext", NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstMessage) message = NULL;
    g_autoptr(GError) cause = NULL;

    if (!convnext) {
        g_set_error_literal(
            error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
            "GStreamer cannot find the element convnext: install the plugin, or add "
            "its folder to GST_PLUGIN_PATH");
        return NULL;
    }
    gst_object_ref_sink(convnext);
    for (guint i = 0; i < settings->properties->len; i += 2)
        gst_util_set_object_arg(G_OBJECT(convnext), g_ptr_array_index(settings->properties, i),
                                g_ptr_array_index(settings->properties, i + 1));
    gst_element_set_bus(convnext, bus);
    const GstStateChangeReturn change = gst_element_set_state(convnext, GST_STATE_READY);
    gst_element_set_bus(convnext, NULL);
    if (change != GST_STATE_CHANGE_FAILURE)
        return convnext;
    message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    if (message)
        gst_message_parse_error(message, &cause, NULL);
    watch_keys_fail(error, settings->name, "%s",
                    cause ? cause->message : "the model cannot be opened");
    watch_model_close(convnext);
    return NULL;
}

void watch_model_close(gpointer convnext)
{
    gst_element_set_state(convnext, GST_STATE_NULL);
    gst_object_unref(convnext);
}

static const char *get_label(const GValue *labels, guint i)
{
    return g_value_get_string(gst_value_array_get_value(labels, i));
}

static gboolean is_label(const GValue *labels, const char *text)
{
    for (guint i = 0; i < gst_value_array_get_size(labels); i++) {
        if (strcmp(get_label(labels, i), text) == 0)
            return TRUE;
    }
    return FALSE;
}

/* The first labels, joined by commas. */
static char *join_labels(const GValue *labels)
{
    const guint count = gst_value_array_get_size(labels);
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < MIN(count, MAX_LABELS); i++) {
        g_autofree char *label = print_clean(get_label(labels, i), PRINT_MAX_PART / MAX_LABELS);

        g_string_append_printf(text, "%s%s", i ? ", " : "", label);
    }
    if (count > MAX_LABELS)
        g_string_append_printf(text, ", ... (%u in all)", count);
    return g_string_free(text, FALSE);
}

static gboolean check_labels(const WatchSettings *settings, const char *key,
                             const char *const *words, const GValue *labels, GError **error)
{
    for (guint i = 0; words[i]; i++) {
        if (!is_label(labels, words[i])) {
            g_autofree char *known = join_labels(labels);
            g_autofree char *word = print_clean(words[i], PRINT_MAX_PART);

            return watch_keys_fail(error, settings->name,
                                   "%s names '%s', expected labels of the camera's model: %s", key,
                                   word, known);
        }
    }
    return TRUE;
}

gboolean watch_model_apply(GstElement *convnext, WatchSettings *settings, GError **error)
{
    g_autoptr(GstStructure) info = NULL;
    const GValue *labels;

    g_object_get(convnext, "model-info", &info, NULL);
    labels = info ? gst_structure_get_value(info, "class-labels") : NULL;
    if (labels && (!check_labels(settings, "normal", settings->rules.normal, labels, error) ||
                   !check_labels(settings, "ignore", settings->rules.ignored, labels, error)))
        return FALSE;
    watch_settings_set_rest_class(settings,
                                  info ? gst_structure_get_string(info, "rest-class") : NULL);
    return TRUE;
}
