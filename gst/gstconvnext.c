/* The element `convnext`: runs a ConvNeXt on the frames of raw video and attaches what it finds.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnext
 * @title: convnext
 * @short_description: classifies video with a ConvNeXt, or attaches its feature maps
 *
 * Runs a ConvNeXt (V1 or V2, any size) on the frames of raw video, on the CPU, and attaches what it
 * finds as #GstConvnextMeta: the best classes with their scores, and on request the logits, the
 * embedding and the feature maps of the stages. Pixels, timestamps and flags of the buffers are
 * left alone; buffers that others hold too get new metadata, not a copy of their pixels.
 *
 * It takes every raw format in any size. Frames are cropped and resized inside, by the recipe that
 * the network was evaluated with, so the video itself keeps its size. Colour matrix, range and
 * pixel aspect ratio are those of the caps.
 *
 * Without #convnext:model it runs the bundled network, which tells whether a camera is healthy:
 * normal, dark, overexposed, defocused, obstructed, noisy, low-contrast, corrupted, no-signal.
 *
 * The model is loaded when the element goes to READY. Whatever is wrong with it, with the labels or
 * with a property is one sentence in an error message then. Elements of one process that run the
 * same file share its weights.
 *
 * With #convnext:interval N, the first frame and every Nth after it are looked at; the frames
 * between, and all buffers with %GST_BUFFER_FLAG_GAP, carry the last result with its age. Nothing
 * is carried across a flush, a new segment, a discontinuity or new caps.
 *
 * With #convnext:post-messages each new result is also posted as an element message, whose
 * structure is gst_convnext_result_to_structure() plus `frame` (guint64, from 0 at each start),
 * `stream-time` and `running-time` (guint64, nanoseconds).
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m videotestsrc num-buffers=30 pattern=smpte ! convnext post-messages=true !
 * fakesink
 * ]| The bundled model on colour bars: an element message per frame.
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! convnext model=convnext_tiny.safetensors
 * top-k=3 interval=5 ! convnextpublish ! fakesink
 * ]| A model of one's own on every fifth frame of a file, the results as JSON lines.
 */

#include "gst/gstconvnext.h"

#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#include "gst/analytics.h"
#include "gst/engine.h"
#include "gst/plan.h"
#include "gst/settings.h"
#include "gst/stats.h"

GST_DEBUG_CATEGORY_STATIC(gst_convnext_debug);
#define GST_CAT_DEFAULT gst_convnext_debug

static GstBaseTransformClass *parent_class;

enum { PROP_STATS = GST_CONVNEXT_PROP_SETTINGS_END, PROP_MODEL_INFO };

struct _GstConvnext {
    GstBaseTransform parent;

    /* Under the object lock. */
    GstConvnextSettings settings;
    gboolean reopen; /* a setting that the engine was opened with has changed since */
    GstConvnextStats stats;
    GstConvnextEngine *engine; /* NULL in NULL; replaced only while no frame can come */

    /* Of the streaming thread. */
    guint64 frames; /* since start */
    GstSegment segment;
    GstConvnextPlan *plan;       /* NULL until there are caps */
    GstConvnextRequest *request; /* the frame at hand */
    GstConvnextResult *last;     /* to carry; NULL: nothing to carry */
    guint since_last;            /* frames since the one of last */
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS,
                            GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL)));

GST_ELEMENT_REGISTER_DEFINE(convnext, "convnext", GST_RANK_NONE, GST_TYPE_CONVNEXT)

/* Errors */

