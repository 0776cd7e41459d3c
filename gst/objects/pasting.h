/* From the masks of a detector to masks at the size of the frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/convnext/convnext.h"

/* Sets the masks of a result's objects, with gst_convnext_result_set_object_mask(), as
 * cnx_detector_paste() places them in the frame: a pixel belongs to the object if its probability
 * is above 0.5. The result has its frame size and n objects.
 * boxes: [n], x0, y0, x1, y1 in pixels of the frame; masks: [n, side, side] probabilities. Objects
 * outside the frame get no mask. */
void gst_convnext_paste_object_masks(GstConvnextResult *result, guint n, const float (*boxes)[4],
                                     guint side, const float *masks);
