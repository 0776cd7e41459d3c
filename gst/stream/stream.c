/* The frames of a stream: which run, in which thread, and which results they carry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/stream.h"

#include "gst/convnext/query.h"
#include "gst/objects/attach.h"
#include "gst/overlay/painting.h"
#include "gst/stream/fields.h"
#include "gst/stream/messages.h"
#include "gst/stream/tracer.h"
#include "model/base/error.h"

GST_DEBUG_CATEGORY_EXTERN(gst_convnext_debug);
#define GST_CAT_DEFAULT gst_convnext_debug

#define FRAMES_WITHOUT_OBJECTS 100 /* before a warning; four seconds of usual video */

/* Results on buffers */

static gboolean runs_objects(const GstConvnextStream *self)
{
    return gst_convnext_engine_runs_objects(gst_convnext_input_engine(self->input));
}

/* Makes these results the last ones. objects: [results]; empty for a whole frame. */
static void keep_results(GstConvnextStream *self, GPtrArray *results, const GArray *objects)
{
    if (objects->len > 0) {
        for (guint i = 0; i < results->len; i++)
            gst_convnext_tracks_store(self->tracks, &g_array_index(objects, GstConvnextObject, i),
                                      g_ptr_array_index(results, i));
        return;
    }
    g_clear_pointer(&self->last, gst_convnext_result_unref);
    self->last = gst_convnext_result_ref(g_ptr_array_index(results, 0));
}

/* Makes the newest results from the background the last ones. FALSE if there are none. */
static gboolean collect_finished(GstConvnextStream *self)
{
    g_autoptr(GArray) objects = NULL;
    g_autoptr(GPtrArray) results = gst_convnext_background_collect(self->background, &objects);

    if (results)
        keep_results(self, results, objects);
    return results != NULL;
}

/* Paints the last result into the frame. */
static void paint(GstConvnextStream *self, GstBuffer *buffer)
{
    const GstVideoInfo *caps = gst_convnext_input_caps(self->input);
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(self->last);
    GstConvnextRect rect;

    if (!self->canvas && !self->cannot_paint) {
        self->canvas = gst_convnext_canvas_new(caps);
        self->cannot_paint = !self->canvas;
        if (self->cannot_paint)
            gst_convnext_warn_cannot_paint(self->element, caps);
    }
    if (!self->canvas || !segmentation)
        return;
    gst_convnext_segmentation_get_rect(segmentation, &rect);
    gst_convnext_canvas_clear(self->canvas);
    gst_convnext_canvas_add_mask(self->canvas, segmentation, &rect, NULL);
    gst_convnext_paint_buffer(self->canvas, caps, buffer);
}

/* Adds the state of the stream, if results are smoothed. */
static void attach_state(GstConvnextStream *self, GstBuffer *buffer, GstConvnextMeta *meta)
{
    const GstConvnextTimes times =
        gst_convnext_times_of(&self->segment, GST_BUFFER_PTS(buffer), self->frames);
    const char *label;
    double score;
    GstClockTime since;

    g_mutex_lock(&self->lock);
    if (gst_convnext_smoother_get_state(gst_convnext_states_whole(self->states), &label, &score,
                                        &since))
        gst_convnext_meta_set_state(meta, label, score,
                                    gst_convnext_time_between(times.running_time, since));
    g_mutex_unlock(&self->lock);
}

/* Attaches the last results if they are new or, with carry, even if an earlier frame had them. */
static void attach_results(GstConvnextStream *self, GstBuffer *buffer, gboolean is_new,
                           const GstConvnextFrameSettings *settings)
{
    guint n = 0;

    if (runs_objects(self)) {
        n = gst_convnext_tracks_attach(self->tracks, buffer, settings->carry);
    } else if (self->last && (is_new || settings->carry)) {
        GstConvnextMeta *meta = gst_convnext_attach(buffer, self->last, NULL);

        n = 1;
        if (settings->smoothing.kind != GST_CONVNEXT_SMOOTHING_NONE)
            attach_state(self, buffer, meta);
        if (settings->paint)
            paint(self, buffer);
    }
    g_mutex_lock(&self->lock);
    self->attached += n;
    g_mutex_unlock(&self->lock);
    GST_LOG_OBJECT(self->element, "frame %" G_GUINT64_FORMAT ": attached %u results", self->frames,
                   n);
}

/* Reporting a job */

/* The lock is held. Returns the changes (GstStructure), one for each state that has changed. */
static GSList *update_states(GstConvnextStream *self, const GstConvnextJob *job)
{
    const GstConvnextSample sample = gst_convnext_job_sample(job);

    if (job->smoothing.kind != GST_CONVNEXT_SMOOTHING_NONE) {
        self->has_states = TRUE;
        return gst_convnext_states_add_all(self->states, &sample, job->results, job->objects);
    }
    if (self->has_states)
        gst_convnext_stream_reset_states(self);
    return NULL;
}

