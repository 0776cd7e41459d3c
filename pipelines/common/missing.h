/* What GStreamer lacks to play a source, and the Debian package that has it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Explains a missing-plugin message: "the H.264 decoder is not installed; the package
 * gstreamer1.0-libav has it". NULL for any other message and for sound and data, which are not
 * played. The caller frees it. */
char *missing_explain(GstMessage *message);

/* The same for an element that an application makes by its name. The caller frees it. */
char *missing_explain_element(const char *factory);

/* The Debian package whose elements decode, demultiplex or depayload caps; NULL if none is known.
 */
const char *missing_package(const GstCaps *caps);
