/* Limits of what a camera may describe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/sdp/gstsdpmessage.h>

#define WATCH_SDP_MEDIAS 16

/* Removes from a description what GStreamer's RTSP source never frees and nothing here uses. If the
 * description is too large, or no stream is video, removes all streams; FALSE with an error of one
 * sentence. */
gboolean watch_sdp_limit(GstSDPMessage *sdp, GError **error);
