/* The classes as GstAnalyticsClsMtd, with GStreamer 1.24 and later; the feature maps as GstTensor,
 * with 1.26 and later.
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

#if GST_CHECK_VERSION(1, 26, 0)

/* Stage 3 of a 64x64 input: [1, 4, 4, 24], in the memory of the result. */
static void check_stage(const GstTensor *tensor, GstConvnextResult *result)
{
    g_autoptr(GstConvnextTensor) own = gst_convnext_result_get_tensor(result, "stage3");
    const gsize dims[] = {1, 4, 4, 24};
    GstMapInfo map;

    fail_unless(tensor && own);
    fail_unless_equals_string(g_quark_to_string(tensor->id), "convnext-stage3-out");
    fail_unless_equals_int(tensor->data_type, GST_TENSOR_DATA_TYPE_FLOAT32);
    fail_unless_equals_int(tensor->dims_order, GST_TENSOR_DIM_ORDER_ROW_MAJOR);
    fail_unless_equals_int(tensor->num_dims, 4);
    fail_unless(!memcmp(tensor->dims, dims, sizeof(dims)));
    fail_unless(gst_buffer_map(tensor->data, &map, GST_MAP_READ));
    fail_unless((const float *)map.data == gst_convnext_tensor_get_values(own, NULL));
    gst_buffer_unmap(tensor->data, &map);
}

/* The maps go out as tensors, in the order of the outputs. */
GST_START_TEST(test_tensors)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    g_autoptr(GstBuffer) out = NULL;

    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", "classes+stage2+stage3");
    harness_restart(h, CAPS);
    out = frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0));
    GstTensorMeta *meta = gst_buffer_get_tensor_meta(out);
    fail_unless(meta, "no tensors on the buffer");
    fail_unless_equals_int(meta->num_tensors, 2);
    check_stage(meta->tensors[1], frames_result(out));
}
GST_END_TEST;

#endif

#if GST_CHECK_VERSION(1, 28, 0)

/* They survive a copy of the frame. */
GST_START_TEST(test_tensor_mtds)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    g_autoptr(GstBuffer) out = NULL;
    g_autoptr(GstBuffer) copy = NULL;
    GstAnalyticsTensorMtd mtd;
    gpointer state = NULL;

    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", "stage3");
    harness_restart(h, CAPS);
    out = frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0));
    copy = gst_buffer_copy(out);
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(copy);
    fail_unless(gst_analytics_relation_meta_iterate(relations, &state,
                                                    gst_analytics_tensor_mtd_get_mtd_type(), &mtd));
    check_stage(gst_analytics_tensor_mtd_get_tensor(&mtd), frames_result(copy));
    fail_if(gst_analytics_relation_meta_iterate(relations, &state,
                                                gst_analytics_tensor_mtd_get_mtd_type(), &mtd));
}
GST_END_TEST;

#endif

#if GST_CHECK_VERSION(1, 28, 0)

/* The caps behind the element, without the field `tensors` of the maps in the first case. */
static void check_caps(GstHarness *h, const char *tensors)
{
    g_autofree char *text =
        g_strconcat(CAPS, ",tensors=(structure)[tensorgroups,convnext-backbone-out=(/uniquelist){",
                    tensors, "}]", NULL);
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(h->sinkpad);
    g_autoptr(GstCaps) expected = gst_caps_from_string(*tensors ? text : CAPS);

    fail_unless(gst_caps_is_equal(caps, expected), "%" GST_PTR_FORMAT, caps);
}

#define TENSOR(stage, dims)                                                                   \
    "(GstCaps)[tensor/strided,tensor-id=(string)convnext-stage" stage "-out,dims=(int)<" dims \
    ">,dims-order=(string)row-major,type=(string)float32]"

/* Caps in front of the element do not name them, whatever upstream offers. */
static void check_sink_caps(GstHarness *h)
{
    g_autoptr(GstCaps) offered = gst_caps_from_string(CAPS);
    g_autoptr(GstCaps) caps = gst_pad_peer_query_caps(h->srcpad, offered);

    fail_if(gst_caps_is_empty(caps));
    for (guint i = 0; i < gst_caps_get_size(caps); i++)
        fail_if(gst_structure_has_field(gst_caps_get_structure(caps, i), "tensors"));
}

/* Caps name the maps, also after a change while playing. The pixels are not copied. */
GST_START_TEST(test_tensor_caps)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 0);

    harness_restart(h, CAPS);
    frame = frames_process(h, frame);
    check_caps(h, "");
    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", "stage3+stage4");
    harness_restart(h, CAPS);
    const GstBuffer *pushed = frame;
    frame = frames_process(h, frame);
    fail_unless(frame == pushed, "the frame was copied");
    check_sink_caps(h);
    check_caps(h, TENSOR("3", "1,4,4,24") "," TENSOR("4", "1,2,2,32"));
    gst_buffer_unref(frame);
    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", "classes+stage2");
    for (gboolean has_changed = FALSE; !has_changed;) {
        g_autoptr(GstBuffer) out = frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0));
        guint n;

        gst_convnext_result_get_classes(frames_result(out), &n);
        has_changed = n > 0;
    }
    gst_buffer_unref(frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0)));
    check_caps(h, TENSOR("2", "1,8,8,16"));
}
GST_END_TEST;

#endif

static Suite *analytics_suite(void)
{
    Suite *s = suite_create("analytics");
    TCase *tc = tcase_create("classes");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_classes);
#if GST_CHECK_VERSION(1, 26, 0)
    tcase_add_test(tc, test_tensors);
#endif
#if GST_CHECK_VERSION(1, 28, 0)
    tcase_add_test(tc, test_tensor_mtds);
    tcase_add_test(tc, test_tensor_caps);
#endif
    return s;
}

GST_CHECK_MAIN(analytics);
