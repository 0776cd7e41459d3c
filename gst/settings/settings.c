/* What the user sets on the element: the values of its properties.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/settings.h"

#include <stddef.h>
#include <stdlib.h>

void gst_convnext_settings_init(GstConvnextSettings *settings)
{
    *settings = (GstConvnextSettings){
        .outputs = GST_CONVNEXT_DEFAULT_OUTPUTS,
        .scoring = {.top_k = GST_CONVNEXT_DEFAULT_TOP_K,
                    .threshold = GST_CONVNEXT_DEFAULT_THRESHOLD},
        .smoothing = {.window = GST_CONVNEXT_DEFAULT_SMOOTHING_WINDOW,
                      .count = GST_CONVNEXT_DEFAULT_SMOOTHING_COUNT,
                      .alpha = GST_CONVNEXT_DEFAULT_SMOOTHING_ALPHA},
        .objects = {.most = GST_CONVNEXT_DEFAULT_MAX_OBJECTS, .interval = 1},
        .interval = 1,
        .max_age = GST_CONVNEXT_DEFAULT_MAX_AGE,
        .carry = TRUE,
        .qos = TRUE,
    };
}

void gst_convnext_settings_clear(GstConvnextSettings *settings)
{
    g_clear_pointer(&settings->model, g_free);
    g_clear_pointer(&settings->labels, g_free);
    g_clear_pointer(&settings->cpu_affinity, g_free);
}

void gst_convnext_settings_copy(GstConvnextSettings *to, const GstConvnextSettings *from)
{
    *to = *from;
    to->model = g_strdup(from->model);
    to->labels = g_strdup(from->labels);
    to->cpu_affinity = g_strdup(from->cpu_affinity);
}

/* Where each property's value is, its C type being that of the property, and whether an engine is
 * opened with it. */
#define ENGINE(id, field) [GST_CONVNEXT_PROP_##id] = {offsetof(GstConvnextSettings, field), TRUE}
#define FRAME(id, field) [GST_CONVNEXT_PROP_##id] = {offsetof(GstConvnextSettings, field), FALSE}
static const struct {
    gsize offset;
    gboolean of_engine;
} fields[GST_CONVNEXT_PROP_SETTINGS_END] = {
    ENGINE(MODEL, model),
    ENGINE(WEIGHTS, weights),
    ENGINE(LABELS, labels),
    ENGINE(OUTPUTS, outputs),
    FRAME(ACTIVATION, scoring.activation),
    FRAME(TOP_K, scoring.top_k),
    FRAME(THRESHOLD, scoring.threshold),
    ENGINE(INPUT_SIZE, input_size),
    ENGINE(CROP, crop),
    ENGINE(REGION, region),
    FRAME(OBJECT_CLASS, objects.klass),
    FRAME(OBJECT_MARGIN, objects.margin),
    FRAME(MIN_OBJECT_SIZE, objects.least),
    FRAME(MAX_OBJECTS, objects.most),
    FRAME(RECLASSIFY_INTERVAL, objects.interval),
    FRAME(RECLASSIFY_GROWTH, objects.growth),
    ENGINE(THREADS, threads),
    ENGINE(CPU_AFFINITY, cpu_affinity),
    FRAME(MODE, mode),
    FRAME(INTERVAL, interval),
    FRAME(MIN_PERIOD, min_period),
    FRAME(CHANGE_THRESHOLD, change_threshold),
    FRAME(MAX_AGE, max_age),
    FRAME(CARRY, carry),
    FRAME(QOS, qos),
    FRAME(SMOOTHING, smoothing.kind),
    FRAME(SMOOTHING_WINDOW, smoothing.window),
    FRAME(SMOOTHING_COUNT, smoothing.count),
    FRAME(SMOOTHING_ALPHA, smoothing.alpha),
    FRAME(POST_MESSAGES, post_messages),
};

/* An empty string is what gst-launch lines write for "not set". */
static void set_string(char **field, const char *text)
{
    g_free(*field);
    *field = text && *text ? g_strdup(text) : NULL;
}

/* Copies of the settings may outlive the value. */
static void set_word(const char **field, const char *text)
{
    *field = text && *text ? g_intern_string(text) : NULL;
}

