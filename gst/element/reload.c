/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/element/reload.h"

#include "gst/stream/worker.h"

typedef struct Request {
    GstConvnextEngineSettings settings;
    guint version;
} Request;

typedef struct Ready {
    GstConvnextEngine *engine; /* NULL if none is ready */
    GstConvnextInput *input;
    guint version;
} Ready;

struct GstConvnextReload {
    GstConvnextReloadDone *done;
    gpointer data;
    GstConvnextWorker *worker; /* its tasks are Request */

    GMutex lock;     /* guards everything below */
    GSList *retired; /* GstConvnextEngine */
    GstVideoInfo caps;
    guint caps_version; /* changes with the caps */
    gboolean has_caps;
    Ready ready;
};

static void request_free(gpointer data)
{
    Request *request = data;

    gst_convnext_engine_settings_clear(&request->settings);
    g_free(request);
}

static void ready_clear(Ready *ready)
{
    g_clear_pointer(&ready->input, gst_convnext_input_free);
    g_clear_pointer(&ready->engine, gst_convnext_engine_unref);
}

/* Makes the input for the current caps. caps_version: receives their version. */
static gboolean make_input(GstConvnextReload *self, Ready *opened, guint *caps_version,
                           GError **error)
{
    g_mutex_lock(&self->lock);
    GstVideoInfo caps = self->caps;
    gboolean has_caps = self->has_caps;
    *caps_version = self->caps_version;
    g_mutex_unlock(&self->lock);
    g_clear_pointer(&opened->input, gst_convnext_input_free);
    if (has_caps)
        opened->input = gst_convnext_input_new(opened->engine, &caps, error);
    return opened->input || !has_caps;
}

/* Publishes the opened engine and its input, unless a newer request waits. FALSE if the caps have
 * changed meanwhile, so that the input is useless. Leaves in opened what the caller must free. */
static gboolean publish(GstConvnextReload *self, Ready *opened, guint caps_version)
{
    const gboolean has_next = gst_convnext_worker_has_next(self->worker);

    g_mutex_lock(&self->lock);
    gboolean has_current_caps = caps_version == self->caps_version;
    if (has_current_caps && !has_next) {
        Ready older = self->ready;

        self->ready = *opened;
        *opened = older;
    }
    g_mutex_unlock(&self->lock);
    return has_current_caps;
}

static void free_retired(GstConvnextReload *self)
{
    g_mutex_lock(&self->lock);
    GSList *retired = g_steal_pointer(&self->retired);
    g_mutex_unlock(&self->lock);
    for (GSList *l = retired; l; l = l->next)
        gst_convnext_engine_unref(l->data);
    g_slist_free(retired);
}

static void open_engine(GstConvnextReload *self, const Request *request)
{
    g_autoptr(GError) error = NULL;
    guint caps_version;
    Ready opened = {.engine = gst_convnext_engine_open(&request->settings, &error),
                    .version = request->version};

    if (opened.engine)
        while (make_input(self, &opened, &caps_version, &error) &&
               !publish(self, &opened, caps_version))
            ;
    ready_clear(&opened);
    self->done(error, self->data);
}

/* Frees retired engines first: their memory may be needed. task: a Request, or NULL. */
static void run_task(gpointer task, gpointer data)
{
    GstConvnextReload *self = data;

    free_retired(self);
    if (!task)
        return;
    open_engine(self, task);
    request_free(task);
}

GstConvnextReload *gst_convnext_reload_new(GstConvnextReloadDone *done, gpointer data)
{
    GstConvnextReload *self = g_new0(GstConvnextReload, 1);

    self->done = done;
    self->data = data;
    self->worker = gst_convnext_worker_new("convnext-reload", run_task, request_free, self);
    g_mutex_init(&self->lock);
    return self;
}

void gst_convnext_reload_free(GstConvnextReload *self)
{
    if (!self)
        return;
    gst_convnext_reload_halt(self);
    gst_convnext_worker_free(self->worker);
    ready_clear(&self->ready);
    g_mutex_clear(&self->lock);
    g_free(self);
}

gboolean gst_convnext_reload_request(GstConvnextReload *self,
                                     const GstConvnextEngineSettings *settings, guint version,
                                     GError **error)
{
    Request *request = g_new0(Request, 1);
    gpointer replaced = NULL;

    gst_convnext_engine_settings_copy(&request->settings, settings);
    request->version = version;
    gboolean is_submitted = gst_convnext_worker_submit(self->worker, request, 0, &replaced, error);
    if (!is_submitted)
        replaced = request;
    if (replaced)
        request_free(replaced);
    return is_submitted;
}

void gst_convnext_reload_retire(GstConvnextReload *self, GstConvnextEngine *engine)
{
    g_mutex_lock(&self->lock);
    self->retired = g_slist_prepend(self->retired, engine);
    g_mutex_unlock(&self->lock);
    if (!gst_convnext_worker_wake(self->worker))
        free_retired(self);
}

void gst_convnext_reload_set_caps(GstConvnextReload *self, const GstVideoInfo *caps)
{
    g_mutex_lock(&self->lock);
    self->has_caps = caps != NULL;
    if (caps)
        self->caps = *caps;
    self->caps_version++;
    GstConvnextInput *input = g_steal_pointer(&self->ready.input);
    g_mutex_unlock(&self->lock);
    gst_convnext_input_free(input);
}

GstConvnextEngine *gst_convnext_reload_take(GstConvnextReload *self, GstConvnextInput **input,
                                            guint *version)
{
    g_mutex_lock(&self->lock);
    *input = g_steal_pointer(&self->ready.input);
    *version = self->ready.version;
    GstConvnextEngine *engine = g_steal_pointer(&self->ready.engine);
    g_mutex_unlock(&self->lock);
    return engine;
}

void gst_convnext_reload_halt(GstConvnextReload *self)
{
    gst_convnext_worker_halt(self->worker);
    free_retired(self);
}
