/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/worker.h"

#include "gst/engine/thread.h"

typedef struct Job {
    GstConvnextJob *request;
    GstConvnextEngine *engine; /* NULL: no job */
} Job;

struct GstConvnextWorker {
    GstConvnextWorkerDone *done;
    gpointer data;
    GThread *thread; /* of the owner */

    GMutex lock;      /* of all below */
    GCond work;       /* there is a job, or quit */
    GCond idle;       /* there is none left, or it was discarded */
    Job waiting;      /* its request is kept without a job, as spare memory */
    gboolean held;    /* it stays there */
    gboolean busy;    /* a job is with the worker... */
    guint64 seen;     /* ... its regions' */
    gboolean unheard; /* ... and was discarded */
    gboolean quit;
};

static void drop_job(Job *job)
{
    g_clear_pointer(&job->engine, gst_convnext_engine_unref);
}

static void run(GstConvnextWorker *self, const Job *job)
{
    GError *error = NULL;
    GPtrArray *results = gst_convnext_engine_infer(job->engine, job->request, &error);

    g_mutex_lock(&self->lock);
    gboolean heard = !self->unheard;
    g_mutex_unlock(&self->lock);
    if (heard)
        self->done(job->request, results, error, self->data);
    g_clear_pointer(&results, g_ptr_array_unref);
    g_clear_error(&error);
}

/* The lock is held on entry and on return. Job and request change places with the waiting ones. */
static void run_waiting(GstConvnextWorker *self, Job *mine)
{
    Job job = self->waiting;

    self->waiting = *mine;
    self->busy = TRUE;
    self->seen = job.request->regions[0].seen;
    self->unheard = FALSE;
    g_mutex_unlock(&self->lock);
    run(self, &job);
    drop_job(&job);
    g_mutex_lock(&self->lock);
    *mine = job;
    self->busy = FALSE;
    g_cond_broadcast(&self->idle);
}

static gpointer worker_main(gpointer data)
{
    GstConvnextWorker *self = data;
    Job mine = {gst_convnext_job_new(), NULL};

    g_mutex_lock(&self->lock);
    while (!self->quit) {
        if (self->waiting.engine && !self->held)
            run_waiting(self, &mine);
        else
            g_cond_wait(&self->work, &self->lock);
    }
    g_mutex_unlock(&self->lock);
    gst_convnext_job_free(mine.request);
    return NULL;
}

GstConvnextWorker *gst_convnext_worker_new(GstConvnextWorkerDone *done, gpointer data)
{
    GstConvnextWorker *self = g_new0(GstConvnextWorker, 1);

    self->done = done;
    self->data = data;
    g_mutex_init(&self->lock);
    g_cond_init(&self->work);
    g_cond_init(&self->idle);
    return self;
}

void gst_convnext_worker_free(GstConvnextWorker *self)
{
    if (!self)
        return;
    gst_convnext_worker_halt(self);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->work);
    g_cond_clear(&self->idle);
    g_free(self);
}

static gboolean have_thread(GstConvnextWorker *self, GError **error)
{
    if (self->thread)
        return TRUE;
    self->thread = gst_convnext_thread_new("convnext-latest", worker_main, self, error);
    if (!self->thread)
        return FALSE;
    g_mutex_lock(&self->lock);
    self->waiting.request = gst_convnext_job_new();
    g_mutex_unlock(&self->lock);
    return TRUE;
}

gboolean gst_convnext_worker_submit(GstConvnextWorker *self, GstConvnextEngine *engine,
                                    GstConvnextJob **request, gboolean *replaced, GError **error)
{
    if (!have_thread(self, error))
        return FALSE;
    Job job = {*request, gst_convnext_engine_ref(engine)};
    g_mutex_lock(&self->lock);
    Job older = self->waiting;
    self->waiting = job;
    g_cond_signal(&self->work);
    g_mutex_unlock(&self->lock);
    *request = older.request;
    *replaced = older.engine != NULL;
    drop_job(&older);
    return TRUE;
}

void gst_convnext_worker_hold(GstConvnextWorker *self, gboolean hold)
{
    g_mutex_lock(&self->lock);
    self->held = hold;
    if (!hold && self->waiting.engine)
        g_cond_signal(&self->work);
    g_mutex_unlock(&self->lock);
}

guint64 gst_convnext_worker_running(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    guint64 seen = self->busy && !self->unheard ? self->seen : 0;
    g_mutex_unlock(&self->lock);
    return seen;
}

void gst_convnext_worker_drain(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    while (self->waiting.engine || (self->busy && !self->unheard))
        g_cond_wait(&self->idle, &self->lock);
    g_mutex_unlock(&self->lock);
}

void gst_convnext_worker_discard(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    GstConvnextEngine *engine = g_steal_pointer(&self->waiting.engine);
    self->unheard = TRUE;
    g_cond_broadcast(&self->idle);
    g_mutex_unlock(&self->lock);
    gst_convnext_engine_unref(engine);
}

void gst_convnext_worker_halt(GstConvnextWorker *self)
{
    if (!self->thread)
        return;
    gst_convnext_worker_discard(self);
    g_mutex_lock(&self->lock);
    self->quit = TRUE;
    g_cond_signal(&self->work);
    g_mutex_unlock(&self->lock);
    g_thread_join(g_steal_pointer(&self->thread));
    self->quit = FALSE;
    g_clear_pointer(&self->waiting.request, gst_convnext_job_free);
}
