/* A result as one line of JSON.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

typedef struct GstConvnextFrame {
    const char *stream;  /* NULL: none */
    guint64 number;      /* from 0 */
    GstClockTime pts;    /* GST_CLOCK_TIME_NONE: unknown */
    guint width, height; /* pixels; 0: unknown */
} GstConvnextFrame;

/* Appends the JSON object of meta, found on frame, and a newline. The keys are
 * stream, frame, pts, width, height, model, age, region, object, classes, embedding, logits,
 * tensors, ms; those that do not apply are left out. Numbers do not depend on the locale. Floats
 * have the fewest digits that give the same float32 back; those that are not finite are null.
 * Strings that are no UTF-8 get replacement characters. */
void gst_convnext_json_line(GString *line, const GstConvnextFrame *frame,
                            const GstConvnextMeta *meta);
