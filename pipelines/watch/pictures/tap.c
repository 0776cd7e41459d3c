/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/tap.h"

struct WatchTap {
    int is_open; /* atomic; written with the lock held */
    GMutex lock; /* held while func runs */
    WatchTapFunc func;
    gpointer data;
};

WatchTap *watch_tap_new(void)
{
    WatchTap *tap = g_atomic_rc_box_new0(WatchTap);

    g_mutex_init(&tap->lock);
    return tap;
}

static void clear_tap(gpointer data)
{
    g_mutex_clear(&((WatchTap *)data)->lock);
}

WatchTap *watch_tap_ref(WatchTap *tap)
{
    return g_atomic_rc_box_acquire(tap);
}

void watch_tap_unref(WatchTap *tap)
{
    g_atomic_rc_box_release_full(tap, clear_tap);
}

void watch_tap_open(WatchTap *tap, WatchTapFunc func, gpointer data)
{
    g_mutex_lock(&tap->lock);
    tap->func = func;
    tap->data = data;
    g_atomic_int_set(&tap->is_open, TRUE);
    g_mutex_unlock(&tap->lock);
}

gboolean watch_tap_close(WatchTap *tap)
{
    gboolean was_open;

    g_mutex_lock(&tap->lock);
    was_open = g_atomic_int_get(&tap->is_open);
    g_atomic_int_set(&tap->is_open, FALSE);
    g_mutex_unlock(&tap->lock);
    return was_open;
}

void watch_tap_pass(WatchTap *tap, GstPad *pad, GstBuffer *frame)
{
    if (!g_atomic_int_get(&tap->is_open))
        return;
    g_mutex_lock(&tap->lock);
    if (g_atomic_int_get(&tap->is_open)) {
        g_atomic_int_set(&tap->is_open, FALSE);
        tap->func(gst_buffer_copy_deep(frame), gst_pad_get_current_caps(pad), tap->data);
    }
    g_mutex_unlock(&tap->lock);
}