/* FALSE after a change of the model: nothing is posted about the old one any more. */
static gboolean is_current(GstConvnextStream *self, const GstConvnextJob *job)
{
    g_mutex_lock(&self->lock);
    gboolean is_current = job->generation == self->generation;
    g_mutex_unlock(&self->lock);
    return is_current;
}

/* Keeps a change of a state for the event before the next frame that is pushed. */
static void keep_change(GstConvnextStream *self, const GstConvnextJob *job,
                        const GstStructure *change)
{
    GstStructure *kept = gst_structure_copy(change);

    gst_structure_set(kept, GST_CONVNEXT_CHANGE_MODEL, G_TYPE_STRING,
                      gst_convnext_result_get_model(g_ptr_array_index(job->results, 0)), NULL);
    g_queue_push_tail(&self->changes, kept);
}

/* Counts a job that has run, updates the states and posts messages, in the thread that ran it.
 * total: the time it took, nanoseconds. is_waited_for: its frame waits for it, so that this time
 * is latency. */
static void report_job(GstConvnextStream *self, const GstConvnextJob *job, GstClockTime total,
                       gboolean is_waited_for)
{
    const GstClockTime times[GST_CONVNEXT_PHASES] = {
        [GST_CONVNEXT_PHASE_PREPROCESS] = job->preprocess_time,
        [GST_CONVNEXT_PHASE_INFERENCE] = job->inference_time,
        [GST_CONVNEXT_PHASE_TOTAL] = total,
    };
    GSList *changes = NULL;

    g_mutex_lock(&self->lock);
    if (job->generation == self->generation) {
        gst_convnext_stats_add(&self->stats, times);
        if (!is_waited_for)
            gst_convnext_latency_restart(&self->latency, &self->stats);
        else if (self->latency.is_live)
            gst_convnext_latency_update(&self->latency, &self->stats);
        changes = update_states(self, job);
        for (const GSList *i = changes; i; i = i->next)
            keep_change(self, job, i->data);
    }
    g_mutex_unlock(&self->lock);
    gst_convnext_log_job(self->element, job);
    if (gst_convnext_is_traced())
        gst_convnext_tracer_log(self->element, job, total);
    if (!job->is_finite && is_current(self, job))
        gst_convnext_warn_not_finite(self->element, job->engine);
    for (guint i = 0; job->post_messages && i < job->results->len && is_current(self, job); i++)
        gst_convnext_post_result(self->element, &job->times, g_ptr_array_index(job->results, i));
    for (; changes; changes = g_slist_delete_link(changes, changes))
        if (is_current(self, job))
            gst_convnext_post_structure(self->element, changes->data);
        else
            gst_structure_free(changes->data);
}

/* From a frame to a job */

/* TRUE if results are missing, so that a frame runs even though it shows no change. */
static gboolean needs_results(GstConvnextStream *self, const GstConvnextFrameSettings *settings)
{
    const gboolean objects = runs_objects(self);
    guint64 running_frame = gst_convnext_background_running_frame(self->background);

    if (objects)
        collect_finished(self);
    g_mutex_lock(&self->lock);
    gboolean needs = objects ? gst_convnext_tracks_need_results(self->tracks, &settings->objects,
                                                                running_frame, self->states)
                             : !gst_convnext_states_are_settled(self->states, 0);
    g_mutex_unlock(&self->lock);
    return needs;
}

/* Decides by a frame's content. thumbnail: receives its thumbnail, if *has_thumbnail. */
static GstConvnextDecision detect_change(GstConvnextStream *self, GstBuffer *buffer,
                                         const GstConvnextFrameSettings *settings,
                                         CnxThumbnail *thumbnail, gboolean *has_thumbnail)
{
    *has_thumbnail = gst_convnext_input_thumbnail(self->input, buffer, thumbnail);
    if (!*has_thumbnail)
        return GST_CONVNEXT_RUN;
    g_mutex_lock(&self->lock);
    GstConvnextDecision decision =
        gst_convnext_schedule_compare(&self->schedule, GST_BUFFER_PTS(buffer), thumbnail, settings);
    g_mutex_unlock(&self->lock);
    if (decision == GST_CONVNEXT_RUN)
        gst_convnext_tracks_note_change(self->tracks);
    else if (needs_results(self, settings))
        decision = GST_CONVNEXT_RUN;
    return decision;
}

