/* What a result adds to a buffer and to the region of interest that it is about.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/attach.h"

#include <gst/check/gstcheck.h>

static GstConvnextResult *new_result(void)
{
    GstConvnextResult *result = gst_convnext_result_new("m", 1000);

    gst_convnext_result_set_region(result, 1, 2, 3, 4);
    gst_convnext_result_add_class(result, 7, "van", 0.75f);
    gst_convnext_result_add_class(result, 3, "car", 0.25f);
    return result;
}

/* A carried result: the region is where the object is now, and the age is in both places. */
GST_START_TEST(test_object)
{
    g_autoptr(GstConvnextResult) result = new_result();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstVideoRegionOfInterestMeta *roi =
        gst_buffer_add_video_region_of_interest_meta(buffer, "car", 10, 20, 30, 40);
    const GstConvnextDetection detection = {.object.rect = {11, 21, 29, 39}, .mtd = -1, .roi = roi};
    guint64 age;
    double confidence;
    int label_id;

    GST_BUFFER_PTS(buffer) = 1400;
    gst_convnext_attach(buffer, result, &detection);
    const GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    fail_unless_equals_uint64(meta->age, 400);
    fail_unless(meta->x == 11 && meta->y == 21 && meta->width == 29 && meta->height == 39);
    const GstStructure *s = gst_video_region_of_interest_meta_get_param(roi, "classification");
    fail_unless(s && gst_structure_get(s, "age", G_TYPE_UINT64, &age, "confidence", G_TYPE_DOUBLE,
                                       &confidence, "label_id", G_TYPE_INT, &label_id, NULL));
    fail_unless_equals_uint64(age, 400);
    fail_unless_equals_int(label_id, 7);
    fail_unless(confidence == 0.75);
    fail_unless_equals_string(gst_structure_get_string(s, "label"), "van");
    fail_unless_equals_string(gst_structure_get_string(s, "model_name"), "m");
}
GST_END_TEST;

/* A whole frame keeps the region of its result. Without a timestamp the age is 0. */
GST_START_TEST(test_frame)
{
    g_autoptr(GstConvnextResult) result = new_result();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();

    gst_convnext_attach(buffer, result, NULL);
    const GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    fail_unless_equals_uint64(meta->age, 0);
    fail_unless(meta->x == 1 && meta->y == 2 && meta->width == 3 && meta->height == 4);
}
GST_END_TEST;

static Suite *attach_suite(void)
{
    Suite *suite = suite_create("attach");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_object);
    tcase_add_test(tc, test_frame);
    return suite;
}
GST_CHECK_MAIN(attach);
