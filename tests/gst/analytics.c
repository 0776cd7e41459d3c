/* The classes as GstAnalyticsClsMtd, with GStreamer 1.24 and later.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/analytics/analytics.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=RGB,width=64,height=64,framerate=25/1"

/* A result is mirrored as one classification with its classes, best first. */
GST_START_TEST(test_classes)
{
    g_autoptr(GstHarness) h = frames_harness(network, CAPS);
    g_autoptr(GstBuffer) out = NULL;
    GstAnalyticsClsMtd mtd;
    gpointer state = NULL;
    guint n;

    g_object_set(h->element, "top-k", 3, NULL);
    out = frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0));
    const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(out), &n);
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(out);
    fail_unless(relations, "no classification on the buffer");
    fail_unless(gst_analytics_relation_meta_iterate(relations, &state,
                                                    gst_analytics_cls_mtd_get_mtd_type(), &mtd));
    fail_unless_equals_int(n, 3);
    fail_unless_equals_int(gst_analytics_cls_mtd_get_length(&mtd), n);
    for (guint i = 0; i < n; i++) {
        fail_unless(gst_analytics_cls_mtd_get_level(&mtd, i) == classes[i].score);
        fail_unless_equals_string(g_quark_to_string(gst_analytics_cls_mtd_get_quark(&mtd, i)),
                                  classes[i].label);
    }
    fail_if(gst_analytics_relation_meta_iterate(relations, &state,
                                                gst_analytics_cls_mtd_get_mtd_type(), &mtd));
}
GST_END_TEST;

static Suite *analytics_suite(void)
{
    Suite *s = suite_create("analytics");
    TCase *tc = tcase_create("classes");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_classes);
    return s;
}

GST_CHECK_MAIN(analytics);
