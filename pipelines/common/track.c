/* The frames are counted at the demuxer's pads, whose order is that of the file, and neither parsed
 * nor decoded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/track.h"

#include <string.h>

#include "pipelines/common/decoder.h"

/* A track with one frame is a still picture if the file continues for this long. */
#define MAX_STILL (10 * GST_SECOND)

/* Images at larger intervals are those of chapters, not of a film. */
#define MAX_IMAGE_INTERVAL (2 * GST_SECOND)

#define TIMEOUT_US (60 * G_USEC_PER_SEC)
#define POLL_TIME (50 * GST_MSECOND)

typedef struct Track {
    char *stream_id;
    gboolean is_image;
    GstClockTime first_time, last_time; /* of different frames, or GST_CLOCK_TIME_NONE */
    gboolean has_ended;
} Track;

typedef struct Scan {
    GstElement *pipeline;
    GMutex lock;       /* protects the following from the streaming threads */
    GPtrArray *tracks; /* Track, those of video only, in the order of their stream ids */
    gboolean has_sound, has_video;
    gboolean is_complete; /* all tracks are known */
    gboolean has_ended;
    gboolean is_final;               /* the choice */
    GstClockTime first_time, newest; /* of all tracks, or GST_CLOCK_TIME_NONE */
} Scan;

static void track_free(gpointer data)
{
    Track *track = data;

    g_free(track->stream_id);
    g_free(track);
}

/* The choice */

static gboolean track_moves(const Track *track)
{
    return GST_CLOCK_TIME_IS_VALID(track->last_time) &&
           (!track->is_image ||
            GST_CLOCK_DIFF(track->first_time, track->last_time) < (gint64)MAX_IMAGE_INTERVAL);
}

/* Whether it is known if the track moves. */
static gboolean track_is_settled(const Scan *scan, const Track *track)
{
    const GstClockTime from =
        GST_CLOCK_TIME_IS_VALID(track->first_time) ? track->first_time : scan->first_time;

    return scan->has_ended || track->has_ended || GST_CLOCK_TIME_IS_VALID(track->last_time) ||
           (GST_CLOCK_TIME_IS_VALID(from) &&
            GST_CLOCK_DIFF(from, scan->newest) > (gint64)MAX_STILL);
}

static gboolean needs_choice(const Scan *scan)
{
    return scan->tracks->len > 1 || (scan->tracks->len == 1 && scan->has_sound &&
                                     ((const Track *)scan->tracks->pdata[0])->is_image);
}

/* Returns whether the choice is final; *index: of the track. */
static gboolean choose_track(const Scan *scan, guint *index)
{
    *index = 0;
    if (!scan->is_complete && !scan->has_ended)
        return FALSE;
    if (!needs_choice(scan))
        return TRUE;
    for (guint i = 0; i < scan->tracks->len; i++) {
        const Track *track = scan->tracks->pdata[i];

        if (!track_is_settled(scan, track))
            return FALSE;
        if (track_moves(track)) {
            *index = i;
            return TRUE;
        }
    }
    for (guint i = scan->tracks->len; i-- > 0;)
        if (!((const Track *)scan->tracks->pdata[i])->is_image)
            *index = i;
    return TRUE;
}

/* In the demuxer's thread */

static void check_choice(Scan *scan)
{
    guint index;

    if (scan->is_final || !choose_track(scan, &index))
        return;
    scan->is_final = TRUE;
    gst_element_post_message(
        scan->pipeline,
        gst_message_new_application(GST_OBJECT(scan->pipeline), gst_structure_new_empty("final")));
}

static int compare_tracks(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Track *const *)a)->stream_id, (*(Track *const *)b)->stream_id);
}

static Track *find_track(const Scan *scan, const char *stream_id)
{
    for (guint i = 0; i < scan->tracks->len; i++) {
        Track *track = scan->tracks->pdata[i];

        if (strcmp(track->stream_id, stream_id) == 0)
            return track;
    }
    return NULL;
}

