/* What the elements that run a network share.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

#include "gst/element/element.h"

#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#include "gst/element/engines.h"
#include "gst/element/events.h"
#include "gst/element/fields.h"
#include "gst/element/tensorcaps.h"
#include "gst/stream/messages.h"

GST_DEBUG_CATEGORY(gst_convnext_debug); /* the files of element/ and stream/ log to it too */
#define GST_CAT_DEFAULT gst_convnext_debug

typedef struct GstConvnextElementClass {
    GstBaseTransformClass parent;
    const GstConvnextElementInfo *info;
} GstConvnextElementClass;

static GstBaseTransformClass *parent_class; /* of all of them */

#define RAW_VIDEO GST_STATIC_CAPS(GST_VIDEO_CAPS_MAKE(GST_VIDEO_FORMATS_ALL))
static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, RAW_VIDEO);
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, RAW_VIDEO);

/* type: GST_MESSAGE_WARNING for a change while playing, which takes effect at the next frame and
 * cannot be refused. */
static gboolean check_frames(GstConvnextElement *self, GstMessageType type)
{
    g_autoptr(GError) error = NULL;

    GST_OBJECT_LOCK(self);
    gboolean is_fine = (type == GST_MESSAGE_WARNING && !self->is_streaming) ||
                       gst_convnext_settings_check_frames(&self->settings, &error);
    GST_OBJECT_UNLOCK(self);
    if (!is_fine)
        gst_convnext_post_error(GST_ELEMENT(self), type, error, "checking the properties");
    return is_fine;
}

/* While not playing, the next start refuses the class. */
static void warn_of_class(GstConvnextElement *self)
{
    GST_OBJECT_LOCK(self);
    gboolean is_streaming = self->is_streaming;
    GST_OBJECT_UNLOCK(self);
    if (is_streaming)
        gst_convnext_check_class(self, GST_MESSAGE_WARNING);
}

/* Called once for all properties of one g_object_set(), so that a model and its labels, or a window
 * and its count, take effect together. */
static void gst_convnext_dispatch_properties_changed(GObject *object, guint n, GParamSpec **pspecs)
{
    gboolean frames_have_changed = FALSE, class_has_changed = FALSE;

    G_OBJECT_CLASS(parent_class)->dispatch_properties_changed(object, n, pspecs);
    gst_convnext_request_reload(GST_CONVNEXT_ELEMENT(object));
    for (guint i = 0; i < n; i++) {
        const gboolean is_own = pspecs[i]->owner_type == G_OBJECT_TYPE(object);
        const guint id = pspecs[i]->param_id;

        frames_have_changed |= is_own && gst_convnext_settings_is_checked(id);
        class_has_changed |= is_own && id == GST_CONVNEXT_PROP_DETECTED_CLASS;
    }
    if (frames_have_changed)
        check_frames(GST_CONVNEXT_ELEMENT(object), GST_MESSAGE_WARNING);
    if (class_has_changed)
        warn_of_class(GST_CONVNEXT_ELEMENT(object));
}

static GstStateChangeReturn gst_convnext_change_state(GstElement *element,
                                                      GstStateChange transition)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(element);

    if (transition == GST_STATE_CHANGE_NULL_TO_READY &&
        !(check_frames(self, GST_MESSAGE_ERROR) && gst_convnext_open_engine(self) &&
          gst_convnext_check_class(self, GST_MESSAGE_ERROR))) {
        gst_convnext_replace_engine(self, NULL, 0);
        return GST_STATE_CHANGE_FAILURE;
    }
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
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(base);

    GST_OBJECT_LOCK(self);
    gboolean is_outdated = self->opened_version != self->engine_version;
    GST_OBJECT_UNLOCK(self);
    if (!check_frames(self, GST_MESSAGE_ERROR) ||
        (is_outdated && !gst_convnext_open_engine(self)) ||
        !gst_convnext_check_class(self, GST_MESSAGE_ERROR))
        return FALSE;
    g_clear_pointer(&self->refusal, g_free);
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
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(base);
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

static GstCaps *gst_convnext_transform_caps(GstBaseTransform *base, GstPadDirection direction,
                                            GstCaps *caps, GstCaps *filter)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(base);

    GST_OBJECT_LOCK(self);
    g_autoptr(GstConvnextEngine) engine =
        self->engine ? gst_convnext_engine_ref(self->engine) : NULL;
    GST_OBJECT_UNLOCK(self);
    g_autoptr(GstCaps) other = gst_convnext_tensor_caps(engine, direction, caps);
    return filter ? gst_caps_intersect_full(filter, other, GST_CAPS_INTERSECT_FIRST)
                  : g_steal_pointer(&other);
}

/* The pad templates leave only frames whose memory GStreamer cannot describe. */
static gboolean refuse_unknown(GstConvnextElement *self, const GstCaps *caps)
{
    g_autofree char *text = gst_caps_to_string(caps);
    g_autoptr(GError) error =
        g_error_new(CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "GStreamer cannot describe the memory of frames this large: %s: scale or crop "
                    "them upstream",
                    text);

    gst_convnext_refuse_caps(self, GST_MESSAGE_ERROR, error);
    return FALSE;
}

static gboolean gst_convnext_set_caps(GstBaseTransform *base, GstCaps *incaps, GstCaps *outcaps)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(base);
    GstVideoInfo info;
    GstConvnextInput *input;
    guint version;

    if (!gst_video_info_from_caps(&info, incaps))
        return refuse_unknown(self, incaps);
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
    if (gst_convnext_stream_has_input(GST_CONVNEXT_ELEMENT(base)->stream))
        return TRUE;
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(GST_BASE_TRANSFORM_SINK_PAD(base));
    return caps && gst_convnext_set_caps(base, caps, caps);
}

