/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/stream/worker.h"

#include "model/base/error.h"

struct GstConvnextWorker {
    const char *name;
    GstConvnextWorkerRun *run;
    GDestroyNotify discard;
    gpointer data;

    GMutex lock;     /* guards everything below */
    GCond work;      /* a task, a wake or the end is pending */
    GCond idle;      /* the running task has ended, or tasks were discarded */
    GThread *thread; /* NULL before the first task and after halt */
    gpointer slot;   /* the next task; NULL if there is none */
    guint64 slot_tag;
    gboolean is_held; /* the task in the slot must not start */
    gboolean is_woken;
    gboolean is_running;
    guint64 running_tag;
    gboolean is_discarded; /* the running task */
    gboolean is_ending;
};

/* The lock is held on entry and on return. task: NULL after a wake. */
static void run_task(GstConvnextWorker *self, gpointer task, guint64 tag)
{
    self->is_running = task != NULL;
    self->running_tag = tag;
    self->is_discarded = FALSE;
    g_mutex_unlock(&self->lock);
    self->run(task, self->data);
    g_mutex_lock(&self->lock);
    self->is_running = FALSE;
    g_cond_broadcast(&self->idle);
}

static gpointer worker_main(gpointer data)
{
    GstConvnextWorker *self = data;

    g_mutex_lock(&self->lock);
    for (;;) {
        if (self->slot && !self->is_held) {
            self->is_woken = FALSE;
            run_task(self, g_steal_pointer(&self->slot), self->slot_tag);
        } else if (self->is_woken) {
            self->is_woken = FALSE;
            run_task(self, NULL, 0);
        } else if (self->is_ending) {
            break;
        } else {
            g_cond_wait(&self->work, &self->lock);
        }
    }
    g_mutex_unlock(&self->lock);
    return NULL;
}

GstConvnextWorker *gst_convnext_worker_new(const char *name, GstConvnextWorkerRun *run,
                                           GDestroyNotify discard, gpointer data)
{
    GstConvnextWorker *self = g_new0(GstConvnextWorker, 1);

    self->name = name;
    self->run = run;
    self->discard = discard;
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

/* The lock is held. g_thread_new() would abort the process if the system had no thread left. */
static gboolean ensure_thread(GstConvnextWorker *self, GError **error)
{
    g_autoptr(GError) reason = NULL;

    if (!self->thread)
        self->thread = g_thread_try_new(self->name, worker_main, self, &reason);
    if (self->thread)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "the system has no thread left for %s: %s", self->name, reason->message);
    return FALSE;
}

gboolean gst_convnext_worker_submit(GstConvnextWorker *self, gpointer task, guint64 tag,
                                    gpointer *replaced, GError **error)
{
    g_mutex_lock(&self->lock);
    gboolean has_thread = ensure_thread(self, error);
    if (has_thread) {
        *replaced = self->slot;
        self->slot = task;
        self->slot_tag = tag;
        if (!self->is_held)
            g_cond_signal(&self->work);
    }
    g_mutex_unlock(&self->lock);
    return has_thread;
}

gboolean gst_convnext_worker_wake(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    gboolean has_thread = ensure_thread(self, NULL);
    self->is_woken = has_thread;
    g_cond_signal(&self->work);
    g_mutex_unlock(&self->lock);
    return has_thread;
}

void gst_convnext_worker_hold(GstConvnextWorker *self, gboolean hold)
{
    g_mutex_lock(&self->lock);
    self->is_held = hold;
    if (!hold && self->slot)
        g_cond_signal(&self->work);
    g_mutex_unlock(&self->lock);
}

guint64 gst_convnext_worker_running_tag(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    guint64 tag = self->is_running && !self->is_discarded ? self->running_tag : 0;
    g_mutex_unlock(&self->lock);
    return tag;
}

gboolean gst_convnext_worker_is_discarded(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    gboolean is_discarded = self->is_discarded;
    g_mutex_unlock(&self->lock);
    return is_discarded;
}

gboolean gst_convnext_worker_has_next(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    gboolean has_next = self->slot != NULL;
    g_mutex_unlock(&self->lock);
    return has_next;
}

void gst_convnext_worker_drain(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    while (self->slot || (self->is_running && !self->is_discarded))
        g_cond_wait(&self->idle, &self->lock);
    g_mutex_unlock(&self->lock);
}

/* The lock is held. Returns the task to discard, or NULL. */
static gpointer empty_slot(GstConvnextWorker *self)
{
    g_cond_broadcast(&self->idle);
    return g_steal_pointer(&self->slot);
}

void gst_convnext_worker_discard(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    gpointer task = empty_slot(self);
    self->is_discarded = TRUE;
    g_mutex_unlock(&self->lock);
    if (task)
        self->discard(task);
}

void gst_convnext_worker_halt(GstConvnextWorker *self)
{
    g_mutex_lock(&self->lock);
    gpointer task = empty_slot(self);
    GThread *thread = g_steal_pointer(&self->thread);
    self->is_ending = TRUE;
    g_cond_signal(&self->work);
    g_mutex_unlock(&self->lock);
    if (task)
        self->discard(task);
    if (thread)
        g_thread_join(thread);
    self->is_ending = FALSE;
}
