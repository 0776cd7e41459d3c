/* Objects and masks of others in GstAnalytics metadata stay as they are, with their relations, when
 * convnextdetect and convnextsegment add theirs, also to a shared buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/analytics/analytics.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/heads.h"

static GstAnalyticsMtdType od_type(void)
{
    return gst_analytics_od_mtd_get_mtd_type();
}

static GstAnalyticsMtdType mask_type(void)
{
    return gst_analytics_segmentation_mtd_get_mtd_type();
}

static GstBuffer *new_mask(void)
{
    GstBuffer *mask = gst_buffer_new_allocate(NULL, 16, NULL);

    gst_buffer_memset(mask, 0, 7, 16);
    gst_buffer_add_video_meta(mask, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 4, 4);
    return mask;
}

/* A frame with an object and its mask, related in both directions. */
static GstBuffer *new_frame(void)
{
    GstBuffer *frame = frames_new(HEADS_CAPS, FRAME_COLOURS, 0);
    GstAnalyticsRelationMeta *relations = gst_buffer_add_analytics_relation_meta(frame);
    guint value = 7;
    GstAnalyticsODMtd object;
    GstAnalyticsSegmentationMtd mask;

    fail_unless(gst_analytics_relation_meta_add_od_mtd(
        relations, g_quark_from_static_string("theirs"), 1, 2, 30, 40, 0.25f, &object));
    fail_unless(gst_analytics_relation_meta_add_segmentation_mtd(
        relations, new_mask(), GST_SEGMENTATION_TYPE_INSTANCE, 1, &value, 1, 2, 30, 40, &mask));
    gst_analytics_relation_meta_set_relation(relations, GST_ANALYTICS_REL_TYPE_CONTAIN, object.id,
                                             mask.id);
    return frame;
}

/* The metadata of this type: how many there are, and the first. */
static guint count(GstBuffer *buffer, GstAnalyticsMtdType type, GstAnalyticsMtd *found)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    gpointer state = NULL;
    GstAnalyticsMtd mtd;
    guint n = 0;

    while (gst_analytics_relation_meta_iterate(relations, &state, type, &mtd))
        if (n++ == 0)
            *found = mtd;
    return n;
}

static void check_theirs(GstBuffer *out)
{
    GstAnalyticsMtd object, mask;
    int x, y, w, h;
    guint mask_w, mask_h;
    float score;

    count(out, od_type(), &object);
    count(out, mask_type(), &mask);
    fail_unless_equals_string(g_quark_to_string(gst_analytics_od_mtd_get_obj_type(&object)),
                              "theirs");
    fail_unless(gst_analytics_od_mtd_get_location(&object, &x, &y, &w, &h, &score));
    fail_unless(x == 1 && y == 2 && w == 30 && h == 40 && score == 0.25f);
    g_autoptr(GstBuffer) pixels =
        gst_analytics_segmentation_mtd_get_mask(&mask, &x, &y, &mask_w, &mask_h);
    fail_unless(x == 1 && y == 2 && mask_w == 30 && mask_h == 40);
    fail_unless(gst_buffer_memcmp(pixels, 0, (guint8[]){7, 7, 7, 7}, 4) == 0);
    fail_unless_equals_int(gst_analytics_segmentation_mtd_get_region_id(&mask, 0), 7);
    fail_unless_equals_int(
        gst_analytics_relation_meta_get_relation(object.meta, object.id, mask.id),
        GST_ANALYTICS_REL_TYPE_CONTAIN);
}

/* objects, masks: that the element adds, at least. */
static void check_added(const char *launch, guint objects, guint masks)
{
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_autoptr(GstBuffer) held = new_frame();
    GstAnalyticsMtd mtd;

    for (guint i = 0; i < 2; i++) { /* a buffer that is held, and one that is not */
        g_autoptr(GstBuffer) out = frames_process(h, i ? new_frame() : gst_buffer_ref(held));

        check_theirs(out);
        fail_unless(count(out, od_type(), &mtd) >= 1 + objects);
        fail_unless(count(out, mask_type(), &mtd) >= 1 + masks);
    }
    check_theirs(held);
    fail_unless_equals_int(count(held, od_type(), &mtd), 1);
    fail_unless_equals_int(count(held, mask_type(), &mtd), 1);
}

GST_START_TEST(test_detect)
{
    check_added(
        "convnextdetect threads=1 min-size=64 max-size=96 score-threshold=0.02 model=" DETECTOR, 2,
        2);
}
GST_END_TEST;

GST_START_TEST(test_segment)
{
    check_added("convnextsegment threads=1 model=" SEGMENTER, 0, 1);
}
GST_END_TEST;

static Suite *analytics_heads_suite(void)
{
    Suite *s = suite_create("analytics_heads");
    TCase *tc = tcase_create("all");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_detect);
    tcase_add_test(tc, test_segment);
    return s;
}

GST_CHECK_MAIN(analytics_heads);
