/* Results and frames for the tests of the public library.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/convnext/convnext.h>

/* A result of the region (64, 48) to (320, 288) of a 640x480 frame. */
GstConvnextResult *make_result(const char *model);

/* A 640x480 I420 frame with the result attached. */
GstBuffer *make_frame(GstConvnextResult *result, GstClockTime age);
