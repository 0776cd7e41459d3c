/* Objects in GStreamer's own metadata: found once whoever else describes them, followed by the ids
 * of its trackers, and answered in the same metadata.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/analytics/analytics.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=320,height=240,framerate=25/1"

static char *network;

static void setup(void)
{
    network = network_new();
}

static void teardown(void)
{
    network_delete(network);
}

static GstBuffer *frame(guint i)
{
    return frames_new(CAPS, FRAME_COLOURS, 40 * i);
}

/* Returns the id of a new GstAnalyticsODMtd. */
static guint detect(GstBuffer *buffer, const char *type, int x, int y, int w, int h)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_add_analytics_relation_meta(buffer);
    GstAnalyticsODMtd mtd;

    fail_unless(gst_analytics_relation_meta_add_od_mtd(relations, g_quark_from_string(type), x, y,
                                                       w, h, 0.9f, &mtd));
    return mtd.id;
}

static GstVideoRegionOfInterestMeta *mark(GstBuffer *buffer, const char *type, guint x, guint y,
                                          guint w, guint h, int id)
{
    GstVideoRegionOfInterestMeta *roi =
        gst_buffer_add_video_region_of_interest_meta(buffer, type, x, y, w, h);

    roi->id = id;
    return roi;
}

static void track(GstBuffer *buffer, guint object, guint64 id, gboolean lost)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsTrackingMtd mtd;

    fail_unless(gst_analytics_relation_meta_add_tracking_mtd(relations, id, 0, &mtd));
    if (lost)
        gst_analytics_tracking_mtd_set_lost(&mtd);
    fail_unless(gst_analytics_relation_meta_set_relation(
        relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, object, mtd.id));
}

static guint results_on(GstBuffer *buffer)
{
    return boxes_metas(buffer, NULL, 0);
}

/* The classes are there, best first, with both relations in both directions. */
static void check_classes(GstBuffer *buffer, guint object, GstConvnextMeta *meta)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsClsMtd cls;
    gpointer state = NULL;
    guint n, found = 0;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(meta->result, &n);

    while (gst_analytics_relation_meta_iterate(relations, &state,
                                               gst_analytics_cls_mtd_get_mtd_type(), &cls)) {
        if (gst_analytics_relation_meta_get_relation(relations, object, cls.id) ==
            GST_ANALYTICS_REL_TYPE_NONE)
            continue;
        found++;
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
    fail_unless_equals_int(found, 1);
}

