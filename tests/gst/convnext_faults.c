/* Faults while playing, and recovery from them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <gst/check/gstcheck.h>

#include "tests/gst/support/messages.h"
#include "tests/gst/support/stage.h"

/* Caps with an impossible pixel aspect ratio post an error. The previous caps work again. */
GST_START_TEST(test_refused_caps)
{
    g_autoptr(GstCaps) refused = gst_caps_from_string(CAPS ",pixel-aspect-ratio=1000000/1");

    gst_buffer_unref(process(0));
    gst_harness_push_event(h, gst_event_new_caps(refused));
    messages_expect(gate_pop(gate, GST_MESSAGE_ERROR), "1000000/1");
    gst_harness_set_src_caps_str(h, CAPS);
    fail_unless_equals_uint64(frames_age(process(1)), 0);
}
GST_END_TEST;

/* An allocator that fails */

static GstMemory *allocate_nothing(GstAllocator *allocator, gsize size, GstAllocationParams *params)
{
    return NULL;
}

static void init_class(gpointer klass, gpointer data)
{
    GST_ALLOCATOR_CLASS(klass)->alloc = allocate_nothing;
}

/* Makes GStreamer's default allocator fail, for example for the logits of a result, until
 * restore_allocator(). */
static void break_allocator(void)
{
    const GTypeInfo info = {.class_size = sizeof(GstAllocatorClass),
                            .class_init = init_class,
                            .instance_size = sizeof(GstAllocator)};
    GType type = g_type_register_static(GST_TYPE_ALLOCATOR, "NoMemory", &info, 0);

    gst_allocator_set_default(g_object_new(type, NULL));
}

static void restore_allocator(void)
{
    gst_allocator_set_default(gst_allocator_find(GST_ALLOCATOR_SYSMEM));
}

/* An error in the worker ends the stream, and a flush starts it again. */
GST_START_TEST(test_flush_after_error)
{
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 0); /* needs the allocator */

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    break_allocator();
    gst_buffer_unref(frames_process(h, frame));
    messages_expect(gate_pop(gate, GST_MESSAGE_ERROR), "no memory");
    restore_allocator();
    fail_unless_equals_int(gst_harness_push(h, frames_new(CAPS, FRAME_COLOURS, 40)),
                           GST_FLOW_ERROR);
    harness_flush(h);
    gst_buffer_unref(process(2));
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", NULL, 0), 1);
}
GST_END_TEST;

/* A system that is out of threads: the plugin calls this function instead of GLib's */

static int out_of_threads; /* atomic */

__attribute__((visibility("default"))) GThread *g_thread_try_new(const char *name, GThreadFunc run,
                                                                 gpointer data, GError **error)
{
    typedef GThread *TryNew(const char *, GThreadFunc, gpointer, GError **);
    TryNew *try_new = (TryNew *)dlsym(RTLD_NEXT, "g_thread_try_new");
    if (!g_atomic_int_get(&out_of_threads))
        return try_new(name, run, data, error);
    g_set_error(error, G_THREAD_ERROR, G_THREAD_ERROR_AGAIN, "the test allows no thread");
    return NULL;
}

static void set_out_of_threads(gboolean is_out)
{
    g_atomic_int_set(&out_of_threads, is_out);
}

/* Without a thread for the worker, the frame fails with an error. The next frame starts the
 * worker. */
GST_START_TEST(test_no_thread_for_latest)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    set_out_of_threads(TRUE);
    fail_unless_equals_int(gst_harness_push(h, frames_new(CAPS, FRAME_COLOURS, 0)), GST_FLOW_ERROR);
    messages_expect(gate_pop(gate, GST_MESSAGE_ERROR), "no thread left");
    set_out_of_threads(FALSE);
    gst_buffer_unref(process(1));
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", NULL, 0), 1);
}
GST_END_TEST;

/* Without a thread to load another model, a warning is posted and the model stays. The next
 * attempt loads it. */
GST_START_TEST(test_no_thread_for_reload)
{
    char *other = network_new_wide(2);

    gst_buffer_unref(process(0));
    set_out_of_threads(TRUE);
    g_object_set(h->element, "model", other, NULL);
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), "no thread left");
    gst_buffer_unref(process(1));
    fail_unless_equals_int(gate_messages(gate, "convnext-model-updated", NULL, 0), 0);
    set_out_of_threads(FALSE);
    g_object_set(h->element, "model", other, NULL);
    gst_element_set_state(h->element, GST_STATE_READY); /* waits for the reload */
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, CAPS);
    g_autoptr(GstBuffer) out = process(0);
    fail_unless(frames_from_model(out, other), "the model was not reloaded");
    network_delete(other);
}
GST_END_TEST;

static Suite *convnext_faults_suite(void)
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

GST_CHECK_MAIN(convnext_faults);
