/* The element's properties: their types, ranges, defaults and words. Their values are settings.c's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/settings.h"
#include "model/threads/threads.h"

#define MAX_INPUT_SIZE 8192 /* a first map of 4 Mi pixels; beyond it nobody classifies */

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

GType gst_convnext_region_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_REGION_FULL_FRAME, "The whole frame", "full-frame"},
        {GST_CONVNEXT_REGION_OBJECTS, "Each object that a detector has found", "objects"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextRegionKind", values));
    return type;
}

GType gst_convnext_mode_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_MODE_SYNC, "Each frame waits for its own result", "sync"},
        {GST_CONVNEXT_MODE_LATEST, "No frame waits; it carries the newest finished result",
         "latest"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextMode", values));
    return type;
}

GType gst_convnext_smoothing_get_type(void)
{
    static gsize type;
    static const GEnumValue values[] = {
        {GST_CONVNEXT_SMOOTHING_NONE, "No states", "none"},
        {GST_CONVNEXT_SMOOTHING_MAJORITY,
         "The best class of smoothing-count of smoothing-window "
         "results",
         "majority"},
        {GST_CONVNEXT_SMOOTHING_EXPONENTIAL,
         "The best average, the newest result weighing "
         "smoothing-alpha",
         "exponential"},
        {0, NULL, NULL},
    };

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextSmoothing", values));
    return type;
}

