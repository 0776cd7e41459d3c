/* A segmented frame and detected objects, by hand, for the tests of what is made of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

/* The mask of a 400x300 frame, 6 x 4 pixels for the rectangle (20, 30) to (320, 230): a pixel of
 * the mask is 50 x 50 pixels of the frame. It shows two of three classes: "road" has the value 1
 * and 2 pixels, "sky" the value 2 and 9 pixels; "car" is not shown. */
#define FINDINGS_WIDTH 6
#define FINDINGS_HEIGHT 4
extern const guint8 findings_mask[FINDINGS_HEIGHT][FINDINGS_WIDTH];

extern const char *const findings_labels[3];

/* A "car" at 10.25, 20.5 of 30.5 x 40 pixels, and an object of a class without a label, 7, at the
 * lower left corner of the frame, partly outside. */
extern const GstConvnextDetectedObject findings_objects[2];

/* Memory with a copy of the data. */
GstMemory *findings_memory(gconstpointer data, gsize size);

/* A result of a whole frame of 400 x 300 pixels, without anything. */
GstConvnextResult *findings_new(void);

void findings_segment(GstConvnextResult *result);

/* Sets both objects and, for the first, a mask of 4 x 3 pixels at 12, 24. */
void findings_detect(GstConvnextResult *result);
