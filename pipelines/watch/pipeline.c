/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pipeline.h"

#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/watch/redirect.h"

struct WatchPipeline {
    WatchSettings *settings;
    WatchSettings *source, *next; /* of the last source and of the next, if it was redirected */
    WatchCounts *counts;
    WatchFrozen *frozen; /* or NULL; survives the loss of a source */
    WatchTap *tap;
    WatchRelay *inlet; /* of a part; else NULL */
    WatchRelay *relay;
    WatchLearner *learner; /* or NULL */
    GstElement *pipeline;
    GstElement *queue, *convnext, *publish; /* borrowed from pipeline */
    GMutex order;                           /* held while the pipeline changes state */
    WatchConnection *connection;            /* the open source, or NULL; main thread */
};

/* GStreamer 1.22's rtspsrc may hang forever in a state change to NULL. A source that takes longer
 * than this is left behind with its threads, so that the camera can reconnect. */
#define CLOSE_MS 3000

/* Sources that have been closing for less than CLOSE_MS, and for longer. Main thread. */
static guint closing_count, left_behind_count;

static GstPadProbeReturn on_result(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    watch_counts_add_result(data, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    watch_tap_pass(data, pad, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn on_look(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    watch_learner_pass(data, pad, GST_PAD_PROBE_INFO_BUFFER(info));
    return GST_PAD_PROBE_OK;
}

/* Opening */

typedef struct Opening {
    WatchPipeline *pipeline;
    WatchConnection *connection;
} Opening;

/* Runs in a thread of GStreamer's pool. */
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

    g_clear_pointer(&self->source, watch_settings_unref);
    self->source = g_steal_pointer(&self->next);
    self->connection =
        watch_connection_new(self->source ? self->source : self->settings, self->counts,
                             self->frozen, self->inlet, self->relay, error);
    if (!self->connection)
        return FALSE;
    opening = g_new(Opening, 1);
    opening->pipeline = watch_pipeline_ref(self);
    opening->connection = watch_connection_ref(self->connection);
    gst_element_call_async(self->pipeline, open_connection, opening, NULL);
    return TRUE;
}

/* Redirects */

gboolean watch_pipeline_redirect(WatchPipeline *self, GstMessage *message)
{
    const WatchSettings *settings = self->source ? self->source : self->settings;
    const char *location;

    if (!gst_message_has_name(message, WATCH_REDIRECT) || !self->connection ||
        !watch_connection_contains(self->connection, GST_MESSAGE_SRC(message)))
        return FALSE;
    location = gst_structure_get_string(gst_message_get_structure(message), "location");
    g_clear_pointer(&self->next, watch_settings_unref);
    self->next = watch_settings_redirect(settings, location,
                                         watch_redirect_is_same_origin(settings->uri, location));
    return TRUE;
}

char *watch_pipeline_redirected(const WatchPipeline *self, gboolean *has_lost_login)
{
    g_autofree char *masked = NULL;

    *has_lost_login =
        self->source && self->settings->credentials.user && !self->source->credentials.user;
    if (!self->source)
        return NULL;
    masked = watch_credentials_mask(&self->settings->credentials, self->source->uri);
    return print_clean(masked, PRINT_MAX_PART);
}

/* Closing */

typedef struct Closing {
    WatchPipeline *pipeline;
    WatchConnection *connection; /* or NULL */
    gboolean whole;
    guint timeout; /* event source; 0 once CLOSE_MS have passed */
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
    closing_count--;
    remove_connection(closing);
    closing->done(closing->data);
}

static gboolean on_closed(gpointer data)
{
    Closing *closing = data;

    if (closing->timeout) {
        g_source_remove(closing->timeout);
        closing->timeout = 0;
        end_closing(closing);
    } else {
        left_behind_count--;
        remove_connection(closing); /* its opening may have added it since the timeout */
    }
    return G_SOURCE_REMOVE;
}

static gboolean on_close_timeout(gpointer data)
{
    Closing *closing = data;

    closing->timeout = 0;
    left_behind_count++;
    end_closing(closing);
    return G_SOURCE_REMOVE;
}

/* Runs in a thread of GStreamer's pool. */
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
    closing_count++;
    closing->timeout = g_timeout_add_full(G_PRIORITY_DEFAULT, CLOSE_MS, on_close_timeout,
                                          g_atomic_rc_box_acquire(closing), closing_unref);
    gst_element_call_async(self->pipeline, close_connection, closing, NULL);
}

guint watch_pipeline_closing(void)
{
    return closing_count;
}

guint watch_pipeline_left_behind(void)
{
    return left_behind_count;
}

/* Lifetime */

static GstElement *add_element(WatchPipeline *self, const char *factory, GError **error)
{
    GstElement *element = *error ? NULL : gst_element_factory_make(factory, NULL);

    if (element)
        gst_bin_add(GST_BIN(self->pipeline), element);
    else if (!*error)
        g_set_error(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                    "the GStreamer element %s is not installed", factory);
    return element;
}

/* A live frame that arrives while the network runs replaces the one in the queue. Frames of a file
 * are never dropped. */
static void set_up_queue(WatchPipeline *self)
{
    const gboolean is_live = self->settings->kind != WATCH_FILE;

    g_object_set(self->queue, "max-size-buffers", is_live ? 1 : 4, "max-size-bytes", 0,
                 "max-size-time", (guint64)0, NULL);
    gst_util_set_object_arg(G_OBJECT(self->queue), "leaky", is_live ? "downstream" : "no");
}

WatchPipeline *watch_pipeline_new(const WatchSettings *settings, WatchRelay *inlet,
                                  WatchCounts *counts, GError **error)
{
    g_autoptr(WatchPipeline) self = g_atomic_rc_box_new0(WatchPipeline);
    g_autoptr(GstPad) pad = NULL;
    GError *missing = NULL;
    GstElement *sink;

    g_mutex_init(&self->order);
    self->settings = watch_settings_ref((WatchSettings *)settings);
    self->counts = counts;
    self->tap = watch_tap_new();
    self->inlet = inlet ? watch_relay_ref(inlet) : NULL;
    self->relay = watch_relay_new(settings->kind == WATCH_FILE);
    if (settings->frozen_time > 0)
        self->frozen = watch_frozen_new((GstClockTime)settings->frozen_time * GST_USECOND);
    self->pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    self->queue = add_element(self, "queue", &missing);
    self->convnext = add_element(self, "convnext", &missing);
    self->publish = add_element(self, "convnextpublish", &missing);
    sink = add_element(self, "fakesink", &missing);
    if (missing) {
        g_propagate_error(error, missing);
        return NULL;
    }
    set_up_queue(self);
    for (guint i = 0; i < settings->properties->len; i += 2)
        gst_util_set_object_arg(G_OBJECT(self->convnext),
                                g_ptr_array_index(settings->properties, i),
                                g_ptr_array_index(settings->properties, i + 1));
    g_object_set(self->publish, "stream", settings->name, "embedding", !settings->hides_embedding,
                 NULL);
    if (settings->is_silent)
        g_object_set(self->publish, "location", "/dev/null", NULL);
    g_object_set(sink, "sync", FALSE, "async", FALSE, NULL);
    gst_element_link_many(self->queue, self->convnext, self->publish, sink, NULL);
    pad = gst_element_get_static_pad(self->publish, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_result, counts, NULL);
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, watch_tap_ref(self->tap),
                      (GDestroyNotify)watch_tap_unref);
    if (settings->baseline > 0 && !settings->is_silent) {
        self->learner = watch_learner_new(self->settings, self->publish);
        gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_look, self->learner, NULL);
    }
    return g_steal_pointer(&self);
}

