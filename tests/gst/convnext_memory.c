/* max-memory: a model that needs more is refused before it is loaded, and a change while playing
 * keeps the current one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <sys/resource.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/stage.h"

#define LIMIT ((guint64)40000000)
#define TOO_LARGE 4096 /* side of an input that takes more */

static GstElement *make_element(void)
{
    GstElement *element = gst_element_factory_make("convnext", NULL);

    g_object_set(gst_object_ref_sink(element), "model", network, "threads", 2, NULL);
    return element;
}

static void expect_refusal(GstElement *element, const char *text)
{
    messages_expect_refusal(element, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, text);
}

/* The sentence names the model, the size, what it takes, the limit with its source, and what
 * helps. */
GST_START_TEST(test_refusal)
{
    g_autoptr(GstElement) element = make_element();
    g_autofree char *begin =
        g_strdup_printf("%s: a convnext (1,1,1,1; 8,16,24,32) with inputs of 4096x4096 pixels and "
                        "2 threads takes ",
                        network);

    g_object_set(element, "max-memory", LIMIT, "input-size", TOO_LARGE, NULL);
    expect_refusal(element, begin);
    expect_refusal(element, " MB of memory, expected at most 40.0 MB (max-memory): set a smaller "
                            "input-size, fewer threads or a larger max-memory");
    g_object_set(element, "threads", 1, NULL);
    expect_refusal(element, "a smaller input-size or a larger max-memory");
    g_object_set(element, "input-size", 0, "max-memory", (guint64)1000, NULL);
    expect_refusal(element, "expected at most 1000 bytes (max-memory): set a larger max-memory");
    g_object_set(element, "max-memory", LIMIT, NULL);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state(element, GST_STATE_NULL);
}
GST_END_TEST;

static guint64 get_bytes(const GstStructure *info, const char *field)
{
    guint64 bytes = 0;

    fail_unless(gst_structure_get_uint64(info, field, &bytes), "no %s", field);
    return bytes;
}

/* model-info has the parts, whose sum decides: with that limit the model starts, with one byte less
 * it does not. */
GST_START_TEST(test_info)
{
    g_autoptr(GstElement) element = make_element();
    GstStructure *info;
    guint batch = 0;

    g_object_set(element, "max-memory", LIMIT, NULL);
    gst_element_set_state(element, GST_STATE_READY);
    g_object_get(element, "model-info", &info, NULL);
    fail_unless_equals_string(gst_structure_get_string(info, "max-memory-from"), "property");
    fail_unless_equals_uint64(get_bytes(info, "max-memory"), LIMIT);
    guint64 least = get_bytes(info, "least-memory"), most = get_bytes(info, "most-memory");
    fail_unless_equals_uint64(
        least, get_bytes(info, "memory") + get_bytes(info, "image-memory") +
                   get_bytes(info, "thread-memory") + get_bytes(info, "input-memory") +
                   get_bytes(info, "result-memory") + get_bytes(info, "preprocess-memory"));
    fail_unless_equals_uint64(most - get_bytes(info, "batch-memory"),
                              least - get_bytes(info, "image-memory"));
    fail_unless(gst_structure_get_uint(info, "batch", &batch) && batch > 1);
    fail_unless(most <= LIMIT);
    gst_structure_free(info);
    gst_element_set_state(element, GST_STATE_NULL);

    g_object_set(element, "max-memory", least - 1, NULL);
    expect_refusal(element, "expected at most");
    g_object_set(element, "max-memory", least, NULL);
    gst_element_set_state(element, GST_STATE_READY);
    g_object_get(element, "model-info", &info, NULL);
    fail_unless(gst_structure_get_uint(info, "batch", &batch) && batch == 1);
    gst_structure_free(info);
    gst_element_set_state(element, GST_STATE_NULL);
}
GST_END_TEST;