/* All take effect on a frame's boundary; what an engine is opened with, when it has been opened. */
#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void install_model_properties(GObjectClass *klass, const char *bundled)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MODEL,
        g_param_spec_string("model", "Model",
                            "Checkpoint to run: a .safetensors or PyTorch file, or a folder in the "
                            "Hugging Face or timm layout; NULL for the bundled model of camera "
                            "states",
                            bundled, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_WEIGHTS,
        g_param_spec_enum("weights", "Weights",
                          "Which weights of a checkpoint that holds both those of training and "
                          "their average (EMA)",
                          GST_TYPE_CONVNEXT_WEIGHTS, GST_CONVNEXT_WEIGHTS_AUTO, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_LABELS,
        g_param_spec_string("labels", "Labels",
                            "Text file with the names of the classes, one a line; NULL for those "
                            "of the model's config, or \"class N\"",
                            NULL, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_INPUT_SIZE,
        g_param_spec_uint("input-size", "Input size",
                          "Side of the network's input in pixels, a multiple of 32; with crop=none "
                          "its short side (0 = the model's)",
                          0, MAX_INPUT_SIZE, 0, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_CROP,
        g_param_spec_enum("crop", "Crop", "How a frame becomes the network's input",
                          GST_TYPE_CONVNEXT_CROP, GST_CONVNEXT_CROP_AUTO, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_OUTPUTS,
        g_param_spec_flags("outputs", "Outputs", "What is attached to the frames",
                           GST_TYPE_CONVNEXT_OUTPUTS, GST_CONVNEXT_DEFAULT_OUTPUTS, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_THREADS,
        g_param_spec_uint("threads", "Threads",
                          "Threads of the engine, which elements with the same model, size and "
                          "outputs share: the most that one of them asks for (0 = the processors "
                          "that this process may use, by affinity and control groups)",
                          0, CNX_THREADS_MAX, 0, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_CPU_AFFINITY,
        g_param_spec_string("cpu-affinity", "CPU affinity",
                            "Processors that the process's engines run on, like 0-3,6: those that "
                            "any element names (NULL in all = those that this process may use)",
                            NULL, FLAGS));
}

static void install_object_properties(GObjectClass *klass)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_REGION,
        g_param_spec_enum("region", "Region",
                          "What the network looks at: the frame, or each object in its "
                          "GstVideoRegionOfInterestMeta and GstAnalyticsODMtd",
                          GST_TYPE_CONVNEXT_REGION, GST_CONVNEXT_REGION_FULL_FRAME, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_OBJECT_CLASS,
        g_param_spec_string("object-class", "Object class",
                            "With region=objects, only those that the detector calls so (NULL = "
                            "all)",
                            NULL, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_OBJECT_MARGIN,
        g_param_spec_double("object-margin", "Object margin",
                            "Part of an object's width and height that is added on each side", 0.0,
                            10.0, 0.0, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MIN_OBJECT_SIZE,
        g_param_spec_uint("min-object-size", "Minimum object size",
                          "Objects with a shorter side of fewer pixels are left out", 0, G_MAXINT,
                          0, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MAX_OBJECTS,
        g_param_spec_uint("max-objects", "Maximum objects",
                          "Most objects that are looked at in one frame, the largest first; the "
                          "rest come first in the next one (0 = all)",
                          0, G_MAXINT, GST_CONVNEXT_DEFAULT_MAX_OBJECTS, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_RECLASSIFY_INTERVAL,
        g_param_spec_uint("reclassify-interval", "Reclassify interval",
                          "Frames from one look at an object with a tracking id to the next; it "
                          "carries its last result meanwhile (0 = look once)",
                          0, G_MAXINT, 1, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_RECLASSIFY_GROWTH,
        g_param_spec_double("reclassify-growth", "Reclassify growth",
                            "Look again before that when the object's area is so many times that "
                            "of the last look (0 = do not)",
                            0.0, 1000.0, 0.0, FLAGS));
}

static void install_frame_properties(GObjectClass *klass)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_ACTIVATION,
        g_param_spec_enum("activation", "Activation", "How logits become the classes' scores",
                          GST_TYPE_CONVNEXT_ACTIVATION, GST_CONVNEXT_ACTIVATION_AUTO, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_TOP_K,
        g_param_spec_uint("top-k", "Top k", "Most classes attached to a frame, best first", 1,
                          G_MAXINT, GST_CONVNEXT_DEFAULT_TOP_K, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_THRESHOLD,
        g_param_spec_double("threshold", "Threshold",
                            "Classes with a lower score are left out; activation=none ignores it",
                            0.0, 1.0, GST_CONVNEXT_DEFAULT_THRESHOLD, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_POST_MESSAGES,
        g_param_spec_boolean("post-messages", "Post messages",
                             "Post an element message named convnext for each new result", FALSE,
                             FLAGS));
}

/* Which frames are looked at, and who waits for whom. */
static void install_pace_properties(GObjectClass *klass)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MODE,
        g_param_spec_enum("mode", "Mode", "Whether frames wait for the network",
                          GST_TYPE_CONVNEXT_MODE, GST_CONVNEXT_MODE_SYNC, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_INTERVAL,
        g_param_spec_uint("interval", "Interval",
                          "Look at every Nth frame; the frames between carry the last result and "
                          "its age",
                          1, G_MAXINT, 1, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MIN_PERIOD,
        g_param_spec_uint64("min-period", "Minimum period",
                            "Least time between the frames that are looked at, in nanoseconds of "
                            "their timestamps (0 = none)",
                            0, G_MAXINT64, 0, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_CHANGE_THRESHOLD,
        g_param_spec_double("change-threshold", "Change threshold",
                            "Frames are not looked at while no cell of a 16 x 16 grid has changed "
                            "its brightness by so much since the last look, 1 being from black to "
                            "white; 0.02 sees a person, 0 looks always. With smoothing, until the "
                            "state is known they are",
                            0.0, 1.0, 0.0, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MAX_AGE,
        g_param_spec_uint64("max-age", "Maximum age",
                            "With change-threshold: look at a frame without changes when the last "
                            "look is so old, in nanoseconds (0 = never)",
                            0, G_MAXINT64, GST_CONVNEXT_DEFAULT_MAX_AGE, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_CARRY,
        g_param_spec_boolean("carry", "Carry",
                             "Frames without a result of their own carry the last one with its "
                             "age; FALSE: each result is on one frame only",
                             TRUE, FLAGS));
    /* GstBaseTransform's property of this name would drop frames. */
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_QOS,
        g_param_spec_boolean("qos", "QoS",
                             "With mode=sync, do not look at frames that downstream will get too "
                             "late anyway; no frame is ever dropped",
                             TRUE, FLAGS));
}

static void install_smoothing_properties(GObjectClass *klass)
{
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_SMOOTHING,
        g_param_spec_enum(
            "smoothing", "Smoothing",
            "How results become a state, a label, of the stream or of each tracked object, "
            "whose changes are posted as element messages named convnext-state-changed",
            GST_TYPE_CONVNEXT_SMOOTHING, GST_CONVNEXT_SMOOTHING_NONE, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_SMOOTHING_WINDOW,
        g_param_spec_uint("smoothing-window", "Smoothing window",
                          "With smoothing=majority: results that are looked back at", 1, 1000,
                          GST_CONVNEXT_DEFAULT_SMOOTHING_WINDOW, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_SMOOTHING_COUNT,
        g_param_spec_uint("smoothing-count", "Smoothing count",
                          "With smoothing=majority: results of the window in which a label must be "
                          "the best to become the state",
                          1, 1000, GST_CONVNEXT_DEFAULT_SMOOTHING_COUNT, FLAGS));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_SMOOTHING_ALPHA,
        g_param_spec_double(
            "smoothing-alpha", "Smoothing alpha",
            "With smoothing=exponential: weight of the newest result's scores; 1 is "
            "no smoothing",
            0.001, 1.0, GST_CONVNEXT_DEFAULT_SMOOTHING_ALPHA, FLAGS));
}

static void install_read_only(GObjectClass *klass)
{
    const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_STATS,
        g_param_spec_boxed(
            "stats", "Statistics",
            "frames, inferred, replaced (by a newer one, with mode=latest), skipped "
            "(not looked at), unchanged and late-skipped (of them, for that reason), late "
            "(by QOS events of the sink); p50 and p95 in milliseconds of "
            "preprocess, inference and total over the last 512 inferred frames; "
            "engine, cpu; of the engine that elements share: streams, threads, "
            "batch (images of a forward pass, average), run-memory (bytes)",
            GST_TYPE_STRUCTURE, flags));
    g_object_class_install_property(
        klass, GST_CONVNEXT_PROP_MODEL_INFO,
        g_param_spec_boxed("model-info", "Model info",
                           "variant, parameters, classes, input-size, crop, resize, source-format, "
                           "container, weights (only, raw, ema), weights-key, dtype, labels, path, "
                           "ignored (files beside the weights that contradict them), memory, cpu; "
                           "NULL below READY",
                           GST_TYPE_STRUCTURE, flags));
}

void gst_convnext_settings_install(GObjectClass *klass, const char *bundled)
{
    install_model_properties(klass, bundled);
    install_object_properties(klass);
    install_frame_properties(klass);
    install_pace_properties(klass);
    install_smoothing_properties(klass);
    install_read_only(klass);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_OUTPUTS, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_ACTIVATION, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_CROP, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_WEIGHTS, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_REGION, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_MODE, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_SMOOTHING, 0);
}
