/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/source.h"

#include <gst/sdp/gstsdpmessage.h>
#include <string.h>

/* An RTSP server may take so long for an answer, however soon a silence counts as a stall. */
#define ANSWER_US (5 * G_USEC_PER_SEC)

/* The first video pad that a decoder shows is the camera's. */
static void on_pad_added(GstElement *decoder, GstPad *pad, gpointer ghost)
{
    GstPad *taken = gst_ghost_pad_get_target(ghost);

    if (!taken)
        gst_ghost_pad_set_target(ghost, pad);
    else
        gst_object_unref(taken);
}

/* A sound file ends without having shown a pad. */
static void on_no_more_pads(GstElement *decoder, gpointer bin)
{
    if (decoder->numsrcpads == 0)
        GST_ELEMENT_ERROR(bin, STREAM, WRONG_TYPE, ("It has no video that can be decoded."),
                          (NULL));
}

/* The sound of a camera, and a second picture, are not asked for. The same stream is asked about
 * again when rtspsrc falls back from UDP to TCP. */
static gboolean on_select_stream(GstElement *rtspsrc, guint number, GstCaps *caps, gpointer data)
{
    const char *media = gst_structure_get_string(gst_caps_get_structure(caps, 0), "media");
    gpointer chosen = g_object_get_data(G_OBJECT(rtspsrc), "video");
    gpointer this = GUINT_TO_POINTER(number + 1); /* NULL: none yet */

    if (!media || g_ascii_strcasecmp(media, "video") != 0 || (chosen && chosen != this))
        return FALSE;
    g_object_set_data(G_OBJECT(rtspsrc), "video", this);
    return TRUE;
}

/* GStreamer makes a name of each a=ssrc line and keeps it for ever, and a server draws another
 * number at each connection. Nothing here asks for them. */
static void on_sdp(GstElement *rtspsrc, GstSDPMessage *sdp, gpointer data)
{
    GstSDPMedia *media;

    for (guint i = 0; i < gst_sdp_message_medias_len(sdp); i++) {
        media = (GstSDPMedia *)gst_sdp_message_get_media(sdp, i);
        for (guint j = gst_sdp_media_attributes_len(media); j-- > 0;)
            if (strcmp(gst_sdp_media_get_attribute(media, j)->key, "ssrc") == 0)
                gst_sdp_media_remove_attribute(media, j);
    }
}

/* A stream with an end says when that is. GStreamer 1.22's jitter buffer then sets a timer for it
 * at every packet without waking the thread of its timers, and on BYE may wait for that for ever,
 * which no closing interrupts. BYE is end enough. */
static GstPadProbeReturn on_jitterbuffer_event(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    GstEvent *event = GST_PAD_PROBE_INFO_EVENT(info), *endless;
    GstCaps *caps;

    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
        return GST_PAD_PROBE_OK;
    gst_event_parse_caps(event, &caps);
    caps = gst_caps_copy(caps);
    gst_structure_remove_field(gst_caps_get_structure(caps, 0), "npt-stop");
    endless = gst_event_new_caps(caps);
    gst_event_set_seqnum(endless, gst_event_get_seqnum(event));
    gst_caps_unref(caps);
    gst_event_unref(event);
    GST_PAD_PROBE_INFO_DATA(info) = endless;
    return GST_PAD_PROBE_OK;
}

static void on_new_jitterbuffer(GstElement *rtpbin, GstElement *jitterbuffer, guint session,
                                guint ssrc, gpointer data)
{
    GstPad *pad = gst_element_get_static_pad(jitterbuffer, "sink");

    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_jitterbuffer_event, NULL, NULL);
    gst_object_unref(pad);
}

static void on_new_manager(GstElement *rtspsrc, GstElement *manager, gpointer data)
{
    if (g_signal_lookup("new-jitterbuffer", G_OBJECT_TYPE(manager)))
        g_signal_connect(manager, "new-jitterbuffer", G_CALLBACK(on_new_jitterbuffer), NULL);
}

/* Inside uridecodebin, when it has made the element that the address asks for. The login is set
 * here and is in no address. */
