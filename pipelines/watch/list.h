/* The list of cameras: what the key file and the command line say, checked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "pipelines/watch/login.h"

typedef enum WatchKind {
    WATCH_STREAM, /* an address of the network: live, comes back when it is gone */
    WATCH_DEVICE, /* /dev/videoN: the same */
    WATCH_TEST,   /* GStreamer's test picture, live */
    WATCH_FILE    /* played as fast as it is classified, to its end */
} WatchKind;

/* What is to be known of one camera. Immutable, reference counted. */
typedef struct WatchSettings {
    char *name;   /* unique in the list; "stream" of its lines */
    char *source; /* as the user wrote it; it holds no login */
    WatchKind kind;
    char *uri;      /* of a stream or a file; NULL: neither */
    char *argument; /* the device's path, the test picture's pattern; NULL: neither */
    WatchLogin login;
    char *protocols; /* of RTSP, as rtspsrc takes them */
    guint latency;   /* of RTSP's jitter buffer, milliseconds */
    gint64 stall;    /* microseconds without a frame after which a camera counts as gone */
    gint64 connect;  /* the same, until the first frame of a connection */
    gint64 reconnect_min, reconnect_max; /* microseconds from a loss to the next attempt */
    GPtrArray *properties;               /* of convnext: name, value, name, value, ... as text */
    char *fingerprint;                   /* equal where everything above is; holds the password */
} WatchSettings;

WatchSettings *watch_settings_ref(WatchSettings *settings);
void watch_settings_unref(WatchSettings *settings);

/* Whether a camera need not be touched when one of them takes the other's place. */
gboolean watch_settings_equal(const WatchSettings *a, const WatchSettings *b);

typedef struct WatchList {
    GPtrArray *cameras; /* WatchSettings, at least one */
    char *metrics;      /* [ADDRESS:]PORT; NULL: none */
    char *events;       /* a file; NULL: none */
    GPtrArray *models;  /* elements that keep the models of the cameras loaded */
} WatchList;

/* Reads the list. path: a key file, or NULL. keys: name, value, ... that stand in for keys of its
 * group [watch], ending with NULL; sources: SOURCE or NAME=SOURCE each, ending with NULL, or NULL.
 * Every model is opened, so that a list that is returned is one that can run. NULL with an error,
 * one sentence, when anything in it is wrong. */
WatchList *watch_list_new(const char *path, const char *const *keys, char **sources,
                          GError **error);
void watch_list_free(WatchList *list);
