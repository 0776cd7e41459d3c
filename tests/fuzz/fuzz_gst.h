/* Shared by the fuzz targets of gst and pipelines.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Starts GStreamer, once per process. Without plugins, it reads no registry. */
void fuzz_gst_init(gboolean with_plugins);
