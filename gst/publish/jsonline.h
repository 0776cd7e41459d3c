/* Formats a result as one line of JSON.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* The frame that carries the result. */
typedef struct GstConvnextLineFrame {
    GstBuffer *buffer;
    const char *stream;  /* name of the stream, or NULL */
    guint64 number;      /* from 0 */
    guint width, height; /* in the caps, pixels; 0 if unknown */
    const char *time;    /* RFC 3339, or NULL */
    gboolean without_embedding;
} GstConvnextLineFrame;

/* Appends the result in meta as a JSON object and a newline. change: the change of the smoothed
 * state that the line is about, or NULL. gst/README.md lists the keys; keys
 * without a value are omitted. Numbers do not depend on the locale. Floats have the fewest digits
 * that read back as the same float32; values that are not finite become null. Bytes that are not
 * valid UTF-8 become replacement characters. */
void gst_convnext_json_line(GString *line, const GstConvnextLineFrame *frame, GstConvnextMeta *meta,
                            const GstStructure *change);
