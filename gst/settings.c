/* What the user sets on the element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings.h"

#include <stdlib.h>

#define DEFAULT_OUTPUTS GST_CONVNEXT_OUTPUTS_CLASSES
#define DEFAULT_TOP_K 5
#define DEFAULT_THRESHOLD 0.0
#define MAX_INPUT_SIZE 8192 /* a first map of 4 Mi pixels; beyond it nobody classifies */
#define MAX_THREADS 1024

GType gst_convnext_outputs_get_type(void)
{
    static gsize type;
    static const GFlagsValue values[] = {
        {GST_CONVNEXT_OUTPUTS_CLASSES, "The best classes with their scores", "classes"},
        {GST_CONVNEXT_OUTPUTS_EMBEDDING, "What the last linear layer reads", "embedding"},
        {GST_CONVNEXT_OUTPUTS_LOGITS, "The head's raw outputs", "logits"},
        {GST_CONVNEXT_OUTPUTS_STAGE1, "The map after stage 1, 1/4 of the input's side", "stage1"},
        {GST_CONVNEXT_OUTPUTS_STAGE2, "The map after stage 2, 1/8 of the input's side", "stage2"},
        {GST_CONVNEXT_OUTPUTS_STAGE3, "The map after stage 3, 1/16 of the input's side", "stage3"},
        {GST_CONVNEXT_OUTPUTS_STAGE4, "The map after stage 4, 1/32 of the input's side", "stage4"},
        {0, NULL, NULL},
    };
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_flags_register_static("GstConvnextOutputs", values));
    return type;
}

GType gst_convnext_crop_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_CROP_AUTO, "As the model's config says", "auto"},
        {GST_CONVNEXT_CROP_CENTER, "The short side is scaled, the middle is taken", "center"},
        {GST_CONVNEXT_CROP_SQUASH, "Both sides are scaled, whatever the aspect", "squash"},
        {GST_CONVNEXT_CROP_BORDER, "The whole frame, padded with the mean colour", "border"},
        {GST_CONVNEXT_CROP_NONE, "The whole frame in its own shape, not a square", "none"},
        {0, NULL, NULL},
    };
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextCrop", values));
    return type;
}

GType gst_convnext_weights_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_WEIGHTS_AUTO, "The only ones, or the raw ones", "auto"},
        {GST_CONVNEXT_WEIGHTS_RAW, "Those that training updated", "raw"},
        {GST_CONVNEXT_WEIGHTS_EMA, "Their exponential moving average", "ema"},
        {0, NULL, NULL},
    };
    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextWeights", values));
    return type;
}

/* Properties that the model is opened with, and those that take effect with the next frame. */
#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS)
#define AT_READY (FLAGS | GST_PARAM_MUTABLE_READY)
#define ANY_TIME (FLAGS | GST_PARAM_MUTABLE_PLAYING)

static void install_model_properties(GObjectClass *klass, const char *bundled)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MODEL,
        g_param_spec_string("model", "Model",
                            "Checkpoint to run: a .safetensors or PyTorch file, or a folder in the "
                            "Hugging Face or timm layout; NULL for the bundled model of camera "
                            "states",
                            bundled, AT_READY));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_WEIGHTS,
        g_param_spec_enum("weights", "Weights",
                          "Which weights of a checkpoint that holds both those of training and "
                          "their average (EMA)",
                          GST_TYPE_CONVNEXT_WEIGHTS, GST_CONVNEXT_WEIGHTS_AUTO, AT_READY));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_LABELS,
        g_param_spec_string("labels", "Labels",
                            "Text file with the names of the classes, one a line; NULL for those "
                            "of the model's config, or \"class N\"",
                            NULL, AT_READY));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_INPUT_SIZE,
        g_param_spec_uint("input-size", "Input size",
                          "Side of the network's input in pixels, a multiple of 32; with crop=none "
                          "its short side (0 = the model's)",
                          0, MAX_INPUT_SIZE, 0, AT_READY));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_CROP,
        g_param_spec_enum("crop", "Crop", "How a frame becomes the network's input",
                          GST_TYPE_CONVNEXT_CROP, GST_CONVNEXT_CROP_AUTO, AT_READY));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_OUTPUTS,
        g_param_spec_flags("outputs", "Outputs", "What is attached to the frames",
                           GST_TYPE_CONVNEXT_OUTPUTS, DEFAULT_OUTPUTS, AT_READY));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_THREADS,
        g_param_spec_uint("threads", "Threads",
                          "Most threads of the shared engine that work on one frame (0 = the "
                          "processors that this process may use)",
                          0, MAX_THREADS, 0, AT_READY));
}

static void install_frame_properties(GObjectClass *klass)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_ACTIVATION,
        g_param_spec_enum("activation", "Activation", "How logits become the classes' scores",
                          GST_TYPE_CONVNEXT_ACTIVATION, GST_CONVNEXT_ACTIVATION_AUTO, ANY_TIME));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_TOP_K,
        g_param_spec_uint("top-k", "Top k", "Most classes attached to a frame, best first", 1,
                          G_MAXINT, DEFAULT_TOP_K, ANY_TIME));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_THRESHOLD,
        g_param_spec_double("threshold", "Threshold",
                            "Classes with a lower score are left out; activation=none ignores it",
                            0.0, 1.0, DEFAULT_THRESHOLD, ANY_TIME));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_INTERVAL,
        g_param_spec_uint("interval", "Interval",
                          "Run on every Nth frame; the frames between carry the last result and "
                          "its age",
                          1, G_MAXINT, 1, ANY_TIME));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_POST_MESSAGES,
        g_param_spec_boolean("post-messages", "Post messages",
                             "Post an element message named convnext for each new result", FALSE,
                             ANY_TIME));
}

