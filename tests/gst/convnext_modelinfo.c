/* What model-info says of a model, and who it says has said it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"
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

static GstStructure *info_of(GstHarness *h)
{
    GstStructure *info;

    g_object_get(h->element, "model-info", &info, NULL);
    fail_unless(info);
    return info;
}

static void check_text(const GstStructure *info, const char *field, const char *text)
{
    const char *found = gst_structure_get_string(info, field);

    fail_unless(g_strcmp0(found, text) == 0, "%s is %s, expected %s", field, found, text);
}

static void check_uint(const GstStructure *info, const char *field, guint number)
{
    guint found = 0;

    fail_unless(gst_structure_get_uint(info, field, &found), "no %s", field);
    fail_unless(found == number, "%s is %u, expected %u", field, found, number);
}

GST_START_TEST(test_config)
{
    GstHarness *h = frames_harness(network, "video/x-raw,format=RGB,width=80,height=64");
    GstStructure *info = info_of(h);

    check_uint(info, "classes", NETWORK_CLASSES);
    check_uint(info, "input-size", NETWORK_SIZE);
    check_text(info, "input-size-from", "config.json");
    check_text(info, "mean-from", "config.json");
    check_text(info, "activation", "gelu");
    check_text(info, "labels", "model");
    check_text(info, "labels-from", "config.json");
    check_text(info, "source-format", "timm");
    check_text(info, "dtype", "F32");
    gst_structure_free(info);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* A property is who says so, of its own items only. */
GST_START_TEST(test_properties)
{
    GstHarness *h = frames_harness(network, NULL);
    char *labels = network_add_file(network, "words.txt", "a\nb\nc\nd\ne\nf\n");

    gst_element_set_state(h->element, GST_STATE_NULL);
    g_object_set(h->element, "labels", labels, "input-size", 96, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "crop", "squash");
    fail_unless(gst_element_set_state(h->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    GstStructure *info = info_of(h);
    check_uint(info, "input-size", 96);
    check_text(info, "input-size-from", "property");
    check_text(info, "crop", "squash");
    check_text(info, "crop-from", "property");
    check_text(info, "labels", "file");
    check_text(info, "labels-from", "property");
    check_text(info, "mean-from", "config.json");
    gst_structure_free(info);
    gst_harness_teardown(h);
    g_free(labels);
}
GST_END_TEST;

/* The file alone: everything is the library's own, and nobody names the classes. */
GST_START_TEST(test_bare)
{
    char *config = g_build_filename(network, "config.json", NULL);
    char *weights = g_build_filename(network, "model.safetensors", NULL);

    fail_unless(g_unlink(config) == 0);
    GstHarness *h = frames_harness(weights, NULL);
    fail_unless(gst_element_set_state(h->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    GstStructure *info = info_of(h);
    check_uint(info, "input-size", 224);
    check_uint(info, "resize", 256);
    check_text(info, "input-size-from", "default");
    check_text(info, "interpolation", "bicubic");
    check_text(info, "interpolation-from", "default");
    check_text(info, "mean", "0.485 0.456 0.406");
    check_text(info, "std", "0.229 0.224 0.225");
    check_text(info, "labels", "numbers");
    check_text(info, "labels-from", "none");
    gst_structure_free(info);
    gst_harness_teardown(h);
    g_free(weights);
    g_free(config);
}
GST_END_TEST;

/* Another model's config beside a file that was named itself: a warning says that it is ignored. In
 * a folder it belongs to the model, and is an error. */
GST_START_TEST(test_ignored)
{
    char *weights = g_build_filename(network, "model.safetensors", NULL);
    char *config = network_add_file(network, "config.json", "{\"architecture\":\"convnext_tiny\"}");
    GstElement *element = gst_element_factory_make("convnext", NULL);
    GstBus *bus = gst_bus_new();
    GError *error;
    GstStructure *info;

    gst_element_set_bus(element, bus);
    g_object_set(element, "model", weights, NULL);
    fail_unless(gst_element_set_state(element, GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING);
    fail_unless(message);
    gst_message_parse_warning(message, &error, NULL);
    fail_unless(strstr(error->message, config) != NULL, "%s", error->message);
    fail_unless(strstr(error->message, "ignored") != NULL, "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    g_object_get(element, "model-info", &info, NULL);
    fail_unless(g_str_has_prefix(gst_structure_get_string(info, "ignored"), config));
    check_text(info, "mean-from", "default");
    gst_structure_free(info);
    gst_element_set_state(element, GST_STATE_NULL);
    g_object_set(element, "model", network, NULL);
    fail_unless(gst_element_set_state(element, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    gst_object_unref(bus);
    gst_object_unref(element);
    g_free(config);
    g_free(weights);
}
GST_END_TEST;

static Suite *convnext_info_suite(void)
{
    Suite *s = suite_create("convnext_info");
    TCase *tc = tcase_create("model-info");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_config);
    tcase_add_test(tc, test_properties);
    tcase_add_test(tc, test_bare);
    tcase_add_test(tc, test_ignored);
    return s;
}

GST_CHECK_MAIN(convnext_info);
