/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/background.h"

#include "gst/stream/worker.h"

struct GstConvnextBackground {
    GstConvnextBackgroundDone *done;
    gpointer data;
    GstConvnextWorker *worker;

    GMutex lock;           /* guards everything below */
    guint epoch;           /* results of jobs from an earlier epoch are not collected */
    GPtrArray *finished;   /* GstConvnextResult, to be collected; or NULL */
    GArray *objects;       /* [finished] GstConvnextObject; empty for a whole frame */
    GstConvnextJob *spare; /* memory for a job; or NULL */
};

/* The lock is held. Returns results to unref once it is released, or NULL. */
static GPtrArray *add_finished(GstConvnextBackground *self, const GstConvnextJob *job)
{
    GPtrArray *older = NULL;

    if (job->objects->len == 0 || !self->finished) {
        older = self->finished;
        self->finished = g_ptr_array_ref(job->results);
        g_array_set_size(self->objects, 0);
    } else {
        for (guint i = 0; i < job->results->len; i++)
            g_ptr_array_add(self->finished,
                            gst_convnext_result_ref(g_ptr_array_index(job->results, i)));
    }
    g_array_append_vals(self->objects, job->objects->data, job->objects->len);
    return older;
}

static void finish_job(GstConvnextBackground *self, const GstConvnextJob *job, const GError *error)
{
    g_autoptr(GPtrArray) older = NULL;

    g_mutex_lock(&self->lock);
    if (!error && job->epoch == self->epoch)
        older = add_finished(self, job);
    g_mutex_unlock(&self->lock);
    self->done(job, error, self->data);
}

/* Keeps the memory of a job. At most three jobs are in use: that of the current frame, one in the
 * worker's slot, and one that runs. */
static void recycle_job(GstConvnextBackground *self, GstConvnextJob *job)
{
    gst_convnext_job_end(job);
    g_mutex_lock(&self->lock);
    if (!self->spare)
        self->spare = g_steal_pointer(&job);
    g_mutex_unlock(&self->lock);
    gst_convnext_job_free(job);
}

/* In the worker's thread. */
static void run_job(gpointer task, gpointer data)
{
    GstConvnextBackground *self = data;
    GstConvnextJob *job = task;
    g_autoptr(GError) error = NULL;

    gst_convnext_engine_run(job, &error);
    if (!gst_convnext_worker_is_discarded(self->worker))
        finish_job(self, job, error);
    recycle_job(self, job);
}

static void discard_job(gpointer job)
{
    gst_convnext_job_free(job);
}

GstConvnextBackground *gst_convnext_background_new(GstConvnextBackgroundDone *done, gpointer data)
{
    GstConvnextBackground *self = g_new0(GstConvnextBackground, 1);

    self->done = done;
    self->data = data;
    self->worker = gst_convnext_worker_new("convnext-latest", run_job, discard_job, self);
    self->objects = g_array_new(FALSE, FALSE, sizeof(GstConvnextObject));
    g_mutex_init(&self->lock);
    return self;
}

void gst_convnext_background_free(GstConvnextBackground *self)
{
    if (!self)
        return;
    gst_convnext_background_halt(self);
    gst_convnext_worker_free(self->worker);
    g_clear_pointer(&self->finished, g_ptr_array_unref);
    g_array_unref(self->objects);
    g_mutex_clear(&self->lock);
    g_free(self);
}

gboolean gst_convnext_background_submit(GstConvnextBackground *self, GstConvnextJob **job,
                                        gboolean *replaced, GError **error)
{
    const GstConvnextObject *object = gst_convnext_job_object(*job, 0);
    gpointer older;

    (*job)->epoch = self->epoch; /* only the streaming thread changes it */
    if (!gst_convnext_worker_submit(self->worker, *job, object ? object->seen_frame : 0, &older,
                                    error))
        return FALSE;
    *replaced = older != NULL;
    *job = older;
    if (!*job) {
        g_mutex_lock(&self->lock);
        *job = g_steal_pointer(&self->spare);
        g_mutex_unlock(&self->lock);
    }
    if (!*job)
        *job = gst_convnext_job_new();
    return TRUE;
}

GPtrArray *gst_convnext_background_collect(GstConvnextBackground *self, GArray **objects)
{
    g_mutex_lock(&self->lock);
    GPtrArray *finished = g_steal_pointer(&self->finished);
    if (finished) {
        *objects = self->objects;
        self->objects = g_array_new(FALSE, FALSE, sizeof(GstConvnextObject));
    }
    g_mutex_unlock(&self->lock);
    return finished;
}

void gst_convnext_background_hold(GstConvnextBackground *self, gboolean hold)
{
    gst_convnext_worker_hold(self->worker, hold);
}

guint64 gst_convnext_background_running_frame(GstConvnextBackground *self)
{
    return gst_convnext_worker_running_tag(self->worker);
}

void gst_convnext_background_drain(GstConvnextBackground *self)
{
    gst_convnext_worker_drain(self->worker);
}

void gst_convnext_background_forget(GstConvnextBackground *self)
{
    g_mutex_lock(&self->lock);
    self->epoch++;
    g_autoptr(GPtrArray) finished = g_steal_pointer(&self->finished);
    g_mutex_unlock(&self->lock);
}

void gst_convnext_background_discard(GstConvnextBackground *self)
{
    gst_convnext_worker_discard(self->worker);
}

void gst_convnext_background_halt(GstConvnextBackground *self)
{
    gst_convnext_worker_discard(self->worker);
    gst_convnext_worker_halt(self->worker);
    g_clear_pointer(&self->spare, gst_convnext_job_free);
}