static void clear_pipeline(gpointer data)
{
    WatchPipeline *self = data;

    g_clear_pointer(&self->connection, watch_connection_unref);
    gst_object_unref(self->pipeline);
    g_clear_pointer(&self->learner, watch_learner_free);
    g_clear_pointer(&self->frozen, watch_frozen_free);
    watch_tap_unref(self->tap);
    g_clear_pointer(&self->inlet, watch_relay_unref);
    g_clear_pointer(&self->relay, watch_relay_unref);
    g_clear_pointer(&self->source, watch_settings_unref);
    g_clear_pointer(&self->next, watch_settings_unref);
    watch_settings_unref(self->settings);
    g_mutex_clear(&self->order);
}

WatchPipeline *watch_pipeline_ref(WatchPipeline *self)
{
    return g_atomic_rc_box_acquire(self);
}

void watch_pipeline_unref(WatchPipeline *self)
{
    g_atomic_rc_box_release_full(self, clear_pipeline);
}

/* State and messages */

gboolean watch_pipeline_read(WatchPipeline *self, WatchProgress *progress)
{
    if (!self->connection)
        return FALSE;
    watch_connection_read(self->connection, progress);
    return TRUE;
}

static WatchOrigin find_origin(WatchPipeline *self, GstObject *object)
{
    if (object == GST_OBJECT_CAST(self->publish))
        return WATCH_ORIGIN_OUTPUT;
    if (self->connection && watch_connection_contains(self->connection, object))
        return WATCH_ORIGIN_SOURCE;
    if (gst_object_has_as_parent(object, GST_OBJECT_CAST(self->pipeline)) && !GST_IS_BIN(object))
        return WATCH_ORIGIN_PIPELINE;
    return WATCH_ORIGIN_OLD_SOURCE; /* only sources are bins */
}