GST_START_TEST(test_relations)
{
    GstHarness *h = boxes_harness(network, CAPS);
    GstBuffer *in = frame(0), *out;
    GstConvnextMeta *metas[3];
    guint a = detect(in, "cat", 10, 20, 100, 80), b = detect(in, "dog", -20, 150, 90, 200);

    out = frames_through(h, in);
    fail_unless_equals_int(boxes_metas(out, metas, 3), 2);
    boxes_check(metas[0], 10, 20, 100, 80, 0);
    boxes_check(metas[1], 0, 150, 70, 90, 0);
    check_classes(out, a, metas[0]);
    check_classes(out, b, metas[1]);
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* The same box, or the id of the other metadata, is the same object; another class or another place
 * is not. */
GST_START_TEST(test_once)
{
    GstHarness *h = boxes_harness(network, CAPS);
    GstBuffer *in = frame(0), *out;
    guint linked;

    detect(in, "cat", 10, 20, 100, 80);
    linked = detect(in, "dog", 150, 100, 60, 60);
    mark(in, "cat", 11, 20, 99, 81, 0);
    mark(in, "dog", 155, 105, 60, 60, (int)linked);
    out = frames_through(h, in);
    fail_unless_equals_int(results_on(out), 2);
    gpointer state = NULL;
    GstMeta *roi;
    while ((roi = gst_buffer_iterate_meta_filtered(out, &state,
                                                   GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE)))
        fail_unless(gst_video_region_of_interest_meta_get_param((GstVideoRegionOfInterestMeta *)roi,
                                                                "classification") != NULL);
    gst_buffer_unref(out);

    in = frame(1);
    detect(in, "cat", 10, 20, 100, 80);
    mark(in, "dog", 10, 20, 100, 80, 0);
    mark(in, "cat", 60, 20, 100, 80, 0);
    out = frames_through(h, in);
    fail_unless_equals_int(results_on(out), 3);
    gst_buffer_unref(out);

    in = frame(2); /* an id that nobody has set is that of the first one, which they overlap */
    detect(in, "cat", 100, 20, 100, 80);
    detect(in, "cat", 130, 20, 100, 80);
    mark(in, "cat", 130, 20, 100, 80, 0);
    mark(in, "cat", 100, 20, 100, 80, 0);
    out = frames_through(h, in);
    fail_unless_equals_int(results_on(out), 2);
    gst_buffer_unref(out);

    in = frame(3); /* a region cannot begin outside of the picture */
    detect(in, "dog", -20, 150, 90, 200);
    mark(in, "dog", 0, 150, 70, 90, 0);
    out = frames_through(h, in);
    fail_unless_equals_int(results_on(out), 1);
    gst_buffer_unref(out);
    gst_harness_teardown(h);
}
GST_END_TEST;

static GstClockTime age_of(GstBuffer *out)
{
    GstConvnextMeta *meta;

    fail_unless_equals_int(boxes_metas(out, &meta, 1), 1);
    GstClockTime age = meta->age / (40 * GST_MSECOND);
    gst_buffer_unref(out);
    return age;
}

/* A tracker's id keeps the result; one that it has lost does not, and neither does the id that
 * links a region to its detection. */
GST_START_TEST(test_tracking)
{
    GstHarness *h = boxes_harness(network, CAPS);

    g_object_set(h->element, "reclassify-interval", 0, NULL);
    for (guint i = 0; i < 6; i++) {
        GstBuffer *in = frame(i);

        track(in, detect(in, "cat", 10 + 40 * (int)i, 20, 60, 80), 77, i >= 4);
        fail_unless_equals_uint64(age_of(frames_through(h, in)), i < 4 ? i : 0);
    }
    for (guint i = 6; i < 10; i++) {
        GstBuffer *in = frame(i);

        detect(in, "cat", 300, 230, 0, 0); /* so that the next one's id is not 0 */
        guint id = detect(in, "dog", 10, 20, 60, 80);
        fail_unless(id > 0);
        mark(in, "dog", 10, 20, 60, 80, (int)id);
        fail_unless_equals_uint64(age_of(frames_through(h, in)), 0);
    }
    for (guint i = 10; i < 13; i++) {
        GstBuffer *in = frame(i);
        guint id = detect(in, "dog", 10 + 40 * (int)(i - 10), 20, 60, 80);
        GstVideoRegionOfInterestMeta *roi =
            mark(in, "dog", 10 + 40 * (i - 10), 20, 60, 80, (int)id);

        gst_video_region_of_interest_meta_add_param(
            roi, gst_structure_new("object_id", "id", G_TYPE_INT, 5, NULL));
        fail_unless_equals_uint64(age_of(frames_through(h, in)), i - 10);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* A tracker's number may be larger than the field that the message has for it. */
GST_START_TEST(test_large_number)
{
    GstHarness *h = boxes_harness(network, CAPS);
    Gate *gate = gate_new(h->element);
    GstBuffer *in = frame(0);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    track(in, detect(in, "cat", 10, 20, 60, 80), G_GUINT64_CONSTANT(1) << 40, FALSE);
    gst_buffer_unref(frames_through(h, in));
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
    gst_harness_teardown(h);
    gate_free(gate);
}
GST_END_TEST;

static Suite *analytics_objects_suite(void)
{
    Suite *s = suite_create("analytics_objects");
    TCase *tc = tcase_create("objects");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_relations);
    tcase_add_test(tc, test_once);
    tcase_add_test(tc, test_tracking);
    tcase_add_test(tc, test_large_number);
    return s;
}

GST_CHECK_MAIN(analytics_objects);
