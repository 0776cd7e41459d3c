/* The dropper drops queued frames of a live camera, up to a key frame with little video behind it,
 * but none of a stream with a constant lag.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/dropper.h"

#define FRAME (40 * GST_MSECOND) /* the camera's frame interval */
#define GROUP 25                 /* frames from one key frame to the next */

/* A camera and the decoder behind it. */
typedef struct Stream {
    WatchDropper dropper;
    GstClockTime now, stamp; /* of the next frame */
    GstClockTime lag;        /* of the previous frame */
    guint frame;
    guint decoded, dropped;
    guint run, longest_run;  /* frames dropped in a row: now, and the maximum */
    gboolean resumed_midway; /* decoding resumed at a frame other than a key frame */
} Stream;

static Stream stream_new(void)
{
    return (Stream){.dropper = {.max_lag = 2 * GST_SECOND, .base_lag = GST_CLOCK_TIME_NONE}};
}

/* The next frame arrives at stamp + delay, or when the previous frame is finished if that is later.
 * A decoded frame takes the time decoding, a dropped one 0.1 ms. */
static void add_frame(Stream *self, GstClockTime delay, GstClockTime decoding, guint group)
{
    const gboolean is_key_frame = self->frame++ % group == 0;

    self->now = MAX(self->now, self->stamp + delay);
    self->lag = self->now - self->stamp;
    if (watch_dropper_drops(&self->dropper, self->now, self->lag, is_key_frame)) {
        self->dropped++;
        self->run++;
        self->longest_run = MAX(self->longest_run, self->run);
        self->now += GST_MSECOND / 10;
    } else {
        self->resumed_midway |= self->run > 0 && !is_key_frame;
        self->run = 0;
        self->decoded++;
        self->now += decoding;
    }
    self->stamp += FRAME;
}

static void test_in_time(void)
{
    Stream stream = stream_new();

    for (guint i = 0; i < 1000; i++)
        add_frame(&stream, 100 * GST_MSECOND, FRAME - 1, GROUP);
    g_assert_cmpuint(stream.decoded, ==, 1000);
}

/* A decoder at half the camera's rate: about half the frames are dropped, decoding resumes at key
 * frames, and the lag stays within its limit. */
static void test_too_slow(void)
{
    Stream stream = stream_new();

    for (guint i = 0; i < 2500; i++) {
        add_frame(&stream, 0, 2 * FRAME, GROUP);
        g_assert_cmpuint(stream.lag, <, 2 * GST_SECOND + 3 * FRAME);
    }
    g_assert_cmpuint(stream.decoded, >, 1000);
    g_assert_cmpuint(stream.dropped, >, 1000);
    g_assert_false(stream.resumed_midway);
    g_assert_cmpuint(stream.longest_run, <=, 50 + GROUP); /* two seconds, then to a key frame */
}

/* In MJPEG every frame is a key frame: decoding resumes with a recent one. */
static void test_all_keys(void)
{
    Stream stream = stream_new();

    while (stream.dropped == 0)
        add_frame(&stream, 0, 5 * FRAME, 1);
    while (stream.run > 0)
        add_frame(&stream, 0, 5 * FRAME, 1);
    g_assert_cmpuint(stream.lag, <, GST_SECOND);
}

/* Clocks that differ from the first frame on: there is no backlog to drop. */
static void test_constant(void)
{
    Stream stream = stream_new();

    for (guint i = 0; i < 1000; i++)
        add_frame(&stream, 7 * GST_SECOND, FRAME / 2, GROUP);
    g_assert_cmpuint(stream.dropped, ==, 0);
}

/* Clocks that jump later on: dropping stops when it does not help, and does not start again. */
static void test_step(void)
{
    Stream stream = stream_new();
    guint dropped;

    for (guint i = 0; i < 110; i++)
        add_frame(&stream, 0, FRAME / 2, GROUP);
    for (guint i = 0; i < 100; i++)
        add_frame(&stream, 7 * GST_SECOND, FRAME / 2, GROUP);
    dropped = stream.dropped;
    g_assert_cmpuint(dropped, >, 0);
    g_assert_cmpuint(dropped, <=, 3 * GROUP);
    for (guint i = 0; i < 1000; i++)
        add_frame(&stream, 7 * GST_SECOND, FRAME / 2, GROUP);
    g_assert_cmpuint(stream.dropped, ==, dropped);
}

/* A stream without key frames still resumes. */
static void test_no_keys(void)
{
    Stream stream = stream_new();

    while (stream.dropped == 0)
        add_frame(&stream, 0, 2 * FRAME, G_MAXUINT);
    while (stream.run > 0)
        add_frame(&stream, 0, 2 * FRAME, G_MAXUINT);
    /* Two seconds of backlog, and the twenty seconds that dropping may last. */
    g_assert_cmpuint(stream.dropped, <=, 23 * GST_SECOND / FRAME);
}

/* Frames without timestamps are decoded, and end dropping at a key frame. */
static void test_no_times(void)
{
    WatchDropper dropper = stream_new().dropper;

    for (guint i = 0; i < 100; i++)
        g_assert_false(watch_dropper_drops(&dropper, i * GST_SECOND, GST_CLOCK_TIME_NONE, i == 0));
    g_assert_false(watch_dropper_drops(&dropper, 100 * GST_SECOND, 0, TRUE));
    g_assert_true(watch_dropper_drops(&dropper, 101 * GST_SECOND, 3 * GST_SECOND, FALSE));
    g_assert_true(watch_dropper_drops(&dropper, 102 * GST_SECOND, GST_CLOCK_TIME_NONE, FALSE));
    g_assert_false(watch_dropper_drops(&dropper, 103 * GST_SECOND, GST_CLOCK_TIME_NONE, TRUE));
}

/* A lag of exactly the limit is decoded, and dropping ends at a key frame with a lag of exactly
 * half a second. */
static void test_limits(void)
{
    WatchDropper dropper = stream_new().dropper;

    g_assert_false(watch_dropper_drops(&dropper, 0, 0, TRUE));
    g_assert_false(watch_dropper_drops(&dropper, 1, 2 * GST_SECOND, FALSE));
    g_assert_true(watch_dropper_drops(&dropper, 2, 2 * GST_SECOND + 1, FALSE));
    g_assert_true(watch_dropper_drops(&dropper, 3, GST_SECOND / 2, FALSE));
    g_assert_true(watch_dropper_drops(&dropper, 4, GST_SECOND / 2 + 1, TRUE));
    g_assert_false(watch_dropper_drops(&dropper, 5, GST_SECOND / 2, TRUE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dropper/in-time", test_in_time);
    g_test_add_func("/dropper/too-slow", test_too_slow);
    g_test_add_func("/dropper/all-keys", test_all_keys);
    g_test_add_func("/dropper/constant", test_constant);
    g_test_add_func("/dropper/step", test_step);
    g_test_add_func("/dropper/no-keys", test_no_keys);
    g_test_add_func("/dropper/no-times", test_no_times);
    g_test_add_func("/dropper/limits", test_limits);
    return g_test_run();
}