static void add_track(Scan *scan, GstPad *pad, const GstCaps *caps)
{
    g_autofree char *stream_id = gst_pad_get_stream_id(pad);
    const DecoderMedia media = decoder_media(caps);
    Track *track;

    if (media == DECODER_SOUND)
        scan->has_sound = TRUE;
    if (!stream_id || (media != DECODER_VIDEO && media != DECODER_IMAGE) ||
        find_track(scan, stream_id))
        return;
    scan->has_video = TRUE;
    track = g_new0(Track, 1);
    track->stream_id = g_steal_pointer(&stream_id);
    track->is_image = media == DECODER_IMAGE;
    track->first_time = track->last_time = GST_CLOCK_TIME_NONE;
    g_ptr_array_add(scan->tracks, track);
    g_ptr_array_sort(scan->tracks, compare_tracks);
}

/* Buffers with the same time are parts of one frame. */
static void add_buffer(Scan *scan, Track *track, const GstBuffer *buffer)
{
    const GstClockTime time = GST_BUFFER_DTS_OR_PTS(buffer);

    if (!GST_CLOCK_TIME_IS_VALID(time))
        return;
    if (!GST_CLOCK_TIME_IS_VALID(scan->first_time))
        scan->first_time = scan->newest = time;
    scan->newest = MAX(scan->newest, time);
    if (!track)
        return;
    if (!GST_CLOCK_TIME_IS_VALID(track->first_time))
        track->first_time = time;
    else if (!GST_CLOCK_TIME_IS_VALID(track->last_time) && time != track->first_time)
        track->last_time = time;
}

static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    g_autofree char *stream_id = gst_pad_get_stream_id(pad);
    Scan *scan = data;
    Track *track;
    GstCaps *caps;

    g_mutex_lock(&scan->lock);
    track = stream_id ? find_track(scan, stream_id) : NULL;
    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
        add_buffer(scan, track, info->data);
    } else if (GST_EVENT_TYPE(info->data) == GST_EVENT_CAPS) {
        gst_event_parse_caps(info->data, &caps);
        add_track(scan, pad, caps);
    } else if (GST_EVENT_TYPE(info->data) == GST_EVENT_EOS && track) {
        track->has_ended = TRUE;
    }
    check_choice(scan);
    g_mutex_unlock(&scan->lock);
    return GST_PAD_PROBE_OK;
}

static void on_demuxer_pad(GstElement *demuxer, GstPad *pad, gpointer data)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    Scan *scan = data;

    if (GST_PAD_IS_SINK(pad))
        return;
    g_mutex_lock(&scan->lock);
    if (caps)
        add_track(scan, pad, caps);
    g_mutex_unlock(&scan->lock);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data,
                      scan, NULL);
}

static void on_complete(GstElement *element, gpointer data)
{
    Scan *scan = data;

    g_mutex_lock(&scan->lock);
    scan->is_complete = TRUE;
    check_choice(scan);
    g_mutex_unlock(&scan->lock);
}

static void on_element_added(GstBin *bin, GstBin *parent, GstElement *element, gpointer data)
{
    GstElementFactory *factory = gst_element_get_factory(element);

    if (!factory || !gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DEMUXER))
        return;
    g_signal_connect(element, "pad-added", G_CALLBACK(on_demuxer_pad), data);
    g_signal_connect(element, "no-more-pads", G_CALLBACK(on_complete), data);
}

/* The parser puts out frames once it knows all tracks. */
static GstPadProbeReturn on_parser_data(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(pad);
    const DecoderMedia media = caps ? decoder_media(caps) : DECODER_OTHER;
    Scan *scan = data;

    g_mutex_lock(&scan->lock);
    scan->is_complete = TRUE;
    scan->has_sound |= media == DECODER_SOUND;
    scan->has_video |= media == DECODER_VIDEO || media == DECODER_IMAGE;
    check_choice(scan);
    g_mutex_unlock(&scan->lock);
    return GST_PAD_PROBE_REMOVE;
}

