/* Runs a command for each event: without a shell, one at a time for each camera, with the event as
 * a JSON line on standard input and in the environment.
 *
 * A command that fails, does not end or writes without end harms nothing else: it is killed with
 * its process group after a time limit, its output is discarded but for the first line of its
 * standard error, and a camera's queue is bounded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/watch/alarms/event.h"

typedef struct WatchCommands WatchCommands;

/* limit: microseconds that a command may take. max_events: of a camera that wait; the oldest is
 * dropped when one more arrives. */
WatchCommands *watch_commands_new(gint64 limit, guint max_events);

/* Kills the commands that run and drops the events that wait. */
void watch_commands_free(WatchCommands *commands);

/* Splits a command at spaces, with a shell's quotes and escapes but nothing else of a shell. NULL
 * with an error if the quotes do not match or the program is not found. The caller frees it with
 * g_strfreev(). */
char **watch_commands_parse(const char *text, GError **error);

/* Runs argv for the event once the camera's earlier events are done. */
void watch_commands_add(WatchCommands *commands, const char *const *argv, WatchEvent *event);

/* Whether a command runs or an event waits. */
gboolean watch_commands_are_busy(const WatchCommands *commands);
