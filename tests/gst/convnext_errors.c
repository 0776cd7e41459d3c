/* What convnext says of settings and files that cannot be: one error that names them, on the way to
 * READY, and a good start once they are mended.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <gst/convnext/convnext.h>
#include <string.h>

#include "tests/gst/support/network.h"

static char *network;

static void setup(void)
{
    network = network_new();
}

static void teardown(void)
{
    network_delete(network);
}

/* Going to READY fails with exactly one error, of the code, that names what is wrong. */
static void check_refused(GstElement *element, GQuark domain, int code, const char *named)
{
    GstBus *bus = gst_bus_new();
    GError *error = NULL;

    gst_element_set_bus(element, bus);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_FAILURE);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    fail_unless(message, "nothing was said about %s", named);
    gst_message_parse_error(message, &error, NULL);
    fail_unless(strstr(error->message, named) != NULL, "%s is not in: %s", named, error->message);
    fail_unless(g_error_matches(error, domain, code), "other code: %s", error->message);
    fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR) == NULL, "a second error");
    g_error_free(error);
    gst_message_unref(message);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
}

static void check_starts(GstElement *element)
{
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state(element, GST_STATE_NULL);
}

static GstElement *make(void)
{
    GstElement *element = gst_element_factory_make("convnext", NULL);

    fail_unless(element, "no element convnext");
    g_object_set(gst_object_ref_sink(element), "model", network, NULL);
    return element;
}

GST_START_TEST(test_models)
{
    GstElement *element = make();
    char *text = network_add_file(network, "text.safetensors", "hello, this is no checkpoint\n");
    char *empty = network_add_file(network, "empty.safetensors", "");

    g_object_set(element, "model", "/no/such/model", NULL);
    check_refused(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "/no/such/model");
    g_object_set(element, "model", text, NULL);
    check_refused(element, GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE, text);
    g_object_set(element, "model", empty, NULL);
    check_refused(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, empty);
    g_object_set(element, "model", network, NULL);
    check_starts(element);
    gst_object_unref(element);
    g_free(text);
    g_free(empty);
}
GST_END_TEST;

GST_START_TEST(test_truncated)
{
    GstElement *element = make();
    char *whole = g_build_filename(network, "model.safetensors", NULL), *contents;
    char *cut = network_add_file(network, "cut.safetensors", "");
    gsize length;

    fail_unless(g_file_get_contents(whole, &contents, &length, NULL));
    g_object_set(element, "model", cut, NULL);
    for (gsize left = 9; left < length; left += length / 7) {
        fail_unless(g_file_set_contents(cut, contents, (gssize)left, NULL));
        check_refused(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, cut);
    }
    fail_unless(g_file_set_contents(cut, contents, (gssize)length, NULL));
    check_starts(element);
    gst_object_unref(element);
    g_free(contents);
    g_free(whole);
    g_free(cut);
}
GST_END_TEST;

GST_START_TEST(test_labels)
{
    GstElement *element = make();
    char *few = network_add_file(network, "few.txt", "one\ntwo\n");
    char *good = network_add_file(network, "good.txt", "a\r\nb\r\nc\r\nd\r\ne\r\nf");

    g_object_set(element, "labels", "/no/such/labels", NULL);
    check_refused(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "/no/such/labels");
    g_object_set(element, "labels", few, NULL);
    check_refused(element, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, few);
    g_object_set(element, "labels", good, NULL);
    check_starts(element);
    gst_object_unref(element);
    g_free(few);
    g_free(good);
}
GST_END_TEST;

GST_START_TEST(test_settings)
{
    GstElement *element = make();

    g_object_set(element, "input-size", 33, NULL);
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "input-size");
    g_object_set(element, "input-size", 0, "outputs", 0, NULL);
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "outputs");
    g_object_set(element, "outputs", 1, "cpu-affinity", "0-", NULL);
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "cpu-affinity");
    g_object_set(element, "cpu-affinity", "", NULL);
    gst_util_set_object_arg(G_OBJECT(element), "weights", "ema");
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "EMA");
    gst_util_set_object_arg(G_OBJECT(element), "weights", "raw");
    g_object_set(element, "smoothing-count", 7, NULL);
    check_starts(element); /* nothing reads it */
    gst_util_set_object_arg(G_OBJECT(element), "smoothing", "majority");
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "smoothing-count");
    g_object_set(element, "smoothing-window", 7, NULL);
    check_starts(element);
    gst_util_set_object_arg(G_OBJECT(element), "outputs", "embedding");
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "classes");
    gst_object_unref(element);
}
GST_END_TEST;

GST_START_TEST(test_no_head)
{
    GstElement *element = make();
    char *backbone = network_new_backbone();

    g_object_set(element, "model", backbone, NULL);
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "classes");
    gst_util_set_object_arg(G_OBJECT(element), "outputs", "stage3");
    check_starts(element);
    gst_object_unref(element);
    network_delete(backbone);
}
GST_END_TEST;

GST_START_TEST(test_cpu_word)
{
    GstElement *element = make();
    char *before = g_strdup(g_getenv("CONVNEXT_CPU"));

    g_setenv("CONVNEXT_CPU", "mmx", TRUE);
    check_refused(element, GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS, "CONVNEXT_CPU");
    if (before)
        g_setenv("CONVNEXT_CPU", before, TRUE);
    else
        g_unsetenv("CONVNEXT_CPU");
    check_starts(element);
    gst_object_unref(element);
    g_free(before);
}
GST_END_TEST;

static Suite *convnext_errors_suite(void)
{
    Suite *s = suite_create("convnext_errors");
    TCase *tc = tcase_create("refusals");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_models);
    tcase_add_test(tc, test_truncated);
    tcase_add_test(tc, test_labels);
    tcase_add_test(tc, test_settings);
    tcase_add_test(tc, test_no_head);
    tcase_add_test(tc, test_cpu_word);
    return s;
}

GST_CHECK_MAIN(convnext_errors);
