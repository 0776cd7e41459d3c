/* What the element does with the frames of a stream.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/stream.h"

#include "gst/objects/analytics.h"
#include "gst/objects/tracks.h"
#include "gst/results/states.h"
#include "gst/stream/latency.h"
#include "gst/stream/lateness.h"
#include "gst/stream/messages.h"
#include "gst/stream/schedule.h"
#include "gst/stream/stats.h"
#include "gst/stream/worker.h"
#include "model/base/error.h"

GST_DEBUG_CATEGORY_EXTERN(gst_convnext_debug);
#define GST_CAT_DEFAULT gst_convnext_debug

struct GstConvnextStream {
    GstElement *element; /* not held: it is the owner */
    GstConvnextWorker *worker;

    GMutex lock; /* of all up to the next comment */
    GstConvnextStats stats;
    GstConvnextLatency latency;
    gboolean live; /* the pipeline, by its last LATENCY query */
    GstConvnextLateness lateness;
    guint epoch;      /* changed by the streaming thread: results of others are old, */
    guint generation; /* the same: results of others are not heard of */
    GstConvnextStates *states;
    GPtrArray *finished; /* the worker's newest results, of objects all, until a frame takes them */
    gboolean failed;     /* the worker posted an error */
    GstConvnextEngine *engine; /* of the input; NULL without one */
    gboolean interrupted;      /* no frame waits for its turn at the engine */

    /* Of the streaming thread. */
    guint64 frames; /* since start */
    GstSegment segment;
    GstConvnextInput *input;   /* NULL without caps */
    GstConvnextJob *request;   /* the frame at hand; NULL between streams */
    GPtrArray *last;           /* GstConvnextResult, to carry; NULL: nothing to carry */
    GstConvnextTracks *tracks; /* the objects, with the results of each */
    GstConvnextPacing pacing;
    GstConvnextSettings before; /* of the last frame */
    gboolean has_thumbnail;     /* the frame at hand */
    CnxThumbnail thumbnail;     /* of it */
};

/* Results on buffers */

/* The next frame is looked at, whatever the interval, and what was found so far is not carried. */
static void forget(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    self->epoch++;
    GPtrArray *finished = g_steal_pointer(&self->finished);
    gst_convnext_lateness_reset(&self->lateness);
    g_mutex_unlock(&self->lock);
    g_clear_pointer(&finished, g_ptr_array_unref);
    g_clear_pointer(&self->last, g_ptr_array_unref);
    gst_convnext_tracks_forget(self->tracks);
    gst_convnext_pacing_reset(&self->pacing);
}

static gboolean looks_at_objects(const GstConvnextStream *self)
{
    return gst_convnext_engine_region(gst_convnext_input_engine(self->input)) ==
           GST_CONVNEXT_REGION_OBJECTS;
}

/* Takes the array. */
static void keep(GstConvnextStream *self, GPtrArray *results)
{
    g_clear_pointer(&self->last, g_ptr_array_unref);
    if (!looks_at_objects(self)) {
        self->last = results;
        return;
    }
    for (guint i = 0; i < results->len; i++)
        gst_convnext_tracks_learn(self->tracks, g_ptr_array_index(results, i));
    g_ptr_array_unref(results);
}

static void attach_last(GstConvnextStream *self, GstBuffer *buffer)
{
    for (guint i = 0; i < self->last->len; i++) {
        GstConvnextResult *result = g_ptr_array_index(self->last, i);
        GstClockTime age = gst_convnext_pacing_between(GST_BUFFER_PTS(buffer),
                                                       gst_convnext_result_get_pts(result));

        gst_buffer_add_convnext_meta(buffer, result, age);
        gst_convnext_analytics_mirror(buffer, result);
        GST_LOG_OBJECT(self->element,
                       "frame %" G_GUINT64_FORMAT ": a result of age %" GST_TIME_FORMAT,
                       self->frames, GST_TIME_ARGS(age));
    }
}

/* What is new, and with carry also what older frames had. */
static void attach(GstConvnextStream *self, GstBuffer *buffer, gboolean fresh, gboolean carry)
{
    if (looks_at_objects(self)) {
        guint n = gst_convnext_tracks_attach(self->tracks, buffer, carry);

        GST_LOG_OBJECT(self->element, "frame %" G_GUINT64_FORMAT ": results of %u objects",
                       self->frames, n);
    } else if (self->last && (fresh || carry)) {
        attach_last(self, buffer);
    }
}

