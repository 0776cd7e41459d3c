/* The keys of the camera list that are not properties of convnext. One table describes them: it
 * drives parsing, range checks, the help text and the comparison of settings.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/settings.h"

/* Where a part of a camera gets a key from (parts.h). */
typedef enum WatchScope {
    WATCH_SCOPE_OWN,       /* its own group, else [watch], as a camera */
    WATCH_SCOPE_INHERITED, /* its own group, else that of its camera, else [watch] */
    WATCH_SCOPE_CONNECTION /* its camera; it must not have the key */
} WatchScope;

/* Of a property of convnext too. */
WatchScope watch_keys_scope(const char *key);

/* Whether convnext-watch itself reads this key in this group. Any other key names a property of
 * convnext. */
gboolean watch_keys_include(const char *key, const char *group);

/* Reads the numeric keys of a camera's group into settings. FALSE with an error. */
gboolean watch_keys_read(WatchSettings *settings, GKeyFile *file, const char *group,
                         GError **error);

/* Appends the values of the numeric keys, for comparison. */
void watch_keys_append(const WatchSettings *settings, GString *text);

/* A key's value for a camera: from its group, else from [watch], else NULL. The caller frees it. */
char *watch_keys_get(GKeyFile *file, const char *group, const char *key);

/* A number with s, min or h; seconds without. Negative, or not a number, if it is no time. */
double watch_keys_parse_time(const char *text);

/* The part of --help that lists the keys; the caller frees it. */
char *watch_keys_help(void);

/* Sets an error that begins with the group; returns FALSE. */
gboolean watch_keys_fail(GError **error, const char *group, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
