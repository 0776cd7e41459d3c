/* mode=latest: the streaming thread never waits for the network, and only replaced frames are not
 * inferred.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/stage.h"

#define OTHER_CAPS "video/x-raw,format=RGB,width=98,height=202,framerate=25/1"

static void setup(void)
{
    stage_setup();
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
}

/* Processes frame i, the first of a stream, and blocks the worker once it has the result. */
static void hold_worker(guint i)
{
    gate_close(gate);
    gst_buffer_unref(process(i));
    gate_wait(gate);
}

/* While the network is busy for twenty frames, all of them come out with the newest result and its
 * age. Once it is free, only the last frame is inferred. */
GST_START_TEST(test_busy)
{
    guint64 frames[3];

    hold_worker(0);
    for (guint i = 1; i <= 20; i++) {
        g_autoptr(GstBuffer) out = process(i);
        GstConvnextMeta *meta = frames_meta(out);

        fail_unless_equals_uint64(meta->age, i * STEP * GST_MSECOND);
        fail_unless_equals_uint64(gst_convnext_result_get_pts(meta->result), 0);
    }
    gate_open(gate);
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 3), 2);
    fail_unless(frames[0] == 0 && frames[1] == 20);
    fail_unless_equals_uint64(frames_counter(h->element, "frames"), 21);
    fail_unless_equals_uint64(frames_counter(h->element, "inferred"), 2);
    fail_unless_equals_uint64(frames_counter(h->element, "replaced"), 19);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 0);
}
GST_END_TEST;

/* With a slow network, every frame comes out and is either inferred or replaced. */
GST_START_TEST(test_slow)
{
    g_object_set(h->element, "input-size", 192, NULL);
    harness_restart(h, CAPS);
    for (guint i = 0; i < 100; i++)
        gst_buffer_unref(process(i));
    harness_end(h);
    fail_unless_equals_uint64(frames_counter(h->element, "frames"), 100);
    fail_unless_equals_uint64(
        frames_counter(h->element, "inferred") + frames_counter(h->element, "replaced"), 100);
    guint64 frames[100];
    guint n = gate_messages(gate, "convnext", frames, 100);
    fail_unless_equals_uint64(n, frames_counter(h->element, "inferred"));
    fail_unless_equals_uint64(frames[n - 1], 99);
    for (guint i = 1; i < n; i++)
        fail_unless(frames[i] > frames[i - 1]);
}
GST_END_TEST;

/* With carry=false, a result is attached to only one frame. */
GST_START_TEST(test_no_carry)
{
    guint carriers = 0;

    g_object_set(h->element, "carry", FALSE, NULL);
    gate_close(gate);
    for (guint i = 0; i < 10; i++) {
        g_autoptr(GstBuffer) out = process(i);

        gate_wait(gate); /* the first frame has its result, and no other frame gets one */
        carriers += gst_buffer_get_convnext_meta(out) != NULL;
    }
    fail_unless_equals_int(carriers, 1);
}
GST_END_TEST;

/* The element holds no buffers of upstream's pool: a pool of four buffers, as cameras have, never
 * runs out. */
GST_START_TEST(test_pool)
{
    g_autoptr(GstBufferPool) pool = gst_video_buffer_pool_new();
    g_autoptr(GstCaps) caps = gst_caps_from_string(CAPS);
    GstStructure *config = gst_buffer_pool_get_config(pool);
    GstBufferPoolAcquireParams no_wait = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};

    gst_buffer_pool_config_set_params(config, caps, 160 * 120 * 3 / 2, 4, 4);
    fail_unless(gst_buffer_pool_set_config(pool, config));
    fail_unless(gst_buffer_pool_set_active(pool, TRUE));
    gate_close(gate);
    for (guint i = 0; i < 20; i++) {
        GstBuffer *batch[4];

        for (guint k = 0; k < 4; k++) {
            fail_unless_equals_int(gst_buffer_pool_acquire_buffer(pool, &batch[k], &no_wait),
                                   GST_FLOW_OK);
            gst_buffer_memset(batch[k], 0, 40 * k, -1);
            GST_BUFFER_PTS(batch[k]) = (4 * i + k) * STEP * GST_MSECOND;
        }
        for (guint k = 0; k < 4; k++)
            gst_buffer_unref(frames_process(h, batch[k]));
    }
    fail_unless_equals_uint64(frames_counter(h->element, "frames"), 80);
    gst_buffer_pool_set_active(pool, FALSE);
}
GST_END_TEST;

