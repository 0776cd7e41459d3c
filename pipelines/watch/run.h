/* The program between its command line and its exit status.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Runs until a signal arrives, or until every camera was a file and has been played. The arguments
 * are those of watch_list_new(). Returns FALSE if something failed, which it has reported. */
gboolean watch_run(const char *config, const char *const *keys, char **sources);