/* GStreamer's elements put the cause on the last line of the debug text; the elements of this
 * project put it in the message itself. */
WatchOrigin watch_pipeline_error_origin(WatchPipeline *self, GstMessage *message, char **reason)
{
    const WatchOrigin origin = find_origin(self, GST_MESSAGE_SRC(message));
    g_autoptr(GError) error = NULL;
    g_autofree char *debug = NULL, *text = NULL, *masked = NULL;
    const char *cause = NULL;

    gst_message_parse_error(message, &error, &debug);
    if (debug && origin == WATCH_ORIGIN_SOURCE && (cause = strrchr(debug, '\n')))
        cause++;
    text = g_strconcat(error->message, cause && *cause ? " " : NULL, cause, NULL);
    masked = watch_credentials_mask(&self->settings->credentials, text);
    *reason = print_clean(masked, PRINT_MAX_PART);
    return origin;
}

/* rtspsrc reports this only in the debug text of a warning, and does not end the stream. */
gboolean watch_pipeline_hung_up(WatchPipeline *self, GstMessage *message)
{
    g_autofree char *debug = NULL;

    if (!self->connection ||
        !watch_connection_contains(self->connection, GST_MESSAGE_SRC(message)) ||
        strstr(self->settings->protocols, "udp")) /* frames do not use the RTSP connection */
        return FALSE;
    gst_message_parse_warning(message, NULL, &debug);
    return debug && strstr(debug, "The server closed the connection.");
}

char *watch_pipeline_model_warning(WatchPipeline *self, GstMessage *message)
{
    g_autoptr(GError) error = NULL;

    if (GST_MESSAGE_SRC(message) != GST_OBJECT_CAST(self->convnext))
        return NULL;
    gst_message_parse_warning(message, &error, NULL);
    return g_strdup(error->message);
}

char *watch_pipeline_source_note(WatchPipeline *self, GstMessage *message)
{
    g_autoptr(GError) error = NULL;

    if (!self->connection || !watch_connection_may_note(self->connection, GST_MESSAGE_SRC(message)))
        return NULL;
    gst_message_parse_info(message, &error, NULL);
    return g_strdup(error->message);
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

gboolean watch_pipeline_baseline(WatchPipeline *self, WatchVerdict *verdict)
{
    if (self->learner)
        watch_learner_read(self->learner, verdict);
    return self->learner != NULL;
}

WatchRelay *watch_pipeline_relay(WatchPipeline *self)
{
    return self->relay;
}

WatchTap *watch_pipeline_tap(WatchPipeline *self)
{
    return self->tap;
}
