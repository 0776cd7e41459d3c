/* Which frames of a live camera are left out: those that wait, up to a key frame behind which
 * little waits; not those of a stream that is late by a constant.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/late.h"

#define FRAME (40 * GST_MSECOND) /* of the camera, one after the other */
#define GROUP 25                 /* from key frame to key frame */

/* A camera, and what is behind it. */
typedef struct Stream {
    WatchLate late;
    GstClockTime now, stamp; /* of the next frame */
    GstClockTime lag;        /* of the one before */
    guint frame;
    guint decoded, skipped, longest; /* longest: of those skipped one after the other */
    guint run;
    gboolean not_key; /* a frame other than a key frame followed one that was left out */
} Stream;

static Stream stream_new(void)
{
    return (Stream){.late = {.most = 2 * GST_SECOND, .least = GST_CLOCK_TIME_NONE}};
}

/* The next frame, which comes at stamp + delay or when the one before is done with: that takes
 * decoding, or nothing. */
static void next(Stream *self, GstClockTime delay, GstClockTime decoding, guint group)
{
    const gboolean key = self->frame++ % group == 0;

    self->now = MAX(self->now, self->stamp + delay);
    self->lag = self->now - self->stamp;
    if (watch_late_skips(&self->late, self->now, self->lag, key)) {
        self->skipped++;
        self->run++;
        self->longest = MAX(self->longest, self->run);
        self->now += GST_MSECOND / 10;
    } else {
        self->not_key |= self->run > 0 && !key;
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
        next(&stream, 100 * GST_MSECOND, FRAME - 1, GROUP);
    g_assert_cmpuint(stream.decoded, ==, 1000);
}

/* Twice as slow as the camera: about half is left out, at key frames, and nothing is ever later
 * than it may be. */
static void test_too_slow(void)
{
    Stream stream = stream_new();

    for (guint i = 0; i < 2500; i++) {
        next(&stream, 0, 2 * FRAME, GROUP);
        g_assert_cmpuint(stream.lag, <, 2 * GST_SECOND + 3 * FRAME);
    }
    g_assert_cmpuint(stream.decoded, >, 1000);
    g_assert_cmpuint(stream.skipped, >, 1000);
    g_assert_false(stream.not_key);
    g_assert_cmpuint(stream.longest, <=, 50 + GROUP); /* two seconds, and on to a key frame */
}

/* Every frame is one, as with MJPEG: what is decoded next is new. */
static void test_all_keys(void)
{
    Stream stream = stream_new();

    while (stream.skipped == 0)
        next(&stream, 0, 5 * FRAME, 1);
    while (stream.run > 0)
        next(&stream, 0, 5 * FRAME, 1);
    g_assert_cmpuint(stream.lag, <, GST_SECOND);
}

/* Clocks that differ, from the first frame on: nothing to make up. */
static void test_constant(void)
{
    Stream stream = stream_new();

    for (guint i = 0; i < 1000; i++)
        next(&stream, 7 * GST_SECOND, FRAME / 2, GROUP);
    g_assert_cmpuint(stream.skipped, ==, 0);
}

/* Or from some frame on: leaving out is given up when it is in vain, and tried no more. */
static void test_step(void)
{
    Stream stream = stream_new();
    guint skipped;

    for (guint i = 0; i < 110; i++)
        next(&stream, 0, FRAME / 2, GROUP);
    for (guint i = 0; i < 100; i++)
        next(&stream, 7 * GST_SECOND, FRAME / 2, GROUP);
    skipped = stream.skipped;
    g_assert_cmpuint(skipped, >, 0);
    g_assert_cmpuint(skipped, <=, 3 * GROUP);
    for (guint i = 0; i < 1000; i++)
        next(&stream, 7 * GST_SECOND, FRAME / 2, GROUP);
    g_assert_cmpuint(stream.skipped, ==, skipped);
}

/* Without key frames, and without times, there is a picture again some time. */
static void test_no_keys(void)
{
    Stream stream = stream_new();

    while (stream.skipped == 0)
        next(&stream, 0, 2 * FRAME, G_MAXUINT);
    while (stream.run > 0)
        next(&stream, 0, 2 * FRAME, G_MAXUINT);
    /* Two seconds that waited, and the twenty that leaving out may take. */
    g_assert_cmpuint(stream.skipped, <=, 23 * GST_SECOND / FRAME);
}

static void test_no_times(void)
{
    WatchLate late = stream_new().late;

    for (guint i = 0; i < 100; i++)
        g_assert_false(watch_late_skips(&late, i * GST_SECOND, GST_CLOCK_TIME_NONE, i == 0));
    g_assert_false(watch_late_skips(&late, 100 * GST_SECOND, 0, TRUE));
    g_assert_true(watch_late_skips(&late, 101 * GST_SECOND, 3 * GST_SECOND, FALSE));
    g_assert_true(watch_late_skips(&late, 102 * GST_SECOND, GST_CLOCK_TIME_NONE, FALSE));
    g_assert_false(watch_late_skips(&late, 103 * GST_SECOND, GST_CLOCK_TIME_NONE, TRUE));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/watch-late/in-time", test_in_time);
    g_test_add_func("/watch-late/too-slow", test_too_slow);
    g_test_add_func("/watch-late/all-keys", test_all_keys);
    g_test_add_func("/watch-late/constant", test_constant);
    g_test_add_func("/watch-late/step", test_step);
    g_test_add_func("/watch-late/no-keys", test_no_keys);
    g_test_add_func("/watch-late/no-times", test_no_times);
    return g_test_run();
}
