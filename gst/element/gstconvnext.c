/* The element `convnext`: runs a ConvNeXt on the frames of raw video and attaches the results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnext
 * @title: convnext
 * @short_description: classifies video with ConvNeXt and attaches its embedding and feature maps
 *
 * Runs a ConvNeXt (V1 or V2, any size) on the CPU and attaches the output to each buffer as
 * #GstConvnextMeta: the best classes with their scores and, on request, the logits, the embedding
 * and the feature maps of the stages. Pixels, timestamps and flags of the buffers do not change; a
 * buffer that is shared with another branch gets new metadata, not a copy of its pixels.
 *
 * The element accepts every raw video format in any size. It crops and resizes a copy of the frame
 * with the preprocessing that the checkpoint was evaluated with; the video itself keeps its size.
 * The colour matrix, range and pixel aspect ratio come from the caps, and the orientation from the
 * `image-orientation` tag, unless #convnext:orientation is set.
 *
 * Without #convnext:model it runs the bundled model, which detects the health of a camera.
 *
 * The model is loaded in the transition from NULL to READY. If the model, the labels or a property
 * are unusable, the element posts an error of one sentence. Elements of one process that use the
 * same file share its weights.
 *
 * Every writable property can be set while playing and takes effect at the next frame. A new model
 * is loaded in a separate thread while the current one keeps running; the element message
 * `convnext-model-updated` reports that it has taken over. If a model cannot be loaded, the element
 * posts a warning and keeps the current one. Set properties that depend on each other, such as a
 * model and its labels, with one call of g_object_set().
 *
 * With #convnext:mode `sync` each frame waits for its result. With `latest` frames never wait: each
 * carries the newest finished result with its age, and end of stream waits for the last one.
 *
 * With #convnext:interval N the network runs on the first frame and on every Nth after it;
 * #convnext:min-period limits the rate by time. The frames in between, and all buffers with
 * %GST_BUFFER_FLAG_GAP, carry the last result with its age unless #convnext:carry is `false`.
 *
 * With `sync`, a QoS event about a late frame makes the network skip frames until the stream has
 * caught up; frames are never dropped. A live pipeline learns the measured latency.
 *
 * With #convnext:region `objects` the network runs on each object that upstream elements describe
 * in a #GstVideoRegionOfInterestMeta or, from GStreamer 1.24, a #GstAnalyticsODMtd. Each object
 * gets a #GstConvnextMeta with its region, and its classes are added to the detector's metadata.
 *
 * With #convnext:post-messages each new result is also posted as an element message `convnext`.
 * With #convnext:smoothing the results are combined into a state, the label that currently holds,
 * and each change is posted as an element message `convnext-state-changed`. gst/README.md describes
 * messages with their fields, objects, states and metadata in full.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m videotestsrc num-buffers=30 pattern=smpte ! convnext post-messages=true !
 * fakesink
 * ]| Runs the bundled model on colour bars and posts an element message for each frame.
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! gvadetect model=cars.xml ! gvatrack !
 * convnext model=car-makes region=objects object-class=car reclassify-interval=30 ! convnextpublish
 * ! fakesink
 * ]| Every 30 frames, classifies the make of each car that other elements detect and track.
 */

#include "gst/element/gstconvnext.h"

#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#include "gst/element/engines.h"
#include "gst/element/events.h"
#include "gst/element/fields.h"
#include "gst/stream/messages.h"

GST_DEBUG_CATEGORY(gst_convnext_debug); /* the files of element/ and stream/ log to it too */
#define GST_CAT_DEFAULT gst_convnext_debug

static GstBaseTransformClass *parent_class;

#define RAW_VIDEO GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL))
static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, RAW_VIDEO);
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, RAW_VIDEO);

GST_ELEMENT_REGISTER_DEFINE(convnext, "convnext", GST_RANK_NONE, GST_TYPE_CONVNEXT)

/* type: GST_MESSAGE_WARNING for a change while playing, which takes effect at the next frame and
 * cannot be refused. */
static gboolean check_smoothing(GstConvnext *self, GstMessageType type)
{
    g_autoptr(GError) error = NULL;

    GST_OBJECT_LOCK(self);
    gboolean is_fine = (type == GST_MESSAGE_WARNING && !self->is_streaming) ||
                       gst_convnext_settings_check_smoothing(&self->settings, &error);
    GST_OBJECT_UNLOCK(self);
    if (!is_fine)
        gst_convnext_post_error(GST_ELEMENT(self), type, error, "checking the smoothing");
    return is_fine;
}

/* Called once for all properties of one g_object_set(), so that a model and its labels, or a window
 * and its count, take effect together. */
