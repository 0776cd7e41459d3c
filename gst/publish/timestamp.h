/* When a frame was taken.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The time of the frame as RFC 3339 in UTC, with microseconds: that of the reference timestamp
 * that its source attached (NTP or UNIX time) or else, if is_live, now. NULL if the source has
 * attached none: what is written about a file does not depend on when it is played. The caller
 * frees it. */
char *gst_convnext_timestamp(GstBuffer *buffer, gboolean is_live);
