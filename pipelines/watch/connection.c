/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/connection.h"

#include "pipelines/watch/dropper.h"
#include "pipelines/watch/source.h"

/* Frames whose lag exceeds this plus the key `latency` are dropped. */
#define MAX_LAG (2 * GST_SECOND)

struct WatchConnection {
    GstElement *bin;  /* the source */
    gboolean is_file; /* passes EOS on, and keeps its timestamps */
    GMutex order;     /* held while the source changes state */
    int given_up;     /* atomic */
    int live;         /* atomic; whether frames are stamped on arrival, -1 while unknown */
    guint latency;    /* milliseconds */
    WatchCounts *counts;
    WatchProgress progress; /* protected by the lock of counts */
    WatchFrozen *frozen;    /* of the pipeline; or NULL */
    WatchRelay *outlet;
    /* In the streaming thread: */
    gboolean is_frozen; /* as last posted, by an earlier connection too */
    WatchFingerprint fingerprint;
    GstVideoInfo info;
    gboolean info_is_known;
    GstCaps *caps; /* or NULL */
};

/* In the streaming threads */

static void on_caps(WatchConnection *self, GstEvent *event)
{
    WatchProgress *progress = &self->progress;
    GstCaps *caps;
    GstStructure *structure;
    int width = 0, height = 0;

    gst_event_parse_caps(event, &caps);
    structure = gst_caps_get_structure(caps, 0);
    gst_structure_get_int(structure, "width", &width);
    gst_structure_get_int(structure, "height", &height);
    g_mutex_lock(&self->counts->lock);
    progress->fps_n = 0;
    progress->fps_d = 1;
    gst_structure_get_fraction(structure, "framerate", &progress->fps_n, &progress->fps_d);
    progress->size_changed |= width != progress->width || height != progress->height;
    progress->width = width;
    progress->height = height;
    g_mutex_unlock(&self->counts->lock);
    self->info_is_known = gst_video_info_from_caps(&self->info, caps);
    gst_caps_replace(&self->caps, caps);
}

static void on_tags(WatchConnection *self, GstEvent *event)
{
    GstTagList *tags;
    const char *codec;

    watch_relay_tag(self->outlet, event, &self->given_up);
    gst_event_parse_tag(event, &tags);
    if (!gst_tag_list_peek_string_index(tags, GST_TAG_VIDEO_CODEC, 0, &codec))
        return;
    g_mutex_lock(&self->counts->lock);
    g_strlcpy(self->progress.codec, codec, sizeof self->progress.codec);
    g_mutex_unlock(&self->counts->lock);
}

/* Frames of MJPEG over HTTP have no timestamps, without which the age of a result is unknown. */
static GstBuffer *add_timestamp(WatchConnection *self, GstBuffer *frame)
{
    if (self->is_file || GST_BUFFER_PTS_IS_VALID(frame))
        return frame;
    frame = gst_buffer_make_writable(frame);
    GST_BUFFER_PTS(frame) = gst_element_get_current_running_time(self->bin);
    return frame;
}

/* Queried once a frame has arrived, because a source may not know it earlier. */
static gboolean is_live(WatchConnection *self, GstPad *pad)
{
    gboolean live = FALSE;

    if (g_atomic_int_get(&self->live) < 0) {
        g_autoptr(GstQuery) query = gst_query_new_latency();

        if (GST_PAD_IS_SRC(pad) ? gst_pad_query(pad, query) : gst_pad_peer_query(pad, query)) {
            gst_query_parse_latency(query, &live, NULL, NULL);
            g_atomic_int_set(&self->live, live);
        }
    }
    return g_atomic_int_get(&self->live) > 0;
}

/* Before a decoder */

typedef struct DecoderInput {
    WatchConnection *connection;
    WatchDropper dropper;
    gboolean after_gap; /* the previous frame was dropped */
} DecoderInput;

static void count_dropped(WatchConnection *self)
{
    g_mutex_lock(&self->counts->lock);
    self->progress.dropped++;
    self->counts->dropped++;
    self->progress.last_time = g_get_monotonic_time();
    g_mutex_unlock(&self->counts->lock);
}

static GstPadProbeReturn on_encoded_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    DecoderInput *input = data;
    WatchConnection *self = input->connection;
    GstBuffer *frame = info->data;

    if (!is_live(self, pad))
        return GST_PAD_PROBE_OK;
    if (watch_dropper_drops(&input->dropper, gst_util_get_timestamp(),
                            watch_dropper_lag(pad, frame),
                            !GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_DELTA_UNIT))) {
        count_dropped(self);
        input->after_gap = TRUE;
        return GST_PAD_PROBE_DROP;
    }
    if (input->after_gap) {
        info->data = frame = gst_buffer_make_writable(frame);
        GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
        input->after_gap = FALSE;
    }
    return GST_PAD_PROBE_OK;
}

