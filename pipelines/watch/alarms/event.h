/* Something about a camera that its owner wants to know once: it is lost, it is back, its state has
 * changed, a problem begins or ends. As JSON, on one line:
 *
 *     {"event":"camera-lost","camera":"door","time":"2026-01-05T12:00:30.250000Z",…}
 *
 * Keys are made of lower-case letters and hyphens. Members keep the order in which they are added.
 * An event does not change once it has been published, so threads may share it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchEvent WatchEvent;

/* name: such as "camera-lost". time: microseconds since 1970. */
WatchEvent *watch_event_new(const char *name, const char *camera, gint64 time);
WatchEvent *watch_event_ref(WatchEvent *event);
void watch_event_unref(WatchEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(WatchEvent, watch_event_unref)

/* Adds a text, cleaned for terminals and logs. NULL adds nothing. */
void watch_event_add_text(WatchEvent *event, const char *key, const char *value);

/* Adds a number; one that is not finite becomes null, because JSON has none. */
void watch_event_add_number(WatchEvent *event, const char *key, double value);
void watch_event_add_integer(WatchEvent *event, const char *key, gint64 value);

/* Adds a time in microseconds since 1970, as RFC 3339 in UTC. */
void watch_event_add_time(WatchEvent *event, const char *key, gint64 time);

/* A time in microseconds since 1970 as RFC 3339 in UTC, or NULL beyond the calendar. The caller
 * frees it. */
char *watch_event_format_time(gint64 time);

const char *watch_event_name(const WatchEvent *event);

/* The camera's own name, by which it is found; the member "camera" is cleaned. */
const char *watch_event_camera(const WatchEvent *event);

/* Whether a picture of the camera shows what the event is about. */
gboolean watch_event_has_picture(const WatchEvent *event);

/* A text or a time of the event, or NULL. */
const char *watch_event_text(const WatchEvent *event, const char *key);

/* A number of the event, or 0. */
double watch_event_number(const WatchEvent *event, const char *key);

/* One line of JSON without its end. The caller frees it. */
char *watch_event_to_json(const WatchEvent *event);

/* A sentence for people, such as "the camera is lost: no frame for 5 s", without the camera's name.
 * The caller frees it. */
char *watch_event_to_sentence(const WatchEvent *event);

/* A copy of environment with each member as CONVNEXT_KEY, such as CONVNEXT_EVENT and
 * CONVNEXT_CAMERA, and the sentence as CONVNEXT_TEXT. Variables of that prefix that were there
 * before and that name members of other events are removed. The caller frees it with g_strfreev().
 */
char **watch_event_to_environment(const WatchEvent *event, char **environment);
