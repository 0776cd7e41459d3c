/* Shared by the fuzz targets.
 *
 * A target is a file with LLVMFuzzerTestOneInput. libFuzzer runs it in a build with -Dfuzz,
 * replay.c in every build.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define FUZZ_FILE "input" /* name of the file in messages */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Makes all later GLib warnings abort. */
void fuzz_set_fatal(void);

/* If ok, checks that error is NULL; otherwise checks that error is one sentence about the file, and
 * frees it. Aborts if a check fails. Also calls fuzz_set_fatal(). */
void fuzz_check(gboolean ok, GError *error, const char *file);
