/* A network whose logits are NaN or infinite: no label, one warning, and the stream continues.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "tests/gst/support/messages.h"
#include "tests/gst/support/stage.h"

static const char *const activations[] = {"softmax", "sigmoid", "none"};

static void start(const char *activation)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "activation", activation);
    gst_util_set_object_arg(G_OBJECT(h->element), "outputs", "classes+logits");
    harness_restart(h, CAPS);
}

static void restart_with_bias(float bias, const char *activation)
{
    network_set_bias(network, bias);
    gst_element_set_state(h->element, GST_STATE_NULL);
    start(activation);
}

static guint count_classes(GstBuffer *out)
{
    guint n;

    gst_convnext_result_get_classes(frames_result(out), &n);
    fail_unless(gst_convnext_result_get_activation(frames_result(out)) !=
                GST_CONVNEXT_ACTIVATION_AUTO);
    return n;
}

/* The best class is unknown, whatever the activation makes of the other logits. The logits
 * themselves are attached as they are. */
GST_START_TEST(test_unknown)
{
    const float bias = __i__ % 2 ? INFINITY : NAN;
    gsize n;

    restart_with_bias(bias, activations[__i__ / 2]);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out = process(i);
        g_autoptr(GstConvnextTensor) tensor =
            gst_convnext_result_get_tensor(frames_result(out), "logits");

        fail_unless_equals_int(count_classes(out), 0);
        fail_unless(!isfinite(gst_convnext_tensor_get_values(tensor, &n)[0]));
    }
    g_autofree char *expected =
        g_strdup_printf("%s: the network's scores are not finite (NaN or infinity)", network);
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), expected);
    g_autoptr(GstBus) bus = gst_element_get_bus(h->element);
    messages_check_none(bus);
}
GST_END_TEST;

/* Minus infinity excludes a class; the others are known. */
GST_START_TEST(test_excluded)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(h->element);

    restart_with_bias(-INFINITY, activations[__i__]);
    g_autoptr(GstBuffer) out = process(0);
    fail_unless_equals_int(count_classes(out), 5); /* top-k */
    fail_unless(gst_convnext_result_get_classes(frames_result(out), NULL)[0].index != 0);
    messages_check_none(bus);
}
GST_END_TEST;

/* The logits that no score can express: all of them minus infinity. */
GST_START_TEST(test_nothing)
{
    network_fill_bias(network, -INFINITY);
    gst_element_set_state(h->element, GST_STATE_NULL);
    start("softmax");
    g_autoptr(GstBuffer) out = process(0);
    fail_unless_equals_int(count_classes(out), 0);
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), "not finite");
}
GST_END_TEST;

/* Smoothing never names a state, and each other model has its own warning. */
GST_START_TEST(test_state)
{
    static const char *const kinds[] = {"majority", "exponential"};
    char *other = network_new_wide(2);

    network_set_bias(other, NAN);
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", kinds[__i__]);
    restart_with_bias(NAN, "sigmoid");
    gst_buffer_unref(process(0));
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), network);
    g_object_set(h->element, "model", other, NULL);
    gst_element_set_state(h->element, GST_STATE_READY); /* waits for the reload */
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, CAPS);
    gst_buffer_unref(process(1));
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), other);
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 0);
    network_delete(other);
}
GST_END_TEST;

static Suite *convnext_not_finite_suite(void)
{
    Suite *s = suite_create("convnext_not_finite");
    TCase *tc = tcase_create("not finite");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
    tcase_add_loop_test(tc, test_unknown, 0, 2 * G_N_ELEMENTS(activations));
    tcase_add_loop_test(tc, test_excluded, 0, 2);
    tcase_add_test(tc, test_nothing);
    tcase_add_loop_test(tc, test_state, 0, 2);
    return s;
}

GST_CHECK_MAIN(convnext_not_finite);