static void on_parser_pad(GstElement *parser, GstPad *pad, gpointer data)
{
    GstElement *sink = gst_element_factory_make("fakesink", NULL);
    g_autoptr(GstPad) input = NULL;
    Scan *scan = data;

    if (sink) {
        g_object_set(sink, "sync", FALSE, "async", FALSE, NULL);
        gst_bin_add(GST_BIN(scan->pipeline), sink);
        gst_element_sync_state_with_parent(sink);
        input = gst_element_get_static_pad(sink, "sink");
        gst_pad_link(pad, input);
    }
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_parser_data, scan, NULL);
}

/* The file */

static gboolean is_regular_file(const char *uri)
{
    g_autofree char *path = g_filename_from_uri(uri, NULL, NULL);

    return path && g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static gboolean add_elements(Scan *scan, const char *uri)
{
    GstElement *source = gst_element_make_from_uri(GST_URI_SRC, uri, NULL, NULL);
    GstElement *parser = gst_element_factory_make("parsebin", NULL);

    if (source)
        gst_bin_add(GST_BIN(scan->pipeline), source);
    if (parser)
        gst_bin_add(GST_BIN(scan->pipeline), parser);
    if (!source || !parser)
        return FALSE;
    g_signal_connect(parser, "deep-element-added", G_CALLBACK(on_element_added), scan);
    g_signal_connect(parser, "pad-added", G_CALLBACK(on_parser_pad), scan);
    return gst_element_link(source, parser);
}

/* Plays until the choice is final, or the file ends. */
static void run_scan(Scan *scan, const int *stop)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(scan->pipeline);
    const gint64 deadline = g_get_monotonic_time() + TIMEOUT_US;
    g_autoptr(GstMessage) message = NULL;

    gst_element_set_state(scan->pipeline, GST_STATE_PLAYING);
    while (!message && g_get_monotonic_time() < deadline && !(stop && g_atomic_int_get(stop)))
        message = gst_bus_timed_pop_filtered(
            bus, POLL_TIME, GST_MESSAGE_APPLICATION | GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    gst_element_set_state(scan->pipeline, GST_STATE_NULL);
    scan->has_ended = TRUE;
}

static char *make_note(const Scan *scan, guint index)
{
    const Track *track = scan->tracks->pdata[index];

    if (scan->tracks->len == 1)
        return track_moves(track) ? NULL : g_strdup("its only video track is a still picture");
    return g_strdup_printf("it has %u video tracks: number %u is classified, the first that %s",
                           scan->tracks->len, index + 1,
                           track_moves(track) ? "moves"
                           : track->is_image  ? "was found"
                                              : "is not an image");
}

void track_find(const char *uri, const int *stop, TrackChoice *choice)
{
    Scan scan = {.first_time = GST_CLOCK_TIME_NONE, .newest = GST_CLOCK_TIME_NONE};
    guint index;

    *choice = (TrackChoice){0};
    if (!is_regular_file(uri))
        return;
    g_mutex_init(&scan.lock);
    scan.pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    scan.tracks = g_ptr_array_new_with_free_func(track_free);
    if (add_elements(&scan, uri)) {
        run_scan(&scan, stop);
        if (needs_choice(&scan) && choose_track(&scan, &index)) {
            choice->stream_id = g_strdup(((const Track *)scan.tracks->pdata[index])->stream_id);
            choice->index = index;
            choice->note = make_note(&scan, index);
        }
        choice->is_sound = scan.has_sound && !scan.has_video;
    }
    gst_object_unref(scan.pipeline);
    g_ptr_array_unref(scan.tracks);
    g_mutex_clear(&scan.lock);
}

void track_choice_clear(TrackChoice *choice)
{
    g_clear_pointer(&choice->stream_id, g_free);
    g_clear_pointer(&choice->note, g_free);
}
