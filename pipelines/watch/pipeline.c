/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pipeline.h"

#include <string.h>

struct WatchPipeline {
    WatchSettings *settings;
    WatchCounts *counts;
    GstElement *pipeline;
    GstElement *queue, *convnext, *publish; /* in it */
    GMutex order;                           /* held while its state is changed */
    WatchConnection *connection;            /* of the main thread; NULL: none */
};

/* rtspsrc of GStreamer 1.22 may never come back from being closed. A source that takes longer than
 * this is left behind, with its threads, so that the camera can be connected again. */
#define CLOSE_MS 3000

/* Closings that have not ended: waited for, and not any more. Of the main thread. */
static guint under_way, left_behind;

/* Behind convnextpublish. */
static GstPadProbeReturn on_result(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    watch_counts_add_results(data, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

/* Opening: in a thread of the pool */

typedef struct Opening {
    WatchPipeline *pipeline;
    WatchConnection *connection;
} Opening;

static void open_connection(GstElement *element, gpointer data)
{
    Opening *opening = data;
    WatchPipeline *self = opening->pipeline;

    watch_connection_open(opening->connection, self->pipeline, &self->order, self->queue);
    watch_connection_unref(opening->connection);
    watch_pipeline_unref(self);
    g_free(opening);
}

gboolean watch_pipeline_open(WatchPipeline *self, GError **error)
{
    Opening *opening;

    self->connection = watch_connection_new(self->settings, self->counts, error);
    if (!self->connection)
        return FALSE;
    opening = g_new(Opening, 1);
    opening->pipeline = watch_pipeline_ref(self);
    opening->connection = watch_connection_ref(self->connection);
    gst_element_call_async(self->pipeline, open_connection, opening, NULL);
    return TRUE;
}

/* Closing */

typedef struct Closing {
    WatchPipeline *pipeline;
    WatchConnection *connection; /* NULL: none */
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
    g_clear_pointer(&closing->connection, watch_connection_unref);
    watch_pipeline_unref(closing->pipeline);
}

static void closing_unref(gpointer closing)
{
    g_atomic_rc_box_release_full(closing, clear_closing);
}

static void remove_connection(Closing *closing)
{
    if (closing->connection)
        watch_connection_remove(closing->connection, closing->pipeline->pipeline);
}

/* The source may be in any state here. */
static void end_closing(Closing *closing)
{
    remove_connection(closing);
    closing->done(closing->data);
}

static gboolean on_closed(gpointer data)
{
    Closing *closing = data;

    if (closing->patience) {
        under_way--;
        g_source_remove(closing->patience);
        closing->patience = 0;
        end_closing(closing);
    } else {
        left_behind--;
        remove_connection(closing); /* its opening may have added it after all */
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_patience(gpointer data)
{
    Closing *closing = data;

    closing->patience = 0;
    under_way--;
    left_behind++;
    end_closing(closing);
    return G_SOURCE_REMOVE;
}

/* In a thread of the pool. */
static void close_connection(GstElement *element, gpointer data)
{
    Closing *closing = data;
    WatchPipeline *self = closing->pipeline;

    if (closing->whole) {
        g_mutex_lock(&self->order);
        gst_element_set_state(self->pipeline, GST_STATE_NULL);
        g_mutex_unlock(&self->order);
    }
    if (closing->connection)
        watch_connection_close(closing->connection);
    g_idle_add_full(G_PRIORITY_DEFAULT, on_closed, closing, closing_unref);
}

void watch_pipeline_close(WatchPipeline *self, gboolean whole, GSourceFunc done, gpointer data,
                          GDestroyNotify free_data)
{
    Closing *closing = g_atomic_rc_box_new0(Closing);

    closing->pipeline = watch_pipeline_ref(self);
    closing->connection = g_steal_pointer(&self->connection);
    closing->whole = whole;
    closing->done = done;
    closing->data = data;
    closing->free_data = free_data;
    if (closing->connection)
        watch_connection_give_up(closing->connection);
    under_way++;
    closing->patience = g_timeout_add_full(G_PRIORITY_DEFAULT, CLOSE_MS, on_patience,
                                           g_atomic_rc_box_acquire(closing), closing_unref);
    gst_element_call_async(self->pipeline, close_connection, closing, NULL);
}

guint watch_pipeline_closing(void)
{
    return under_way;
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
    GstPad *pad;

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
    pad = gst_element_get_static_pad(self->publish, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_result, counts, NULL);
    gst_object_unref(pad);
    return self;
}

static void clear(gpointer data)
{
    WatchPipeline *self = data;

    g_clear_pointer(&self->connection, watch_connection_unref);
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
    watch_connection_read(self->connection, flow);
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
    else if (self->connection && watch_connection_holds(self->connection, from))
        blame = WATCH_BLAME_SOURCE;
    else if (gst_object_has_as_parent(from, GST_OBJECT_CAST(self->pipeline)) && !GST_IS_BIN(from))
        blame = WATCH_BLAME_NETWORK; /* bins are sources, this one on its way out */

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

/* rtspsrc says so in the debug text only, and means to the end of the stream. */
gboolean watch_pipeline_hung_up(WatchPipeline *self, GstMessage *message)
{
    char *debug = NULL;
    gboolean hung_up;

    if (!self->connection || !watch_connection_holds(self->connection, GST_MESSAGE_SRC(message)) ||
        strstr(self->settings->protocols, "udp")) /* whose packets come on another way */
        return FALSE;
    gst_message_parse_warning(message, NULL, &debug);
    hung_up = debug && strstr(debug, "The server closed the connection.");
    g_free(debug);
    return hung_up;
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
