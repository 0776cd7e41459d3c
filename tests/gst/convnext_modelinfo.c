/* model-info: the values that are in use, and the source of each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

static GstStructure *get_info(GstHarness *h)
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

/* Values from the model's config name config.json as their source. */
GST_START_TEST(test_config)
{
    g_autoptr(GstHarness) h = frames_harness(network, "video/x-raw,format=RGB,width=80,height=64");
    g_autoptr(GstStructure) info = get_info(h);

    check_uint(info, "classes", NETWORK_CLASSES);
    check_uint(info, "input-size", NETWORK_SIZE);
    check_text(info, "input-size-from", "config.json");
    check_text(info, "mean-from", "config.json");
    check_text(info, "activation", "gelu");
    check_text(info, "labels", "model");
    check_text(info, "labels-from", "config.json");
    check_text(info, "source-format", "timm");
    check_text(info, "dtype", "F32");
}
GST_END_TEST;

/* The labels of all classes, in their order. */
GST_START_TEST(test_labels)
{
    static const char *const names[] = {"zero", "one", "two", "three", "four", "five"};
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    g_autoptr(GstStructure) info = get_info(h);
    const GValue *labels = gst_structure_get_value(info, "class-labels");

    fail_unless(labels && GST_VALUE_HOLDS_ARRAY(labels));
    fail_unless_equals_int(gst_value_array_get_size(labels), NETWORK_CLASSES);
    for (guint i = 0; i < NETWORK_CLASSES; i++) {
        fail_unless_equals_string(g_value_get_string(gst_value_array_get_value(labels, i)),
                                  names[i]);
    }
}
GST_END_TEST;

/* The activation, and the rules of a model that has them. */
GST_START_TEST(test_scores)
{
    g_autoptr(GstHarness) plain = frames_harness(network, NULL);
    g_autoptr(GstStructure) before = get_info(plain);

    check_text(before, "scores", "softmax");
    check_text(before, "temperature", NULL);
    check_text(before, "threshold", NULL);
    check_text(before, "rest-class", NULL);
    network_add_keys(network,
                     "\"problem_type\": \"multi_label_classification\", \"temperature\": 1.5, "
                     "\"threshold\": [0, 0.25, 1, 0.5, 0.5, 0.5], \"rest_class\": \"two\"");
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    g_autoptr(GstStructure) info = get_info(h);
    check_text(info, "scores", "sigmoid");
    check_text(info, "temperature", "1.5");
    check_text(info, "threshold", "0 0.25 1 0.5 0.5 0.5");
    check_text(info, "rest-class", "two");
}
GST_END_TEST;

/* Values from properties name the property as their source; the others keep theirs. */
GST_START_TEST(test_properties)
{
    g_autoptr(GstHarness) h = frames_harness(network, NULL);
    g_autofree char *labels = network_add_file(network, "words.txt", "a\nb\nc\nd\ne\nf\n");

    gst_element_set_state(h->element, GST_STATE_NULL);
    g_object_set(h->element, "labels", labels, "input-size", 96, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "crop", "squash");
    fail_unless(gst_element_set_state(h->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    g_autoptr(GstStructure) info = get_info(h);
    check_uint(info, "input-size", 96);
    check_text(info, "input-size-from", "property");
    check_text(info, "crop", "squash");
    check_text(info, "crop-from", "property");
    check_text(info, "labels", "file");
    check_text(info, "labels-from", "property");
    check_text(info, "mean-from", "config.json");
}
GST_END_TEST;

/* A weights file without a config gets the defaults and numbers as labels. */
GST_START_TEST(test_no_config)
{
    g_autofree char *config = g_build_filename(network, "config.json", NULL);
    g_autofree char *weights = g_build_filename(network, "model.safetensors", NULL);

    fail_unless(g_unlink(config) == 0);
    g_autoptr(GstHarness) h = frames_harness(weights, NULL);
    fail_unless(gst_element_set_state(h->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
    g_autoptr(GstStructure) info = get_info(h);
    check_uint(info, "input-size", 224);
    check_uint(info, "resize", 256);
    check_text(info, "input-size-from", "default");
    check_text(info, "interpolation", "bicubic");
    check_text(info, "interpolation-from", "default");
    check_text(info, "mean", "0.485 0.456 0.406");
    check_text(info, "std", "0.229 0.224 0.225");
    check_text(info, "labels", "numbers");
    check_text(info, "labels-from", "none");
}
GST_END_TEST;

/* When a weights file is named directly, a conflicting config beside it is ignored with a
 * warning. When the folder is named, the conflict is an error. */
GST_START_TEST(test_ignored_config)
{
    g_autofree char *weights = g_build_filename(network, "model.safetensors", NULL);
    g_autofree char *config =
        network_add_file(network, "config.json", "{\"architecture\":\"convnext_tiny\"}");

    g_autoptr(GstElement) element = gst_element_factory_make("convnext", NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstStructure) info = NULL;

    gst_element_set_bus(element, bus);
    g_object_set(element, "model", weights, NULL);
    fail_unless(gst_element_set_state(element, GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
    g_autoptr(GError) error = messages_parse(gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING));
    messages_check_text(error, config);
    messages_check_text(error, "ignored");
    g_object_get(element, "model-info", &info, NULL);
    fail_unless(g_str_has_prefix(gst_structure_get_string(info, "ignored"), config));
    check_text(info, "mean-from", "default");
    gst_element_set_state(element, GST_STATE_NULL);
    g_object_set(element, "model", network, NULL);
    fail_unless(gst_element_set_state(element, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE);
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
}
GST_END_TEST;

static Suite *convnext_modelinfo_suite(void)
{
    Suite *s = suite_create("convnext_modelinfo");
    TCase *tc = tcase_create("model-info");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_config);
    tcase_add_test(tc, test_labels);
    tcase_add_test(tc, test_scores);
    tcase_add_test(tc, test_properties);
    tcase_add_test(tc, test_no_config);
    tcase_add_test(tc, test_ignored_config);
    return s;
}

GST_CHECK_MAIN(convnext_modelinfo);
