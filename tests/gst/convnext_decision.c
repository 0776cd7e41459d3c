/* A model with temperatures, thresholds and a rest class: its results and its states begin with the
 * class that is present, or with the rest class.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "tests/gst/support/stage.h"

#define RULES                                                                     \
    "\"problem_type\": \"multi_label_classification\", \"rest_class\": \"two\", " \
    "\"temperature\": [1, 1, 1, 2, 1, 1], \"threshold\": [0.5, 0.9, 0.5, 0.2, 0.5, 0.5]"

/* one reaches 0.88 of 0.9, three 0.18 of 0.2 */
static const float healthy[] = {-3, 2, -1, -3, -4, -5};
/* zero exceeds its threshold by 1, three by 0.89, one by 0.80; five does not reach it */
static const float faulty[] = {1, 3, 5, -1, -4, -0.5f};

static void setup(void)
{
    stage_setup();
    network_add_keys(network, RULES);
}

static void start(const float *logits)
{
    network_set_logits(network, logits);
    gst_element_set_state(h->element, GST_STATE_NULL);
    harness_restart(h, CAPS);
}

/* The labels of a result's classes, with blanks between them */
static char *labels_of(GstBuffer *out)
{
    g_autoptr(GString) text = g_string_new(NULL);
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(out), &n);

    for (guint i = 0; i < n; i++)
        g_string_append_printf(text, i ? " %s" : "%s", classes[i].label);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static void check_labels(const char *expected)
{
    g_autoptr(GstBuffer) out = process(0);
    g_autofree char *found = labels_of(out);

    fail_unless_equals_string(found, expected);
}

/* The order of the classes, and the property threshold, which leaves out any but the rest class. */
GST_START_TEST(test_order)
{
    g_object_set(h->element, "top-k", 6, NULL);
    start(healthy);
    check_labels("two three one zero four five");
    g_object_set(h->element, "threshold", 0.7, NULL);
    check_labels("two one");
    g_object_set(h->element, "threshold", 1.0, NULL);
    check_labels("two");
    g_object_set(h->element, "threshold", 0.0, NULL);
    start(faulty);
    check_labels("zero three one two five four");
    g_object_set(h->element, "threshold", 0.8, NULL);
    check_labels("one two");
    g_object_set(h->element, "threshold", 0.0, "top-k", 2, NULL);
    check_labels("zero three");
}
GST_END_TEST;

/* The score is a probability: the sigmoid of the logit over its temperature. */
GST_START_TEST(test_scores)
{
    start(faulty);
    g_autoptr(GstBuffer) out = process(0);
    const GstConvnextClass *classes = gst_convnext_result_get_classes(frames_result(out), NULL);
    fail_unless_equals_int(gst_convnext_result_get_activation(frames_result(out)),
                           GST_CONVNEXT_ACTIVATION_SIGMOID);
    fail_unless(fabs(classes[0].score - 1 / (1 + exp(-1))) < 1e-6);
    fail_unless(fabs(classes[1].score - 1 / (1 + exp(0.5))) < 1e-6);
    fail_unless(fabs(classes[3].score - 1 / (1 + exp(-5))) < 1e-6);
}
GST_END_TEST;

/* Another activation has other scores, to which the model's rules do not apply. */
GST_START_TEST(test_activation)
{
    g_object_set(h->element, "top-k", 6, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "activation", "softmax");
    start(faulty);
    check_labels("two one zero five three four");
    gst_util_set_object_arg(G_OBJECT(h->element), "activation", "none");
    check_labels("two one zero five three four");
    gst_util_set_object_arg(G_OBJECT(h->element), "activation", "sigmoid");
    check_labels("zero three one two five four");
}
GST_END_TEST;

/* The rest class is an output of the network, whatever the property labels calls it. */
GST_START_TEST(test_other_labels)
{
    g_autofree char *file = network_add_file(network, "words.txt", "a\ntwo\nc\nd\ne\nf\n");

    g_object_set(h->element, "labels", file, NULL);
    start(healthy);
    check_labels("c d two a e");
}
GST_END_TEST;

static void expect_state(const char *label, double score)
{
    g_autoptr(GstMessage) message = NULL;
    double found = -1;

    do {
        gst_clear_message(&message);
        message = gate_pop(gate, GST_MESSAGE_ELEMENT);
    } while (!gst_message_has_name(message, "convnext-state-changed"));
    const GstStructure *s = gst_message_get_structure(message);
    fail_unless_equals_string(gst_structure_get_string(s, "new"), label);
    fail_unless(gst_structure_get_double(s, "score", &found) && fabs(found - score) < 1e-6);
}

/* The state is that of the results with both kinds of smoothing. */
GST_START_TEST(test_state)
{
    static const char *const kinds[] = {"majority", "exponential"};

    g_object_set(h->element, "smoothing-window", 2, "smoothing-count", 2, "top-k", 1, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", kinds[__i__]);
    start(healthy);
    gst_buffer_unref(process(0));
    gst_buffer_unref(process(1));
    expect_state("two", 1 / (1 + exp(1)));
    start(faulty);
    gst_buffer_unref(process(0));
    gst_buffer_unref(process(1));
    expect_state("zero", 1 / (1 + exp(-1)));
}
GST_END_TEST;

static Suite *convnext_decision_suite(void)
{
    Suite *s = suite_create("convnext_decision");
    TCase *tc = tcase_create("decision");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, stage_teardown);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_scores);
    tcase_add_test(tc, test_activation);
    tcase_add_test(tc, test_other_labels);
    tcase_add_loop_test(tc, test_state, 0, 2);
    return s;
}

GST_CHECK_MAIN(convnext_decision);
