/* The values of the properties.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/settings.h"

#include <stddef.h>
#include <stdlib.h>

void gst_convnext_settings_init(GstConvnextSettings *settings, GstConvnextTask task)
{
    *settings = (GstConvnextSettings){
        .engine = {.task = task,
                   .outputs = GST_CONVNEXT_DEFAULT_OUTPUTS,
                   .detecting = {.score_threshold = -1, .nms_threshold = -1}},
        .frame = {.orientation = GST_CONVNEXT_ORIENTATION_AUTO,
                  .scoring = {.top_k = GST_CONVNEXT_DEFAULT_TOP_K,
                              .threshold = GST_CONVNEXT_DEFAULT_THRESHOLD},
                  .smoothing = {.window = GST_CONVNEXT_DEFAULT_SMOOTHING_WINDOW,
                                .count = GST_CONVNEXT_DEFAULT_SMOOTHING_COUNT,
                                .alpha = GST_CONVNEXT_DEFAULT_SMOOTHING_ALPHA},
                  .objects = {.max_objects = GST_CONVNEXT_DEFAULT_MAX_OBJECTS, .interval = 1},
                  .interval = 1,
                  .max_age = GST_CONVNEXT_DEFAULT_MAX_AGE,
                  .carry = TRUE,
                  .qos = TRUE},
    };
}

void gst_convnext_engine_settings_clear(GstConvnextEngineSettings *settings)
{
    g_clear_pointer(&settings->model, g_free);
    g_clear_pointer(&settings->head_activation, g_free);
    g_clear_pointer(&settings->labels, g_free);
    g_clear_pointer(&settings->cpu_affinity, g_free);
}

void gst_convnext_settings_clear(GstConvnextSettings *settings)
{
    gst_convnext_engine_settings_clear(&settings->engine);
    g_clear_pointer(&settings->roi, g_free);
}

void gst_convnext_engine_settings_copy(GstConvnextEngineSettings *to,
                                       const GstConvnextEngineSettings *from)
{
    *to = *from;
    to->model = g_strdup(from->model);
    to->head_activation = g_strdup(from->head_activation);
    to->labels = g_strdup(from->labels);
    to->cpu_affinity = g_strdup(from->cpu_affinity);
}

/* The elements that have each property, and the offset of its value. The field has the C type of
 * the property. */
