/* One camera: connects it, detects its loss, and reconnects it after a delay. A part of a camera is
 * one too, which gets its frames from that camera and is lost and back with it. Call all functions
 * in the main thread; none of them waits for a camera.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/baseline/learner.h"
#include "pipelines/watch/connection.h"
#include "pipelines/watch/counts.h"
#include "pipelines/watch/frozen.h"
#include "pipelines/watch/pictures/tap.h"
#include "pipelines/watch/settings.h"

typedef enum WatchState {
    WATCH_CONNECTING, /* no frame yet */
    WATCH_PLAYING,
    WATCH_WAITING, /* not started yet, or lost and waiting for the next attempt */
    WATCH_ENDED,   /* a file that was played to its end */
    WATCH_FAILED,  /* a file that cannot be played */
    WATCH_STOPPED, /* watch_camera_stop() was called */
    WATCH_STATES
} WatchState;

typedef struct WatchCamera WatchCamera;

/* A camera's callbacks to its owner; data is the owner's. All but changed and stopped may be NULL.
 */
typedef struct WatchHooks {
    /* The state changed; or, in WATCH_PLAYING, the frame size did or frames began to be dropped.
     * detail is text for people, or NULL. */
    void (*changed)(WatchCamera *camera, const char *detail, gpointer data);
    /* convnext posted its message convnext-state-changed. */
    void (*label_changed)(WatchCamera *camera, const GstStructure *message, gpointer data);
    /* The picture is frozen, or no longer. It stays frozen while the camera is lost; in WATCH_ENDED
     * and WATCH_FAILED, it was so until the end of the file. */
    void (*freeze_changed)(WatchCamera *camera, const WatchFreeze *freeze, gpointer data);
    /* What the baseline says has changed. */
    void (*baseline_changed)(WatchCamera *camera, const WatchBaselineChange *change, gpointer data);
    /* The camera has stopped and holds nothing but its counts. */
    void (*stopped)(WatchCamera *camera, gpointer data);
    /* The results cannot be written; reason is one sentence. */
    void (*output_failed)(WatchCamera *camera, const char *reason, gpointer data);
} WatchHooks;

/* Makes a camera that is not started yet. owner: of a part, its camera, which must be started after
 * it; else NULL. hooks must outlive it. NULL with an error if an element is not installed. */
WatchCamera *watch_camera_new(WatchSettings *settings, WatchCamera *owner, const WatchHooks *hooks,
                              gpointer data, GError **error);
WatchCamera *watch_camera_ref(WatchCamera *camera);
void watch_camera_unref(WatchCamera *camera);

/* Starts connecting, unless the camera was started or stopped before. */
void watch_camera_start(WatchCamera *camera);

/* Call it several times a second: it detects the first frame, the end, and a stall. */
void watch_camera_tick(WatchCamera *camera);

/* Starts to stop the camera, which cannot be started again. hooks->stopped follows. */
void watch_camera_stop(WatchCamera *camera);

/* Of a part, its camera; else NULL. Borrowed. */
WatchCamera *watch_camera_owner(const WatchCamera *camera);

const WatchSettings *watch_camera_settings(const WatchCamera *camera);
WatchState watch_camera_state(const WatchCamera *camera);
WatchCounts *watch_camera_counts(WatchCamera *camera);

/* The progress of the current connection; FALSE if there is none. */
gboolean watch_camera_progress(WatchCamera *camera, WatchProgress *progress);

/* Why the camera was lost last, without credentials, or NULL. */
const char *watch_camera_cause(const WatchCamera *camera);

/* Losses and failed attempts to connect since the last steady connection. */
guint watch_camera_failures(const WatchCamera *camera);

/* When the last frame arrived, monotonic microseconds; 0 if none has. */
gint64 watch_camera_last_frame_time(WatchCamera *camera);

/* The timestamp of the last result, or GST_CLOCK_TIME_NONE. */
GstClockTime watch_camera_last_result_pts(WatchCamera *camera);

/* The verdict of the baseline. FALSE if there is none. */
gboolean watch_camera_baseline(WatchCamera *camera, WatchVerdict *verdict);

/* The property stats of the element convnext; the caller frees it. */
GstStructure *watch_camera_stats(WatchCamera *camera);

/* Where the frames can be taken once they are classified; borrowed. */
WatchTap *watch_camera_tap(WatchCamera *camera);

/* The state's name in logs and metrics, such as "playing". */
const char *watch_state_name(WatchState state);