/* Posts the error's sentence. Never under a lock: a bus's sync handler may read properties. */
static void post_error(GstConvnext *self, const GError *error, const char *doing)
{
    GQuark domain = GST_STREAM_ERROR;
    gint code = GST_STREAM_ERROR_FAILED;
    switch ((CnxError)error->code) {
    case CNX_ERROR_NOT_FOUND:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_NOT_FOUND;
        break;
    case CNX_ERROR_UNREADABLE:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_OPEN_READ;
        break;
    case CNX_ERROR_UNWRITABLE:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_OPEN_WRITE;
        break;
    case CNX_ERROR_CORRUPT:
        code = GST_STREAM_ERROR_FORMAT;
        break;
    case CNX_ERROR_NOT_CONVNEXT:
        code = GST_STREAM_ERROR_WRONG_TYPE;
        break;
    case CNX_ERROR_UNSUPPORTED:
        code = GST_STREAM_ERROR_NOT_IMPLEMENTED;
        break;
    case CNX_ERROR_OUT_OF_MEMORY:
        domain = GST_RESOURCE_ERROR;
        code = GST_RESOURCE_ERROR_NO_SPACE_LEFT;
        break;
    case CNX_ERROR_SETTINGS:
        domain = GST_LIBRARY_ERROR;
        code = GST_LIBRARY_ERROR_SETTINGS;
        break;
    }
    gst_element_message_full(GST_ELEMENT(self), GST_MESSAGE_ERROR, domain, code,
                             g_strdup(error->message), g_strdup(doing), __FILE__, GST_FUNCTION,
                             __LINE__);
}

/* Engine: opened from NULL to READY, closed on the way back. */

static void replace_engine(GstConvnext *self, GstConvnextEngine *engine)
{
    GST_OBJECT_LOCK(self);
    GstConvnextEngine *old = self->engine;
    self->engine = engine;
    GST_OBJECT_UNLOCK(self);
    gst_convnext_engine_unref(old);
}

static gboolean open_engine(GstConvnext *self)
{
    GstConvnextSettings settings;
    GError *error = NULL;
    GST_OBJECT_LOCK(self);
    gst_convnext_settings_copy(&settings, &self->settings);
    self->reopen = FALSE;
    GST_OBJECT_UNLOCK(self);
    GstConvnextEngine *engine = gst_convnext_engine_open(&settings, &error);
    gst_convnext_settings_clear(&settings);
    if (!engine) {
        post_error(self, error, "opening the model");
        g_error_free(error);
        return FALSE;
    }
    GstStructure *info = gst_convnext_engine_info(engine);
    GST_INFO_OBJECT(self, "running %" GST_PTR_FORMAT, info);
    gst_structure_free(info);
    char *remark = gst_convnext_engine_remark(engine);
    if (remark)
        GST_WARNING_OBJECT(self, "%s", remark);
    g_free(remark);
    replace_engine(self, engine);
    return TRUE;
}

static GstStateChangeReturn gst_convnext_change_state(GstElement *element,
                                                      GstStateChange transition)
{
    GstConvnext *self = GST_CONVNEXT(element);
    if (transition == GST_STATE_CHANGE_NULL_TO_READY && !open_engine(self))
        return GST_STATE_CHANGE_FAILURE;
    GstStateChangeReturn result =
        GST_ELEMENT_CLASS(parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        replace_engine(self, NULL);
    return result;
}

/* Results on buffers */

/* The next frame is looked at, whatever the interval. */
static void forget(GstConvnext *self)
{
    g_clear_pointer(&self->last, gst_convnext_result_unref);
    self->since_last = 0;
}

static gboolean is_due(GstConvnext *self, GstBuffer *buffer, guint interval)
{
    if (GST_BUFFER_IS_DISCONT(buffer))
        forget(self);
    self->since_last++;
    if (GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP))
        return FALSE;
    return !self->last || self->since_last >= interval;
}

static void attach(GstBuffer *buffer, GstConvnextResult *result, GstClockTime age)
{
    gst_buffer_add_convnext_meta(buffer, result, age);
    gst_convnext_analytics_mirror(buffer, result);
}

