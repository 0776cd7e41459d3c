/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch_pipeline.h"

#include <string.h>

#include "pipelines/watch_source.h"

struct WatchPipeline {
    WatchSettings *settings;
    WatchCounts *counts;
    GstElement *pipeline;
    GstElement *queue, *convnext, *publish; /* in it */
    GstElement *source;                     /* the one that is wanted; atomic; NULL: none */
    GMutex order;                           /* held while states of elements are changed */
    WatchFlow flow;                         /* under the lock of counts, as last_frame is */
};

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

/* Opening and closing: in the pool's threads, unless said otherwise */

typedef struct Task {
    WatchPipeline *pipeline;
    GstElement *source; /* NULL: none */
    gboolean whole;
    GSourceFunc done; /* NULL: nobody waits */
    gpointer data;
    GDestroyNotify free_data;
} Task;

static void free_task(gpointer data)
{
    Task *task = data;

    if (task->free_data)
        task->free_data(task->data);
    g_clear_pointer(&task->source, gst_object_unref);
    watch_pipeline_unref(task->pipeline);
    g_free(task);
}

static void open_source(GstElement *pipeline, gpointer data)
{
    Task *task = data;
    WatchPipeline *self = task->pipeline;

    g_mutex_lock(&self->order);
    if (g_atomic_pointer_get(&self->source) == task->source) {
        gst_element_set_state(pipeline, GST_STATE_PLAYING);
        /* Added when that plays, the source gets its clock and its time from it. */
        gst_bin_add(GST_BIN(pipeline), task->source);
        gst_element_link_pads(task->source, "src", self->queue, "sink");
        gst_element_set_state(task->source, GST_STATE_PLAYING);
    }
    g_mutex_unlock(&self->order);
    free_task(task);
}

/* In the main thread. */
static gboolean on_closed(gpointer data)
{
    Task *task = data;

    return task->done(task->data);
}

static void close_source(GstElement *pipeline, gpointer data)
{
    Task *task = data;
    WatchPipeline *self = task->pipeline;

    g_mutex_lock(&self->order);
    if (task->whole)
        gst_element_set_state(pipeline, GST_STATE_NULL);
    if (task->source) {
        gst_element_set_state(task->source, GST_STATE_NULL);
        if (gst_object_has_as_parent(GST_OBJECT(task->source), GST_OBJECT(pipeline)))
            gst_bin_remove(GST_BIN(pipeline), task->source);
    }
    g_mutex_unlock(&self->order);
    g_main_context_invoke_full(NULL, G_PRIORITY_DEFAULT, on_closed, task, free_task);
}

gboolean watch_pipeline_open(WatchPipeline *self, GError **error)
{
    GstElement *source = watch_source_new(self->settings, error);
    Task *task;

    if (!source)
        return FALSE;
    g_mutex_lock(&self->counts->lock);
    self->flow = (WatchFlow){.width = self->flow.width, .height = self->flow.height};
    /* Its clock may have begun anew. */
    self->counts->last_pts = GST_CLOCK_TIME_NONE;
    g_mutex_unlock(&self->counts->lock);

    add_probe(source, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
              on_source_data, self);
    g_atomic_pointer_set(&self->source, gst_object_ref_sink(source));
    task = g_new0(Task, 1);
    task->pipeline = watch_pipeline_ref(self);
    task->source = gst_object_ref(source);
    gst_element_call_async(self->pipeline, open_source, task, NULL);
    return TRUE;
}

void watch_pipeline_close(WatchPipeline *self, gboolean whole, GSourceFunc done, gpointer data,
                          GDestroyNotify free_data)
{
    Task *task = g_new0(Task, 1);

    task->pipeline = watch_pipeline_ref(self);
    task->source = self->source;
    task->whole = whole;
    task->done = done;
    task->data = data;
    task->free_data = free_data;
    g_atomic_pointer_set(&self->source, NULL);
    gst_element_call_async(self->pipeline, close_source, task, NULL);
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

    g_clear_pointer(&self->source, gst_object_unref);
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
    else if (self->source && gst_object_has_as_ancestor(from, GST_OBJECT_CAST(self->source)))
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
