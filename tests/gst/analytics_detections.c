/* Objects in GstAnalytics metadata: each is classified once, even if other metadata describes it
 * too. It is tracked by its tracker's id and gets its classes in the same metadata.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/analytics/analytics.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=320,height=240,framerate=25/1"

static GstBuffer *new_frame(guint i)
{
    return frames_new(CAPS, FRAME_COLOURS, 40 * i);
}

/* Adds a GstAnalyticsODMtd and returns its id. */
static guint add_detection(GstBuffer *buffer, const char *type, int x, int y, int w, int h)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_add_analytics_relation_meta(buffer);
    GstAnalyticsODMtd mtd;

    fail_unless(gst_analytics_relation_meta_add_od_mtd(relations, g_quark_from_string(type), x, y,
                                                       w, h, 0.9f, &mtd));
    return mtd.id;
}

static GstVideoRegionOfInterestMeta *add_region(GstBuffer *buffer, const char *type, guint x,
                                                guint y, guint w, guint h, int id)
{
    GstVideoRegionOfInterestMeta *roi =
        gst_buffer_add_video_region_of_interest_meta(buffer, type, x, y, w, h);

    roi->id = id;
    return roi;
}

/* Adds a GstAnalyticsTrackingMtd to an object. */
static void add_tracking(GstBuffer *buffer, guint object, guint64 id, gboolean lost)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsTrackingMtd mtd;

    fail_unless(gst_analytics_relation_meta_add_tracking_mtd(relations, id, 0, &mtd));
    if (lost)
        gst_analytics_tracking_mtd_set_lost(&mtd);
    fail_unless(gst_analytics_relation_meta_set_relation(
        relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, object, mtd.id));
}

/* The number of results on a processed frame. Takes the frame. */
static guint count_results(GstHarness *h, GstBuffer *frame)
{
    g_autoptr(GstBuffer) out = frames_process(h, frame);

    return boxes_metas(out, NULL, 0);
}

/* Checks that the object has one classification with the result's classes, best first, related to
 * it in both directions. */
static void check_classes(GstBuffer *buffer, guint object, GstConvnextMeta *meta)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsClsMtd cls;
    gpointer state = NULL;
    guint n, n_found = 0;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(meta->result, &n);

    while (gst_analytics_relation_meta_iterate(relations, &state,
                                               gst_analytics_cls_mtd_get_mtd_type(), &cls)) {
        if (gst_analytics_relation_meta_get_relation(relations, object, cls.id) ==
            GST_ANALYTICS_REL_TYPE_NONE)
            continue;
        n_found++;
        fail_unless_equals_int(gst_analytics_relation_meta_get_relation(relations, object, cls.id),
                               GST_ANALYTICS_REL_TYPE_RELATE_TO | GST_ANALYTICS_REL_TYPE_CONTAIN);
        fail_unless_equals_int(gst_analytics_relation_meta_get_relation(relations, cls.id, object),
                               GST_ANALYTICS_REL_TYPE_IS_PART_OF |
                                   GST_ANALYTICS_REL_TYPE_RELATE_TO);
        fail_unless_equals_int(gst_analytics_cls_mtd_get_length(&cls), n);
        for (guint i = 0; i < n; i++) {
            fail_unless(gst_analytics_cls_mtd_get_level(&cls, i) == classes[i].score);
            fail_unless_equals_string(g_quark_to_string(gst_analytics_cls_mtd_get_quark(&cls, i)),
                                      classes[i].label);
        }
    }
    fail_unless_equals_int(n_found, 1);
}

/* Each object's classes are related to its detection, including those of a box partly outside the
 * frame. */
GST_START_TEST(test_relations)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    GstBuffer *in = new_frame(0);
    GstConvnextMeta *metas[3];
    guint cat = add_detection(in, "cat", 10, 20, 100, 80);
    guint dog = add_detection(in, "dog", -20, 150, 90, 200);
    g_autoptr(GstBuffer) out = frames_process(h, in);

    fail_unless_equals_int(boxes_metas(out, metas, 3), 2);
    boxes_check(metas[0], 10, 20, 100, 80, 0);
    boxes_check(metas[1], 0, 150, 70, 90, 0);
    check_classes(out, cat, metas[0]);
    check_classes(out, dog, metas[1]);
}
GST_END_TEST;

/* A region and a detection with the same box and class, or linked by an id, are one object.
 * Another class or another place makes two. */