/* Without the property, the limit is a share of what the process may use. */
GST_START_TEST(test_default)
{
    g_autoptr(GstElement) element = make_element();
    struct rlimit before, limit;
    GstStructure *info;

    gst_element_set_state(element, GST_STATE_READY);
    g_object_get(element, "model-info", &info, NULL);
    fail_if(g_strcmp0(gst_structure_get_string(info, "max-memory-from"), "property") == 0);
    fail_unless(get_bytes(info, "max-memory") > LIMIT);
    gst_structure_free(info);
    gst_element_set_state(element, GST_STATE_NULL);

    fail_unless(getrlimit(RLIMIT_DATA, &before) == 0);
    limit = before;
    limit.rlim_cur = 400 << 20;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return; /* a sanitizer takes more */
#endif
    g_object_set(element, "input-size", TOO_LARGE, NULL);
    fail_unless(setrlimit(RLIMIT_DATA, &limit) == 0);
    expect_refusal(element, "at most 314.5 MB (three quarters of the data segment, ulimit -d)");
    fail_unless(setrlimit(RLIMIT_DATA, &before) == 0);
}
GST_END_TEST;

static guint frames; /* processed so far */

/* Waits for a warning with this text; the network still runs. */
static void expect_warning(const char *text)
{
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), text);
    for (guint i = 0; i < 3; i++) {
        g_autoptr(GstBuffer) out = process(frames++);

        fail_unless(frames_from_model(out, network));
    }
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 0);
}

/* While playing, an input that is too large, and a limit that is too low, post a warning. */
GST_START_TEST(test_reload)
{
    frames = 0;
    gst_buffer_unref(process(frames++));
    g_object_set(h->element, "max-memory", LIMIT, "input-size", TOO_LARGE, NULL);
    expect_warning("4096x4096");
    g_object_set(h->element, "max-memory", (guint64)1000, "input-size", 0, NULL);
    expect_warning("max-memory");
    g_object_set(h->element, "max-memory", LIMIT, NULL);
    while (gate_messages(gate, "convnext-model-updated", NULL, 0) == 0)
        gst_buffer_unref(process(frames++));
}
GST_END_TEST;

/* With crop=none the frame decides the input's size, so that caps can be refused. */
GST_START_TEST(test_caps)
{
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_state(h->element, GST_STATE_NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "crop", "none");
    g_object_set(h->element, "max-memory", LIMIT, NULL);
    gst_element_set_bus(h->element, bus);
    harness_restart(h, "video/x-raw,format=RGB,width=32000,height=16,framerate=25/1");
    gst_harness_push(h, gst_buffer_new_allocate(NULL, 32000 * 16 * 3, NULL));
    messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR), "with inputs of 128000x64");
    gst_element_set_bus(h->element, NULL);
}
GST_END_TEST;

/* The inputs of many objects count too. */
GST_START_TEST(test_objects)
{
    g_autoptr(GstHarness) harness = boxes_harness(network, NULL);
    g_autoptr(GstBus) bus = gst_bus_new();
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 0);

    gst_element_set_state(harness->element, GST_STATE_NULL);
    g_object_set(harness->element, "max-memory", (guint64)6000000, "max-objects", 0, "threads", 1,
                 NULL);
    gst_element_set_bus(harness->element, bus);
    harness_restart(harness, CAPS);
    for (guint i = 0; i < 40; i++)
        gst_buffer_add_video_region_of_interest_meta(frame, "cat", 4 * i, i, 40, 40);
    fail_unless_equals_int(gst_harness_push(harness, frame), GST_FLOW_ERROR);
    messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR), "the inputs of 40 objects, 64");
    gst_element_set_bus(harness->element, NULL);
}
GST_END_TEST;

static Suite *convnext_memory_suite(void)
{
    Suite *s = suite_create("convnext_memory");
    TCase *tc = tcase_create("start"), *playing = tcase_create("playing");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_refusal);
    tcase_add_test(tc, test_info);
    tcase_add_test(tc, test_default);
    tcase_add_test(tc, test_objects);
    suite_add_tcase(s, playing);
    tcase_set_timeout(playing, 120);
    tcase_add_checked_fixture(playing, stage_setup, stage_teardown);
    tcase_add_test(playing, test_reload);
    tcase_add_test(playing, test_caps);
    return s;
}

GST_CHECK_MAIN(convnext_memory);