/* Called for every element at any depth of the source. */
static void on_element_added(GstBin *bin, GstBin *parent, GstElement *element, gpointer data)
{
    GstElementFactory *factory = gst_element_get_factory(element);
    WatchConnection *self = data;
    g_autoptr(GstPad) pad = NULL;
    DecoderInput *input;

    if (!factory || GST_IS_BIN(element) ||
        !gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DECODER |
                                                       GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO |
                                                       GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE) ||
        !(pad = gst_element_get_static_pad(element, "sink")))
        return;
    input = g_new0(DecoderInput, 1);
    input->connection = self;
    input->dropper.max_lag = MAX_LAG + self->latency * GST_MSECOND;
    input->dropper.base_lag = GST_CLOCK_TIME_NONE;
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_encoded_frame, input, g_free);
}

/* After the source */

static void count_frame(WatchConnection *self, GstClockTime lag)
{
    g_mutex_lock(&self->counts->lock);
    self->progress.frames++;
    self->counts->frames++;
    self->progress.last_time = self->counts->last_frame_time = g_get_monotonic_time();
    if (!self->progress.first_time)
        self->progress.first_time = self->progress.last_time;
    self->counts->lag = lag;
    g_mutex_unlock(&self->counts->lock);
}

static void post_freeze(WatchConnection *self, const WatchFreeze *freeze)
{
    GstStructure *structure =
        gst_structure_new(WATCH_FREEZE, "is-frozen", G_TYPE_BOOLEAN, freeze->is_frozen, "since",
                          G_TYPE_INT64, freeze->since, "start", G_TYPE_UINT64, freeze->start,
                          "duration", G_TYPE_UINT64, freeze->duration, NULL);

    gst_element_post_message(self->bin, gst_message_new_element(GST_OBJECT(self->bin), structure));
}

static GstClockTime find_duration(const WatchConnection *self, GstBuffer *frame)
{
    if (GST_BUFFER_DURATION_IS_VALID(frame))
        return GST_BUFFER_DURATION(frame);
    if (self->info.fps_n <= 0)
        return GST_CLOCK_TIME_NONE;
    return gst_util_uint64_scale_int(GST_SECOND, self->info.fps_d, self->info.fps_n);
}

/* Posts a message, because a freeze in a file may end before the main thread reads the progress. If
 * that of an earlier connection was lost, this one posts it. */
static void check_frozen(WatchConnection *self, GstBuffer *frame)
{
    WatchFreeze freeze;

    if (!self->frozen || !self->info_is_known || g_atomic_int_get(&self->given_up) ||
        !watch_fingerprint_read(&self->fingerprint, &self->info, frame))
        return;
    watch_frozen_add(self->frozen, &self->fingerprint, GST_BUFFER_PTS(frame),
                     find_duration(self, frame), &freeze);
    g_mutex_lock(&self->counts->lock);
    self->progress.freeze = freeze;
    g_mutex_unlock(&self->counts->lock);
    if (freeze.is_frozen == self->is_frozen)
        return;
    self->is_frozen = freeze.is_frozen;
    post_freeze(self, &freeze);
}

static void set_ended(WatchConnection *self)
{
    g_mutex_lock(&self->counts->lock);
    self->progress.has_ended = TRUE;
    g_mutex_unlock(&self->counts->lock);
}

/* Drops a camera's EOS, after which the downstream elements would accept no more frames. */
static GstPadProbeReturn on_output(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    WatchConnection *self = data;

    if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
        info->data = add_timestamp(self, info->data);
        count_frame(self,
                    is_live(self, pad) ? watch_dropper_lag(pad, info->data) : GST_CLOCK_TIME_NONE);
        check_frozen(self, info->data);
        watch_relay_push(self->outlet, info->data, self->caps, &self->given_up);
    } else if (GST_EVENT_TYPE(info->data) == GST_EVENT_CAPS) {
        on_caps(self, info->data);
    } else if (GST_EVENT_TYPE(info->data) == GST_EVENT_TAG) {
        on_tags(self, info->data);
    } else if (GST_EVENT_TYPE(info->data) == GST_EVENT_EOS) {
        if (!self->is_file) {
            set_ended(self);
            return GST_PAD_PROBE_DROP;
        }
        watch_relay_end(self->outlet, &self->given_up);
    }
    return GST_PAD_PROBE_OK;
}

