/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/element/reload.h"

#include "gst/engine/thread.h"

typedef struct Ready {
    GstConvnextEngine *engine; /* NULL: nothing is ready */
    GstConvnextInput *input;
    guint serial;
} Ready;

struct GstConvnextReload {
    GstConvnextReloadRefused *refused;
    gpointer data;

    GMutex lock;      /* of all below */
    GThread *thread;  /* to be joined; NULL: none since the last halt */
    gboolean running; /* it will look for work once more */
    GSList *retired;  /* GstConvnextEngine */
    gboolean waiting; /* there is a request: */
    GstConvnextSettings settings;
    guint serial;
    GstVideoInfo caps;
    guint caps_changes; /* so far */
    gboolean has_caps;
    Ready ready;
};

static void ready_clear(Ready *ready)
{
    g_clear_pointer(&ready->input, gst_convnext_input_free);
    g_clear_pointer(&ready->engine, gst_convnext_engine_unref);
}

/* Makes a input for the caps as they are; changes: of which it knows. */
static gboolean make_input(GstConvnextReload *self, Ready *mine, guint *changes, GError **error)
{
    g_mutex_lock(&self->lock);
    GstVideoInfo caps = self->caps;
    gboolean has_caps = self->has_caps;
    *changes = self->caps_changes;
    g_mutex_unlock(&self->lock);
    g_clear_pointer(&mine->input, gst_convnext_input_free);
    if (has_caps)
        mine->input = gst_convnext_input_new(mine->engine, &caps, error);
    return mine->input || !has_caps;
}

/* Puts mine where it can be taken, unless it was for other caps; or drops it for a newer request.
 * Leaves in mine what is to be freed. */
static gboolean put_ready(GstConvnextReload *self, Ready *mine, guint changes)
{
    g_mutex_lock(&self->lock);
    gboolean current = changes == self->caps_changes;
    if (current && !self->waiting) {
        Ready older = self->ready;

        self->ready = *mine;
        *mine = older;
    }
    g_mutex_unlock(&self->lock);
    return current;
}

static void open_engine(GstConvnextReload *self, const GstConvnextSettings *settings, guint serial)
{
    GError *error = NULL;
    guint changes;
    Ready mine = {.engine = gst_convnext_engine_open(settings, &error), .serial = serial};

    if (mine.engine)
        while (make_input(self, &mine, &changes, &error) && !put_ready(self, &mine, changes))
            ;
    ready_clear(&mine);
    if (error)
        self->refused(error, self->data);
    g_clear_error(&error);
}

static void unref_engine(gpointer engine)
{
    gst_convnext_engine_unref(engine);
}

/* The lock is held on entry and on return. */
static void free_retired(GstConvnextReload *self)
{
    GSList *retired = g_steal_pointer(&self->retired);

    g_mutex_unlock(&self->lock);
    g_slist_free_full(retired, unref_engine);
    g_mutex_lock(&self->lock);
}

/* The lock is held on entry and on return. */
static void open_waiting(GstConvnextReload *self)
{
    GstConvnextSettings settings = self->settings;
    guint serial = self->serial;

    self->waiting = FALSE;
    g_mutex_unlock(&self->lock);
    open_engine(self, &settings, serial);
    gst_convnext_settings_clear(&settings);
    g_mutex_lock(&self->lock);
}

static gpointer thread_main(gpointer data)
{
    GstConvnextReload *self = data;

    g_mutex_lock(&self->lock);
    while (self->retired || self->waiting)
        if (self->retired) /* first: its memory may be needed */
            free_retired(self);
        else
            open_waiting(self);
    self->running = FALSE;
    g_mutex_unlock(&self->lock);
    return NULL;
}

/* The lock is held. ended: receives a thread that has ended, to be joined without it; or NULL.
 * FALSE with error when the system has no thread. */
static gboolean have_thread(GstConvnextReload *self, GThread **ended, GError **error)
{
    *ended = NULL;
    if (self->running)
        return TRUE;
    GThread *thread = gst_convnext_thread_new("convnext-reload", thread_main, self, error);
    if (!thread)
        return FALSE;
    *ended = self->thread;
    self->thread = thread;
    self->running = TRUE;
    return TRUE;
}

GstConvnextReload *gst_convnext_reload_new(GstConvnextReloadRefused *refused, gpointer data)
{
    GstConvnextReload *self = g_new0(GstConvnextReload, 1);

    self->refused = refused;
    self->data = data;
    g_mutex_init(&self->lock);
    return self;
}

void gst_convnext_reload_free(GstConvnextReload *self)
{
    if (!self)
        return;
    gst_convnext_reload_halt(self);
    ready_clear(&self->ready);
    g_mutex_clear(&self->lock);
    g_free(self);
}

/* The lock is held. */
static void forget_waiting(GstConvnextReload *self)
{
    if (self->waiting)
        gst_convnext_settings_clear(&self->settings);
    self->waiting = FALSE;
}

gboolean gst_convnext_reload_request(GstConvnextReload *self, const GstConvnextSettings *settings,
                                     guint serial, GError **error)
{
    GThread *ended;

    g_mutex_lock(&self->lock);
    forget_waiting(self);
    gboolean opens = have_thread(self, &ended, error);
    if (opens) {
        gst_convnext_settings_copy(&self->settings, settings);
        self->serial = serial;
        self->waiting = TRUE;
    }
    g_mutex_unlock(&self->lock);
    if (ended)
        g_thread_join(ended);
    return opens;
}

void gst_convnext_reload_retire(GstConvnextReload *self, GstConvnextEngine *engine)
{
    GThread *ended;

    g_mutex_lock(&self->lock);
    gboolean later = have_thread(self, &ended, NULL);
    if (later)
        self->retired = g_slist_prepend(self->retired, engine);
    g_mutex_unlock(&self->lock);
    if (ended)
        g_thread_join(ended);
    if (!later)
        gst_convnext_engine_unref(engine);
}

void gst_convnext_reload_set_caps(GstConvnextReload *self, const GstVideoInfo *caps)
{
    g_mutex_lock(&self->lock);
    self->has_caps = caps != NULL;
    if (caps)
        self->caps = *caps;
    self->caps_changes++;
    GstConvnextInput *input = g_steal_pointer(&self->ready.input);
    g_mutex_unlock(&self->lock);
    gst_convnext_input_free(input);
}

GstConvnextEngine *gst_convnext_reload_take(GstConvnextReload *self, GstConvnextInput **input,
                                            guint *serial)
{
    g_mutex_lock(&self->lock);
    *input = g_steal_pointer(&self->ready.input);
    *serial = self->ready.serial;
    GstConvnextEngine *engine = g_steal_pointer(&self->ready.engine);
    g_mutex_unlock(&self->lock);
    return engine;
}

void gst_convnext_reload_halt(GstConvnextReload *self)
{
    g_mutex_lock(&self->lock);
    forget_waiting(self);
    GThread *thread = g_steal_pointer(&self->thread);
    g_mutex_unlock(&self->lock);
    if (thread)
        g_thread_join(thread);
}
