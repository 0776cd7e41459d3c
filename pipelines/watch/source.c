/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/source.h"

#include <string.h>

#include "pipelines/common/decoder.h"
#include "pipelines/common/missing.h"
#include "pipelines/common/track.h"
#include "pipelines/watch/redirect.h"
#include "pipelines/watch/sdp.h"

/* The time an RTSP server has for a reply, however short the stall timeout is. */
#define REPLY_US (5 * G_USEC_PER_SEC)

/* RTSP */

/* Selects the first video stream only, and no audio. rtspsrc emits the signal again for the same
 * stream when it falls back from UDP to TCP. */
static gboolean on_select_stream(GstElement *rtspsrc, guint number, GstCaps *caps, gpointer data)
{
    const char *media = gst_structure_get_string(gst_caps_get_structure(caps, 0), "media");
    gpointer selected = g_object_get_data(G_OBJECT(rtspsrc), "video");
    gpointer this = GUINT_TO_POINTER(number + 1); /* NULL means that none is selected yet */

    if (!media || g_ascii_strcasecmp(media, "video") != 0 || (selected && selected != this))
        return FALSE;
    g_object_set_data(G_OBJECT(rtspsrc), "video", this);
    return TRUE;
}

static void on_sdp(GstElement *rtspsrc, GstSDPMessage *sdp, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!watch_sdp_limit(sdp, &error))
        GST_ELEMENT_ERROR(rtspsrc, STREAM, WRONG_TYPE, ("%s", error->message), (NULL));
}

/* Removes the announced end of a stream from the caps. GStreamer 1.22's jitter buffer would set a
 * timer for it at every packet without waking its timer thread, and might then wait for that thread
 * forever on BYE, even while it is being closed. BYE alone marks the end reliably enough. */
static GstPadProbeReturn on_jitterbuffer_event(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    g_autoptr(GstEvent) event = NULL;
    g_autoptr(GstCaps) endless = NULL;
    GstCaps *caps;

    if (GST_EVENT_TYPE(info->data) != GST_EVENT_CAPS)
        return GST_PAD_PROBE_OK;
    event = info->data;
    gst_event_parse_caps(event, &caps);
    endless = gst_caps_copy(caps);
    gst_structure_remove_field(gst_caps_get_structure(endless, 0), "npt-stop");
    info->data = gst_event_new_caps(endless);
    gst_event_set_seqnum(info->data, gst_event_get_seqnum(event));
    return GST_PAD_PROBE_OK;
}

static void on_new_jitterbuffer(GstElement *rtpbin, GstElement *jitterbuffer, guint session,
                                guint ssrc, gpointer data)
{
    g_autoptr(GstPad) pad = gst_element_get_static_pad(jitterbuffer, "sink");

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_jitterbuffer_event, NULL, NULL);
}

static void on_new_manager(GstElement *rtspsrc, GstElement *manager, gpointer data)
{
    if (g_signal_lookup("new-jitterbuffer", G_OBJECT_TYPE(manager)))
        g_signal_connect(manager, "new-jitterbuffer", G_CALLBACK(on_new_jitterbuffer), NULL);
}

/* Configures the element that uridecodebin has made for the URI. The credentials are set here, so
 * that no URI contains them. */
