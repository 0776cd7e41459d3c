/* mode=latest: the streaming thread never waits for the network, and nothing is lost but what is
 * meant to be.
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

/* Frame i is the first of a stream, and its result is there, with the worker held up at it. */
static void first_result(guint i)
{
    gate_close(gate);
    gst_buffer_unref(through(i));
    gate_wait(gate);
}

static void end(void)
{
    fail_unless(gst_harness_push_event(h, gst_event_new_eos()));
}

/* The network is busy for twenty frames. All come out at once, with the newest finished result and
 * its age, and only the last of them is looked at when the network is free. */
GST_START_TEST(test_busy)
{
    guint64 frames[3];

    first_result(0);
    for (guint i = 1; i <= 20; i++) {
        GstBuffer *out = through(i);
        GstConvnextMeta *meta = frames_meta(out);

        fail_unless_equals_uint64(meta->age, i * STEP * GST_MSECOND);
        fail_unless_equals_uint64(gst_convnext_result_get_pts(meta->result), 0);
        gst_buffer_unref(out);
    }
    gate_open(gate);
    end();
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 3), 2);
    fail_unless(frames[0] == 0 && frames[1] == 20);
    fail_unless_equals_uint64(frames_counter(h, "frames"), 21);
    fail_unless_equals_uint64(frames_counter(h, "inferred"), 2);
    fail_unless_equals_uint64(frames_counter(h, "replaced"), 19);
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 0);
}
GST_END_TEST;

/* A network that takes long by itself: whatever it manages, each frame comes out, and each is
 * inferred or replaced. */
GST_START_TEST(test_slow)
{
    g_object_set(h->element, "input-size", 512, NULL);
    gst_element_set_state(h->element, GST_STATE_NULL);
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, CAPS);
    for (guint i = 0; i < 100; i++)
        gst_buffer_unref(through(i));
    end();
    fail_unless_equals_uint64(frames_counter(h, "frames"), 100);
    fail_unless_equals_uint64(frames_counter(h, "inferred") + frames_counter(h, "replaced"), 100);
    guint64 frames[100];
    guint n = gate_messages(gate, "convnext", frames, 100);
    fail_unless_equals_uint64(n, frames_counter(h, "inferred"));
    fail_unless_equals_uint64(frames[n - 1], 99);
    for (guint i = 1; i < n; i++)
        fail_unless(frames[i] > frames[i - 1]);
}
GST_END_TEST;

GST_START_TEST(test_no_carry)
{
    g_object_set(h->element, "carry", FALSE, NULL);
    guint carriers = 0;
    gate_close(gate);
    for (guint i = 0; i < 10; i++) {
        GstBuffer *out = through(i);

        gate_wait(gate); /* the first frame's result is there, and no other comes */
        carriers += gst_buffer_get_convnext_meta(out) != NULL;
        gst_buffer_unref(out);
    }
    fail_unless_equals_int(carriers, 1);
}
GST_END_TEST;

/* Upstream has four buffers, as cameras do. It never finds its pool empty. */
GST_START_TEST(test_pool)
{
    GstBufferPool *pool = gst_video_buffer_pool_new();
    GstStructure *config = gst_buffer_pool_get_config(pool);
    GstCaps *caps = gst_caps_from_string(CAPS);
    GstBufferPoolAcquireParams now = {.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT};

    gst_buffer_pool_config_set_params(config, caps, 160 * 120 * 3 / 2, 4, 4);
    fail_unless(gst_buffer_pool_set_config(pool, config));
    fail_unless(gst_buffer_pool_set_active(pool, TRUE));
    gst_caps_unref(caps);
    gate_close(gate);
    for (guint i = 0; i < 20; i++) {
        GstBuffer *held[4];

        for (guint k = 0; k < 4; k++) {
            fail_unless_equals_int(gst_buffer_pool_acquire_buffer(pool, &held[k], &now),
                                   GST_FLOW_OK);
            gst_buffer_memset(held[k], 0, 40 * k, -1);
            GST_BUFFER_PTS(held[k]) = (4 * i + k) * STEP * GST_MSECOND;
        }
        for (guint k = 0; k < 4; k++)
            gst_buffer_unref(frames_through(h, held[k]));
    }
    fail_unless_equals_uint64(frames_counter(h, "frames"), 80);
    gst_buffer_pool_set_active(pool, FALSE);
    gst_object_unref(pool);
}
GST_END_TEST;