GST_START_TEST(test_same_object)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    GstBuffer *in = new_frame(0);
    gpointer state = NULL;
    GstMeta *roi;

    add_detection(in, "cat", 10, 20, 100, 80);
    guint linked = add_detection(in, "dog", 150, 100, 60, 60);
    add_region(in, "cat", 11, 20, 99, 81, 0);
    add_region(in, "dog", 155, 105, 60, 60, (int)linked);
    g_autoptr(GstBuffer) out = frames_process(h, in);
    fail_unless_equals_int(boxes_metas(out, NULL, 0), 2);
    while ((roi = gst_buffer_iterate_meta_filtered(out, &state,
                                                   GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
        fail_unless(gst_video_region_of_interest_meta_get_param((GstVideoRegionOfInterestMeta *)roi,
                                                                "classification") != NULL);

    in = new_frame(1);
    add_detection(in, "cat", 10, 20, 100, 80);
    add_region(in, "dog", 10, 20, 100, 80, 0);
    add_region(in, "cat", 60, 20, 100, 80, 0);
    fail_unless_equals_int(count_results(h, in), 3);

    in = new_frame(2); /* 0 is also the id of the first detection; both regions overlap it */
    add_detection(in, "cat", 100, 20, 100, 80);
    add_detection(in, "cat", 130, 20, 100, 80);
    add_region(in, "cat", 130, 20, 100, 80, 0);
    add_region(in, "cat", 100, 20, 100, 80, 0);
    fail_unless_equals_int(count_results(h, in), 2);

    in = new_frame(3); /* a region cannot begin outside the frame */
    add_detection(in, "dog", -20, 150, 90, 200);
    add_region(in, "dog", 0, 150, 70, 90, 0);
    fail_unless_equals_int(count_results(h, in), 1);
}
GST_END_TEST;

/* Processes a frame and returns the age of its only result in frames. Takes the frame. */
static GstClockTime process_age(GstHarness *h, GstBuffer *frame)
{
    return frames_age(frames_process(h, frame)) / (40 * GST_MSECOND);
}

/* An object with a tracker's id keeps its result. An object whose track is lost does not, nor does
 * one whose id only links a region to its detection. */
GST_START_TEST(test_tracking)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);

    g_object_set(h->element, "reclassify-interval", 0, NULL);
    for (guint i = 0; i < 6; i++) {
        GstBuffer *in = new_frame(i);

        add_tracking(in, add_detection(in, "cat", 10 + 40 * (int)i, 20, 60, 80), 77, i >= 4);
        fail_unless_equals_uint64(process_age(h, in), i < 4 ? i : 0);
    }
    for (guint i = 6; i < 10; i++) {
        GstBuffer *in = new_frame(i);

        add_detection(in, "cat", 300, 230, 0, 0); /* so that the next id is not 0 */
        guint id = add_detection(in, "dog", 10, 20, 60, 80);
        fail_unless(id > 0);
        add_region(in, "dog", 10, 20, 60, 80, (int)id);
        fail_unless_equals_uint64(process_age(h, in), 0);
    }
    for (guint i = 10; i < 13; i++) {
        GstBuffer *in = new_frame(i);
        guint id = add_detection(in, "dog", 10 + 40 * (int)(i - 10), 20, 60, 80);
        GstVideoRegionOfInterestMeta *roi =
            add_region(in, "dog", 10 + 40 * (i - 10), 20, 60, 80, (int)id);

        gst_video_region_of_interest_meta_add_param(
            roi, gst_structure_new("object_id", "id", G_TYPE_INT, 5, NULL));
        fail_unless_equals_uint64(process_age(h, in), i - 10);
    }
}
GST_END_TEST;

/* A tracker's id may exceed the range of the message's field. */
GST_START_TEST(test_large_tracking_id)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    g_autoptr(Gate) gate = gate_new(h->element);
    GstBuffer *in = new_frame(0);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    add_tracking(in, add_detection(in, "cat", 10, 20, 60, 80), G_GUINT64_CONSTANT(1) << 40, FALSE);
    gst_buffer_unref(frames_process(h, in));
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
}
GST_END_TEST;

static Suite *analytics_detections_suite(void)
{
    Suite *s = suite_create("analytics_detections");
    TCase *tc = tcase_create("detections");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_relations);
    tcase_add_test(tc, test_same_object);
    tcase_add_test(tc, test_tracking);
    tcase_add_test(tc, test_large_tracking_id);
    return s;
}

GST_CHECK_MAIN(analytics_detections);
