/* The main loop of convnext-watch, after its command line is parsed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Runs until a signal arrives or, if every source is a file, until the last one ends. The arguments
 * are those of watch_list_new(). follows: the list is loaded again when its file has changed.
 * Returns FALSE if something failed and has been reported. */
gboolean watch_run(const char *config, const char *const *keys, char **sources, gboolean follows);