#define CLASSIFY GST_CONVNEXT_TASK_CLASSIFY
#define SEGMENT GST_CONVNEXT_TASK_SEGMENT
#define DETECT GST_CONVNEXT_TASK_DETECT
#define ALL (CLASSIFY | SEGMENT | DETECT)
#define ENGINE(id, tasks, field) \
    [GST_CONVNEXT_PROP_##id] = {offsetof(GstConvnextSettings, engine.field), tasks}
#define FRAME(id, tasks, field) \
    [GST_CONVNEXT_PROP_##id] = {offsetof(GstConvnextSettings, frame.field), tasks}
static const struct {
    gsize offset;
    guint tasks;
} rows[GST_CONVNEXT_PROP_END] = {
    ENGINE(MODEL, ALL, model),
    ENGINE(WEIGHTS, ALL, weights),
    ENGINE(HEAD_ACTIVATION, CLASSIFY, head_activation),
    ENGINE(LABELS, ALL, labels),
    ENGINE(OUTPUTS, CLASSIFY, outputs),
    FRAME(ACTIVATION, CLASSIFY, scoring.activation),
    FRAME(TOP_K, CLASSIFY, scoring.top_k),
    FRAME(THRESHOLD, CLASSIFY, scoring.threshold),
    ENGINE(INPUT_SIZE, CLASSIFY, input_size),
    ENGINE(INPUT_WIDTH, CLASSIFY | SEGMENT, input_width),
    ENGINE(INPUT_HEIGHT, CLASSIFY | SEGMENT, input_height),
    ENGINE(CROP, CLASSIFY | SEGMENT, crop),
    FRAME(ORIENTATION, ALL, orientation),
    [GST_CONVNEXT_PROP_ROI] = {offsetof(GstConvnextSettings, roi), ALL},
    ENGINE(REGION, CLASSIFY, region),
    FRAME(OBJECT_CLASS, CLASSIFY, objects.klass),
    FRAME(OBJECT_MARGIN, CLASSIFY, objects.margin),
    FRAME(MIN_OBJECT_SIZE, CLASSIFY, objects.min_size),
    FRAME(MAX_OBJECTS, CLASSIFY, objects.max_objects),
    FRAME(RECLASSIFY_INTERVAL, CLASSIFY, objects.interval),
    FRAME(RECLASSIFY_GROWTH, CLASSIFY, objects.area_growth),
    ENGINE(PRECISION, ALL, precision),
    ENGINE(THREADS, ALL, threads),
    ENGINE(CPU_AFFINITY, ALL, cpu_affinity),
    ENGINE(MAX_MEMORY, ALL, max_memory),
    FRAME(MODE, ALL, mode),
    FRAME(INTERVAL, ALL, interval),
    FRAME(MIN_PERIOD, ALL, min_period),
    FRAME(CHANGE_THRESHOLD, ALL, change_threshold),
    FRAME(MAX_AGE, ALL, max_age),
    FRAME(CARRY, ALL, carry),
    FRAME(QOS, ALL, qos),
    FRAME(SMOOTHING, CLASSIFY, smoothing.kind),
    FRAME(SMOOTHING_TIME, CLASSIFY, smoothing.time),
    FRAME(SMOOTHING_ENTER, CLASSIFY, smoothing.enter),
    FRAME(SMOOTHING_LEAVE, CLASSIFY, smoothing.leave),
    FRAME(SMOOTHING_WINDOW, CLASSIFY, smoothing.window),
    FRAME(SMOOTHING_COUNT, CLASSIFY, smoothing.count),
    FRAME(SMOOTHING_ALPHA, CLASSIFY, smoothing.alpha),
    FRAME(POST_MESSAGES, ALL, post_messages),
    ENGINE(MASK_SIZE, SEGMENT, mask_size),
    ENGINE(SLIDE, SEGMENT, slide),
    FRAME(PIXEL_THRESHOLD, SEGMENT, scoring.threshold),
    FRAME(MULTI_LABEL, SEGMENT, scoring.multi_label),
    ENGINE(SEGMENTATION_LOGITS, SEGMENT, logits),
    FRAME(PAINT, SEGMENT, paint),
    ENGINE(MIN_SIZE, DETECT, detecting.min_size),
    ENGINE(MAX_SIZE, DETECT, detecting.max_size),
    ENGINE(SCORE_THRESHOLD, DETECT, detecting.score_threshold),
    ENGINE(NMS_THRESHOLD, DETECT, detecting.nms_threshold),
    ENGINE(MAX_DETECTIONS, DETECT, detecting.max_objects),
    ENGINE(PROPOSALS, DETECT, detecting.proposals),
    FRAME(DETECTED_CLASS, DETECT, scoring.klass),
    ENGINE(MASKS, DETECT, detecting.masks),
    ENGINE(OBJECT_MASK_SIZE, DETECT, detecting.mask_size),
    [GST_CONVNEXT_PROP_STATS] = {0, ALL},
    [GST_CONVNEXT_PROP_MODEL_INFO] = {0, ALL},
};

gboolean gst_convnext_settings_has(GstConvnextTask task, guint id)
{
    return id < GST_CONVNEXT_PROP_END && (rows[id].tasks & task) != 0;
}

gboolean gst_convnext_settings_is_engine(guint id)
{
    return id > 0 && id < GST_CONVNEXT_PROP_SETTINGS_END &&
           rows[id].offset < offsetof(GstConvnextSettings, frame);
}

/* An empty string, as in gst-launch lines, means "not set". */
static void set_string(char **field, const char *text)
{
    g_free(*field);
    *field = text && *text ? g_strdup(text) : NULL;
}

/* Interned, so that copies of the frame settings may outlive the value. */
static void set_word(const char **field, const char *text)
{
    *field = text && *text ? g_intern_string(text) : NULL;
}

gboolean gst_convnext_settings_set(GstConvnextSettings *settings, guint id, const GValue *value)
{
    if (id == 0 || id >= GST_CONVNEXT_PROP_SETTINGS_END)
        return FALSE;
    gpointer field = (char *)settings + rows[id].offset;
    switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_STRING:
        if (id == GST_CONVNEXT_PROP_OBJECT_CLASS || id == GST_CONVNEXT_PROP_DETECTED_CLASS)
            set_word(field, g_value_get_string(value));
        else
            set_string(field, g_value_get_string(value));
        if (id == GST_CONVNEXT_PROP_ROI)
            gst_convnext_roi_parse(settings->roi, &settings->frame.roi, NULL);
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
    settings->frame.version += !gst_convnext_settings_is_engine(id);
    return TRUE;
}

gboolean gst_convnext_settings_get(const GstConvnextSettings *settings, guint id, GValue *value)
{
    if (id == 0 || id >= GST_CONVNEXT_PROP_SETTINGS_END)
        return FALSE;
    gconstpointer field = (const char *)settings + rows[id].offset;
    switch (G_TYPE_FUNDAMENTAL(G_VALUE_TYPE(value))) {
    case G_TYPE_STRING:
        if (id == GST_CONVNEXT_PROP_MODEL && !settings->engine.model &&
            settings->engine.task == GST_CONVNEXT_TASK_CLASSIFY)
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

static gboolean is_same_smoothing(const GstConvnextSmoothing *a, const GstConvnextSmoothing *b)
{
    return a->kind == b->kind && a->time == b->time && a->enter == b->enter &&
           a->leave == b->leave && a->window == b->window && a->count == b->count &&
           a->alpha == b->alpha;
}

gboolean gst_convnext_frame_settings_same_results(const GstConvnextFrameSettings *a,
                                                  const GstConvnextFrameSettings *b)
{
    return a->orientation == b->orientation && gst_convnext_roi_equal(&a->roi, &b->roi) &&
           a->scoring.activation == b->scoring.activation && a->scoring.top_k == b->scoring.top_k &&
           a->scoring.threshold == b->scoring.threshold &&
           a->scoring.multi_label == b->scoring.multi_label &&
           a->scoring.klass == b->scoring.klass &&
           is_same_smoothing(&a->smoothing, &b->smoothing) &&
           a->objects.margin == b->objects.margin;
}

gboolean gst_convnext_settings_is_checked(guint id)
{
    return id == GST_CONVNEXT_PROP_OUTPUTS || id == GST_CONVNEXT_PROP_ROI ||
           (id >= GST_CONVNEXT_PROP_SMOOTHING && id <= GST_CONVNEXT_PROP_SMOOTHING_COUNT);
}

/* FALSE with error unless this side of the input is possible and agrees with input-size. */
static gboolean check_side(const char *property, guint side, guint input_size, GError **error)
{
    if (side % 32 != 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s must be 0 or a multiple of 32, not %u", property, side);
    else if (side > 0 && input_size > 0 && side != input_size)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "input-size is %u, so %s cannot be %u: set input-size to 0", input_size,
                    property, side);
    else
        return TRUE;
    return FALSE;
}

gboolean gst_convnext_engine_settings_check(const GstConvnextEngineSettings *settings,
                                            GError **error)
{
    const guint size = settings->input_size;

    if (!settings->model && settings->task != GST_CONVNEXT_TASK_CLASSIFY) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "the property model is not set: %s has no bundled model",
                    settings->task == GST_CONVNEXT_TASK_SEGMENT ? "convnextsegment"
                                                                : "convnextdetect");
        return FALSE;
    }
    if (settings->precision == GST_CONVNEXT_PRECISION_INT8 &&
        settings->task != GST_CONVNEXT_TASK_CLASSIFY) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "precision=int8 is only for convnext: a head runs in fp32 or bf16");
        return FALSE;
    }
    if (!check_side("input-size", size, 0, error) ||
        !check_side("input-width", settings->input_width, size, error) ||
        !check_side("input-height", settings->input_height, size, error))
        return FALSE;
    if (settings->outputs == 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "outputs must name at least one of classes, embedding, logits, stage1, "
                    "stage2, stage3, stage4, cam");
        return FALSE;
    }
    return TRUE;
}