void gst_convnext_settings_install(GObjectClass *klass, const char *bundled)
{
    install_model_properties(klass, bundled);
    install_frame_properties(klass);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_OUTPUTS, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_ACTIVATION, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_CROP, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_WEIGHTS, 0);
}

void gst_convnext_settings_init(GstConvnextSettings *settings)
{
    *settings = (GstConvnextSettings){
        .outputs = DEFAULT_OUTPUTS,
        .scoring = {.top_k = DEFAULT_TOP_K, .threshold = DEFAULT_THRESHOLD},
        .interval = 1,
    };
}

void gst_convnext_settings_clear(GstConvnextSettings *settings)
{
    g_clear_pointer(&settings->model, g_free);
    g_clear_pointer(&settings->labels, g_free);
}

void gst_convnext_settings_copy(GstConvnextSettings *to, const GstConvnextSettings *from)
{
    *to = *from;
    to->model = g_strdup(from->model);
    to->labels = g_strdup(from->labels);
}

/* An empty string is what gst-launch lines write for "not set". */
static void set_path(char **path, const GValue *value)
{
    const char *text = g_value_get_string(value);
    g_free(*path);
    *path = text && *text ? g_strdup(text) : NULL;
}

gboolean gst_convnext_settings_set(GstConvnextSettings *settings, guint id, const GValue *value)
{
    switch (id) {
    case GST_CONVNEXT_PROP_MODEL:
        set_path(&settings->model, value);
        break;
    case GST_CONVNEXT_PROP_WEIGHTS:
        settings->weights = g_value_get_enum(value);
        break;
    case GST_CONVNEXT_PROP_LABELS:
        set_path(&settings->labels, value);
        break;
    case GST_CONVNEXT_PROP_OUTPUTS:
        settings->outputs = g_value_get_flags(value);
        break;
    case GST_CONVNEXT_PROP_ACTIVATION:
        settings->scoring.activation = g_value_get_enum(value);
        break;
    case GST_CONVNEXT_PROP_TOP_K:
        settings->scoring.top_k = g_value_get_uint(value);
        break;
    case GST_CONVNEXT_PROP_THRESHOLD:
        settings->scoring.threshold = g_value_get_double(value);
        break;
    case GST_CONVNEXT_PROP_INPUT_SIZE:
        settings->input_size = g_value_get_uint(value);
        break;
    case GST_CONVNEXT_PROP_CROP:
        settings->crop = g_value_get_enum(value);
        break;
    case GST_CONVNEXT_PROP_THREADS:
        settings->threads = g_value_get_uint(value);
        break;
    case GST_CONVNEXT_PROP_INTERVAL:
        settings->interval = g_value_get_uint(value);
        break;
    case GST_CONVNEXT_PROP_POST_MESSAGES:
        settings->post_messages = g_value_get_boolean(value);
        break;
    default:
        return FALSE;
    }
    return TRUE;
}

gboolean gst_convnext_settings_get(const GstConvnextSettings *settings, guint id, GValue *value)
{
    switch (id) {
    case GST_CONVNEXT_PROP_MODEL:
        if (settings->model)
            g_value_set_string(value, settings->model);
        else
            g_value_take_string(value, gst_convnext_bundled_model());
        break;
    case GST_CONVNEXT_PROP_WEIGHTS:
        g_value_set_enum(value, settings->weights);
        break;
    case GST_CONVNEXT_PROP_LABELS:
        g_value_set_string(value, settings->labels);
        break;
    case GST_CONVNEXT_PROP_OUTPUTS:
        g_value_set_flags(value, settings->outputs);
        break;
    case GST_CONVNEXT_PROP_ACTIVATION:
        g_value_set_enum(value, settings->scoring.activation);
        break;
    case GST_CONVNEXT_PROP_TOP_K:
        g_value_set_uint(value, settings->scoring.top_k);
        break;
    case GST_CONVNEXT_PROP_THRESHOLD:
        g_value_set_double(value, settings->scoring.threshold);
        break;
    case GST_CONVNEXT_PROP_INPUT_SIZE:
        g_value_set_uint(value, settings->input_size);
        break;
    case GST_CONVNEXT_PROP_CROP:
        g_value_set_enum(value, settings->crop);
        break;
    case GST_CONVNEXT_PROP_THREADS:
        g_value_set_uint(value, settings->threads);
        break;
    case GST_CONVNEXT_PROP_INTERVAL:
        g_value_set_uint(value, settings->interval);
        break;
    case GST_CONVNEXT_PROP_POST_MESSAGES:
        g_value_set_boolean(value, settings->post_messages);
        break;
    default:
        return FALSE;
    }
    return TRUE;
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
