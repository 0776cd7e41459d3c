/* What the fuzz targets share.
 *
 * A target is a file with LLVMFuzzerTestOneInput: libFuzzer drives it in a build with -Dfuzz=true,
 * replay.c in every build.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define FUZZ_FILE "input" /* as messages call it */

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

/* Nothing failed and error is NULL; or error is one sentence of the model library about the file,
 * and is freed. Aborts otherwise, and makes any critical warning of GLib abort from then on. */
void fuzz_check(gboolean ok, GError *error, const char *file);
