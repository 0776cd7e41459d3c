/* The element convnextdetect: objects and masks, objects for convnext behind it, and everything
 * that it shares with convnext.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include <glib/gstdio.h>

#include "tests/gst/support/heads.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

#define LAUNCH \
    "convnextdetect threads=1 min-size=64 max-size=96 score-threshold=0.02 model=" DETECTOR

static guint count_objects(GstBuffer *buffer, const GstConvnextDetectedObject **objects)
{
    guint n;

    *objects = gst_convnext_result_get_objects(frames_result(buffer), &n);
    return n;
}

/* Objects inside the frame, best first. */
static void finds_objects(GstConvnextResult *result)
{
    guint width, height, n;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(result, &n);

    gst_convnext_result_get_frame_size(result, &width, &height);
    fail_unless(gst_convnext_result_has_objects(result));
    fail_unless(n > 0 || height == 1, "no objects");
    for (guint i = 0; i < n; i++) {
        const GstConvnextDetectedObject *object = &objects[i];

        fail_unless(object->x >= -0.01f && object->y >= -0.01f && object->width > 0 &&
                    object->height > 0);
        fail_unless(object->x + object->width <= (float)width + 0.01f);
        fail_unless(object->y + object->height <= (float)height + 0.01f);
        fail_unless(i == 0 || object->score <= objects[i - 1].score);
        fail_unless(object->label);
    }
}

/* Fewer objects with a limit or a class, none above every score. */
GST_START_TEST(test_choice)
{
    g_autoptr(GstHarness) all = heads_harness(LAUNCH, HEADS_CAPS);
    g_autoptr(GstHarness) two = heads_harness(LAUNCH " max-objects=2", HEADS_CAPS);
    g_autoptr(GstHarness) none = heads_harness(LAUNCH " score-threshold=1", HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(all, HEADS_CAPS, 0);
    g_autoptr(GstBuffer) out_two = heads_process(two, HEADS_CAPS, 0);
    g_autoptr(GstBuffer) out_none = heads_process(none, HEADS_CAPS, 0);
    const GstConvnextDetectedObject *objects, *chosen;
    const guint n = count_objects(out, &objects);
    guint of_class = 0;

    fail_unless(n > 2, "%u objects", n);
    fail_unless_equals_int(count_objects(out_two, &chosen), 2);
    fail_unless(chosen[1].score == objects[1].score);
    fail_unless_equals_int(count_objects(out_none, &chosen), 0);
    fail_unless(gst_convnext_result_has_objects(frames_result(out_none)));
    for (guint i = 0; i < n; i++)
        of_class += g_str_equal(objects[i].label, objects[n - 1].label);
    g_object_set(heads_element(all), "object-class", objects[n - 1].label, NULL);
    g_autoptr(GstBuffer) out_class = heads_process(all, HEADS_CAPS, 1);
    fail_unless_equals_int(count_objects(out_class, &chosen), of_class);
    fail_unless_equals_string(chosen[0].label, objects[n - 1].label);
}
GST_END_TEST;

/* Masks as the network computes them, and pasted into the frame. */
GST_START_TEST(test_masks)
{
    g_autoptr(GstHarness) h = heads_harness(LAUNCH " masks=on mask-size=frame", HEADS_CAPS);
    g_autoptr(GstHarness) off = heads_harness(LAUNCH " masks=off", HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    g_autoptr(GstBuffer) out_off = heads_process(off, HEADS_CAPS, 0);
    const GstConvnextDetectedObject *objects;
    const guint n = count_objects(out, &objects);
    GstConvnextTensor *tensor =
        gst_convnext_result_get_tensor(frames_result(out), GST_CONVNEXT_TENSOR_OBJECT_MASKS);
    guint pasted = 0;

    fail_unless(n > 0 && tensor);
    fail_unless_equals_int(gst_convnext_tensor_get_shape(tensor, NULL)[0], n);
    for (guint i = 0; i < n; i++) {
        GstConvnextRect rect;

        if (!gst_convnext_result_get_object_mask(frames_result(out), i, &rect))
            continue;
        pasted++;
        fail_unless(rect.x >= 0 && rect.y >= 0 && rect.x + rect.w <= 160 && rect.y + rect.h <= 120);
        fail_unless(ABS(rect.x - (int)objects[i].x) <= 1 + (int)objects[i].width / 14);
    }
    fail_unless_equals_int(pasted, n);
    fail_unless(count_objects(out_off, &objects) > 0);
    fail_if(
        gst_convnext_result_get_tensor(frames_result(out_off), GST_CONVNEXT_TENSOR_OBJECT_MASKS));
}
GST_END_TEST;

/* convnext classifies the objects that it finds behind this element: each of its results names the
 * label of such an object, and lies where that is. */
GST_START_TEST(test_into_classifier)
{
    g_autofree char *launch = g_strdup_printf(
        LAUNCH " max-objects=3 ! convnext name=c region=objects threads=1 model=%s", network);
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
    const GstConvnextDetectedObject *objects = NULL;
    guint n = 0, classified = 0;
    gpointer state = NULL;
    GstConvnextMeta *meta;

    while ((meta = (GstConvnextMeta *)gst_buffer_iterate_meta_filtered(
                out, &state, GST_CONVNEXT_META_API_TYPE))) {
        const char *label;
        guint classes;

        if (gst_convnext_result_has_objects(meta->result)) {
            objects = gst_convnext_result_get_objects(meta->result, &n);
            continue;
        }
        fail_unless(gst_convnext_result_get_object(meta->result, NULL, &label));
        fail_unless(gst_convnext_result_get_classes(meta->result, &classes) && classes > 0);
        gboolean is_found = FALSE;
        for (guint i = 0; i < n; i++)
            is_found |= g_strcmp0(label, objects[i].label) == 0 &&
                        ABS((int)meta->x - (int)objects[i].x) <= 1 &&
                        ABS((int)meta->y - (int)objects[i].y) <= 1;
        fail_unless(is_found, "no object %s at %u,%u", label, meta->x, meta->y);
        classified++;
    }
    fail_unless_equals_int(n, 3);
    fail_unless_equals_int(classified, 3);
}
GST_END_TEST;

GST_START_TEST(test_stream)
{
    static void (*const checks[])(GstHarness *, HeadsFinds *) = {
        heads_check_caps,    heads_check_gap,    heads_check_latest,
        heads_check_changes, heads_check_shared, heads_check_restart};

    for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
        g_autoptr(GstHarness) h = heads_harness(LAUNCH, HEADS_CAPS);

        checks[i](h, finds_objects);
    }
    g_autoptr(GstHarness) h = heads_harness(LAUNCH, HEADS_CAPS);
    heads_check_reload(h, DETECTOR, OTHER_DETECTOR, finds_objects);
    heads_check_sharing(LAUNCH, finds_objects);
}
GST_END_TEST;

static void expect_refusal(const char *property, const char *value, GQuark domain, int code,
                           const char *text)
{
    g_autoptr(GstElement) element = gst_element_factory_make("convnextdetect", NULL);

    gst_object_ref_sink(element);
    gst_util_set_object_arg(G_OBJECT(element), "model", DETECTOR);
    gst_util_set_object_arg(G_OBJECT(element), property, value);
    messages_expect_refusal(element, domain, code, text);
}

/* A class that the model does not have: refused at READY, a warning while it plays. */
GST_START_TEST(test_unknown_class)
{
    g_autoptr(GstHarness) h = heads_harness(LAUNCH " object-class=gear", HEADS_CAPS);
    GstElement *element = heads_element(h);
    g_autoptr(GstBus) bus = gst_bus_new();

    expect_refusal("object-class", "zebra", GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                   "object-class is \"zebra\", but the model has no such class, expected one of "
                   "\"bolt\", \"nut\", \"washer\", \"spring\", \"gear\", ...");
    expect_refusal("object-class", "bolt,nut", GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                   "object-class is \"bolt,nut\", but the model has no such class");
    gst_element_set_bus(element, bus);
    gst_buffer_unref(heads_process(h, HEADS_CAPS, 0));
    g_object_set(element, "object-class", "pin", NULL);
    g_object_set(element, "object-class", NULL, NULL);
    messages_check_none(bus);
    g_object_set(element, "object-class", "zebra", NULL);
    messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING), "object-class is \"zebra\"");
    gst_element_set_bus(element, NULL);
}
GST_END_TEST;

