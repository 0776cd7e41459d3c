/* The camera list: the key file and the command line combined, checked.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/broker.h"
#include "pipelines/watch/settings.h"
#include "pipelines/watch/share.h"

typedef struct WatchList {
    GPtrArray *cameras; /* WatchSettings, at least one without a share; parts follow their camera */
    WatchShare share;   /* of the cameras in the list */
    char *metrics;      /* [ADDRESS:]PORT, or NULL */
    char *web_login;    /* user:password of the page, or NULL */
    char *events;       /* a file, or NULL */
    WatchBroker *mqtt;  /* or NULL */
    char *snapshots;    /* a folder, absolute, or NULL */
    GPtrArray *models;  /* elements that keep the cameras' models loaded */
} WatchList;

/* path: a key file, or NULL. keys: name, value, ..., NULL; they override keys of its group [watch].
 * sources: SOURCE or NAME=SOURCE each, ending with NULL; or NULL. Opens every model, so a returned
 * list can run. NULL with an error of one sentence. */
WatchList *watch_list_new(const char *path, const char *const *keys, char **sources,
                          GError **error);
void watch_list_free(WatchList *list);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchList, watch_list_free)