/* The lock is held. Returns the changes of state, one for each that has changed; or NULL. */
static GSList *smooth(GstConvnextStream *self, const GstConvnextJob *request, GPtrArray *results)
{
    GSList *changes = NULL;

    for (guint i = 0; i < results->len; i++) {
        GstStructure *change =
            gst_convnext_states_add(self->states, request, g_ptr_array_index(results, i));

        if (change)
            changes = g_slist_append(changes, change);
    }
    return changes;
}

/* Another model may have come meanwhile: it is to have the last word. */
static gboolean is_heard(GstConvnextStream *self, const GstConvnextJob *request)
{
    g_mutex_lock(&self->lock);
    gboolean heard = request->generation == self->generation;
    g_mutex_unlock(&self->lock);
    return heard;
}

/* The changes are taken. */
static void post_changes(GstConvnextStream *self, const GstConvnextJob *request, GSList *changes)
{
    for (GSList *l = changes; l; l = l->next)
        if (is_heard(self, request))
            gst_element_post_message(self->element,
                                     gst_message_new_element(GST_OBJECT(self->element), l->data));
        else
            gst_structure_free(l->data);
    g_slist_free(changes);
}

/* Of each request that was run, in the thread that ran it. total: of its time, nanoseconds. */
static void report(GstConvnextStream *self, const GstConvnextJob *request, GPtrArray *results,
                   GstClockTime total)
{
    const GstClockTime times[GST_CONVNEXT_PHASES] = {
        [GST_CONVNEXT_PHASE_PREPROCESS] = request->preprocess_time,
        [GST_CONVNEXT_PHASE_INFERENCE] = request->inference_time,
        [GST_CONVNEXT_PHASE_TOTAL] = total,
    };
    GSList *changes = NULL;

    g_mutex_lock(&self->lock);
    if (request->generation == self->generation) {
        gst_convnext_stats_add(&self->stats, times);
        changes = smooth(self, request, results);
    }
    g_mutex_unlock(&self->lock);
    for (guint i = 0; i < results->len && is_heard(self, request); i++) {
        GstConvnextResult *result = g_ptr_array_index(results, i);

        gst_convnext_log_result(self->element, request, result);
        if (request->post_messages)
            gst_convnext_post_result(self->element, request, result);
    }
    post_changes(self, request, changes);
}

/* Frames that are looked at */

typedef guint64 ConvertTime(const GstSegment *segment, GstFormat format, guint64 position);

/* NONE where the stream is not in time: nobody knows then what its timestamps mean. */
static GstClockTime convert_time(const GstConvnextStream *self, ConvertTime *convert,
                                 GstClockTime pts)
{
    if (self->segment.format != GST_FORMAT_TIME)
        return GST_CLOCK_TIME_NONE;
    return convert(&self->segment, GST_FORMAT_TIME, pts);
}

/* FALSE, unless the engine was told not to wait: the frame goes on without a result then. */
static gboolean fail(GstConvnextStream *self, GError *error)
{
    if (g_error_matches(error, CNX_ERROR, CNX_ERROR_CANCELLED)) {
        g_error_free(error);
        return TRUE;
    }
    gst_convnext_post_error(self->element, GST_MESSAGE_ERROR, error, "looking at a frame");
    g_error_free(error);
    return FALSE;
}

/* Makes the worker's newest results the last ones; FALSE when there are none since. */
static gboolean collect(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    GPtrArray *finished = g_steal_pointer(&self->finished);
    g_mutex_unlock(&self->lock);
    if (finished)
        keep(self, finished);
    return finished != NULL;
}

static gboolean fill_request(GstConvnextStream *self, GstBuffer *buffer,
                             const GstConvnextSettings *settings, GError **error)
{
    if (!looks_at_objects(self))
        return gst_convnext_input_prepare(self->input, buffer, settings, self->request, error);
    /* In this order: what is not running any more has been collected. */
    guint64 running = gst_convnext_worker_running(self->worker);
    collect(self);
    const GPtrArray *chosen = gst_convnext_tracks_choose(self->tracks, &settings->objects, running);
    self->request->n = 0;
    return chosen->len == 0 || gst_convnext_input_prepare_objects(self->input, buffer, chosen,
                                                                  settings, self->request, error);
}

static void count_skipped(GstConvnextStream *self, gboolean late, gboolean unchanged)
{
    g_mutex_lock(&self->lock);
    self->stats.skipped++;
    self->stats.late_skipped += late;
    self->stats.unchanged += unchanged;
    g_mutex_unlock(&self->lock);
}