/* The names may include the background, which is the first, or the last if it is named so. */
GST_START_TEST(test_labels)
{
    static const char *const files[] = {"a\nb\nc\nd\ne\nf\n", "other\na\nb\nc\nd\ne\nf\n",
                                        "a\nb\nc\nd\ne\nf\nBackground\n"};
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "convnextdetect-XXXXXX", NULL);
    const int fd = g_mkstemp(path);

    fail_unless(fd >= 0 && g_close(fd, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *launch = g_strdup_printf(LAUNCH " labels=%s", path);
        const GstConvnextDetectedObject *objects;

        fail_unless(g_file_set_contents(path, files[i], -1, NULL));
        g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
        g_autoptr(GstBuffer) out = heads_process(h, HEADS_CAPS, 0);
        const guint n = count_objects(out, &objects);
        fail_unless(n > 0);
        for (guint o = 0; o < n; o++)
            fail_unless(objects[o].label[0] == (char)('a' + objects[o].index));
    }
    fail_unless(g_file_set_contents(path, "a\nb\n", -1, NULL));
    expect_refusal("labels", path, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "has 2 labels");
    g_remove(path);
}
GST_END_TEST;

/* What is refused in the transition to READY. */
GST_START_TEST(test_refusals)
{
    expect_refusal("model", network, GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED,
                   "it is a classifier; use convnext");
    expect_refusal("model", SEGMENTER, GST_STREAM_ERROR, GST_STREAM_ERROR_NOT_IMPLEMENTED,
                   "use convnextsegment");
    expect_refusal("model", "", GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                   "the property model is not set");
    expect_refusal("max-size", "48", GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_SETTINGS,
                   "max-size must be at least min-size");
    expect_refusal("max-memory", "3000000", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT,
                   "a smaller min-size and max-size");
}
GST_END_TEST;

static Suite *convnextdetect_suite(void)
{
    Suite *s = suite_create("convnextdetect");
    TCase *tc = tcase_create("all");

    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_choice);
    tcase_add_test(tc, test_masks);
    tcase_add_test(tc, test_into_classifier);
    tcase_add_test(tc, test_stream);
    tcase_add_test(tc, test_refusals);
    tcase_add_test(tc, test_unknown_class);
    tcase_add_test(tc, test_labels);
    return s;
}

GST_CHECK_MAIN(convnextdetect);