static void gst_convnext_dispatch_properties_changed(GObject *object, guint n, GParamSpec **pspecs)
{
    gboolean smoothing_has_changed = FALSE;

    G_OBJECT_CLASS(parent_class)->dispatch_properties_changed(object, n, pspecs);
    gst_convnext_request_reload(GST_CONVNEXT(object));
    for (guint i = 0; i < n; i++)
        smoothing_has_changed |= pspecs[i]->owner_type == GST_TYPE_CONVNEXT &&
                                 gst_convnext_settings_is_smoothing(pspecs[i]->param_id);
    if (smoothing_has_changed)
        check_smoothing(GST_CONVNEXT(object), GST_MESSAGE_WARNING);
}

static GstStateChangeReturn gst_convnext_change_state(GstElement *element,
                                                      GstStateChange transition)
{
    GstConvnext *self = GST_CONVNEXT(element);

    if (transition == GST_STATE_CHANGE_NULL_TO_READY &&
        !(check_smoothing(self, GST_MESSAGE_ERROR) && gst_convnext_open_engine(self)))
        return GST_STATE_CHANGE_FAILURE;
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
        gst_convnext_stream_interrupt(self->stream); /* a frame or EOS may be waiting */
    GstStateChangeReturn result =
        GST_ELEMENT_CLASS(parent_class)->change_state(element, transition);
    if (transition == GST_STATE_CHANGE_READY_TO_NULL)
        gst_convnext_replace_engine(self, NULL, 0);
    return result;
}

/* Streams */

static gboolean gst_convnext_start(GstBaseTransform *base)
{
    GstConvnext *self = GST_CONVNEXT(base);

    GST_OBJECT_LOCK(self);
    gboolean is_outdated = self->opened_version != self->engine_version;
    GST_OBJECT_UNLOCK(self);
    if (!check_smoothing(self, GST_MESSAGE_ERROR) ||
        (is_outdated && !gst_convnext_open_engine(self)))
        return FALSE;
    GST_OBJECT_LOCK(self);
    self->requested_version = self->opened_version;
    self->is_streaming = TRUE;
    GST_OBJECT_UNLOCK(self);
    gst_convnext_request_reload(self);
    gst_convnext_stream_start(self->stream);
    return TRUE;
}

static gboolean gst_convnext_stop(GstBaseTransform *base)
{
    GstConvnext *self = GST_CONVNEXT(base);
    GstConvnextInput *input;
    guint version;

    GST_OBJECT_LOCK(self);
    self->is_streaming = FALSE;
    GST_OBJECT_UNLOCK(self);
    gst_convnext_reload_halt(self->reload);
    gst_convnext_stream_stop(self->stream);
    GstConvnextEngine *next = gst_convnext_take_reloaded(self, &input, &version);
    if (next) {
        gst_convnext_input_free(input);
        gst_convnext_adopt_engine(self, next, version);
    }
    gst_convnext_reload_set_caps(self->reload, NULL);
    gst_convnext_engine_relax(self->engine);
    return TRUE;
}

static gboolean gst_convnext_set_caps(GstBaseTransform *base, GstCaps *incaps, GstCaps *outcaps)
{
    GstConvnext *self = GST_CONVNEXT(base);
    GstVideoInfo info;
    GstConvnextInput *input;
    guint version;

    if (!gst_video_info_from_caps(&info, incaps)) {
        GST_ERROR_OBJECT(self, "not raw video: %" GST_PTR_FORMAT, incaps);
        return FALSE;
    }
    gst_convnext_stream_take_input(self->stream, NULL); /* frees the old one first */
    gst_convnext_reload_set_caps(self->reload, &info);
    GstConvnextEngine *next = gst_convnext_take_reloaded(self, &input, &version);
    if (next && !input)
        input = gst_convnext_make_input(self, next, &info, GST_MESSAGE_WARNING);
    if (input) {
        gst_convnext_switch_engine(self, next, input, version);
        return TRUE;
    }
    gst_convnext_engine_unref(next);
    input = gst_convnext_make_input(self, self->engine, &info, GST_MESSAGE_ERROR);
    gst_convnext_stream_take_input(self->stream, input);
    return input != NULL;
}

/* Frames */

/* When caps are refused, the pads keep the previous caps. GstBaseTransform does not call set_caps
 * if the previous caps then come again. */
static gboolean ensure_input(GstBaseTransform *base)
{
    if (gst_convnext_stream_has_input(GST_CONVNEXT(base)->stream))
        return TRUE;
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(GST_BASE_TRANSFORM_SINK_PAD(base));
    return caps && gst_convnext_set_caps(base, caps, caps);
}