gboolean gst_convnext_settings_set(GstConvnextSettings *settings, guint id, const GValue *value)
{
    if (id == 0 || id >= GST_CONVNEXT_PROP_SETTINGS_END)
        return FALSE;
    gpointer field = (char *)settings + fields[id].offset;
    switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_STRING:
        if (id == GST_CONVNEXT_PROP_OBJECT_CLASS)
            set_word(field, g_value_get_string(value));
        else
            set_string(field, g_value_get_string(value));
        break;
    case G_TYPE_BOOLEAN:
        *(gboolean *)field = g_value_get_boolean(value);
        break;
    case G_TYPE_UINT:
        *(guint *)field = g_value_get_uint(value);
        break;
    case G_TYPE_UINT64:
        *(guint64 *)field = g_value_get_uint64(value);
        break;
    case G_TYPE_DOUBLE:
        *(double *)field = g_value_get_double(value);
        break;
    case G_TYPE_ENUM:
        *(int *)field = g_value_get_enum(value);
        break;
    case G_TYPE_FLAGS:
        *(guint *)field = g_value_get_flags(value);
        break;
    default:
        g_return_val_if_reached(FALSE);
    }
    return TRUE;
}

gboolean gst_convnext_settings_get(const GstConvnextSettings *settings, guint id, GValue *value)
{
    if (id == 0 || id >= GST_CONVNEXT_PROP_SETTINGS_END)
        return FALSE;
    gconstpointer field = (const char *)settings + fields[id].offset;
    switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_STRING:
        if (id == GST_CONVNEXT_PROP_MODEL && !settings->model)
            g_value_take_string(value, gst_convnext_bundled_model());
        else
            g_value_set_string(value, *(char *const *)field);
        break;
    case G_TYPE_BOOLEAN:
        g_value_set_boolean(value, *(const gboolean *)field);
        break;
    case G_TYPE_UINT:
        g_value_set_uint(value, *(const guint *)field);
        break;
    case G_TYPE_UINT64:
        g_value_set_uint64(value, *(const guint64 *)field);
        break;
    case G_TYPE_DOUBLE:
        g_value_set_double(value, *(const double *)field);
        break;
    case G_TYPE_ENUM:
        g_value_set_enum(value, *(const int *)field);
        break;
    case G_TYPE_FLAGS:
        g_value_set_flags(value, *(const guint *)field);
        break;
    default:
        g_return_val_if_reached(FALSE);
    }
    return TRUE;
}

gboolean gst_convnext_settings_of_engine(guint id)
{
    return id < GST_CONVNEXT_PROP_SETTINGS_END && fields[id].of_engine;
}

gboolean gst_convnext_settings_agree(const GstConvnextSettings *a, const GstConvnextSettings *b)
{
    return a->scoring.activation == b->scoring.activation && a->scoring.top_k == b->scoring.top_k &&
           a->scoring.threshold == b->scoring.threshold && a->smoothing.kind == b->smoothing.kind &&
           a->smoothing.window == b->smoothing.window && a->smoothing.count == b->smoothing.count &&
           a->smoothing.alpha == b->smoothing.alpha && a->objects.margin == b->objects.margin;
}

gboolean gst_convnext_settings_of_smoothing(guint id)
{
    return id == GST_CONVNEXT_PROP_OUTPUTS ||
           (id >= GST_CONVNEXT_PROP_SMOOTHING && id <= GST_CONVNEXT_PROP_SMOOTHING_COUNT);
}

gboolean gst_convnext_settings_check(const GstConvnextSettings *settings, GError **error)
{
    if (settings->input_size % 32 != 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "input-size must be 0 or a multiple of 32, not %u", settings->input_size);
        return FALSE;
    }
    if (settings->outputs == 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "outputs must name at least one of classes, embedding, logits, stage1, "
                    "stage2, stage3, stage4");
        return FALSE;
    }
    return TRUE;
}

gboolean gst_convnext_settings_check_smoothing(const GstConvnextSettings *settings, GError **error)
{
    if (settings->smoothing.kind == GST_CONVNEXT_SMOOTHING_NONE)
        return TRUE;
    if (!(settings->outputs & GST_CONVNEXT_OUTPUTS_CLASSES)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "smoothing needs classes among outputs: there is no state without them");
        return FALSE;
    }
    if (settings->smoothing.kind == GST_CONVNEXT_SMOOTHING_MAJORITY &&
        settings->smoothing.count > settings->smoothing.window) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "smoothing-count must not be more than smoothing-window, which is %u, not %u",
                    settings->smoothing.window, settings->smoothing.count);
        return FALSE;
    }
    return TRUE;
}

char *gst_convnext_bundled_model(void)
{
    GstPlugin *plugin = gst_registry_find_plugin(gst_registry_get(), "convnext");
    const char *file = plugin ? gst_plugin_get_filename(plugin) : NULL;
    char *real = file ? realpath(file, NULL) : NULL; /* a link into a build tree counts as there */
    char *folder = real ? g_path_get_dirname(real) : NULL;
    char *path = folder ? g_canonicalize_filename("../model/default", folder) : NULL;

    if (!path || !g_file_test(path, G_FILE_TEST_IS_DIR)) {
        g_free(path);
        path = g_strdup(CONVNEXT_DATADIR "/default");
    }
    g_free(folder);
    free(real);
    g_clear_object(&plugin);
    return path;
}