static gboolean check_smoothing(const GstConvnextSettings *settings, GError **error)
{
    const GstConvnextSmoothing *smoothing = &settings->frame.smoothing;

    if (smoothing->kind == GST_CONVNEXT_SMOOTHING_NONE)
        return TRUE;
    if (!(settings->engine.outputs & GST_CONVNEXT_OUTPUTS_CLASSES)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "smoothing needs classes among the outputs, because a state is a class");
        return FALSE;
    }
    if (smoothing->enter > 0 && smoothing->leave > smoothing->enter) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "smoothing-leave must be at most smoothing-enter (%g), not %g",
                    smoothing->enter, smoothing->leave);
        return FALSE;
    }
    if (smoothing->kind == GST_CONVNEXT_SMOOTHING_MAJORITY && smoothing->time == 0 &&
        smoothing->enter == 0 && smoothing->count > smoothing->window) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "smoothing-count must be at most smoothing-window (%u), not %u",
                    smoothing->window, smoothing->count);
        return FALSE;
    }
    return TRUE;
}

gboolean gst_convnext_settings_check_frames(const GstConvnextSettings *settings, GError **error)
{
    GstConvnextRoi roi;

    return gst_convnext_roi_parse(settings->roi, &roi, error) && check_smoothing(settings, error);
}

char *gst_convnext_bundled_model(void)
{
    g_autoptr(GstPlugin) plugin = gst_registry_find_plugin(gst_registry_get(), "convnext");
    const char *file = plugin ? gst_plugin_get_filename(plugin) : NULL;
    char *real = file ? realpath(file, NULL) : NULL; /* follows a link into a build tree */
    g_autofree char *folder = real ? g_path_get_dirname(real) : NULL;
    g_autofree char *path = folder ? g_canonicalize_filename("../model/default", folder) : NULL;

    free(real);
    if (path && g_file_test(path, G_FILE_TEST_IS_DIR))
        return g_steal_pointer(&path);
    return g_strdup(CONVNEXT_DATADIR "/default");
}
