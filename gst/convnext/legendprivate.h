/* Arrays that results leave to later results of the same legend, so that frames allocate none. Not
 * installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/legend.h>

typedef enum GstConvnextSpare {
    GST_CONVNEXT_SPARE_OBJECTS, /* of GstConvnextDetectedObject */
    GST_CONVNEXT_SPARE_MASKS,   /* of their masks */
    GST_CONVNEXT_SPARE_KINDS,
} GstConvnextSpare;

/* An empty array that a result has left; NULL if there is none. The caller owns it. Any thread. */
GArray *gst_convnext_legend_take_spare(GstConvnextLegend *legend, GstConvnextSpare kind);

/* Takes the array, and empties it, which keeps its memory. Any thread. */
void gst_convnext_legend_leave_spare(GstConvnextLegend *legend, GstConvnextSpare kind,
                                     GArray *array);