static void carry(GstConvnext *self, GstBuffer *buffer)
{
    GST_OBJECT_LOCK(self);
    self->stats.skipped++;
    GST_OBJECT_UNLOCK(self);
    if (!self->last)
        return;
    GstClockTime now = GST_BUFFER_PTS(buffer), then = gst_convnext_result_get_pts(self->last);
    gboolean known = GST_CLOCK_TIME_IS_VALID(now) && GST_CLOCK_TIME_IS_VALID(then) && now > then;
    GstClockTime age = known ? now - then : 0;
    attach(buffer, self->last, age);
    GST_LOG_OBJECT(self, "frame %" G_GUINT64_FORMAT ": carries a result of age %" GST_TIME_FORMAT,
                   self->frames, GST_TIME_ARGS(age));
}

static void post_result(GstConvnext *self, GstConvnextResult *result)
{
    GstClockTime pts = gst_convnext_result_get_pts(result);
    GstStructure *s = gst_convnext_result_to_structure(result);
    gst_structure_set(s, "frame", G_TYPE_UINT64, self->frames, "stream-time", G_TYPE_UINT64,
                      gst_segment_to_stream_time(&self->segment, GST_FORMAT_TIME, pts),
                      "running-time", G_TYPE_UINT64,
                      gst_segment_to_running_time(&self->segment, GST_FORMAT_TIME, pts), NULL);
    gst_element_post_message(GST_ELEMENT(self), gst_message_new_element(GST_OBJECT(self), s));
}

static void log_result(GstConvnext *self, GstConvnextResult *result, const GstClockTime *times)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);
    GST_LOG_OBJECT(self,
                   "frame %" G_GUINT64_FORMAT ": %u classes, best %s %.4f, preprocess %.3f ms, "
                   "inference %.3f ms",
                   self->frames, n, n ? classes[0].label : "none", n ? classes[0].score : 0.0,
                   (double)times[GST_CONVNEXT_PHASE_PREPROCESS] / GST_MSECOND,
                   (double)times[GST_CONVNEXT_PHASE_INFERENCE] / GST_MSECOND);
}

static gboolean infer(GstConvnext *self, GstBuffer *buffer, const GstConvnextSettings *live)
{
    GstClockTime times[GST_CONVNEXT_PHASES], start = gst_util_get_timestamp();
    GError *error = NULL;
    GstConvnextResult *result;
    if (!gst_convnext_plan_prepare(self->plan, buffer, live, self->request, &error) ||
        !gst_convnext_engine_infer(self->engine, self->request, &result, &error)) {
        post_error(self, error, "looking at a frame");
        g_error_free(error);
        return FALSE;
    }
    attach(buffer, result, 0);
    forget(self);
    self->last = result;
    times[GST_CONVNEXT_PHASE_PREPROCESS] = self->request->preprocess_time;
    times[GST_CONVNEXT_PHASE_INFERENCE] = self->request->inference_time;
    times[GST_CONVNEXT_PHASE_TOTAL] = gst_util_get_timestamp() - start;
    GST_OBJECT_LOCK(self);
    gst_convnext_stats_add(&self->stats, times);
    GST_OBJECT_UNLOCK(self);
    log_result(self, result, times);
    if (live->post_messages)
        post_result(self, result);
    return TRUE;
}

static GstFlowReturn gst_convnext_transform_ip(GstBaseTransform *base, GstBuffer *buffer)
{
    GstConvnext *self = GST_CONVNEXT(base);
    GST_OBJECT_LOCK(self);
    GstConvnextSettings live = self->settings;
    self->stats.frames++;
    GST_OBJECT_UNLOCK(self);
    live.model = live.labels = NULL; /* not ours outside of the lock */

    if (!is_due(self, buffer, live.interval))
        carry(self, buffer);
    else if (!infer(self, buffer, &live))
        return GST_FLOW_ERROR;
    self->frames++;
    return GST_FLOW_OK;
}

/* Streams */

static gboolean gst_convnext_start(GstBaseTransform *base)
{
    GstConvnext *self = GST_CONVNEXT(base);
    GST_OBJECT_LOCK(self);
    gst_convnext_stats_reset(&self->stats);
    gboolean reopen = self->reopen;
    GST_OBJECT_UNLOCK(self);
    self->frames = 0;
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
    if (reopen && !open_engine(self))
        return FALSE;
    self->request = gst_convnext_request_new();
    return TRUE;
}