/* After a flush nothing of before is heard or seen. */
GST_START_TEST(test_flush)
{
    guint64 frames[2];

    first_result(0);
    gst_buffer_unref(through(1));
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_start()));
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    fail_unless(gst_harness_push_event(h, gst_event_new_segment(&segment)));
    GstBuffer *out = through(0);
    fail_unless(!gst_buffer_get_convnext_meta(out), "a result from before the flush");
    gst_buffer_unref(out);
    gate_open(gate);
    end();
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 2), 2);
    fail_unless(frames[0] == 0 && frames[1] == 2, "frame 1 was flushed, and was run");
}
GST_END_TEST;

/* What was looked at before new caps is told, but not attached to frames of another shape. */
GST_START_TEST(test_caps_change)
{
    guint64 frames[3];

    first_result(0);
    gst_buffer_unref(through(1));
    gst_harness_set_src_caps_str(h, OTHER_CAPS);
    gate_open(gate);
    while (frames_counter(h, "inferred") < 2) /* frame 1 has run */
        g_thread_yield();
    GstBuffer *out = frames_through(h, frames_new(OTHER_CAPS, FRAME_COLOURS, 2 * STEP));
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);
    fail_unless(!meta || gst_convnext_result_get_pts(meta->result) == 2 * STEP * GST_MSECOND,
                "a result of the old caps");
    gst_buffer_unref(out);
    end();
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 3), 3);
    fail_unless(frames[0] == 0 && frames[1] == 1 && frames[2] == 2);
}
GST_END_TEST;

/* Stopped with the network at work, again and again. */
GST_START_TEST(test_restart)
{
    for (guint i = 0; i < 20; i++) {
        for (guint k = 1; k < 4; k++)
            gst_buffer_unref(through(k));
        gst_element_set_state(h->element, i % 2 ? GST_STATE_READY : GST_STATE_NULL);
        gst_element_set_state(h->element, GST_STATE_PLAYING);
        gst_harness_set_src_caps_str(h, CAPS);
        GstBuffer *out = through(0);
        GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);
        fail_unless(!meta || gst_convnext_result_get_pts(meta->result) == 0,
                    "a result of before the restart");
        gst_buffer_unref(out);
        fail_unless_equals_uint64(frames_counter(h, "frames"), 1);
    }
}
GST_END_TEST;

static gpointer push_eos(gpointer unused)
{
    gst_harness_push_event(h, gst_event_new_eos());
    return NULL;
}

/* An end of stream that waits for a network that does not finish: a flush ends the wait. */
GST_START_TEST(test_flush_ends_wait)
{
    first_result(0);
    GThread *waiting = g_thread_new("eos", push_eos, NULL);
    g_usleep(20000); /* most likely it waits now; when not, the test passes all the same */
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_start()));
    g_thread_join(waiting);
    gate_open(gate);
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
}
GST_END_TEST;

/* From latest to sync while the network is at work: its result is told first, then each frame has
 * its own. And back again. */
GST_START_TEST(test_change_mode)
{
    guint64 frames[5];

    gst_buffer_unref(through(0));
    gst_buffer_unref(through(1));
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "sync");
    for (guint i = 2; i < 4; i++) {
        GstBuffer *out = through(i);

        fail_unless_equals_uint64(frames_meta(out)->age, 0);
        gst_buffer_unref(out);
    }
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    GstBuffer *out = through(4);
    fail_unless(frames_meta(out)->age == STEP * GST_MSECOND || frames_meta(out)->age == 0);
    gst_buffer_unref(out);
    end();
    guint n = gate_messages(gate, "convnext", frames, 5);
    fail_unless_equals_uint64(n + frames_counter(h, "replaced"), 5);
    for (guint i = 0; i < n; i++)
        fail_unless_equals_uint64(frames[i], 5 - n + i);
}
GST_END_TEST;

/* Only every third frame is looked at, whoever is free. */
GST_START_TEST(test_interval)
{
    guint64 frames[4];

    g_object_set(h->element, "interval", 3, NULL);
    for (guint i = 0; i < 9; i++) {
        gst_buffer_unref(through(i));
        while (frames_counter(h, "inferred") < i / 3 + 1)
            g_thread_yield();
    }
    end();
    fail_unless_equals_int(gate_messages(gate, "convnext", frames, 4), 3);
    fail_unless(frames[0] == 0 && frames[1] == 3 && frames[2] == 6);
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 6);
}
GST_END_TEST;

static Suite *latest_suite(void)
{
    Suite *s = suite_create("convnext_latest");
    TCase *tc = tcase_create("latest");

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
    tcase_add_test(tc, test_change_mode);
    tcase_add_test(tc, test_interval);
    return s;
}

GST_CHECK_MAIN(latest);