static void on_source_setup(GstElement *decoder, GstElement *element, gpointer data)
{
    const WatchSettings *settings = data;
    GObjectClass *klass = G_OBJECT_GET_CLASS(element);
    gint64 answer;

    if (g_object_class_find_property(klass, "protocols")) {
        gst_util_set_object_arg(G_OBJECT(element), "protocols", settings->protocols);
        answer = MIN(MAX(settings->stall, ANSWER_US), settings->connect);
        g_object_set(element, "latency", settings->latency, "tcp-timeout", (guint64)answer, NULL);
        g_signal_connect(element, "select-stream", G_CALLBACK(on_select_stream), NULL);
        g_signal_connect(element, "on-sdp", G_CALLBACK(on_sdp), NULL);
        g_signal_connect(element, "new-manager", G_CALLBACK(on_new_manager), NULL);
    }
    if (settings->login.user && g_object_class_find_property(klass, "user-pw"))
        g_object_set(element, "user-id", settings->login.user, "user-pw", settings->login.password,
                     NULL);
}

/* The demuxer of MJPEG by HTTP would wait for other streams until it has megabytes of the first. */
static void on_element(GstBin *decoder, GstBin *parent, GstElement *element, gpointer data)
{
    if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "single-stream"))
        g_object_set(element, "single-stream", TRUE, NULL);
}

static GstElement *make(const char *factory, GstBin *bin, GError **error)
{
    GstElement *element = gst_element_factory_make(factory, NULL);

    if (element)
        gst_bin_add(bin, element);
    else
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                    "there is no element %s on this machine", factory);
    return element;
}

static void unref_settings(gpointer settings, GClosure *closure)
{
    watch_settings_unref(settings);
}

static GstElement *add_uri(GstBin *bin, const WatchSettings *settings, GError **error)
{
    GstElement *decoder = make("uridecodebin", bin, error);
    GstCaps *caps;

    if (!decoder)
        return NULL;
    caps = gst_caps_from_string("video/x-raw(ANY)");
    g_object_set(decoder, "uri", settings->uri, "caps", caps, "expose-all-streams", FALSE, NULL);
    gst_caps_unref(caps);
    g_signal_connect_data(decoder, "source-setup", G_CALLBACK(on_source_setup),
                          watch_settings_ref((WatchSettings *)settings), unref_settings, 0);
    g_signal_connect(decoder, "deep-element-added", G_CALLBACK(on_element), NULL);
    return decoder;
}

static GstElement *add_device(GstBin *bin, const WatchSettings *settings, GError **error)
{
    GstElement *source = make("v4l2src", bin, error);
    GstElement *decoder = source ? make("decodebin", bin, error) : NULL;

    if (!decoder)
        return NULL;
    g_object_set(source, "device", settings->argument, NULL);
    gst_element_link(source, decoder);
    return decoder;
}

static GstElement *add_test(GstBin *bin, const WatchSettings *settings, GError **error)
{
    GstElement *source = make("videotestsrc", bin, error);
    GstElement *filter = source ? make("capsfilter", bin, error) : NULL;
    GstCaps *caps;

    if (!filter)
        return NULL;
    gst_util_set_object_arg(G_OBJECT(source), "pattern", settings->argument);
    g_object_set(source, "is-live", TRUE, NULL);
    caps = gst_caps_from_string("video/x-raw,width=640,height=360,framerate=30/1");
    g_object_set(filter, "caps", caps, NULL);
    gst_caps_unref(caps);
    gst_element_link(source, filter);
    return filter;
}

GstElement *watch_source_new(const WatchSettings *settings, GError **error)
{
    GstElement *bin = gst_bin_new(NULL), *last = NULL;
    GstPad *ghost = gst_ghost_pad_new_no_target("src", GST_PAD_SRC), *pad;

    switch (settings->kind) {
    case WATCH_STREAM:
    case WATCH_FILE:
        last = add_uri(GST_BIN(bin), settings, error);
        break;
    case WATCH_DEVICE:
        last = add_device(GST_BIN(bin), settings, error);
        break;
    case WATCH_TEST:
        last = add_test(GST_BIN(bin), settings, error);
        break;
    }
    if (!last) {
        gst_object_unref(ghost);
        gst_object_unref(bin);
        return NULL;
    }

    /* Its preroll is not the pipeline's: the rest of that plays on while a source connects. */
    g_object_set(bin, "async-handling", TRUE, NULL);
    gst_element_add_pad(bin, ghost);
    if ((pad = gst_element_get_static_pad(last, "src"))) {
        gst_ghost_pad_set_target(GST_GHOST_PAD(ghost), pad);
        gst_object_unref(pad);
    } else {
        g_signal_connect_object(last, "pad-added", G_CALLBACK(on_pad_added), ghost, 0);
        g_signal_connect_object(last, "no-more-pads", G_CALLBACK(on_no_more_pads), bin, 0);
    }
    return bin;
}
