/* What every header of the library needs: which symbols leave it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/**
 * GST_CONVNEXT_API:
 *
 * Marks the public functions. They are the only symbols that the library exports.
 *
 * Since: 0.1
 */
#ifdef __GNUC__
#define GST_CONVNEXT_API extern __attribute__((visibility("default")))
#else
#define GST_CONVNEXT_API extern
#endif
