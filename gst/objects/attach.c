/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/attach.h"

#include "gst/objects/analytics.h"
#include "gst/objects/mirror.h"

/* Adds the best class to a region of interest, as other classifiers do. */
static void add_to_roi(GstVideoRegionOfInterestMeta *roi, GstConvnextResult *result,
                       GstClockTime age)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);

    if (n == 0)
        return;
    GstStructure *s = gst_structure_new(
        "classification", "label_id", G_TYPE_INT, (int)classes[0].index, "confidence",
        G_TYPE_DOUBLE, (double)classes[0].score, "model_name", G_TYPE_STRING,
        gst_convnext_result_get_model(result), "age", G_TYPE_UINT64, age, NULL);
    if (classes[0].label)
        gst_structure_set(s, "label", G_TYPE_STRING, classes[0].label, NULL);
    gst_video_region_of_interest_meta_add_param(roi, s);
}

static void attach_to_object(GstBuffer *buffer, GstConvnextMeta *meta,
                             const GstConvnextDetection *detection, GstClockTime age)
{
    const GstConvnextRect *rect = &detection->object.rect;

    meta->x = (guint)rect->x; /* where the object is now, not in the frame that ran */
    meta->y = (guint)rect->y;
    meta->width = (guint)rect->w;
    meta->height = (guint)rect->h;
    if (detection->roi)
        add_to_roi(detection->roi, meta->result, age);
    if (detection->mtd >= 0)
        gst_convnext_analytics_mirror_object(buffer, (guint)detection->mtd, meta->result);
}

GstConvnextMeta *gst_convnext_attach(GstBuffer *buffer, GstConvnextResult *result,
                                     const GstConvnextDetection *detection)
{
    GstClockTime age =
        gst_convnext_time_between(GST_BUFFER_PTS(buffer), gst_convnext_result_get_pts(result));

    if (detection && !GST_CLOCK_TIME_IS_VALID(age))
        age = 0;
    GstConvnextMeta *meta = gst_buffer_add_convnext_meta(buffer, result, age);
    if (detection) {
        attach_to_object(buffer, meta, detection, age);
        return meta;
    }
    gst_convnext_analytics_mirror(buffer, result);
    if (gst_convnext_result_get_segmentation(result) || gst_convnext_result_has_objects(result))
        gst_convnext_mirror_findings(buffer, result);
    return meta;
}