/* The request is empty where there is no object to look at. */
static gboolean prepare(GstConvnextStream *self, GstBuffer *buffer,
                        const GstConvnextSettings *settings)
{
    GstConvnextJob *request = self->request;
    GError *error = NULL;

    if (!fill_request(self, buffer, settings, &error))
        return fail(self, error);
    if (request->n == 0) {
        count_skipped(self, FALSE, FALSE);
        return TRUE;
    }
    gst_convnext_pacing_look(&self->pacing, buffer, self->has_thumbnail ? &self->thumbnail : NULL);
    request->frame = self->frames;
    request->epoch = self->epoch;
    request->generation = self->generation;
    request->smoothing = settings->smoothing;
    request->scoring.keep_all = settings->smoothing.kind == GST_CONVNEXT_SMOOTHING_EXPONENTIAL;
    request->post_messages = settings->post_messages;
    request->stream_time = convert_time(self, gst_segment_to_stream_time, request->pts);
    request->running_time = convert_time(self, gst_segment_to_running_time, request->pts);
    return TRUE;
}

static gboolean look_and_wait(GstConvnextStream *self, GstBuffer *buffer,
                              const GstConvnextSettings *settings, GstClockTime start)
{
    GError *error = NULL;

    if (!prepare(self, buffer, settings))
        return FALSE;
    if (self->request->n == 0) {
        attach(self, buffer, FALSE, settings->carry);
        return TRUE;
    }
    GPtrArray *results =
        gst_convnext_engine_infer(gst_convnext_input_engine(self->input), self->request, &error);
    if (!results)
        return fail(self, error);
    keep(self, g_ptr_array_ref(results));
    attach(self, buffer, TRUE, settings->carry);
    GstClockTime total = gst_util_get_timestamp() - start;
    g_mutex_lock(&self->lock);
    gst_convnext_latency_add(&self->latency, total);
    g_mutex_unlock(&self->lock);
    report(self, self->request, results, total);
    g_ptr_array_unref(results);
    return TRUE;
}

static gboolean look_and_go_on(GstConvnextStream *self, GstBuffer *buffer,
                               const GstConvnextSettings *settings)
{
    gboolean replaced;
    GError *error = NULL;

    if (!prepare(self, buffer, settings))
        return FALSE;
    if (self->request->n == 0)
        return TRUE;
    if (!gst_convnext_worker_submit(self->worker, gst_convnext_input_engine(self->input),
                                    &self->request, &replaced, &error))
        return fail(self, error);
    g_mutex_lock(&self->lock);
    self->stats.replaced += replaced;
    g_mutex_unlock(&self->lock);
    return TRUE;
}

static gpointer take_reference(gconstpointer result, gpointer data)
{
    return gst_convnext_result_ref((GstConvnextResult *)result);
}

/* In the worker's thread. */
static void on_latest(const GstConvnextJob *request, GPtrArray *results, const GError *error,
                      gpointer data)
{
    GstConvnextStream *self = data;
    const gboolean objects = request->regions[0].object != 0; /* not the same in each request */
    GPtrArray *older = NULL;

    g_mutex_lock(&self->lock);
    gboolean heard = request->generation == self->generation;
    if (!results) {
        self->failed |= heard && !g_error_matches(error, CNX_ERROR, CNX_ERROR_CANCELLED);
    } else if (request->epoch == self->epoch && objects && self->finished) {
        g_ptr_array_extend(self->finished, results, take_reference, NULL);
    } else if (request->epoch == self->epoch) {
        older = self->finished;
        self->finished = g_ptr_array_ref(results);
    }
    g_mutex_unlock(&self->lock);
    g_clear_pointer(&older, g_ptr_array_unref);
    if (results)
        report(self, request, results, request->preprocess_time + request->inference_time);
    else if (heard)
        fail(self, g_error_copy(error));
}

/* From now on it is as if there had been no frames, but with keep_states for the states. */
static void begin_anew(GstConvnextStream *self, gboolean keep_states)
{
    gst_convnext_worker_discard(self->worker);
    g_mutex_lock(&self->lock);
    self->generation++;
    self->failed = FALSE;
    if (!keep_states)
        gst_convnext_states_reset(self->states);
    g_mutex_unlock(&self->lock);
}

/* Whether downstream gets the frame too late already. */
static gboolean is_late(GstConvnextStream *self, GstBuffer *buffer)
{
    GstClockTime when = convert_time(self, gst_segment_to_running_time, GST_BUFFER_PTS(buffer));

    g_mutex_lock(&self->lock);
    gboolean late = gst_convnext_lateness_skips(&self->lateness, when);
    g_mutex_unlock(&self->lock);
    return late;
}

