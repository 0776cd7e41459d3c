/* The class activation map and the state that results carry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"

static GstHarness *open_with(const char *outputs)
{
    GstHarness *h = frames_harness(network, NULL);

    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", outputs);
    harness_restart(h, CAPS);
    return h;
}

/* The mean of the map, whose shape must be that of the last stage's. */
static double mean_of_cam(GstConvnextResult *result)
{
    g_autoptr(GstConvnextTensor) cam =
        gst_convnext_result_get_tensor(result, GST_CONVNEXT_TENSOR_CAM);
    guint n_dims;
    gsize n;
    double sum = 0;

    fail_unless(cam);
    const gsize *shape = gst_convnext_tensor_get_shape(cam, &n_dims);
    fail_unless_equals_int(n_dims, 4);
    fail_unless(shape[0] == 1 && shape[1] == NETWORK_SIZE / 32 && shape[2] == NETWORK_SIZE / 32 &&
                shape[3] == 1);
    const float *values = gst_convnext_tensor_get_values(cam, &n);
    for (gsize i = 0; i < n; i++)
        sum += (double)values[i];
    return sum / (double)n;
}

static float logit_of(GstConvnextResult *result, guint index)
{
    g_autoptr(GstConvnextTensor) logits =
        gst_convnext_result_get_tensor(result, GST_CONVNEXT_TENSOR_LOGITS);

    return gst_convnext_tensor_get_values(logits, NULL)[index];
}

/* Of the best class. */
GST_START_TEST(test_best)
{
    g_autoptr(GstHarness) h = open_with("classes+logits+cam");
    g_autoptr(GstStructure) info = NULL;

    for (guint i = 0; i < 2; i++) {
        g_autoptr(GstBuffer) frame =
            frames_process(h, frames_new(CAPS, i ? FRAME_OTHER : FRAME_COLOURS, 40 * i));
        GstConvnextResult *result = frames_result(frame);
        const guint best = gst_convnext_result_get_classes(result, NULL)[0].index;

        fail_unless(fabs(mean_of_cam(result) - (double)logit_of(result, best)) < 1e-4);
        fail_unless_equals_int(gst_convnext_result_get_n_tensors(result), 2);
    }
    g_object_get(h->element, "model-info", &info, NULL);
    fail_unless_equals_string(gst_structure_get_string(info, "cam"), "exact");
}
GST_END_TEST;

/* Of the class with the highest logit, if there is no class. */
GST_START_TEST(test_alone)
{
    g_autoptr(GstHarness) h = open_with("logits+cam");
    g_autoptr(GstBuffer) frame = frames_process(h, frames_new(CAPS, FRAME_COLOURS, 0));
    GstConvnextResult *result = frames_result(frame);
    float highest = -INFINITY;

    for (guint i = 0; i < NETWORK_CLASSES; i++)
        highest = MAX(highest, logit_of(result, i));
    fail_unless(fabs(mean_of_cam(result) - (double)highest) < 1e-4);
}
GST_END_TEST;

/* A network without classes has no map of one. */
GST_START_TEST(test_refused)
{
    g_autoptr(GstElement) convnext = gst_element_factory_make("convnext", NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    char *folder = network_new_backbone();
    g_autoptr(GError) error = NULL;

    gst_object_ref_sink(convnext);
    gst_element_set_bus(convnext, bus);
    g_object_set(convnext, "model", folder, NULL);
    gst_util_set_object_arg(G_OBJECT(convnext), "outputs", "cam");
    fail_unless_equals_int(gst_element_set_state(convnext, GST_STATE_READY),
                           GST_STATE_CHANGE_FAILURE);
    g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    gst_message_parse_error(message, &error, NULL);
    fail_unless(strstr(error->message, "outputs cannot be classes, logits or cam") != NULL, "%s",
                error->message);
    gst_element_set_state(convnext, GST_STATE_NULL);
    gst_element_set_bus(convnext, NULL);
    network_delete(folder);
}
GST_END_TEST;

/* With smoothing, each frame carries the state that follows from it, and for how long it has been.
 * A copy of the buffer keeps it. */
GST_START_TEST(test_state)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    const char *label;
    double score;
    GstClockTime age;

    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    harness_restart(h, CAPS);
    for (guint i = 0; i < 4; i++) {
        gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", i > 0 ? "majority" : "none");
        g_autoptr(GstBuffer) frame = frames_process(h, frames_new(CAPS, FRAME_COLOURS, 40 * i));
        g_autoptr(GstBuffer) copy = gst_buffer_copy_deep(frame);
        GstConvnextMeta *meta = frames_meta(copy);

        fail_unless_equals_int(gst_convnext_meta_get_state(meta, &label, &score, &age), i > 0);
        if (i == 0) {
            fail_unless(!label && score == 0 && age == 0);
            continue;
        }
        const GstConvnextClass *best = gst_convnext_result_get_classes(meta->result, NULL);
        fail_unless_equals_string(label, best->label);
        fail_unless(fabs(score - (double)best->score) < 1e-6);
        fail_unless_equals_uint64(age, (i - 1) * 40 * GST_MSECOND);
    }
}
GST_END_TEST;

static Suite *convnext_cam_suite(void)
{
    Suite *s = suite_create("convnext_cam");
    TCase *tc = tcase_create("convnext_cam");

    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_best);
    tcase_add_test(tc, test_alone);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_state);
    return s;
}

GST_CHECK_MAIN(convnext_cam)