/* Fills the job's inputs with the whole frame or with the objects that run now, if any. */
static gboolean fill_inputs(GstConvnextStream *self, GstBuffer *buffer,
                            const GstConvnextFrameSettings *settings, GError **error)
{
    const GArray *places, *objects;

    if (!runs_objects(self))
        return gst_convnext_input_fill(self->input, buffer, NULL, self->job, error);
    /* In this order, so that the results of a job that no longer runs are collected. */
    guint64 running_frame = gst_convnext_background_running_frame(self->background);
    collect_finished(self);
    gst_convnext_job_end(self->job);
    if (gst_convnext_tracks_choose(self->tracks, &settings->objects, running_frame, &places,
                                   &objects) == 0)
        return TRUE;
    if (!gst_convnext_input_fill(self->input, buffer, places, self->job, error))
        return FALSE;
    g_array_append_vals(self->job->objects, objects->data, objects->len);
    return TRUE;
}

/* TRUE if the frame passes without a result, because it is damaged or its job was cancelled. */
static gboolean pass_unreadable(GstConvnextStream *self, const GError *error)
{
    self->frame_is_unreadable =
        gst_convnext_warn_unreadable(self->element, error, &self->unreadable_is_posted);
    return self->frame_is_unreadable || gst_convnext_pass_if_cancelled(self->element, error);
}

/* thumbnail: of the frame, or NULL. The job is empty if there is no object to run. */
static gboolean make_job(GstConvnextStream *self, GstBuffer *buffer,
                         const GstConvnextFrameSettings *settings, const GstConvnextTimes *times,
                         const CnxThumbnail *thumbnail)
{
    GstConvnextJob *job = self->job;
    g_autoptr(GError) error = NULL;

    if (!fill_inputs(self, buffer, settings, &error))
        return pass_unreadable(self, error);
    if (job->n == 0)
        return TRUE;
    job->times = *times;
    job->scoring = settings->scoring;
    job->smoothing = settings->smoothing;
    job->post_messages = settings->post_messages;
    job->generation = self->generation;
    g_mutex_lock(&self->lock);
    gst_convnext_schedule_note_run(&self->schedule, times->pts, thumbnail);
    g_mutex_unlock(&self->lock);
    return TRUE;
}

/* Makes the job of a frame, which is empty if the frame does not run. FALSE after an error. */
static gboolean schedule_frame(GstConvnextStream *self, GstBuffer *buffer,
                               const GstConvnextFrameSettings *settings)
{
    const GstConvnextTimes times =
        gst_convnext_times_of(&self->segment, GST_BUFFER_PTS(buffer), self->frames);
    CnxThumbnail thumbnail;
    gboolean has_thumbnail = FALSE;

    gst_convnext_job_end(self->job);
    g_mutex_lock(&self->lock);
    GstConvnextDecision decision = gst_convnext_schedule_decide(
        &self->schedule, &times, GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_GAP), settings);
    g_mutex_unlock(&self->lock);
    if (decision == GST_CONVNEXT_RUN && settings->change_threshold > 0)
        decision = detect_change(self, buffer, settings, &thumbnail, &has_thumbnail);
    if (decision == GST_CONVNEXT_RUN &&
        !make_job(self, buffer, settings, &times, has_thumbnail ? &thumbnail : NULL))
        return FALSE;
    if (self->job->n > 0)
        return TRUE;
    gst_convnext_input_release(self->input);
    g_mutex_lock(&self->lock);
    gst_convnext_stats_skip(&self->stats, decision);
    g_mutex_unlock(&self->lock);
    return TRUE;
}

/* mode=sync: the frame waits for its own result */

static gboolean run_and_attach(GstConvnextStream *self, GstBuffer *buffer,
                               const GstConvnextFrameSettings *settings, GstClockTime start)
{
    GstConvnextJob *job = self->job;
    g_autoptr(GError) error = NULL;

    if (!gst_convnext_engine_run(job, &error))
        return gst_convnext_pass_if_cancelled(self->element, error);
    keep_results(self, job->results, job->objects);
    report_job(self, job, gst_util_get_timestamp() - start, TRUE);
    attach_results(self, buffer, TRUE, settings); /* with the state that follows from this frame */
    return TRUE;
}

/* After mode=latest: waits for the job under way. FALSE if it has left no results. */
static gboolean finish_latest(GstConvnextStream *self)
{
    gst_convnext_background_drain(self->background);
    self->background_is_used = FALSE;
    return collect_finished(self);
}

static gboolean handle_sync(GstConvnextStream *self, GstBuffer *buffer,
                            const GstConvnextFrameSettings *settings)
{
    const GstClockTime start = gst_util_get_timestamp();
    gboolean is_new = self->background_is_used && finish_latest(self);

    if (!schedule_frame(self, buffer, settings))
        return FALSE;
    if (self->job->n > 0)
        return run_and_attach(self, buffer, settings, start);
    if (!self->frame_is_unreadable)
        attach_results(self, buffer, is_new, settings);
    return TRUE;
}

/* mode=latest: no frame waits */