/* Whether results are missing, so that a frame that shows nothing new is looked at all the same. */
static gboolean is_wanted(GstConvnextStream *self, const GstConvnextSettings *settings)
{
    guint64 running = gst_convnext_worker_running(self->worker);

    if (looks_at_objects(self))
        collect(self);
    g_mutex_lock(&self->lock);
    gboolean wanted = looks_at_objects(self)
                          ? gst_convnext_tracks_has_waiting(self->tracks, &settings->objects,
                                                            running, self->states)
                          : !gst_convnext_states_are_settled(self->states, 0);
    g_mutex_unlock(&self->lock);
    return wanted;
}

/* Whether a frame that is due shows nothing new; if not, it is signed for when it is looked at. */
static gboolean is_unchanged(GstConvnextStream *self, GstBuffer *buffer,
                             const GstConvnextSettings *settings)
{
    self->has_thumbnail = settings->change_threshold > 0 &&
                          gst_convnext_input_sign(self->input, buffer, &self->thumbnail, NULL);
    if (!self->has_thumbnail)
        return FALSE;
    if (gst_convnext_pacing_unchanged(&self->pacing, buffer, &self->thumbnail, settings))
        return !is_wanted(self, settings);
    gst_convnext_tracks_note_change(self->tracks);
    return FALSE;
}

static gboolean should_look(GstConvnextStream *self, GstBuffer *buffer,
                            const GstConvnextSettings *settings)
{
    gboolean due = gst_convnext_pacing_due(&self->pacing, buffer, settings);
    gboolean late =
        due && settings->mode == GST_CONVNEXT_MODE_SYNC && settings->qos && is_late(self, buffer);
    gboolean unchanged = due && !late && is_unchanged(self, buffer, settings);

    if (due && !late && !unchanged)
        return TRUE;
    count_skipped(self, late, unchanged);
    return FALSE;
}

static gboolean handle_latest(GstConvnextStream *self, GstBuffer *buffer,
                              const GstConvnextSettings *settings)
{
    /* Or else an object that waits might be looked at, and chosen for another look meanwhile. */
    gst_convnext_worker_hold(self->worker, looks_at_objects(self));
    gboolean fine = !should_look(self, buffer, settings) || look_and_go_on(self, buffer, settings);
    gst_convnext_worker_hold(self->worker, FALSE);
    if (fine)
        attach(self, buffer, collect(self), settings->carry);
    return fine;
}

static gboolean handle_sync(GstConvnextStream *self, GstBuffer *buffer,
                            const GstConvnextSettings *settings)
{
    GstClockTime start = gst_util_get_timestamp();

    /* What is still under way when the mode has just changed comes first. */
    gst_convnext_worker_drain(self->worker);
    gboolean fresh = collect(self);
    if (should_look(self, buffer, settings))
        return look_and_wait(self, buffer, settings, start);
    attach(self, buffer, fresh, settings->carry);
    return TRUE;
}

/* Where nothing would be looked at again, what is set now would never show. */
static void follow_settings(GstConvnextStream *self, const GstConvnextSettings *now)
{
    if (!gst_convnext_settings_agree(now, &self->before)) {
        gst_convnext_pacing_reset(&self->pacing);
        gst_convnext_tracks_renew(self->tracks);
    }
    self->before = *now;
}

/* The lock is held. With mode=latest a frame waits for nothing. */
static GstClockTime added_latency(const GstConvnextStream *self, GstConvnextMode mode)
{
    return mode == GST_CONVNEXT_MODE_SYNC ? self->latency.estimate : 0;
}

gboolean gst_convnext_stream_frame(GstConvnextStream *self, GstBuffer *buffer,
                                   const GstConvnextSettings *settings)
{
    g_mutex_lock(&self->lock);
    GstClockTime added = added_latency(self, settings->mode);
    gboolean failed = self->failed;
    gboolean moved = self->live && gst_convnext_latency_moved(&self->latency, added);
    self->stats.frames++;
    g_mutex_unlock(&self->lock);
    if (failed)
        return FALSE;
    if (moved)
        gst_element_post_message(self->element, gst_message_new_latency(GST_OBJECT(self->element)));
    follow_settings(self, settings);
    if (looks_at_objects(self))
        gst_convnext_tracks_see(self->tracks, buffer, gst_convnext_input_caps(self->input),
                                &settings->objects);
    gboolean fine = settings->mode == GST_CONVNEXT_MODE_LATEST
                        ? handle_latest(self, buffer, settings)
                        : handle_sync(self, buffer, settings);
    gst_convnext_input_release(self->input);
    self->frames++;
    return fine;
}

/* Streams */