static gboolean gst_convnext_stop(GstBaseTransform *base)
{
    GstConvnext *self = GST_CONVNEXT(base);
    forget(self);
    g_clear_pointer(&self->plan, gst_convnext_plan_free);
    g_clear_pointer(&self->request, gst_convnext_request_free);
    gst_convnext_engine_relax(self->engine);
    return TRUE;
}

static gboolean gst_convnext_set_caps(GstBaseTransform *base, GstCaps *incaps, GstCaps *outcaps)
{
    GstConvnext *self = GST_CONVNEXT(base);
    GstVideoInfo info;
    GError *error = NULL;
    if (!gst_video_info_from_caps(&info, incaps)) {
        GST_ERROR_OBJECT(self, "no raw video: %" GST_PTR_FORMAT, incaps);
        return FALSE;
    }
    forget(self);
    g_clear_pointer(&self->plan, gst_convnext_plan_free);
    self->plan = gst_convnext_plan_new(self->engine, &info, &error);
    if (!self->plan) {
        post_error(self, error, "planning for new caps");
        g_error_free(error);
        return FALSE;
    }
    char *plan = gst_convnext_plan_describe(self->plan);
    GST_INFO_OBJECT(self, "%s", plan);
    g_free(plan);
    return TRUE;
}

/* The buffers go on downstream as they are, so downstream decides about pools and strides. It may
 * ask for GstVideoMeta and GstVideoCropMeta: both are honoured here. */
static gboolean gst_convnext_propose_allocation(GstBaseTransform *base, GstQuery *decide,
                                                GstQuery *query)
{
    return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(base), query);
}

static gboolean gst_convnext_sink_event(GstBaseTransform *base, GstEvent *event)
{
    GstConvnext *self = GST_CONVNEXT(base);
    switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_SEGMENT:
        gst_event_copy_segment(event, &self->segment);
        forget(self);
        break;
    case GST_EVENT_FLUSH_STOP:
        gst_segment_init(&self->segment, GST_FORMAT_TIME);
        forget(self);
        break;
    default:
        break;
    }
    return parent_class->sink_event(base, event);
}

static gboolean gst_convnext_src_event(GstBaseTransform *base, GstEvent *event)
{
    GstConvnext *self = GST_CONVNEXT(base);
    if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
        GstClockTimeDiff late;
        gst_event_parse_qos(event, NULL, NULL, &late, NULL);
        GST_OBJECT_LOCK(self);
        self->stats.late += late > 0;
        GST_OBJECT_UNLOCK(self);
    }
    return parent_class->src_event(base, event);
}

/* Properties */

static GstStructure *read_stats(GstConvnext *self)
{
    GST_OBJECT_LOCK(self);
    GstConvnextStats stats = self->stats;
    const char *cpu = self->engine ? gst_convnext_engine_cpu(self->engine) : NULL;
    GST_OBJECT_UNLOCK(self);
    GstStructure *s = gst_convnext_stats_to_structure(&stats);
    if (cpu)
        gst_structure_set(s, "engine", G_TYPE_STRING, "fp32", "cpu", G_TYPE_STRING, cpu, NULL);
    return s;
}

static GstStructure *read_model_info(GstConvnext *self)
{
    GST_OBJECT_LOCK(self);
    GstStructure *s = self->engine ? gst_convnext_engine_info(self->engine) : NULL;
    GST_OBJECT_UNLOCK(self);
    return s;
}

