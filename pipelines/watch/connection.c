/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/connection.h"

#include "pipelines/watch/late.h"
#include "pipelines/watch/source.h"

/* A frame that waits for longer than that, and than packets may be late, is left out. */
#define LATE (2 * GST_SECOND)

struct WatchConnection {
    GstElement *bin; /* the source */
    gboolean has_end;
    GMutex order;  /* held while its state is changed */
    int given_up;  /* atomic */
    int live;      /* atomic; whether frames are stamped when they come; -1: not known yet */
    guint latency; /* milliseconds */
    WatchCounts *counts;
    WatchFlow flow; /* under the lock of counts */
};

/* In the streaming threads */

static void on_caps(WatchConnection *self, GstEvent *event)
{
    GstCaps *caps;
    GstStructure *structure;
    int width = 0, height = 0;

    gst_event_parse_caps(event, &caps);
    structure = gst_caps_get_structure(caps, 0);
    gst_structure_get_int(structure, "width", &width);
    gst_structure_get_int(structure, "height", &height);
    g_mutex_lock(&self->counts->lock);
    self->flow.resized |= width != self->flow.width || height != self->flow.height;
    self->flow.width = width;
    self->flow.height = height;
    g_mutex_unlock(&self->counts->lock);
}

/* Frames of MJPEG by HTTP come without a time, and nobody could tell how old a result is. */
static GstBuffer *stamp(WatchConnection *self, GstBuffer *frame)
{
    if (self->has_end || GST_BUFFER_PTS_IS_VALID(frame))
        return frame;
    frame = gst_buffer_make_writable(frame);
    GST_BUFFER_PTS(frame) = gst_element_get_current_running_time(self->bin);
    return frame;
}

/* Asked once a frame is there: before, a source may not know. */
static gboolean is_live(WatchConnection *self, GstPad *pad)
{
    GstQuery *query;
    gboolean live = FALSE;

    if (g_atomic_int_get(&self->live) < 0) {
        query = gst_query_new_latency();
        if (GST_PAD_IS_SRC(pad) ? gst_pad_query(pad, query) : gst_pad_peer_query(pad, query)) {
            gst_query_parse_latency(query, &live, NULL, NULL);
            g_atomic_int_set(&self->live, live);
        }
        gst_query_unref(query);
    }
    return g_atomic_int_get(&self->live) > 0;
}

/* Before a decoder */

typedef struct Entrance {
    WatchConnection *connection;
    WatchLate late;
    gboolean gap;
} Entrance;

static GstPadProbeReturn on_coded(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    Entrance *entrance = data;
    WatchConnection *self = entrance->connection;
    GstBuffer *frame = info->data;

    if (!is_live(self, pad))
        return GST_PAD_PROBE_OK;
    if (watch_late_skips(&entrance->late, gst_util_get_timestamp(), watch_late_lag(pad, frame),
                         !GST_BUFFER_FLAG_IS_SET(frame, GST_BUFFER_FLAG_DELTA_UNIT))) {
        g_mutex_lock(&self->counts->lock);
        self->flow.skipped++;
        self->counts->skipped++;
        self->flow.last = g_get_monotonic_time();
        g_mutex_unlock(&self->counts->lock);
        entrance->gap = TRUE;
        return GST_PAD_PROBE_DROP;
    }
    if (entrance->gap) {
        info->data = frame = gst_buffer_make_writable(frame);
        GST_BUFFER_FLAG_SET(frame, GST_BUFFER_FLAG_DISCONT);
        entrance->gap = FALSE;
    }
    return GST_PAD_PROBE_OK;
}

/* Anywhere inside of the source. */
static void on_element(GstBin *bin, GstBin *parent, GstElement *element, gpointer data)
{
    GstElementFactory *factory = gst_element_get_factory(element);
    WatchConnection *self = data;
    Entrance *entrance;
    GstPad *pad;

    if (!factory || GST_IS_BIN(element) ||
        !gst_element_factory_list_is_type(factory, GST_ELEMENT_FACTORY_TYPE_DECODER |
                                                       GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO |
                                                       GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE) ||
        !(pad = gst_element_get_static_pad(element, "sink")))
        return;
    entrance = g_new0(Entrance, 1);
    entrance->connection = self;
    entrance->late.most = LATE + self->latency * GST_MSECOND;
    entrance->late.least = GST_CLOCK_TIME_NONE;
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_coded, entrance, g_free);
    gst_object_unref(pad);
}