static void on_source_setup(GstElement *decoder, GstElement *element, gpointer data)
{
    const WatchSettings *settings = data;
    const WatchCredentials *credentials = &settings->credentials;
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);
    gint64 timeout;

    if (g_object_class_find_property(klass, "protocols")) {
        gst_util_set_object_arg(G_OBJECT(element), "protocols", settings->protocols);
        timeout = MIN(MAX(settings->stall_timeout, REPLY_US), settings->connect_timeout);
        g_object_set(element, "latency", settings->latency, "tcp-timeout", (guint64)timeout, NULL);
        g_signal_connect(element, "select-stream", G_CALLBACK(on_select_stream), NULL);
        g_signal_connect(element, "on-sdp", G_CALLBACK(on_sdp), NULL);
        g_signal_connect(element, "new-manager", G_CALLBACK(on_new_manager), NULL);
    }
    /* The camera's clock, for the key `time`; GStreamer 1.22 has it only from RFC 7273. */
    if (g_object_class_find_property(klass, "add-reference-timestamp-meta"))
        g_object_set(element, "add-reference-timestamp-meta", TRUE, NULL);
    if (!credentials->user || !g_object_class_find_property(klass, "user-pw"))
        return;
    g_object_set(element, "user-id", credentials->user, "user-pw", credentials->password, NULL);
    if (g_object_class_find_property(klass, "automatic-redirect")) /* it would keep the login */
        g_object_set(element, "automatic-redirect", FALSE, NULL);
}

/* Without single-stream, the demuxer of MJPEG over HTTP waits for other streams until it has
 * received megabytes of the first. */
static void on_element_added(GstBin *decoder, GstBin *parent, GstElement *element, gpointer data)
{
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "single-stream"))
        g_object_set(element, "single-stream", TRUE, NULL);
}

/* The bin. It gets each message of its elements in the thread that posts it, even while a pipeline
 * that is being closed drops messages. */

typedef struct WatchSource {
    GstBin parent;
    WatchSettings *settings;
    GstElement *decoder; /* borrowed; NULL for a test picture or a part */
    WatchRelay *inlet;   /* of a part; else NULL */
    GstElement *from;    /* what the inlet passes frames to; borrowed */
} WatchSource;

typedef GstBinClass WatchSourceClass;

GType watch_source_get_type(void);
G_DEFINE_TYPE(WatchSource, watch_source, GST_TYPE_BIN)

static void watch_source_handle_message(GstBin *bin, GstMessage *message)
{
    WatchSource *self = (WatchSource *)bin;

    watch_redirect_check(self->settings, message);
    if (self->decoder && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ELEMENT)
        decoder_note(self->decoder, message);
    if (self->decoder)
        message = decoder_explain(self->decoder, message);
    GST_BIN_CLASS(watch_source_parent_class)->handle_message(bin, message);
}

static void watch_source_finalize(GObject *object)
{
    WatchSource *self = (WatchSource *)object;

    watch_settings_unref(self->settings);
    g_clear_pointer(&self->inlet, watch_relay_unref);
    G_OBJECT_CLASS(watch_source_parent_class)->finalize(object);
}

static void watch_source_class_init(WatchSourceClass *klass)
{
    G_OBJECT_CLASS(klass)->finalize = watch_source_finalize;
    klass->handle_message = watch_source_handle_message;
}

static void watch_source_init(WatchSource *self) {}

static GstElement *add_element(GstBin *bin, const char *factory, GError **error)
{
    GstElement *element = gst_element_factory_make(factory, NULL);
    g_autofree char *missing = NULL;

    if (element)
        gst_bin_add(bin, element);
    else
        g_set_error_literal(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                            (missing = missing_explain_element(factory)));
    return element;
}

static void unref_settings(gpointer settings, GClosure *closure)
{
    watch_settings_unref(settings);
}

static GstElement *add_uri(GstBin *bin, const WatchSettings *settings, GError **error)
{
    GstElement *decoder = add_element(bin, "uridecodebin", error);
    g_autoptr(GstCaps) caps = NULL;

    if (!decoder)
        return NULL;
    caps = gst_caps_from_string("video/x-raw(ANY)");
    g_object_set(decoder, "uri", settings->uri, "caps", caps, "expose-all-streams", FALSE, NULL);
    g_signal_connect_data(decoder, "source-setup", G_CALLBACK(on_source_setup),
                          watch_settings_ref((WatchSettings *)settings), unref_settings, 0);
    g_signal_connect(decoder, "deep-element-added", G_CALLBACK(on_element_added), NULL);
    return decoder;
}

