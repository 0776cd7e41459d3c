/* One camera: connects it, sees that it is gone, waits, and tries again. All functions are for the
 * main thread, and none of them waits for a camera.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/counts.h"
#include "pipelines/watch/list.h"

typedef enum WatchState {
    WATCH_CONNECTING, /* no frame yet */
    WATCH_PLAYING,
    WATCH_WAITING, /* not started yet, or gone; tried again when the wait is over */
    WATCH_ENDED,   /* a file, played to its end */
    WATCH_FAILED,  /* a file that cannot be played */
    WATCH_STOPPED, /* watch_camera_stop() was called */
    WATCH_STATES
} WatchState;

typedef struct WatchCamera WatchCamera;

/* What a camera tells its owner; data is the owner's. */
typedef struct WatchHooks {
    /* It is in another state, or, WATCH_PLAYING again, shows another size. detail: for people. */
    void (*changed)(WatchCamera *camera, const char *detail, gpointer data);
    /* convnext's element message of that name. */
    void (*state_changed)(WatchCamera *camera, const GstStructure *what, gpointer data);
    /* It is stopped, and holds nothing any more but its counts. */
    void (*stopped)(WatchCamera *camera, gpointer data);
    /* The results cannot be written: reason is a sentence. */
    void (*unwritable)(WatchCamera *camera, const char *reason, gpointer data);
} WatchHooks;

/* Makes a camera, which waits for its start. hooks outlives it. NULL with an error where an element
 * is missing on this machine. */
WatchCamera *watch_camera_new(WatchSettings *settings, const WatchHooks *hooks, gpointer data,
                              GError **error);
WatchCamera *watch_camera_ref(WatchCamera *camera);
void watch_camera_unref(WatchCamera *camera);

/* Begins to connect it, unless it was started or stopped before. */
void watch_camera_start(WatchCamera *camera);

/* To be called some times a second: sees the first frame, the end, and that no frame comes. */
void watch_camera_tick(WatchCamera *camera);

/* Begins to stop it, for good; hooks->stopped follows. */
void watch_camera_stop(WatchCamera *camera);

const WatchSettings *watch_camera_settings(const WatchCamera *camera);
WatchState watch_camera_state(const WatchCamera *camera);
WatchCounts *watch_camera_counts(WatchCamera *camera);

/* Statistics of the element convnext; the caller frees them. */
GstStructure *watch_camera_stats(WatchCamera *camera);

/* For logs and metrics: "playing", for example. */
const char *watch_state_name(WatchState state);
