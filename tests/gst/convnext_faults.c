/* What goes wrong while playing, and that it does not outlast what was wrong.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/stage.h"

static void expect_error(const char *named)
{
    GError *error;
    GstMessage *message = gate_pop(gate, GST_MESSAGE_ERROR);

    gst_message_parse_error(message, &error, NULL);
    fail_unless(strstr(error->message, named) != NULL, "%s is not in: %s", named, error->message);
    g_error_free(error);
    gst_message_unref(message);
}

/* Pixels that cannot be so wide. Then the caps come again that the pads have had all the time. */
GST_START_TEST(test_refused_caps)
{
    GstCaps *refused = gst_caps_from_string(CAPS ",pixel-aspect-ratio=1000000/1");

    gst_buffer_unref(through(0));
    gst_harness_push_event(h, gst_event_new_caps(refused));
    expect_error("1000000/1");
    gst_harness_set_src_caps_str(h, CAPS);
    GstBuffer *out = through(1);
    fail_unless_equals_uint64(frames_meta(out)->age, 0);
    gst_buffer_unref(out);
    gst_caps_unref(refused);
}
GST_END_TEST;

/* An allocator without memory */

static GstMemory *allocate_nothing(GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
    return NULL;
}

static void init_class(gpointer klass, gpointer data)
{
    GST_ALLOCATOR_CLASS(klass)->alloc = allocate_nothing;
}

/* From now on who asks GStreamer for memory, as for the logits of a result, gets none; until
 * have_memory(). */
static void have_no_memory(void)
{
    const GTypeInfo info = {.class_size = sizeof(GstAllocatorClass),
                            .class_init = init_class,
                            .instance_size = sizeof(GstAllocator)};
    GType type = g_type_register_static(GST_TYPE_ALLOCATOR, "NoMemory", &info, 0);

    gst_allocator_set_default(g_object_new(type, NULL));
}

static void have_memory(void)
{
    gst_allocator_set_default(gst_allocator_find(GST_ALLOCATOR_SYSMEM));
}

/* The worker's error ends the stream, and a flush begins another one. */
GST_START_TEST(test_flush_after_error)
{
    GstSegment segment;
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 0);

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    have_no_memory();
    gst_buffer_unref(frames_through(h, frame));
    expect_error("no memory");
    have_memory();
    fail_unless_equals_int(gst_harness_push(h, frames_new(CAPS, FRAME_COLOURS, 40)),
                           GST_FLOW_ERROR);
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_start()));
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    fail_unless(gst_harness_push_event(h, gst_event_new_segment(&segment)));
    gst_buffer_unref(through(2));
    fail_unless(gst_harness_push_event(h, gst_event_new_eos()));
    fail_unless_equals_int(gate_messages(gate, "convnext", NULL, 0), 1);
}
GST_END_TEST;

/* A system without threads: what the plugin calls is this, not GLib's */

static int no_threads;

__attribute__((visibility("default"))) GThread *g_thread_try_new(const char *name, GThreadFunc run,
                                                                 gpointer data, GError **error)
{
    typedef GThread *TryNew(const char *, GThreadFunc, gpointer, GError **);
    TryNew *try_new = (TryNew *)dlsym(RTLD_NEXT, "g_thread_try_new");
    if (!g_atomic_int_get(&no_threads))
        return try_new(name, run, data, error);
    g_set_error(error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "none for the test");
    return NULL;
}

static void have_threads(gboolean have)
{
    g_atomic_int_set(&no_threads, !have);
}

GST_START_TEST(test_no_thread_for_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    have_threads(FALSE);
    fail_unless_equals_int(gst_harness_push(h, frames_new(CAPS, FRAME_COLOURS, 0)), GST_FLOW_ERROR);
    expect_error("no thread left");
    have_threads(TRUE);
    gst_buffer_unref(through(1));
    fail_unless(gst_harness_push_event(h, gst_event_new_eos()));
    fail_unless_equals_int(gate_messages(gate, "convnext", NULL, 0), 1);
}
GST_END_TEST;

/* Another model is refused with a warning, and taken the next time. */
GST_START_TEST(test_no_thread_for_reload)
{
    GError *error;
    char *other = network_new_wide(2);

    gst_buffer_unref(through(0));
    have_threads(FALSE);
    g_object_set(h->element, "model", other, NULL);
    GstMessage *message = gate_pop(gate, GST_MESSAGE_WARNING);
    gst_message_parse_warning(message, &error, NULL);
    fail_unless(strstr(error->message, "no thread left") != NULL, "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    gst_buffer_unref(through(1));
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 0);
    have_threads(TRUE);
    g_object_set(h->element, "model", other, NULL);
    gst_element_set_state(h->element, GST_STATE_READY); /* waits for it */
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, CAPS);
    GstBuffer *out = through(0);
    char *name = g_path_get_basename(other);
    fail_unless_equals_string(gst_convnext_result_get_model(frames_result(out)), name);
    gst_buffer_unref(out);
    g_free(name);
    network_delete(other);
}
GST_END_TEST;

static Suite *faults_suite(void)
{
    Suite *s = suite_create("convnext_faults");
    TCase *tc = tcase_create("faults");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, stage_setup, stage_teardown);
    tcase_add_test(tc, test_refused_caps);
    tcase_add_test(tc, test_flush_after_error);
    tcase_add_test(tc, test_no_thread_for_latest);
    tcase_add_test(tc, test_no_thread_for_reload);
    return s;
}

GST_CHECK_MAIN(faults);