static GstFlowReturn gst_convnext_transform_ip(GstBaseTransform *base, GstBuffer *buffer)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(base);

    GST_OBJECT_LOCK(self);
    GstConvnextFrameSettings settings = self->settings.frame;
    const gboolean reload_is_ready = self->reload_is_ready;
    GST_OBJECT_UNLOCK(self);
    if (!ensure_input(base))
        return GST_FLOW_NOT_NEGOTIATED;
    if (reload_is_ready)
        gst_convnext_follow_reload(self);
    gst_convnext_tags_apply(&self->tags, &settings);
    if (!gst_convnext_stream_frame(self->stream, buffer, &settings))
        return GST_FLOW_ERROR;
    if (settings.smoothing.kind != GST_CONVNEXT_SMOOTHING_NONE)
        gst_convnext_push_changes(self);
    return GST_FLOW_OK;
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
    gst_convnext_follow_event(GST_CONVNEXT_ELEMENT(base), event);
    return parent_class->sink_event(base, event);
}

static gboolean gst_convnext_src_event(GstBaseTransform *base, GstEvent *event)
{
    if (!gst_convnext_consume_event(GST_CONVNEXT_ELEMENT(base), event))
        return parent_class->src_event(base, event);
    gst_event_unref(event);
    return TRUE;
}

static gboolean gst_convnext_query(GstBaseTransform *base, GstPadDirection direction,
                                   GstQuery *query)
{
    if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
        return gst_convnext_answer_latency(GST_CONVNEXT_ELEMENT(base), query);
    if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_CUSTOM &&
        gst_convnext_answer_results(GST_CONVNEXT_ELEMENT(base), query))
        return TRUE;
    return parent_class->query(base, direction, query);
}

/* Properties */

static GstStructure *read_stats(GstConvnextElement *self)
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

static GstStructure *read_model_info(GstConvnextElement *self)
{
    GST_OBJECT_LOCK(self);
    GstStructure *s = self->engine ? gst_convnext_engine_info(self->engine) : NULL;
    if (s)
        gst_convnext_engine_add_labels(self->engine, s);
    GST_OBJECT_UNLOCK(self);
    return s;
}

static void gst_convnext_set_property(GObject *object, guint id, const GValue *value,
                                      GParamSpec *pspec)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(object);

    GST_OBJECT_LOCK(self);
    gboolean is_known = gst_convnext_settings_set(&self->settings, id, value);
    self->engine_version += gst_convnext_settings_is_engine(id);
    GST_OBJECT_UNLOCK(self);
    if (!is_known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
}

static void gst_convnext_get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(object);

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
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(object);

    gst_convnext_reload_free(self->reload);
    gst_convnext_stream_free(self->stream);
    gst_convnext_settings_clear(&self->settings);
    gst_convnext_engine_unref(self->engine);
    g_free(self->refusal);
    g_free(self->precision_remark);
    G_OBJECT_CLASS(parent_class)->finalize(object);
}

static void gst_convnext_class_init(gpointer klass, gpointer data)
{
    const GstConvnextElementInfo *info = data;

    ((GstConvnextElementClass *)klass)->info = info;
    parent_class = g_type_class_peek_parent(klass);
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

    object_class->set_property = gst_convnext_set_property;
    object_class->get_property = gst_convnext_get_property;
    object_class->dispatch_properties_changed = gst_convnext_dispatch_properties_changed;
    object_class->finalize = gst_convnext_finalize;
    g_autofree char *bundled =
        info->task == GST_CONVNEXT_TASK_CLASSIFY ? gst_convnext_bundled_model() : NULL;
    gst_convnext_settings_install(object_class, info->task, bundled);

    gst_element_class_set_static_metadata(element_class, info->name, "Filter/Analyzer/Video",
                                          info->description, "The gst-convnext developers");
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    element_class->change_state = gst_convnext_change_state;

    transform_class->start = gst_convnext_start;
    transform_class->stop = gst_convnext_stop;
    transform_class->transform_caps = gst_convnext_transform_caps;
    transform_class->set_caps = gst_convnext_set_caps;
    transform_class->propose_allocation = gst_convnext_propose_allocation;
    transform_class->sink_event = gst_convnext_sink_event;
    transform_class->query = gst_convnext_query;
    transform_class->src_event = gst_convnext_src_event;
    transform_class->transform_ip = gst_convnext_transform_ip;
}

static void gst_convnext_init(GTypeInstance *instance, gpointer klass)
{
    GstConvnextElement *self = GST_CONVNEXT_ELEMENT(instance);

    gst_convnext_settings_init(&self->settings, ((GstConvnextElementClass *)klass)->info->task);
    self->stream = gst_convnext_stream_new(GST_ELEMENT(self));
    self->reload = gst_convnext_reload_new(gst_convnext_on_reload_done, self);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
    /* Otherwise caps negotiation would prefer the same caps on both pads, and so require upstream
     * to have the field `tensors` too. */
    gst_base_transform_set_prefer_passthrough(GST_BASE_TRANSFORM(self), FALSE);
}

GType gst_convnext_element_register(const char *type, const GstConvnextElementInfo *info)
{
    const GTypeInfo type_info = {.class_size = sizeof(GstConvnextElementClass),
                                 .class_init = gst_convnext_class_init,
                                 .class_data = info,
                                 .instance_size = sizeof(GstConvnextElement),
                                 .instance_init = gst_convnext_init};

    GST_DEBUG_CATEGORY_INIT(gst_convnext_debug, "convnext", 0, "ConvNeXt on raw video");
    return g_type_register_static(GST_TYPE_BASE_TRANSFORM, g_intern_static_string(type), &type_info,
                                  0);
}