/* Lifetime */

WatchConnection *watch_connection_new(const WatchSettings *settings, WatchCounts *counts,
                                      WatchFrozen *frozen, WatchRelay *inlet, WatchRelay *outlet,
                                      GError **error)
{
    GstElement *bin = watch_source_new(settings, inlet, error);
    g_autoptr(GstPad) pad = NULL;
    WatchConnection *self;

    if (!bin)
        return NULL;
    self = g_atomic_rc_box_new0(WatchConnection);
    self->bin = gst_object_ref_sink(bin);
    self->is_file = settings->kind == WATCH_FILE;
    self->live = inlet ? 0 : -1; /* a part's clock began at another time than its frames */
    self->latency = settings->latency;
    self->counts = counts;
    self->frozen = frozen;
    self->outlet = watch_relay_ref(outlet);
    self->is_frozen = counts->is_frozen;
    g_mutex_init(&self->order);
    gst_element_set_locked_state(bin, TRUE); /* does not follow the pipeline's state */
    g_signal_connect(bin, "deep-element-added", G_CALLBACK(on_element_added), self);
    pad = gst_element_get_static_pad(bin, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                      on_output, self, NULL);
    return self;
}

static void clear_connection(gpointer data)
{
    WatchConnection *self = data;

    gst_object_unref(self->bin);
    gst_clear_caps(&self->caps);
    watch_relay_unref(self->outlet);
    g_mutex_clear(&self->order);
}

WatchConnection *watch_connection_ref(WatchConnection *self)
{
    return g_atomic_rc_box_acquire(self);
}

void watch_connection_unref(WatchConnection *self)
{
    g_atomic_rc_box_release_full(self, clear_connection);
}

/* Opening and closing */

void watch_connection_open(WatchConnection *self, GstElement *pipeline, GMutex *order,
                           GstElement *queue)
{
    g_mutex_lock(&self->order);
    g_mutex_lock(order);
    if (!g_atomic_int_get(&self->given_up))
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_mutex_unlock(order);
    /* The state change may have taken too long: check again. */
    if (!g_atomic_int_get(&self->given_up)) {
        /* The pipeline plays, so the source gets its clock and base time when it is added. */
        gst_bin_add(GST_BIN(pipeline), self->bin);
        gst_element_link_pads(self->bin, "src", queue, "sink");
        watch_source_prepare(self->bin, &self->given_up);
    }
    if (!g_atomic_int_get(&self->given_up)) {
        gst_element_set_state(self->bin, GST_STATE_PLAYING);
        watch_source_set_ready(self->bin);
    }
    g_mutex_unlock(&self->order);
}

void watch_connection_give_up(WatchConnection *self)
{
    g_atomic_int_set(&self->given_up, TRUE);
    watch_source_cut(self->bin);
}

void watch_connection_close(WatchConnection *self)
{
    g_mutex_lock(&self->order);
    gst_element_set_state(self->bin, GST_STATE_NULL);
    g_mutex_unlock(&self->order);
}

void watch_connection_remove(WatchConnection *self, GstElement *pipeline)
{
    if (gst_object_has_as_parent(GST_OBJECT(self->bin), GST_OBJECT(pipeline)))
        gst_bin_remove(GST_BIN(pipeline), self->bin);
}

/* State */

void watch_connection_read(WatchConnection *self, WatchProgress *progress)
{
    g_mutex_lock(&self->counts->lock);
    *progress = self->progress;
    self->progress.size_changed = FALSE;
    g_mutex_unlock(&self->counts->lock);
}

gboolean watch_connection_parse_freeze(GstMessage *message, WatchFreeze *freeze)
{
    if (!gst_message_has_name(message, WATCH_FREEZE))
        return FALSE;
    return gst_structure_get(gst_message_get_structure(message), "is-frozen", G_TYPE_BOOLEAN,
                             &freeze->is_frozen, "since", G_TYPE_INT64, &freeze->since, "start",
                             G_TYPE_UINT64, &freeze->start, "duration", G_TYPE_UINT64,
                             &freeze->duration, NULL);
}

gboolean watch_connection_may_note(WatchConnection *self, GstObject *object)
{
    return object == GST_OBJECT_CAST(self->bin) ||
           gst_object_has_as_parent(object, GST_OBJECT_CAST(self->bin));
}

gboolean watch_connection_contains(WatchConnection *self, GstObject *object)
{
    return gst_object_has_as_ancestor(object, GST_OBJECT(self->bin));
}
