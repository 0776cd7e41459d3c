/* The settings of one camera, checked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "pipelines/watch/alarms/alarm.h"
#include "pipelines/watch/credentials.h"

#define WATCH_DEFAULTS "watch" /* the key file's group with the defaults of all cameras */

typedef enum WatchKind {
    WATCH_STREAM, /* a network URI: live, reconnected when it is lost */
    WATCH_DEVICE, /* /dev/videoN: likewise */
    WATCH_TEST,   /* GStreamer's test picture, live */
    WATCH_FILE    /* played to its end as fast as it is classified */
} WatchKind;

/* Immutable, reference counted. */
typedef struct WatchSettings {
    char *name;   /* unique in the list; "stream" in its JSON lines */
    char *camera; /* of a part, the name of the camera whose frames it gets; else NULL */
    char *source; /* as the user wrote it, without credentials; of a part, that of its camera */
    WatchKind kind;
    char *uri;       /* of a stream or a file, else NULL */
    guint redirects; /* that have led to uri */
    char *argument;  /* the device's path or the test picture's pattern, else NULL */
    WatchCredentials credentials;
    char *protocols;             /* RTSP transports, in rtspsrc's syntax */
    guint latency;               /* of RTSP's jitter buffer, milliseconds */
    gint64 stall_timeout;        /* microseconds without a frame until the camera is lost */
    gint64 connect_timeout;      /* microseconds until a connection's first frame */
    gint64 min_delay, max_delay; /* microseconds before an attempt to reconnect */
    gint64 frozen_time;          /* microseconds until a picture counts as frozen; 0: never */
    guint snapshots_keep;        /* files of this camera */
    guint snapshot_width;        /* of pictures, at most, pixels */
    gint64 baseline;             /* microseconds of normal pictures to learn; 0: none */
    gint64 moved_after;          /* microseconds outside until the picture has moved */
    char *state_dir;             /* with a baseline, a folder; else it may be NULL */
    WatchAlarmRules rules;       /* its pointers belong to the settings */
    char **on_event;             /* a command and its arguments, or NULL */
    char *webhook;               /* a URL, or NULL */
    gboolean hides_embedding;    /* it is attached for the baseline only */
    GPtrArray *properties;       /* of convnext: name, value, name, value, ... as text */
    gboolean is_silent;          /* prints no results */
    char *fingerprint;           /* covers everything above; contains the password */
    guint8 identity[32];         /* of the embeddings, with a baseline */
} WatchSettings;

/* Reads the group of a camera, or of a part of this camera. Keys that it lacks come from [watch],
 * or else have their defaults. NULL with an error that names the group and the key. */
WatchSettings *watch_settings_new(GKeyFile *file, const char *group, const WatchSettings *camera,
                                  GError **error);

/* rest_class: the model's, or NULL. It is normal if the list does not say what is. Call it before
 * the settings are used. */
void watch_settings_set_rest_class(WatchSettings *settings, const char *rest_class);

/* Results of this camera will not be printed. Call it before the settings are used. */
void watch_settings_silence(WatchSettings *settings);

/* The settings for a source at another URI, to which the camera redirects. They have its login only
 * if with_login is TRUE. */
WatchSettings *watch_settings_redirect(const WatchSettings *settings, const char *uri,
                                       gboolean with_login);
WatchSettings *watch_settings_ref(WatchSettings *settings);
void watch_settings_unref(WatchSettings *settings);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchSettings, watch_settings_unref)

/* Whether the settings are equal, so that a running camera can keep playing. */
gboolean watch_settings_equal(const WatchSettings *a, const WatchSettings *b);
