/* Unusable settings and files: going to READY fails with one error that names the cause, and
 * succeeds once the cause is removed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <gst/convnext/convnext.h>

#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

static void check_starts(GstElement *element)
{
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state(element, GST_STATE_NULL);
}

static GstElement *make_element(void)
{
    GstElement *element = gst_element_factory_make("convnext", NULL);

    fail_unless(element, "no element convnext");
    g_object_set(gst_object_ref_sink(element), "model", network, NULL);
    return element;
}

/* A missing model, a text file and an empty file are refused. */
GST_START_TEST(test_models)
{
    g_autoptr(GstElement) element = make_element();
    g_autofree char *text =
        network_add_file(network, "text.safetensors", "hello, this is not a checkpoint\n");
    g_autofree char *empty = network_add_file(network, "empty.safetensors", "");

    g_object_set(element, "model", "/no/such/model", NULL);
    messages_expect_refusal(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
                            "/no/such/model");
    g_object_set(element, "model", text, NULL);
    messages_expect_refusal(element, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE, text);
    g_object_set(element, "model", empty, NULL);
    messages_expect_refusal(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, empty);
    g_object_set(element, "model", network, NULL);
    check_starts(element);
}
GST_END_TEST;

/* A checkpoint that is cut anywhere is refused; the complete one starts. */
GST_START_TEST(test_truncated_weights)
{
    g_autoptr(GstElement) element = make_element();
    g_autofree char *whole = g_build_filename(network, "model.safetensors", NULL);
    g_autofree char *contents = NULL;
    g_autofree char *cut = network_add_file(network, "cut.safetensors", "");
    gsize length;

    fail_unless(g_file_get_contents(whole, &contents, &length, NULL));
    g_object_set(element, "model", cut, NULL);
    for (gsize left = 9; left < length; left += length / 7) {
        fail_unless(g_file_set_contents(cut, contents, (gssize)left, NULL));
        messages_expect_refusal(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, cut);
    }
    fail_unless(g_file_set_contents(cut, contents, (gssize)length, NULL));
    check_starts(element);
}
GST_END_TEST;

/* A missing labels file and one with too few labels are refused. CRLF and a missing final
 * newline are fine. */
GST_START_TEST(test_labels)
{
    g_autoptr(GstElement) element = make_element();
    g_autofree char *few = network_add_file(network, "few.txt", "one\ntwo\n");
    g_autofree char *good = network_add_file(network, "good.txt", "a\r\nb\r\nc\r\nd\r\ne\r\nf");

    g_object_set(element, "labels", "/no/such/labels", NULL);
    messages_expect_refusal(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
                            "/no/such/labels");
    g_object_set(element, "labels", few, NULL);
    messages_expect_refusal(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, few);
    g_object_set(element, "labels", good, NULL);
    check_starts(element);
}
GST_END_TEST;

/* Invalid properties and invalid combinations are refused. */
GST_START_TEST(test_settings)
{
    g_autoptr(GstElement) element = make_element();

    g_object_set(element, "input-size", 33, NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "input-size");
    g_object_set(element, "input-size", 0, "outputs", 0, NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "outputs");
    g_object_set(element, "outputs", 1, "cpu-affinity", "0-", NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "cpu-affinity");
    g_object_set(element, "cpu-affinity", "", NULL);
    gst_util_set_object_arg(G_OBJECT(element), "weights", "ema");
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "EMA");
    g_object_set(element, "head-activation", "sigmoid", NULL);
    gst_util_set_object_arg(G_OBJECT(element), "weights", "raw");
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "\"sigmoid\"");
    g_object_set(element, "head-activation", "relu", NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "0 places");
    g_object_set(element, "head-activation", "", NULL);
    g_object_set(element, "smoothing-count", 7, NULL);
    check_starts(element); /* ignored without smoothing */
    gst_util_set_object_arg(G_OBJECT(element), "smoothing", "majority");
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                            "smoothing-count");
    g_object_set(element, "smoothing-window", 7, NULL);
    check_starts(element);
    g_object_set(element, "smoothing-enter", 0.5, "smoothing-leave", 0.6, NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                            "smoothing-leave");
    g_object_set(element, "smoothing-leave", 0.5, NULL);
    check_starts(element);
    gst_util_set_object_arg(G_OBJECT(element), "outputs", "embedding");
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "classes");
}
GST_END_TEST;

/* A backbone has no classes to output, but its stages work. */
GST_START_TEST(test_missing_head)
{
    g_autoptr(GstElement) element = make_element();
    char *backbone = network_new_backbone();

    g_object_set(element, "model", backbone, NULL);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "classes");
    gst_util_set_object_arg(G_OBJECT(element), "outputs", "stage3");
    check_starts(element);
    network_delete(backbone);
}
GST_END_TEST;

/* An unknown isa level in CONVNEXT_CPU is refused. */
GST_START_TEST(test_unknown_cpu_level)
{
    g_autoptr(GstElement) element = make_element();
    g_autofree char *before = g_strdup(g_getenv("CONVNEXT_CPU"));

    g_setenv("CONVNEXT_CPU", "mmx", TRUE);
    messages_expect_refusal(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "CONVNEXT_CPU");
    if (before)
        g_setenv("CONVNEXT_CPU", before, TRUE);
    else
        g_unsetenv("CONVNEXT_CPU");
    check_starts(element);
}
GST_END_TEST;

static Suite *convnext_errors_suite(void)
{
    Suite *s = suite_create("convnext_errors");
    TCase *tc = tcase_create("errors");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_models);
    tcase_add_test(tc, test_truncated_weights);
    tcase_add_test(tc, test_labels);
    tcase_add_test(tc, test_settings);
    tcase_add_test(tc, test_missing_head);
    tcase_add_test(tc, test_unknown_cpu_level);
    return s;
}

GST_CHECK_MAIN(convnext_errors);