/* Behind the source. The end of a camera's stream ends the source only: what comes after would not
 * take frames any more. */
static GstPadProbeReturn on_data(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    WatchConnection *self = data;
    const gboolean is_buffer = (info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0;
    const GstEventType event = is_buffer ? GST_EVENT_UNKNOWN : GST_EVENT_TYPE(info->data);
    const gboolean ends = event == GST_EVENT_EOS && !self->has_end;
    GstClockTime lag = GST_CLOCK_TIME_NONE;

    if (event == GST_EVENT_CAPS)
        on_caps(self, info->data);
    if (is_buffer) {
        info->data = stamp(self, info->data);
        if (is_live(self, pad))
            lag = watch_late_lag(pad, info->data);
    }
    if (is_buffer || ends) {
        g_mutex_lock(&self->counts->lock);
        self->flow.ended |= ends;
        self->flow.frames += is_buffer;
        self->counts->frames += is_buffer;
        if (is_buffer) {
            self->flow.last = self->counts->last_frame = g_get_monotonic_time();
            self->counts->lag = lag;
        }
        g_mutex_unlock(&self->counts->lock);
    }
    return ends ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* Making one */

WatchConnection *watch_connection_new(const WatchSettings *settings, WatchCounts *counts,
                                      GError **error)
{
    GstElement *bin = watch_source_new(settings, error);
    WatchConnection *self;
    GstPad *pad;

    if (!bin)
        return NULL;
    self = g_atomic_rc_box_new0(WatchConnection);
    self->bin = gst_object_ref_sink(bin);
    self->has_end = settings->kind == WATCH_FILE;
    self->live = -1;
    self->latency = settings->latency;
    self->counts = counts;
    g_mutex_init(&self->order);
    gst_element_set_locked_state(bin, TRUE); /* what the pipeline does is not for it */
    g_signal_connect(bin, "deep-element-added", G_CALLBACK(on_element), self);
    pad = gst_element_get_static_pad(bin, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_data,
                      self, NULL);
    gst_object_unref(pad);
    return self;
}

static void clear(gpointer data)
{
    WatchConnection *self = data;

    gst_object_unref(self->bin);
    g_mutex_clear(&self->order);
}

WatchConnection *watch_connection_ref(WatchConnection *self)
{
    return g_atomic_rc_box_acquire(self);
}

void watch_connection_unref(WatchConnection *self)
{
    g_atomic_rc_box_release_full(self, clear);
}

/* From its opening to its end */

void watch_connection_open(WatchConnection *self, GstElement *pipeline, GMutex *order,
                           GstElement *queue)
{
    g_mutex_lock(&self->order);
    g_mutex_lock(order);
    if (!g_atomic_int_get(&self->given_up))
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_mutex_unlock(order);
    /* That may have taken longer than anybody waited for it. */
    if (!g_atomic_int_get(&self->given_up)) {
        /* Added when that plays, the source gets its clock and its time from it. */
        gst_bin_add(GST_BIN(pipeline), self->bin);
        gst_element_link_pads(self->bin, "src", queue, "sink");
        gst_element_set_state(self->bin, GST_STATE_PLAYING);
    }
    g_mutex_unlock(&self->order);
}

void watch_connection_give_up(WatchConnection *self)
{
    g_atomic_int_set(&self->given_up, TRUE);
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

/* Reading it */

void watch_connection_read(WatchConnection *self, WatchFlow *flow)
{
    g_mutex_lock(&self->counts->lock);
    *flow = self->flow;
    self->flow.resized = FALSE;
    g_mutex_unlock(&self->counts->lock);
}

gboolean watch_connection_holds(WatchConnection *self, GstObject *object)
{
    return gst_object_has_as_ancestor(object, GST_OBJECT(self->bin));
}
