/* Declares the properties: types, ranges, defaults and descriptions. settings.c stores the
 * values.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/settings/settings.h"
#include "model/threads/threads.h"

#define MAX_INPUT_SIZE 8192 /* pixels; stage 1 then has 2048 x 2048 positions */

/* The class of an element, and its task. */
typedef struct Target {
    GObjectClass *klass;
    GstConvnextTask task;
} Target;

/* Takes spec. */
static void install(const Target *to, guint id, GParamSpec *spec)
{
    g_param_spec_ref_sink(spec);
    if (gst_convnext_settings_has(to->task, id))
        g_object_class_install_property(to->klass, id, spec);
    g_param_spec_unref(spec);
}

/* A change takes effect at the next frame or, if it needs another engine, once that is open. */
#define FLAGS (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING)

static void install_model_properties(const Target *to, const char *bundled)
{
    install(to, GST_CONVNEXT_PROP_MODEL,
            g_param_spec_string(
                "model", "Model",
                bundled ? "Checkpoint to run: a .safetensors or PyTorch file, or a folder in the "
                          "Hugging Face or timm layout; NULL = the bundled model, which detects "
                          "the health of a camera"
                        : "Checkpoint to run: a .safetensors or PyTorch file, or a folder with "
                          "one and its config. It must be set: there is no bundled model (NULL)",
                bundled, FLAGS));
    install(to, GST_CONVNEXT_PROP_WEIGHTS,
            g_param_spec_enum(
                "weights", "Weights",
                "Which weights to use if a checkpoint holds both the trained weights and "
                "their exponential moving average (EMA); ema is refused if there is no average",
                GST_TYPE_CONVNEXT_WEIGHTS, GST_CONVNEXT_WEIGHTS_AUTO, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_HEAD_ACTIVATION,
        g_param_spec_string("head-activation", "Head activation",
                            "Activations in the head that the checkpoint does not record: relu, "
                            "gelu, gelu-tanh, silu, tanh or none, or a comma-separated list with "
                            "one for each place (NULL = the checkpoint records them all)",
                            NULL, FLAGS));
    install(to, GST_CONVNEXT_PROP_LABELS,
            g_param_spec_string("labels", "Labels",
                                "Label of each class: a text or JSON file, a folder with a "
                                "subfolder for each class (ImageFolder), or a list \"a,b,c\" "
                                "(NULL = the labels in the model's config, or else \"class N\")",
                                NULL, FLAGS));
    install(to, GST_CONVNEXT_PROP_INPUT_SIZE,
            g_param_spec_uint(
                "input-size", "Input size",
                "Side of the network's input in pixels, a multiple of 32; with crop=none and "
                "crop=fit, length of the frame's short side in the input (0 = the model's)",
                0, MAX_INPUT_SIZE, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_INPUT_WIDTH,
            g_param_spec_uint(
                "input-width", "Input width",
                "Width of the network's input in pixels, a multiple of 32. With crop=fit, the "
                "smaller of input-width and input-height limits the frame's short side, the larger "
                "its long side; crop=none refuses both (0 = the model's)",
                0, MAX_INPUT_SIZE, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_INPUT_HEIGHT,
            g_param_spec_uint("input-height", "Input height",
                              "Height of the network's input in pixels, a multiple of 32; see "
                              "input-width (0 = the model's)",
                              0, MAX_INPUT_SIZE, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_CROP,
            g_param_spec_enum("crop", "Crop",
                              "How a frame is cropped and scaled to the network's input",
                              GST_TYPE_CONVNEXT_CROP, GST_CONVNEXT_CROP_AUTO, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_ROI,
        g_param_spec_string(
            "roi", "Region of interest",
            "Part of the frame to run, as \"x,y,w,h\": pixels of the frame before it is turned, "
            "or fractions of its size if all four are at most 1. Results are those of the frame "
            "cropped to it, in coordinates of the whole frame. Pixels outside the frame are "
            "refused (NULL = the whole frame)",
            NULL, FLAGS));
    install(to, GST_CONVNEXT_PROP_ORIENTATION,
            g_param_spec_enum(
                "orientation", "Orientation",
                "How a frame is turned for the network. The frame itself does not change, and "
                "regions, boxes and masks are those of the frame as it is stored",
                GST_TYPE_CONVNEXT_ORIENTATION, GST_CONVNEXT_ORIENTATION_AUTO, FLAGS));
    install(to, GST_CONVNEXT_PROP_OUTPUTS,
            g_param_spec_flags("outputs", "Outputs", "Outputs to attach to each frame",
                               GST_TYPE_CONVNEXT_OUTPUTS, GST_CONVNEXT_DEFAULT_OUTPUTS, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_PRECISION,
        g_param_spec_enum("precision", "Precision",
                          to->task == GST_CONVNEXT_TASK_CLASSIFY
                              ? "Precision of the network's matrix products. If the processor does "
                                "not accelerate it, fp32 runs; model-info names the precision that "
                                "runs"
                              : "Precision of the matrix products of the backbone and the head: "
                                "fp32 or bf16; int8 is refused. If the processor does not "
                                "accelerate it, fp32 runs; model-info names the precision that "
                                "runs",
                          GST_TYPE_CONVNEXT_PRECISION, GST_CONVNEXT_PRECISION_AUTO, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_THREADS,
        g_param_spec_uint(
            "threads", "Threads",
            "Threads of a forward pass. Elements with the same model, precision, input size and "
            "outputs share a queue, which uses the largest number that any of them requests "
            "(0 = one thread per CPU that the process may use, by affinity and control group)",
            0, CNX_THREADS_MAX, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_CPU_AFFINITY,
            g_param_spec_string(
                "cpu-affinity", "CPU affinity",
                "CPUs that inference in this process runs on, for example 0-3,6; the lists of all "
                "elements are combined (NULL in all elements = every CPU that the process may use)",
                NULL, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_MAX_MEMORY,
        g_param_spec_uint64(
            "max-memory", "Maximum memory",
            "Limit for the memory of the running model in bytes: weights, forward pass, batches "
            "and inputs; a model that needs more is refused before its memory is allocated (0 = "
            "three quarters of what the machine, the control group or the resource limits allow)",
            0, G_MAXUINT64, 0, FLAGS));
}

static void install_object_properties(const Target *to)
{
    install(to, GST_CONVNEXT_PROP_REGION,
            g_param_spec_enum("region", "Region",
                              "What to classify: the whole frame, or each object in its "
                              "GstVideoRegionOfInterestMeta or GstAnalyticsODMtd",
                              GST_TYPE_CONVNEXT_REGION, GST_CONVNEXT_REGION_FULL_FRAME, FLAGS));
    install(to, GST_CONVNEXT_PROP_OBJECT_CLASS,
            g_param_spec_string(
                "object-class", "Object class",
                "With region=objects: classify only objects whose label from the detector is "
                "exactly this; the others get no result. Labels come with the frames, so one that "
                "never comes is no error (NULL = all objects)",
                NULL, FLAGS));
    install(to, GST_CONVNEXT_PROP_OBJECT_MARGIN,
            g_param_spec_double("object-margin", "Object margin",
                                "With region=objects: margin to add on each side of an object, as "
                                "a fraction of its width or height",
                                0.0, 10.0, 0.0, FLAGS));
    install(to, GST_CONVNEXT_PROP_MIN_OBJECT_SIZE,
            g_param_spec_uint("min-object-size", "Minimum object size",
                              "With region=objects: ignore objects whose shorter side is smaller "
                              "than this, in pixels (0 = none)",
                              0, G_MAXINT, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_MAX_OBJECTS,
            g_param_spec_uint("max-objects", "Maximum objects",
                              "With region=objects: maximum number of objects to classify in one "
                              "frame, largest first; the "
                              "rest take precedence in the next frame (0 = no limit)",
                              0, G_MAXINT, GST_CONVNEXT_DEFAULT_MAX_OBJECTS, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_RECLASSIFY_INTERVAL,
        g_param_spec_uint("reclassify-interval", "Reclassify interval",
                          "With region=objects: run inference on an object with a tracking id in "
                          "every Nth frame; in between it carries its last result (0 = only once)",
                          0, G_MAXINT, 1, FLAGS));
    install(to, GST_CONVNEXT_PROP_RECLASSIFY_GROWTH,
            g_param_spec_double(
                "reclassify-growth", "Reclassify growth",
                "With region=objects: run inference on a tracked object early once its area has "
                "grown by this factor since its last inference, for example 2 (0 = never)",
                0.0, 1000.0, 0.0, FLAGS));
}

static void install_frame_properties(const Target *to)
{
    install(to, GST_CONVNEXT_PROP_ACTIVATION,
            g_param_spec_enum("activation", "Activation",
                              "Function that turns logits into class scores",
                              GST_TYPE_CONVNEXT_ACTIVATION, GST_CONVNEXT_ACTIVATION_AUTO, FLAGS));
    install(to, GST_CONVNEXT_PROP_TOP_K,
            g_param_spec_uint("top-k", "Top k", "Maximum number of classes to attach, best first",
                              1, G_MAXINT, GST_CONVNEXT_DEFAULT_TOP_K, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_THRESHOLD,
        g_param_spec_double(
            "threshold", "Threshold",
            "Lowest score that a class needs to be attached, unless it is the model's rest class; "
            "ignored with activation=none",
            0.0, 1.0, GST_CONVNEXT_DEFAULT_THRESHOLD, FLAGS));
    install(to, GST_CONVNEXT_PROP_POST_MESSAGES,
            g_param_spec_boolean("post-messages", "Post messages",
                                 "Post an element message named convnext for each new result",
                                 FALSE, FLAGS));
}

#define CHANGE_THRESHOLD                                                                     \
    "Skip inference until the mean brightness of some cell of a 16 x 16 grid changes by at " \
    "least this since the last inference; 1 is the step from black to white. 0.02 detects "  \
    "a person; 0 always runs inference"

/* When inference runs, and whether frames wait for it. */
static void install_pace_properties(const Target *to)
{
    install(to, GST_CONVNEXT_PROP_MODE,
            g_param_spec_enum("mode", "Mode", "Whether frames wait for inference",
                              GST_TYPE_CONVNEXT_MODE, GST_CONVNEXT_MODE_SYNC, FLAGS));
    install(to, GST_CONVNEXT_PROP_INTERVAL,
            g_param_spec_uint("interval", "Interval",
                              "Run inference on every Nth frame; the frames in between carry the "
                              "last result and its age, see carry",
                              1, G_MAXINT, 1, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_MIN_PERIOD,
        g_param_spec_uint64("min-period", "Minimum period",
                            "Shortest time between two inferences, in nanoseconds of the frames' "
                            "timestamps (0 = no limit)",
                            0, G_MAXINT64, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_CHANGE_THRESHOLD,
            g_param_spec_double("change-threshold", "Change threshold",
                                to->task == GST_CONVNEXT_TASK_CLASSIFY ? CHANGE_THRESHOLD
                                    ". With smoothing, inference continues until the state is known"
                                                                       : CHANGE_THRESHOLD,
                                0.0, 1.0, 0.0, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_MAX_AGE,
        g_param_spec_uint64("max-age", "Maximum age",
                            "With change-threshold: run inference on an unchanged frame once the "
                            "last inference is this old, in nanoseconds (0 = never)",
                            0, G_MAXINT64, GST_CONVNEXT_DEFAULT_MAX_AGE, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_CARRY,
        g_param_spec_boolean("carry", "Carry",
                             "Whether a frame without a result of its own carries the last result "
                             "and its age; if FALSE, each result is attached to one frame only",
                             TRUE, FLAGS));
    /* Replaces the property of GstBaseTransform, which drops late frames. */
    install(
        to, GST_CONVNEXT_PROP_QOS,
        g_param_spec_boolean("qos", "QoS",
                             "With mode=sync: after a QoS event about a late frame, skip "
                             "inference until the stream has caught up; frames are never dropped",
                             TRUE, FLAGS));
}

static void install_smoothing_properties(const Target *to)
{
    install(
        to, GST_CONVNEXT_PROP_SMOOTHING,
        g_param_spec_enum(
            "smoothing", "Smoothing",
            "How to combine results into a state, that is, one label for the stream or for each "
            "tracked object; each change of state is posted as an element message named "
            "convnext-state-changed. Needs classes in outputs",
            GST_TYPE_CONVNEXT_SMOOTHING, GST_CONVNEXT_SMOOTHING_NONE, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_SMOOTHING_TIME,
        g_param_spec_uint64(
            "smoothing-time", "Smoothing time",
            "Time that smoothing spans, in nanoseconds of the frames' running time: with "
            "smoothing=majority the window, with smoothing=exponential the time constant. Each "
            "result counts until the next one, at most for a quarter of this time (0 = combine a "
            "number of results)",
            0, GST_CONVNEXT_MAX_SMOOTHING_TIME, 0, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_SMOOTHING_ENTER,
        g_param_spec_double(
            "smoothing-enter", "Smoothing enter",
            "Level at which a label becomes the state: with smoothing=majority its share of the "
            "window (0 = 0.6 with smoothing-time, else smoothing-count results), with "
            "smoothing=exponential its average score (0 = threshold and the model's thresholds); "
            "the latter is ignored with activation=none",
            0.0, 1.0, 0.0, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_SMOOTHING_LEAVE,
        g_param_spec_double(
            "smoothing-leave", "Smoothing leave",
            "Level below which the state is left, at most smoothing-enter: with "
            "smoothing=majority its label's share of the window (0 = two thirds of "
            "smoothing-enter with smoothing-time, else any larger share of a label that enters), "
            "with smoothing=exponential its label's average score (0 = threshold and the model's "
            "thresholds, or when a better label enters); the latter is ignored with "
            "activation=none",
            0.0, 1.0, 0.0, FLAGS));
    install(to, GST_CONVNEXT_PROP_SMOOTHING_WINDOW,
            g_param_spec_uint("smoothing-window", "Smoothing window",
                              "With smoothing=majority and smoothing-time=0: number of recent "
                              "results in which the best labels are counted",
                              1, 1000, GST_CONVNEXT_DEFAULT_SMOOTHING_WINDOW, FLAGS));
    install(to, GST_CONVNEXT_PROP_SMOOTHING_COUNT,
            g_param_spec_uint("smoothing-count", "Smoothing count",
                              "With smoothing=majority, smoothing-time=0 and smoothing-enter=0: "
                              "number of results in the window in which a label must be the best "
                              "to become the state; at most smoothing-window",
                              1, 1000, GST_CONVNEXT_DEFAULT_SMOOTHING_COUNT, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_SMOOTHING_ALPHA,
        g_param_spec_double("smoothing-alpha", "Smoothing alpha",
                            "With smoothing=exponential and smoothing-time=0: weight of the newest "
                            "result's scores; 1 = no smoothing",
                            0.001, 1.0, GST_CONVNEXT_DEFAULT_SMOOTHING_ALPHA, FLAGS));
}

static void install_segment_properties(const Target *to)
{
    install(to, GST_CONVNEXT_PROP_MASK_SIZE,
            g_param_spec_enum("mask-size", "Mask size", "Size of the mask",
                              GST_TYPE_CONVNEXT_MASK_SIZE, GST_CONVNEXT_MASK_SIZE_NETWORK, FLAGS));
    install(to, GST_CONVNEXT_PROP_SLIDE,
            g_param_spec_boolean(
                "slide", "Slide",
                "Run the network on windows of the input that overlap by a third, as "
                "mmsegmentation does; with crop=fit and crop=none a window is a square of the "
                "input's short side, else it has the model's own input size",
                FALSE, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_PIXEL_THRESHOLD,
        g_param_spec_double(
            "threshold", "Threshold",
            "A pixel whose best class has a lower score (softmax or sigmoid) gets the mask's value "
            "0, which is no class (0 = off, except for a model with one class, where it means 0.5)",
            0.0, 1.0, 0.0, FLAGS));
    install(to, GST_CONVNEXT_PROP_MULTI_LABEL,
            g_param_spec_boolean(
                "multi-label", "Multi-label",
                "The model's classes are independent: scores are sigmoids, not a softmax. The "
                "mask holds the best class",
                FALSE, FLAGS));
    install(to, GST_CONVNEXT_PROP_SEGMENTATION_LOGITS,
            g_param_spec_boolean("logits", "Logits",
                                 "Attach the output of the head's last layer, before its final "
                                 "upsampling, as the tensor segmentation-logits",
                                 FALSE, FLAGS));
    install(to, GST_CONVNEXT_PROP_PAINT,
            g_param_spec_boolean("paint", "Paint", "Paint the mask into the frame", FALSE, FLAGS));
}

static void install_detect_properties(const Target *to)
{
    install(to, GST_CONVNEXT_PROP_MIN_SIZE,
            g_param_spec_uint(
                "min-size", "Minimum size",
                "Length that the frame's short side is scaled to, in pixels, unless its long side "
                "would exceed max-size; at most max-size. Small values are fast (0 = the model's)",
                0, MAX_INPUT_SIZE, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_MAX_SIZE,
            g_param_spec_uint("max-size", "Maximum size",
                              "Limit for the long side of the scaled frame, in pixels; at least "
                              "min-size (0 = the model's)",
                              0, MAX_INPUT_SIZE, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_SCORE_THRESHOLD,
            g_param_spec_double(
                "score-threshold", "Score threshold",
                "Attach only objects with a score above this, 0 to 1 (negative = the model's)",
                -1.0, 1.0, -1.0, FLAGS));
    install(to, GST_CONVNEXT_PROP_NMS_THRESHOLD,
            g_param_spec_double(
                "nms-threshold", "NMS threshold",
                "If the intersection over union (IoU) of two objects of one class is above this, 0 "
                "to 1, drop the one with the lower score (negative = the model's)",
                -1.0, 1.0, -1.0, FLAGS));
    install(to, GST_CONVNEXT_PROP_MAX_DETECTIONS,
            g_param_spec_uint("max-objects", "Maximum objects",
                              "Maximum number of objects in a frame, best first (0 = the model's)",
                              0, 1000, 0, FLAGS));
    install(
        to, GST_CONVNEXT_PROP_PROPOSALS,
        g_param_spec_uint("proposals", "Proposals",
                          "Maximum number of boxes that the region proposal network (RPN) passes "
                          "to the box head; fewer are faster (0 = the model's)",
                          0, 2000, 0, FLAGS));
    install(to, GST_CONVNEXT_PROP_DETECTED_CLASS,
            g_param_spec_string(
                "object-class", "Object class",
                "Attach only objects with this label, which the model must have. They are chosen "
                "from the max-objects best objects of all classes (NULL = all objects)",
                NULL, FLAGS));
    install(to, GST_CONVNEXT_PROP_MASKS,
            g_param_spec_enum("masks", "Masks", "Whether to compute the objects' masks",
                              GST_TYPE_CONVNEXT_MASKS, GST_CONVNEXT_MASKS_AUTO, FLAGS));
    install(to, GST_CONVNEXT_PROP_OBJECT_MASK_SIZE,
            g_param_spec_enum("mask-size", "Mask size", "Size of the objects' masks",
                              GST_TYPE_CONVNEXT_OBJECT_MASK_SIZE,
                              GST_CONVNEXT_OBJECT_MASK_SIZE_NETWORK, FLAGS));
}

#define MODEL_INFO                                                                                \
    "The model that runs: variant, path, source-format, container, weights (only, raw, ema), "    \
    "weights-key, dtype, precision (that runs), cpu (isa level), parameters, head, classes, "     \
    "labels, class-labels (of all classes), channels, projection, activation, norm-eps, "         \
    "head-norm-eps; of the scores: scores "                                                       \
    "(the activation), temperature, threshold, rest-class; of the input: input-size, "            \
    "input-width, input-height, resize, crop, longest-side, interpolation, resampling, rescale, " \
    "mean, std; NAME-from (the source of value NAME); ignored (files next to the weights that "   \
    "contradict them); in bytes: memory (weights), image-memory, thread-memory, input-memory, "   \
    "result-memory, preprocess-memory, least-memory, batch-memory, most-memory and max-memory; "  \
    "batch (images). "

static const char *describe_model_info(GstConvnextTask task)
{
    switch (task) {
    case GST_CONVNEXT_TASK_SEGMENT:
        return MODEL_INFO
            "Of a segmenter: library, assumed (what the files do not say), stride, multi-label, "
            "windows (WIDTHxHEIGHT at STEP_XxSTEP_Y, with slide). NULL below READY";
    case GST_CONVNEXT_TASK_DETECT:
        return MODEL_INFO "Of a detector: library, assumed (what the files do not say), and the "
                          "min-size, max-size, score-threshold, nms-threshold, max-objects, "
                          "proposals and masks that run. NULL below READY";
    case GST_CONVNEXT_TASK_CLASSIFY:
        break;
    }
    return MODEL_INFO
        "unused-heads (of a checkpoint of which only the backbone runs). NULL below READY";
}

static void install_read_only(const Target *to)
{
    const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

    install(to, GST_CONVNEXT_PROP_STATS,
            g_param_spec_boxed(
                "stats", "Statistics",
                "Counters: frames, inferred, replaced (by a newer frame, with mode=latest), "
                "skipped (without inference), among them unchanged and late-skipped; late "
                "(reported by QoS events); p50 and p95 in milliseconds of preprocess, inference "
                "and total over the last 512 inferred frames; engine (the precision that runs), "
                "cpu (its isa level); of the shared queue: streams, threads, batch (mean images "
                "per forward pass), run-memory (bytes)",
                GST_TYPE_STRUCTURE, flags));
    install(to, GST_CONVNEXT_PROP_MODEL_INFO,
            g_param_spec_boxed("model-info", "Model info", describe_model_info(to->task),
                               GST_TYPE_STRUCTURE, flags));
}

void gst_convnext_settings_install(GObjectClass *klass, GstConvnextTask task, const char *bundled)
{
    const Target to = {klass, task};

    install_model_properties(&to, bundled);
    install_object_properties(&to);
    install_frame_properties(&to);
    install_pace_properties(&to);
    install_smoothing_properties(&to);
    install_segment_properties(&to);
    install_detect_properties(&to);
    install_read_only(&to);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_OUTPUTS, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_ACTIVATION, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_CROP, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_ORIENTATION, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_WEIGHTS, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_REGION, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_MODE, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_SMOOTHING, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_MASK_SIZE, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_OBJECT_MASK_SIZE, 0);
    gst_type_mark_as_plugin_api(GST_TYPE_CONVNEXT_MASKS, 0);
}
