/* Included by every header of the library: marks the exported symbols.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/**
 * GST_CONVNEXT_API:
 *
 * Marks a public function. The library exports no other symbols.
 *
 * Since: 0.1
 */
#ifdef __GNUC__
#define GST_CONVNEXT_API extern __attribute__((visibility("default")))
#else
#define GST_CONVNEXT_API extern
#endif
