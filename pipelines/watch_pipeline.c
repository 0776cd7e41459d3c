/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch_pipeline.h"

#include <string.h>

#include "pipelines/watch_source.h"

/* A source, from one connection to the end of it. Reference counted. */
typedef struct Source {
    GstElement *bin;
    GMutex order; /* held while its state is changed */
    gint closing; /* atomic: no more to be opened */
} Source;

struct WatchPipeline {
    WatchSettings *settings;
    WatchCounts *counts;
    GstElement *pipeline;
    GstElement *queue, *convnext, *publish; /* in it */
    GMutex order;                           /* held while its state is changed */
    Source *source;                         /* of the main thread; NULL: none */
    WatchFlow flow;                         /* under the lock of counts */
};

/* rtspsrc of GStreamer 1.22 may never come back from being closed. A source that takes longer than
 * this is left behind, with its threads, so that the camera can be connected again. */
#define CLOSE_MS 3000

static guint left_behind; /* sources; of the main thread */

static void clear_source(gpointer data)
{
    Source *source = data;

    gst_object_unref(source->bin);
    g_mutex_clear(&source->order);
}

static void source_unref(Source *source)
{
    g_atomic_rc_box_release_full(source, clear_source);
}

/* In the streaming threads */

static void on_caps(WatchPipeline *self, GstEvent *event)
{
    GstCaps *caps;
    GstStructure *structure;
    gint width = 0, height = 0;

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

/* Behind the source. The end of a camera's stream ends the source only: what comes after would not
 * take frames any more. */
static GstPadProbeReturn on_source_data(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    WatchPipeline *self = data;
    const gboolean is_buffer = (info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0;
    const GstEventType event = is_buffer ? GST_EVENT_UNKNOWN : GST_EVENT_TYPE(info->data);
    const gboolean ends = event == GST_EVENT_EOS && self->settings->kind != WATCH_FILE;

    if (event == GST_EVENT_CAPS)
        on_caps(self, info->data);
    if (is_buffer || ends) {
        g_mutex_lock(&self->counts->lock);
        self->flow.ended |= ends;
        self->flow.frames += is_buffer;
        self->counts->frames += is_buffer;
        if (is_buffer)
            self->flow.last = self->counts->last_frame = g_get_monotonic_time();
        g_mutex_unlock(&self->counts->lock);
    }
    return ends ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* Behind convnextpublish. */
static GstPadProbeReturn on_result(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    watch_counts_add_results(((WatchPipeline *)data)->counts, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

static void add_probe(GstElement *element, GstPadProbeType type, GstPadProbeCallback callback,
                      WatchPipeline *self)
{
    GstPad *pad = gst_element_get_static_pad(element, "src");

    gst_pad_add_probe(pad, type, callback, self, NULL);
    gst_object_unref(pad);
}

/* Opening: in a thread of the pool */

typedef struct Opening {
    WatchPipeline *pipeline;
    Source *source;
} Opening;

static void open_source(GstElement *element, gpointer data)
{
    Opening *opening = data;
    WatchPipeline *self = opening->pipeline;
    Source *source = opening->source;

    g_mutex_lock(&source->order);
    if (!g_atomic_int_get(&source->closing)) {
        g_mutex_lock(&self->order);
        gst_element_set_state(self->pipeline, GST_STATE_PLAYING);
        g_mutex_unlock(&self->order);
        /* Added when that plays, the source gets its clock and its time from it. */
        gst_bin_add(GST_BIN(self->pipeline), source->bin);
        gst_element_link_pads(source->bin, "src", self->queue, "sink");
        gst_element_set_state(source->bin, GST_STATE_PLAYING);
    }
    g_mutex_unlock(&source->order);
    source_unref(source);
    watch_pipeline_unref(self);
    g_free(opening);
}

gboolean watch_pipeline_open(WatchPipeline *self, GError **error)
{
    GstElement *bin = watch_source_new(self->settings, error);
    Opening *opening;

    if (!bin)
        return FALSE;
    g_mutex_lock(&self->counts->lock);
    self->flow = (WatchFlow){.width = self->flow.width, .height = self->flow.height};
    /* Its clock may have begun anew. */
    self->counts->last_pts = GST_CLOCK_TIME_NONE;
    g_mutex_unlock(&self->counts->lock);

    self->source = g_atomic_rc_box_new0(Source);
    self->source->bin = gst_object_ref_sink(bin);
    g_mutex_init(&self->source->order);
    gst_element_set_locked_state(bin, TRUE); /* what the pipeline does is not for it */
    add_probe(bin, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_source_data,
              self);
    opening = g_new(Opening, 1);
    opening->pipeline = watch_pipeline_ref(self);
    opening->source = g_atomic_rc_box_acquire(self->source);
    gst_element_call_async(self->pipeline, open_source, opening, NULL);
    return TRUE;
}

/* Closing */

typedef struct Closing {
    WatchPipeline *pipeline;
    Source *source; /* NULL: none */
    gboolean whole;
    guint patience; /* event source; 0: over */
    GSourceFunc done;
    gpointer data;
    GDestroyNotify free_data;
} Closing;

static void clear_closing(gpointer data)
{
    Closing *closing = data;

    closing->free_data(closing->data);
    g_clear_pointer(&closing->source, source_unref);
    watch_pipeline_unref(closing->pipeline);
}

static void closing_unref(gpointer closing)
{
    g_atomic_rc_box_release_full(closing, clear_closing);
}

/* The source may be in any state here. */
static void end_closing(Closing *closing)
{
    GstObject *pipeline = GST_OBJECT(closing->pipeline->pipeline);
    Source *source = closing->source;

    if (source && gst_object_has_as_parent(GST_OBJECT(source->bin), pipeline))
        gst_bin_remove(GST_BIN(pipeline), source->bin);
    closing->done(closing->data);
}

static gboolean on_closed(gpointer data)
{
    Closing *closing = data;

    if (closing->patience) {
        g_source_remove(closing->patience);
        closing->patience = 0;
        end_closing(closing);
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_patience(gpointer data)
{
    Closing *closing = data;

    closing->patience = 0;
    left_behind++;
    end_closing(closing);
    return G_SOURCE_REMOVE;
}

/* In a thread of the pool. */
static void close_source(GstElement *element, gpointer data)
{
    Closing *closing = data;
    WatchPipeline *self = closing->pipeline;
    Source *source = closing->source;

    if (closing->whole) {
        g_mutex_lock(&self->order);
        gst_element_set_state(self->pipeline, GST_STATE_NULL);
        g_mutex_unlock(&self->order);
    }
    if (source) {
        g_mutex_lock(&source->order);
        gst_element_set_state(source->bin, GST_STATE_NULL);
        g_mutex_unlock(&source->order);
    }
    g_idle_add_full(G_PRIORITY_DEFAULT, on_closed, closing, closing_unref);
}

void watch_pipeline_close(WatchPipeline *self, gboolean whole, GSourceFunc done, gpointer data,
                          GDestroyNotify free_data)
{
    Closing *closing = g_atomic_rc_box_new0(Closing);

    closing->pipeline = watch_pipeline_ref(self);
    closing->source = g_steal_pointer(&self->source);
    closing->whole = whole;
    closing->done = done;
    closing->data = data;
    closing->free_data = free_data;
    if (closing->source)
        g_atomic_int_set(&closing->source->closing, TRUE);
    closing->patience = g_timeout_add_full(G_PRIORITY_DEFAULT, CLOSE_MS, on_patience,
                                           g_atomic_rc_box_acquire(closing), closing_unref);
    gst_element_call_async(self->pipeline, close_source, closing, NULL);
}

guint watch_pipeline_left_behind(void)
{
    return left_behind;
}

/* Making one */

static GstElement *make(WatchPipeline *self, const char *factory, GError **error)
{
    GstElement *element = *error ? NULL : gst_element_factory_make(factory, NULL);

    if (element)
        gst_bin_add(GST_BIN(self->pipeline), element);
    else if (!*error)
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                    "there is no element %s on this machine", factory);
    return element;
}

WatchPipeline *watch_pipeline_new(const WatchSettings *settings, WatchCounts *counts,
                                  GError **error)
{
    const gboolean live = settings->kind != WATCH_FILE;
    WatchPipeline *self = g_atomic_rc_box_new0(WatchPipeline);
    GError *missing = NULL;
    GstElement *sink;

    g_mutex_init(&self->order);
    self->settings = watch_settings_ref((WatchSettings *)settings);
    self->counts = counts;
    self->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    self->queue = make(self, "queue", &missing);
    self->convnext = make(self, "convnext", &missing);
    self->publish = make(self, "convnextpublish", &missing);
    sink = make(self, "fakesink", &missing);
    if (missing) {
        g_propagate_error(error, missing);
        watch_pipeline_unref(self);
        return NULL;
    }
    /* A live frame that comes while the network is at work replaces the one that waits; no frame of
     * a file is lost. */
    g_object_set(self->queue, "max-size-buffers", live ? 1 : 4, "max-size-bytes", 0,
                 "max-size-time", (guint64)0, NULL);
    gst_util_set_object_arg(G_OBJECT(self->queue), "leaky", live ? "downstream" : "no");
    for (guint i = 0; i < settings->properties->len; i += 2)
        gst_util_set_object_arg(G_OBJECT(self->convnext),
                                g_ptr_array_index(settings->properties, i),
                                g_ptr_array_index(settings->properties, i + 1));
    g_object_set(self->publish, "stream", settings->name, NULL);
    g_object_set(sink, "sync", FALSE, "async", FALSE, NULL);
    gst_element_link_many(self->queue, self->convnext, self->publish, sink, NULL);
    add_probe(self->publish, GST_PAD_PROBE_TYPE_BUFFER, on_result, self);
    return self;
}

static void clear(gpointer data)
{
    WatchPipeline *self = data;

    g_clear_pointer(&self->source, source_unref);
    gst_object_unref(self->pipeline);
    watch_settings_unref(self->settings);
    g_mutex_clear(&self->order);
}

WatchPipeline *watch_pipeline_ref(WatchPipeline *self)
{
    return g_atomic_rc_box_acquire(self);
}

void watch_pipeline_unref(WatchPipeline *self)
{
    g_atomic_rc_box_release_full(self, clear);
}

/* Reading it */

void watch_pipeline_read(WatchPipeline *self, WatchFlow *flow)
{
    g_mutex_lock(&self->counts->lock);
    *flow = self->flow;
    self->flow.resized = FALSE;
    g_mutex_unlock(&self->counts->lock);
}

/* Elements of GStreamer put what happened at the end of their debug text, after the place in their
 * source; ours put it in the message itself. */
WatchBlame watch_pipeline_blame(WatchPipeline *self, GstMessage *message, char **reason)
{
    GstObject *from = GST_MESSAGE_SRC(message);
    WatchBlame blame = WATCH_BLAME_NOBODY;
    GError *error = NULL;
    char *debug = NULL, *text;
    const char *cause = NULL;

    if (from == GST_OBJECT_CAST(self->publish))
        blame = WATCH_BLAME_OUTPUT;
    else if (self->source && gst_object_has_as_ancestor(from, GST_OBJECT(self->source->bin)))
        blame = WATCH_BLAME_SOURCE;
    else if (gst_object_has_as_ancestor(from, GST_OBJECT_CAST(self->pipeline)))
        blame = WATCH_BLAME_NETWORK;

    gst_message_parse_error(message, &error, &debug);
    if (debug && blame == WATCH_BLAME_SOURCE && (cause = strrchr(debug, '\n')))
        cause++;
    text = g_strconcat(error->message, cause && *cause ? " " : NULL, cause, NULL);
    *reason = watch_login_mask(&self->settings->login, text);
    g_free(text);
    g_free(debug);
    g_error_free(error);
    return blame;
}

GstBus *watch_pipeline_bus(WatchPipeline *self)
{
    return gst_element_get_bus(self->pipeline);
}

GstStructure *watch_pipeline_stats(WatchPipeline *self)
{
    GstStructure *stats = NULL;

    g_object_get(self->convnext, "stats", &stats, NULL);
    return stats;
}