void gst_convnext_stream_on_background_done(const GstConvnextJob *job, const GError *error,
                                            gpointer data)
{
    GstConvnextStream *self = data;

    if (!error) {
        report_job(self, job, job->preprocess_time + job->inference_time, FALSE);
        return;
    }
    g_mutex_lock(&self->lock);
    gboolean is_current = job->generation == self->generation;
    self->has_failed |= is_current && !g_error_matches(error, CNX_ERROR, CNX_ERROR_CANCELLED);
    g_mutex_unlock(&self->lock);
    if (is_current)
        gst_convnext_pass_if_cancelled(self->element, error);
}

static gboolean submit_job(GstConvnextStream *self)
{
    g_autoptr(GError) error = NULL;
    gboolean replaced;

    if (!gst_convnext_background_submit(self->background, &self->job, &replaced, &error))
        return gst_convnext_pass_if_cancelled(self->element, error);
    self->background_is_used = TRUE;
    g_mutex_lock(&self->lock);
    self->stats.replaced += replaced;
    g_mutex_unlock(&self->lock);
    return TRUE;
}

static gboolean handle_latest(GstConvnextStream *self, GstBuffer *buffer,
                              const GstConvnextFrameSettings *settings)
{
    const gboolean objects = runs_objects(self);

    /* Otherwise a waiting object could start to run while it is chosen again. */
    if (objects)
        gst_convnext_background_hold(self->background, TRUE);
    gboolean is_fine = schedule_frame(self, buffer, settings);
    if (is_fine && self->job->n > 0)
        is_fine = submit_job(self);
    if (objects)
        gst_convnext_background_hold(self->background, FALSE);
    if (is_fine && !self->frame_is_unreadable)
        attach_results(self, buffer, collect_finished(self), settings);
    return is_fine;
}

/* Frames */

gboolean gst_convnext_stream_has_input(const GstConvnextStream *self)
{
    return self->input != NULL;
}

/* If new settings change results, the next frame and every object are due. Otherwise they would
 * never take effect in a still scene or on an object that runs only once. */
static void follow_settings(GstConvnextStream *self, const GstConvnextFrameSettings *settings)
{
    if (settings->version == self->settings.version)
        return;
    if (self->settings.version != GST_CONVNEXT_NO_VERSION &&
        !gst_convnext_frame_settings_same_results(settings, &self->settings)) {
        g_mutex_lock(&self->lock);
        gst_convnext_schedule_make_due(&self->schedule);
        g_mutex_unlock(&self->lock);
        gst_convnext_tracks_expire_results(self->tracks);
    }
    self->settings = *settings;
}

/* A change of the ROI while playing may not fit these frames: the previous one then continues. New
 * caps that it does not fit are refused (gst_convnext_make_input()). */
static void follow_roi(GstConvnextStream *self, const GstConvnextFrameSettings *settings)
{
    g_autoptr(GError) error = NULL;

    if (gst_convnext_input_set_roi(self->input, &settings->roi, &error) ||
        gst_convnext_roi_equal(&settings->roi, &self->refused_roi))
        return;
    self->refused_roi = settings->roi;
    gst_convnext_post_error(self->element, GST_MESSAGE_WARNING, error,
                            "changing the ROI while playing; the previous one continues");
}

static void find_objects(GstConvnextStream *self, GstBuffer *buffer,
                         const GstConvnextFrameSettings *settings)
{
    GstConvnextSelection selection = settings->objects;

    selection.part = gst_convnext_input_roi(self->input);
    self->objects_are_seen |= gst_convnext_tracks_update(
        self->tracks, buffer, gst_convnext_input_caps(self->input), &selection);
    if (!self->objects_are_seen && ++self->frames_without_objects == FRAMES_WITHOUT_OBJECTS)
        gst_convnext_warn_no_objects(self->element, FRAMES_WITHOUT_OBJECTS);
}

gboolean gst_convnext_stream_frame(GstConvnextStream *self, GstBuffer *buffer,
                                   const GstConvnextFrameSettings *settings)
{
    g_mutex_lock(&self->lock);
    gboolean has_failed = self->has_failed;
    gboolean has_moved =
        self->latency.is_live && gst_convnext_latency_moved(&self->latency, settings->mode);
    self->stats.frames++;
    g_mutex_unlock(&self->lock);
    if (has_failed)
        return FALSE;
    if (has_moved)
        gst_element_post_message(self->element, gst_message_new_latency(GST_OBJECT(self->element)));
    follow_settings(self, settings);
    self->frame_is_unreadable = FALSE;
    gst_convnext_input_set_orientation(self->input, settings->orientation);
    follow_roi(self, settings);
    if (runs_objects(self))
        find_objects(self, buffer, settings);
    gboolean is_fine = settings->mode == GST_CONVNEXT_MODE_LATEST
                           ? handle_latest(self, buffer, settings)
                           : handle_sync(self, buffer, settings);
    gst_convnext_job_end(self->job);
    self->frames++;
    return is_fine;
}