static void gst_convnext_set_property(GObject *object, guint id, const GValue *value,
                                      GParamSpec *pspec)
{
    GstConvnext *self = GST_CONVNEXT(object);
    GST_OBJECT_LOCK(self);
    gboolean known = gst_convnext_settings_set(&self->settings, id, value);
    if (!(pspec->flags & GST_PARAM_MUTABLE_PLAYING))
        self->reopen = TRUE;
    GST_OBJECT_UNLOCK(self);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_convnext_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    GstConvnext *self = GST_CONVNEXT(object);
    if (id == PROP_STATS) {
        g_value_take_boxed(value, read_stats(self));
        return;
    }
    if (id == PROP_MODEL_INFO) {
        g_value_take_boxed(value, read_model_info(self));
        return;
    }
    GST_OBJECT_LOCK(self);
    gboolean known = gst_convnext_settings_get(&self->settings, id, value);
    GST_OBJECT_UNLOCK(self);
    if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_convnext_finalize(GObject *object)
{
    GstConvnext *self = GST_CONVNEXT(object);
    gst_convnext_settings_clear(&self->settings);
    gst_convnext_engine_unref(self->engine);
    G_OBJECT_CLASS(parent_class)->finalize(object);
}

static void install_read_only(GObjectClass *klass)
{
    const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
    g_object_class_install_property(
        klass, PROP_STATS,
        g_param_spec_boxed("stats", "Statistics",
                           "frames, inferred, skipped (by interval or GAP), late (by QOS events of "
                           "the sink); p50 and p95 in milliseconds of preprocess, inference and "
                           "total over the last 512 inferred frames; engine, cpu",
                           GST_TYPE_STRUCTURE, flags));
    g_object_class_install_property(
        klass, PROP_MODEL_INFO,
        g_param_spec_boxed("model-info", "Model info",
                           "variant, parameters, classes, input-size, crop, resize, source-format, "
                           "container, weights (only, raw, ema), weights-key, dtype, labels, path, "
                           "memory, cpu; NULL below READY",
                           GST_TYPE_STRUCTURE, flags));
}

static void gst_convnext_class_init(gpointer klass, gpointer data)
{
    parent_class = g_type_class_peek_parent(klass);
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

    object_class->set_property = gst_convnext_set_property;
    object_class->get_property = gst_convnext_get_property;
    object_class->finalize = gst_convnext_finalize;
    char *bundled = gst_convnext_bundled_model();
    gst_convnext_settings_install(object_class, bundled);
    g_free(bundled);
    install_read_only(object_class);

    gst_element_class_set_static_metadata(
        element_class, "ConvNeXt classifier and backbone", "Filter/Analyzer/Video",
        "Classifies video frames with a ConvNeXt on the CPU, or attaches its feature maps",
        "The gst-convnext developers");
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    element_class->change_state = gst_convnext_change_state;

    transform_class->start = gst_convnext_start;
    transform_class->stop = gst_convnext_stop;
    transform_class->set_caps = gst_convnext_set_caps;
    transform_class->propose_allocation = gst_convnext_propose_allocation;
    transform_class->sink_event = gst_convnext_sink_event;
    transform_class->src_event = gst_convnext_src_event;
    transform_class->transform_ip = gst_convnext_transform_ip;
}

static void gst_convnext_init(GTypeInstance *instance, gpointer klass)
{
    GstConvnext *self = GST_CONVNEXT(instance);
    gst_convnext_settings_init(&self->settings);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

/* By hand: G_DEFINE_TYPE would name the class structure GstConvnextClass, which in the public
 * library is a class that a network tells apart. The element has no class members of its own. */
GType gst_convnext_get_type(void)
{
    static gsize type;
    if (g_once_init_enter(&type)) {
        GST_DEBUG_CATEGORY_INIT(gst_convnext_debug, "convnext", 0, "ConvNeXt on raw video");
        g_once_init_leave(&type, g_type_register_static_simple(
                                     GST_TYPE_BASE_TRANSFORM, g_intern_static_string("GstConvnext"),
                                     sizeof(GstBaseTransformClass), gst_convnext_class_init,
                                     sizeof(GstConvnext), gst_convnext_init, 0));
    }
    return type;
}