static GstElement *add_device(GstBin *bin, const WatchSettings *settings, GError **error)
{
    GstElement *source = add_element(bin, "v4l2src", error);
    GstElement *decoder = source ? add_element(bin, "decodebin", error) : NULL;

    if (!decoder)
        return NULL;
    g_object_set(source, "device", settings->argument, NULL);
    gst_element_link(source, decoder);
    return decoder;
}

static GstElement *add_test(GstBin *bin, const WatchSettings *settings, GError **error)
{
    GstElement *source = add_element(bin, "videotestsrc", error);
    GstElement *filter = source ? add_element(bin, "capsfilter", error) : NULL;
    g_autoptr(GstCaps) caps = NULL;

    if (!filter)
        return NULL;
    gst_util_set_object_arg(G_OBJECT(source), "pattern", settings->argument);
    g_object_set(source, "is-live", TRUE, NULL);
    caps = gst_caps_from_string("video/x-raw,width=640,height=360,framerate=30/1");
    g_object_set(filter, "caps", caps, NULL);
    gst_element_link(source, filter);
    return filter;
}

/* Returns the element whose pad is the bin's output. */
static GstElement *add_elements(GstBin *bin, const WatchSettings *settings, GError **error)
{
    switch (settings->kind) {
    case WATCH_STREAM:
    case WATCH_FILE:
        return add_uri(bin, settings, error);
    case WATCH_DEVICE:
        return add_device(bin, settings, error);
    case WATCH_TEST:
        return add_test(bin, settings, error);
    }
    g_assert_not_reached();
}

static GstElement *add_inlet(WatchSource *self, WatchRelay *inlet, GError **error)
{
    self->from = watch_relay_add(inlet, error);
    if (!self->from)
        return NULL;
    self->inlet = watch_relay_ref(inlet);
    gst_bin_add(GST_BIN_CAST(self), self->from);
    return self->from;
}

GstElement *watch_source_new(const WatchSettings *settings, WatchRelay *inlet, GError **error)
{
    WatchSource *self = g_object_new(watch_source_get_type(), NULL);
    g_autoptr(GstElement) bin = GST_ELEMENT_CAST(self);
    g_autoptr(GstPad) pad = NULL;
    GstElement *last;
    GstPad *ghost;

    self->settings = watch_settings_ref((WatchSettings *)settings);
    last = inlet ? add_inlet(self, inlet, error) : add_elements(GST_BIN(bin), settings, error);
    if (!last)
        return NULL;

    /* The bin prerolls on its own: the pipeline keeps playing while a source connects. */
    g_object_set(bin, "async-handling", TRUE, NULL);
    ghost = gst_ghost_pad_new_no_target("src", GST_PAD_SRC);
    gst_element_add_pad(bin, ghost);
    if ((pad = gst_element_get_static_pad(last, "src"))) {
        gst_ghost_pad_set_target(GST_GHOST_PAD(ghost), pad);
    } else {
        self->decoder = last;
        decoder_connect(last, ghost, FALSE); /* of RTSP, on_select_stream() selects one video */
    }
    return g_steal_pointer(&bin);
}

void watch_source_set_ready(GstElement *source)
{
    WatchSource *self = (WatchSource *)source;

    if (self->inlet)
        watch_relay_set_ready(self->inlet, self->from);
}

void watch_source_cut(GstElement *source)
{
    WatchSource *self = (WatchSource *)source;

    if (self->inlet)
        watch_relay_remove(self->inlet, self->from);
}

void watch_source_prepare(GstElement *source, const int *stop)
{
    WatchSource *self = (WatchSource *)source;
    g_auto(TrackChoice) choice = {0};

    if (self->settings->kind != WATCH_FILE || self->inlet)
        return;
    track_find(self->settings->uri, stop, &choice);
    if (choice.stream_id)
        decoder_choose(self->decoder, choice.stream_id);
    if (choice.note)
        GST_ELEMENT_INFO(source, STREAM, FORMAT, ("%s", choice.note), (NULL));
}
