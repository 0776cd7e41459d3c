/* The fields of a GstConvnextResult, for the files that set and read them. Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/objects.h>
#include <gst/convnext/result.h>
#include <gst/convnext/segmentation.h>

typedef struct Region {
    guint x, y, width, height; /* pixels; width is 0 until the region is set */
} Region;

struct _GstConvnextResult {
    GstMiniObject mini_object;
    char *model;
    GstClockTime pts;
    guint width, height; /* of the frame, pixels; 0 until they are set */
    Region region;
    GstConvnextOrientation orientation;
    GstConvnextView view; /* network_width is 0 until it is set */
    GstConvnextActivation activation;
    GstClockTime preprocess, inference; /* nanoseconds, or GST_CLOCK_TIME_NONE */
    gboolean has_object;
    int object_id;
    char *object_label;
    GArray *classes;                       /* GstConvnextClass; owns the labels */
    GPtrArray *tensors;                    /* GstConvnextTensor, owned */
    GstConvnextSegmentation *segmentation; /* or NULL */
    GstConvnextLegend *object_legend;      /* NULL unless the network detects objects */
    GArray *objects;      /* GstConvnextDetectedObject, labels owned by the legend; or NULL */
    GArray *object_masks; /* ObjectMask of each object; NULL if none was set */
};

#define GST_CONVNEXT_RESULT_IS_WRITABLE(result) \
    (GST_IS_CONVNEXT_RESULT(result) && gst_mini_object_is_writable(GST_MINI_OBJECT_CAST(result)))

/* Releases the objects and their masks, if there are any. */
void gst_convnext_result_clear_objects(GstConvnextResult *result);