/* After a flush, no older result is attached and no older frame is inferred. */
GST_START_TEST(test_flush)
{
    guint64 frames[2];

    hold_worker(0);
    gst_buffer_unref(process(1));
    harness_flush(h);
    g_autoptr(GstBuffer) out = process(0);
    fail_unless(!gst_buffer_get_convnext_meta(out), "a result from before the flush");
    gate_open(gate);
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 2), 2);
    fail_unless(frames[0] == 0 && frames[1] == 2, "frame 1 was flushed but inferred");
}
GST_END_TEST;

/* A frame from before new caps is still inferred and posts its message, but its result is not
 * attached to frames with the new caps. */
GST_START_TEST(test_caps_change)
{
    guint64 frames[3];

    hold_worker(0);
    gst_buffer_unref(process(1));
    gst_harness_set_src_caps_str(h, OTHER_CAPS);
    gate_open(gate);
    while (frames_counter(h->element, "inferred") < 2) /* until frame 1 is inferred */
        g_thread_yield();
    g_autoptr(GstBuffer) out = frames_process(h, frames_new(OTHER_CAPS, FRAME_COLOURS, 2 * STEP));
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);
    fail_unless(!meta || gst_convnext_result_get_pts(meta->result) == 2 * STEP * GST_MSECOND,
                "a result from the old caps");
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 3), 3);
    fail_unless(frames[0] == 0 && frames[1] == 1 && frames[2] == 2);
}
GST_END_TEST;

/* Stopping while the network runs leaves no result behind, even repeatedly. */
GST_START_TEST(test_restart)
{
    for (guint i = 0; i < 20; i++) {
        for (guint k = 1; k < 4; k++)
            gst_buffer_unref(process(k));
        gst_element_set_state(h->element, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS);
        g_autoptr(GstBuffer) out = process(0);
        GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);
        fail_unless(!meta || gst_convnext_result_get_pts(meta->result) == 0,
                    "a result from before the restart");
        fail_unless_equals_uint64(frames_counter(h->element, "frames"), 1);
    }
}
GST_END_TEST;

static gpointer push_eos(gpointer data)
{
    gst_harness_push_event(h, gst_event_new_eos());
    return NULL;
}

/* A flush ends the wait at EOS for a network that does not finish. */
GST_START_TEST(test_flush_ends_wait)
{
    hold_worker(0);
    GThread *thread = g_thread_new("eos", push_eos, NULL);
    g_usleep(20000); /* the thread very likely waits by now; if not, the test passes anyway */
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_start()));
    g_thread_join(thread);
    gate_open(gate);
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
}
GST_END_TEST;

/* After a change to sync, the running inference posts its message first, and then each frame
 * gets its own result. A change back to latest carries results again. */
GST_START_TEST(test_mode_change)
{
    guint64 frames[5];

    gst_buffer_unref(process(0));
    gst_buffer_unref(process(1));
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "sync");
    for (guint i = 2; i < 4; i++)
        fail_unless_equals_uint64(frames_age(process(i)), 0);
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    GstClockTime age = frames_age(process(4));
    fail_unless(age == STEP * GST_MSECOND || age == 0);
    harness_end(h);
    guint n = gate_messages(gate, "convnext", frames, 5);
    fail_unless_equals_uint64(n + frames_counter(h->element, "replaced"), 5);
    for (guint i = 0; i < n; i++)
        fail_unless_equals_uint64(frames[i], 5 - n + i);
}
GST_END_TEST;

/* With interval=3, only every third frame is inferred even if the worker is idle. */
GST_START_TEST(test_interval)
{
    guint64 frames[4];

    g_object_set(h->element, "interval", 3, NULL);
    for (guint i = 0; i < 9; i++) {
        gst_buffer_unref(process(i));
        while (frames_counter(h->element, "inferred") < i / 3 + 1)
            g_thread_yield();
    }
    harness_end(h);
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 4), 3);
    fail_unless(frames[0] == 0 && frames[1] == 3 && frames[2] == 6);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 6);
}
GST_END_TEST;

static Suite *convnext_worker_suite(void)
{
    Suite *s = suite_create("convnext_worker");
    TCase *tc = tcase_create("worker");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, stage_teardown);
    tcase_add_test(tc, test_busy);
    tcase_add_test(tc, test_slow);
    tcase_add_test(tc, test_no_carry);
    tcase_add_test(tc, test_pool);
    tcase_add_test(tc, test_flush);
    tcase_add_test(tc, test_caps_change);
    tcase_add_test(tc, test_restart);
    tcase_add_test(tc, test_flush_ends_wait);
    tcase_add_test(tc, test_mode_change);
    tcase_add_test(tc, test_interval);
    return s;
}

GST_CHECK_MAIN(convnext_worker);
