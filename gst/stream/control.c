/* What happens to a stream between its frames: start and stop, caps, models, segments, flushes, QoS
 * and latency.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/fields.h"

/* What an event discards: see stream.h. */
enum {
    FORGET_JOB = 1 << 0, /* and its error */
    FORGET_RESULTS = 1 << 1,
    FORGET_TRACKS = 1 << 2,
    FORGET_STATES = 1 << 3,
    FORGET_ON_SEGMENT_OR_CAPS = FORGET_RESULTS | FORGET_TRACKS,
    FORGET_ALL = FORGET_JOB | FORGET_RESULTS | FORGET_TRACKS | FORGET_STATES,
};

static void free_change(gpointer change)
{
    gst_structure_free(change);
}

void gst_convnext_stream_reset_states(GstConvnextStream *self)
{
    g_queue_clear_full(&self->changes, free_change);
    gst_convnext_states_reset(self->states);
    self->has_states = FALSE;
}

static void forget(GstConvnextStream *self, guint what)
{
    if (what & FORGET_JOB)
        gst_convnext_background_discard(self->background);
    g_mutex_lock(&self->lock);
    if (what & FORGET_JOB) {
        self->generation++;
        self->has_failed = FALSE;
    }
    if (what & FORGET_STATES)
        gst_convnext_stream_reset_states(self);
    if (what & FORGET_RESULTS)
        gst_convnext_schedule_reset(&self->schedule);
    g_mutex_unlock(&self->lock);
    if (what & FORGET_RESULTS) {
        gst_convnext_background_forget(self->background);
        g_clear_pointer(&self->last, gst_convnext_result_unref);
    }
    if (what & FORGET_TRACKS)
        gst_convnext_tracks_forget(self->tracks);
}

GstConvnextStream *gst_convnext_stream_new(GstElement *element)
{
    GstConvnextStream *self = g_new0(GstConvnextStream, 1);

    self->element = element;
    self->background = gst_convnext_background_new(gst_convnext_stream_on_background_done, self);
    self->states = gst_convnext_states_new();
    self->tracks = gst_convnext_tracks_new();
    self->settings.version = GST_CONVNEXT_NO_VERSION;
    gst_convnext_schedule_reset(&self->schedule);
    g_mutex_init(&self->lock);
    return self;
}

void gst_convnext_stream_free(GstConvnextStream *self)
{
    if (!self)
        return;
    gst_convnext_stream_stop(self);
    gst_convnext_background_free(self->background);
    gst_convnext_states_free(self->states);
    g_queue_clear_full(&self->changes, free_change);
    gst_convnext_tracks_free(self->tracks);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void gst_convnext_stream_start(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    gst_convnext_stats_reset(&self->stats);
    gst_convnext_latency_reset(&self->latency);
    self->is_interrupted = FALSE;
    self->attached = 0;
    g_mutex_unlock(&self->lock);
    forget(self, FORGET_ALL);
    self->frames = 0;
    self->unreadable_is_posted = FALSE;
    self->objects_are_seen = FALSE;
    self->frames_without_objects = 0;
    self->job = gst_convnext_job_new();
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
}

void gst_convnext_stream_stop(GstConvnextStream *self)
{
    gst_convnext_background_halt(self->background);
    self->background_is_used = FALSE;
    gst_convnext_stream_take_input(self, NULL);
    g_clear_pointer(&self->job, gst_convnext_job_free);
}

static void set_input(GstConvnextStream *self, GstConvnextInput *input)
{
    g_autoptr(GstConvnextEngine) old_engine = NULL;

    g_clear_pointer(&self->input, gst_convnext_input_free);
    g_clear_pointer(&self->canvas, gst_convnext_canvas_free);
    self->cannot_paint = FALSE;
    self->refused_roi = (GstConvnextRoi){0};
    self->input = input;
    g_mutex_lock(&self->lock);
    gst_convnext_latency_restart(&self->latency, &self->stats);
    old_engine = self->engine;
    self->engine = input ? gst_convnext_engine_ref(gst_convnext_input_engine(input)) : NULL;
    if (self->engine)
        gst_convnext_engine_cancel(self->engine, self->is_interrupted);
    g_mutex_unlock(&self->lock);
}

void gst_convnext_stream_take_input(GstConvnextStream *self, GstConvnextInput *input)
{
    forget(self, FORGET_ON_SEGMENT_OR_CAPS);
    set_input(self, input);
}

guint64 gst_convnext_stream_change_model(GstConvnextStream *self, GstConvnextInput *input,
                                         gboolean keep_states)
{
    forget(self, keep_states ? FORGET_ALL & ~FORGET_STATES : FORGET_ALL);
    set_input(self, input);
    return self->frames;
}

void gst_convnext_stream_set_segment(GstConvnextStream *self, const GstSegment *segment)
{
    gst_segment_copy_into(segment, &self->segment);
    forget(self, FORGET_ON_SEGMENT_OR_CAPS);
}

void gst_convnext_stream_drain(GstConvnextStream *self)
{
    gst_convnext_background_drain(self->background);
}

static void set_interrupted(GstConvnextStream *self, gboolean is_interrupted)
{
    g_mutex_lock(&self->lock);
    self->is_interrupted = is_interrupted;
    if (self->engine)
        gst_convnext_engine_cancel(self->engine, is_interrupted);
    g_mutex_unlock(&self->lock);
}

void gst_convnext_stream_interrupt(GstConvnextStream *self)
{
    gst_convnext_background_discard(self->background);
    set_interrupted(self, TRUE);
}

void gst_convnext_stream_flush(GstConvnextStream *self)
{
    set_interrupted(self, FALSE);
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
    forget(self, FORGET_ALL);
}

gboolean gst_convnext_stream_add_qos(GstConvnextStream *self, GstQOSType type,
                                     GstClockTime running_time, GstClockTimeDiff lateness)
{
    g_mutex_lock(&self->lock);
    self->stats.late += lateness > 0 && type != GST_QOS_TYPE_THROTTLE;
    gboolean helps = gst_convnext_schedule_add_qos(&self->schedule, type, running_time, lateness);
    g_mutex_unlock(&self->lock);
    return helps;
}

GstClockTime gst_convnext_stream_latency(GstConvnextStream *self, gboolean is_live,
                                         GstConvnextMode mode)
{
    g_mutex_lock(&self->lock);
    GstClockTime added = gst_convnext_latency_answer(&self->latency, &self->stats, is_live, mode);
    g_mutex_unlock(&self->lock);
    return added;
}

void gst_convnext_stream_latency_distributed(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    gst_convnext_latency_distributed(&self->latency);
    g_mutex_unlock(&self->lock);
}

GstStructure *gst_convnext_stream_take_change(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    GstStructure *change = g_queue_pop_head(&self->changes);
    g_mutex_unlock(&self->lock);
    return change;
}

guint64 gst_convnext_stream_attached(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    guint64 attached = self->attached;
    g_mutex_unlock(&self->lock);
    return attached;
}

GstStructure *gst_convnext_stream_stats(GstConvnextStream *self)
{
    g_autofree GstConvnextStats *stats = g_new(GstConvnextStats, 1);

    g_mutex_lock(&self->lock);
    *stats = self->stats;
    g_mutex_unlock(&self->lock);
    return gst_convnext_stats_to_structure(stats);
}
