/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/relay.h"

#include <gst/app/gstappsrc.h>

#include "pipelines/common/missing.h"

#define FILE_FRAMES 4 /* that a part of a file may lag behind */
#define WAIT_US (100 * 1000)

struct WatchRelay {
    gboolean is_file;
    GMutex lock; /* guards the rest */
    GCond changed;
    GPtrArray *sources; /* GstElement, with a reference */
    GPtrArray *waiting; /* those of a file that are not ready yet; borrowed */
    GstEvent *tags;     /* the last ones, or NULL */
};

WatchRelay *watch_relay_new(gboolean is_file)
{
    WatchRelay *self = g_atomic_rc_box_new0(WatchRelay);

    self->is_file = is_file;
    self->sources = g_ptr_array_new_with_free_func(gst_object_unref);
    self->waiting = g_ptr_array_new();
    g_mutex_init(&self->lock);
    g_cond_init(&self->changed);
    return self;
}

WatchRelay *watch_relay_ref(WatchRelay *self)
{
    return g_atomic_rc_box_acquire(self);
}

static void clear_relay(gpointer data)
{
    WatchRelay *self = data;

    g_ptr_array_unref(self->sources);
    g_ptr_array_unref(self->waiting);
    gst_clear_event(&self->tags);
    g_mutex_clear(&self->lock);
    g_cond_clear(&self->changed);
}

void watch_relay_unref(WatchRelay *self)
{
    g_atomic_rc_box_release_full(self, clear_relay);
}

/* The sources */

GstElement *watch_relay_add(WatchRelay *self, GError **error)
{
    GstElement *source = gst_element_factory_make("appsrc", NULL);

    if (!source) {
        g_autofree char *missing = missing_explain_element("appsrc");

        g_set_error_literal(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN, missing);
        return NULL;
    }
    g_object_set(source, "format", GST_FORMAT_TIME, "is-live", !self->is_file, "max-buffers",
                 (guint64)(self->is_file ? FILE_FRAMES : 1), "max-bytes", (guint64)0, "block",
                 self->is_file, NULL);
    gst_util_set_object_arg(G_OBJECT(source), "leaky-type", self->is_file ? "none" : "downstream");
    g_mutex_lock(&self->lock);
    g_ptr_array_add(self->sources, gst_object_ref(source)); /* stays floating for the caller */
    if (self->is_file)
        g_ptr_array_add(self->waiting, source);
    g_mutex_unlock(&self->lock);
    return source;
}

void watch_relay_set_ready(WatchRelay *self, GstElement *source)
{
    g_autoptr(GstEvent) tags = NULL;

    g_mutex_lock(&self->lock);
    g_ptr_array_remove(self->waiting, source);
    if (self->tags)
        tags = gst_event_ref(self->tags);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
    if (tags)
        gst_element_send_event(source, g_steal_pointer(&tags));
}

void watch_relay_remove(WatchRelay *self, GstElement *source)
{
    g_mutex_lock(&self->lock);
    g_ptr_array_remove(self->waiting, source);
    g_ptr_array_remove(self->sources, source);
    g_cond_broadcast(&self->changed);
    g_mutex_unlock(&self->lock);
}

/* The frames */

/* The sources that get something now, which is done without the lock, since it may block. The
 * caller owns them; NULL if there are none. */
static GPtrArray *take_sources(WatchRelay *self, const int *stop)
{
    GPtrArray *sources = NULL;

    g_mutex_lock(&self->lock);
    while (self->waiting->len > 0 && !g_atomic_int_get(stop))
        g_cond_wait_until(&self->changed, &self->lock, g_get_monotonic_time() + WAIT_US);
    if (self->sources->len > 0 && !g_atomic_int_get(stop)) {
        sources = g_ptr_array_new_with_free_func(gst_object_unref);
        for (guint i = 0; i < self->sources->len; i++)
            g_ptr_array_add(sources, gst_object_ref(self->sources->pdata[i]));
    }
    g_mutex_unlock(&self->lock);
    return sources;
}

void watch_relay_push(WatchRelay *self, GstBuffer *frame, GstCaps *caps, const int *stop)
{
    g_autoptr(GPtrArray) sources = take_sources(self, stop);
    g_autoptr(GstSample) sample = sources ? gst_sample_new(frame, caps, NULL, NULL) : NULL;

    for (guint i = 0; sources && i < sources->len; i++)
        gst_app_src_push_sample(sources->pdata[i], sample);
}

void watch_relay_tag(WatchRelay *self, GstEvent *tags, const int *stop)
{
    g_autoptr(GPtrArray) sources = NULL;

    g_mutex_lock(&self->lock);
    gst_event_replace(&self->tags, tags);
    g_mutex_unlock(&self->lock);
    sources = take_sources(self, stop);
    for (guint i = 0; sources && i < sources->len; i++)
        gst_element_send_event(sources->pdata[i], gst_event_ref(tags));
}

void watch_relay_end(WatchRelay *self, const int *stop)
{
    g_autoptr(GPtrArray) sources = take_sources(self, stop);

    for (guint i = 0; sources && i < sources->len; i++)
        gst_app_src_end_of_stream(sources->pdata[i]);
}