GstConvnextStream *gst_convnext_stream_new(GstElement *element)
{
    GstConvnextStream *self = g_new0(GstConvnextStream, 1);

    self->element = element;
    self->worker = gst_convnext_worker_new(on_latest, self);
    self->states = gst_convnext_states_new();
    self->tracks = gst_convnext_tracks_new();
    gst_convnext_lateness_reset(&self->lateness);
    g_mutex_init(&self->lock);
    return self;
}

void gst_convnext_stream_free(GstConvnextStream *self)
{
    if (!self)
        return;
    gst_convnext_stream_stop(self);
    gst_convnext_worker_free(self->worker);
    gst_convnext_states_free(self->states);
    gst_convnext_tracks_free(self->tracks);
    g_mutex_clear(&self->lock);
    g_free(self);
}

void gst_convnext_stream_start(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    gst_convnext_stats_reset(&self->stats);
    gst_convnext_latency_reset(&self->latency);
    self->live = self->interrupted = FALSE;
    g_mutex_unlock(&self->lock);
    begin_anew(self, FALSE);
    self->frames = 0;
    self->request = gst_convnext_job_new();
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
}

void gst_convnext_stream_stop(GstConvnextStream *self)
{
    gst_convnext_worker_halt(self->worker);
    gst_convnext_stream_take_input(self, NULL);
    g_clear_pointer(&self->request, gst_convnext_job_free);
}

void gst_convnext_stream_take_input(GstConvnextStream *self, GstConvnextInput *input)
{
    forget(self);
    g_clear_pointer(&self->input, gst_convnext_input_free);
    self->input = input;
    GstConvnextEngine *engine =
        input ? gst_convnext_engine_ref(gst_convnext_input_engine(input)) : NULL;
    g_mutex_lock(&self->lock);
    gst_convnext_latency_restart(&self->latency);
    GstConvnextEngine *old = self->engine;
    self->engine = engine;
    if (engine)
        gst_convnext_engine_cancel(engine, self->interrupted);
    g_mutex_unlock(&self->lock);
    gst_convnext_engine_unref(old);
}

gboolean gst_convnext_stream_has_input(const GstConvnextStream *self)
{
    return self->input != NULL;
}

guint64 gst_convnext_stream_change_model(GstConvnextStream *self, GstConvnextInput *input,
                                         gboolean keep_states)
{
    begin_anew(self, keep_states);
    gst_convnext_stream_take_input(self, input);
    return self->frames;
}

void gst_convnext_stream_set_segment(GstConvnextStream *self, const GstSegment *segment)
{
    gst_segment_copy_into(segment, &self->segment);
    forget(self);
}

void gst_convnext_stream_drain(GstConvnextStream *self)
{
    gst_convnext_worker_drain(self->worker);
}

static void set_interrupted(GstConvnextStream *self, gboolean interrupted)
{
    g_mutex_lock(&self->lock);
    self->interrupted = interrupted;
    if (self->engine)
        gst_convnext_engine_cancel(self->engine, interrupted);
    g_mutex_unlock(&self->lock);
}

void gst_convnext_stream_interrupt(GstConvnextStream *self)
{
    gst_convnext_worker_discard(self->worker);
    set_interrupted(self, TRUE);
}

void gst_convnext_stream_flush(GstConvnextStream *self)
{
    set_interrupted(self, FALSE);
    begin_anew(self, FALSE);
    gst_segment_init(&self->segment, GST_FORMAT_TIME);
    forget(self);
}

gboolean gst_convnext_stream_qos(GstConvnextStream *self, GstQOSType type, GstClockTime when,
                                 GstClockTimeDiff late)
{
    g_mutex_lock(&self->lock);
    self->stats.late += late > 0 && type != GST_QOS_TYPE_THROTTLE;
    gboolean curable = gst_convnext_lateness_add(&self->lateness, type, when, late);
    g_mutex_unlock(&self->lock);
    return curable;
}

GstClockTime gst_convnext_stream_latency(GstConvnextStream *self, gboolean live,
                                         GstConvnextMode mode)
{
    g_mutex_lock(&self->lock);
    GstClockTime added = live ? added_latency(self, mode) : 0;
    self->live = live;
    self->latency.answered = added;
    g_mutex_unlock(&self->lock);
    return added;
}

void gst_convnext_stream_latency_distributed(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    gst_convnext_latency_distributed(&self->latency);
    g_mutex_unlock(&self->lock);
}

GstStructure *gst_convnext_stream_stats(GstConvnextStream *self)
{
    g_mutex_lock(&self->lock);
    GstConvnextStats stats = self->stats;
    g_mutex_unlock(&self->lock);
    return gst_convnext_stats_to_structure(&stats);
}