static GstFlowReturn gst_convnext_transform_ip(GstBaseTransform *base, GstBuffer *buffer)
{
    GstConvnext *self = GST_CONVNEXT(base);

    GST_OBJECT_LOCK(self);
    GstConvnextFrameSettings settings = self->settings.frame;
    const gboolean reload_is_ready = self->reload_is_ready;
    GST_OBJECT_UNLOCK(self);
    if (!ensure_input(base))
        return GST_FLOW_NOT_NEGOTIATED;
    if (reload_is_ready)
        gst_convnext_follow_reload(self);
    gst_convnext_tags_apply(&self->tags, &settings);
    return gst_convnext_stream_frame(self->stream, buffer, &settings) ? GST_FLOW_OK
                                                                      : GST_FLOW_ERROR;
}

/* Buffers pass unchanged, so downstream decides on pools and strides. It may request GstVideoMeta
 * and GstVideoCropMeta: the element honours both. */
static gboolean gst_convnext_propose_allocation(GstBaseTransform *base, GstQuery *decide,
                                                GstQuery *query)
{
    return gst_pad_peer_query(GST_BASE_TRANSFORM_SRC_PAD(base), query);
}

/* Events and queries */

static gboolean gst_convnext_sink_event(GstBaseTransform *base, GstEvent *event)
{
    gst_convnext_follow_event(GST_CONVNEXT(base), event);
    return parent_class->sink_event(base, event);
}

static gboolean gst_convnext_src_event(GstBaseTransform *base, GstEvent *event)
{
    if (!gst_convnext_consume_event(GST_CONVNEXT(base), event))
        return parent_class->src_event(base, event);
    gst_event_unref(event);
    return TRUE;
}

static gboolean gst_convnext_query(GstBaseTransform *base, GstPadDirection direction,
                                   GstQuery *query)
{
    if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
        return gst_convnext_answer_latency(GST_CONVNEXT(base), query);
    if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM &&
        gst_convnext_answer_results(GST_CONVNEXT(base), query))
        return TRUE;
    return parent_class->query(base, direction, query);
}

/* Properties */

static GstStructure *read_stats(GstConvnext *self)
{
    GstStructure *s = gst_convnext_stream_stats(self->stream);

    GST_OBJECT_LOCK(self);
    g_autoptr(GstConvnextEngine) engine =
        self->engine ? gst_convnext_engine_ref(self->engine) : NULL;
    GST_OBJECT_UNLOCK(self);
    if (engine)
        gst_convnext_engine_add_stats(engine, s);
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
    gboolean is_known = gst_convnext_settings_set(&self->settings, id, value);
    self->engine_version += gst_convnext_settings_is_engine(id);
    GST_OBJECT_UNLOCK(self);
    if (!is_known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_convnext_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    GstConvnext *self = GST_CONVNEXT(object);

    if (id == GST_CONVNEXT_PROP_STATS || id == GST_CONVNEXT_PROP_MODEL_INFO) {
        g_value_take_boxed(value, id == GST_CONVNEXT_PROP_STATS ? read_stats(self)
                                                                : read_model_info(self));
        return;
    }
    GST_OBJECT_LOCK(self);
    gboolean is_known = gst_convnext_settings_get(&self->settings, id, value);
    GST_OBJECT_UNLOCK(self);
    if (!is_known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_convnext_finalize(GObject *object)
{
    GstConvnext *self = GST_CONVNEXT(object);

    gst_convnext_reload_free(self->reload);
    gst_convnext_stream_free(self->stream);
    gst_convnext_engine_settings_clear(&self->settings.engine);
    gst_convnext_engine_unref(self->engine);
    g_free(self->precision_remark);
    G_OBJECT_CLASS(parent_class)->finalize(object);
}

static void gst_convnext_class_init(gpointer klass, gpointer data)
{
    parent_class = g_type_class_peek_parent(klass);
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

    object_class->set_property = gst_convnext_set_property;
    object_class->get_property = gst_convnext_get_property;
    object_class->dispatch_properties_changed = gst_convnext_dispatch_properties_changed;
    object_class->finalize = gst_convnext_finalize;
    g_autofree char *bundled = gst_convnext_bundled_model();
    gst_convnext_settings_install(object_class, bundled);

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
    transform_class->query = gst_convnext_query;
    transform_class->src_event = gst_convnext_src_event;
    transform_class->transform_ip = gst_convnext_transform_ip;
}

static void gst_convnext_init(GTypeInstance *instance, gpointer klass)
{
    GstConvnext *self = GST_CONVNEXT(instance);

    gst_convnext_settings_init(&self->settings);
    self->stream = gst_convnext_stream_new(GST_ELEMENT(self));
    self->reload = gst_convnext_reload_new(gst_convnext_on_reload_done, self);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}

/* G_DEFINE_TYPE would name the class structure GstConvnextClass, which in the public library is a
 * class with its score. The element adds no members to its class. */
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
