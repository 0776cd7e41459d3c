/* When a picture is frozen: streams of fingerprints as decoders deliver them, and the fingerprints
 * of frames in each kind of format.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/frozen.h"

#include <string.h>

#define LIMIT (60 * GST_SECOND)
#define FRAME (GST_SECOND / 5)
#define GROUP 10 /* frames from one key frame to the next */

#define SAMPLES (WATCH_TILES * WATCH_TILE_SAMPLES)

typedef struct Stream {
    WatchFrozen *frozen;
    GRand *random;
    GstClockTime timestamp; /* of the next frame */
    GstClockTime duration;
    WatchFreeze freeze; /* after the last frame */
    guint begun, ended;
} Stream;

static Stream stream_new(void)
{
    return (Stream){.frozen = watch_frozen_new(LIMIT),
                    .random = g_rand_new_with_seed(1),
                    .duration = GST_CLOCK_TIME_NONE};
}

static void stream_clear(Stream *self)
{
    watch_frozen_free(self->frozen);
    g_rand_free(self->random);
}

static void add_frame(Stream *self, const WatchFingerprint *fingerprint)
{
    const gboolean was_frozen = self->freeze.is_frozen;

    watch_frozen_add(self->frozen, fingerprint, self->timestamp, self->duration, &self->freeze);
    self->begun += self->freeze.is_frozen && !was_frozen;
    self->ended += was_frozen && !self->freeze.is_frozen;
    if (GST_CLOCK_TIME_IS_VALID(self->timestamp))
        self->timestamp += FRAME;
}

static guint8 *sample_at(WatchFingerprint *fingerprint, guint i)
{
    return &fingerprint->tiles[i / WATCH_TILE_SAMPLES][i % WATCH_TILE_SAMPLES];
}

/* A picture with detail everywhere, the same one for the same seed. */
static WatchFingerprint make_picture(guint seed)
{
    WatchFingerprint picture;
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);

    for (guint i = 0; i < SAMPLES; i++)
        *sample_at(&picture, i) = (guint8)g_rand_int_range(random, 16, 236);
    return picture;
}

/* Changes some samples, by one to four levels. */
static WatchFingerprint add_noise(Stream *self, WatchFingerprint picture, guint count)
{
    for (guint i = 0; i < count; i++) {
        const int at = g_rand_int_range(self->random, 0, SAMPLES);

        *sample_at(&picture, (guint)at) += (guint8)g_rand_int_range(self->random, 1, 5);
    }
    return picture;
}

static void add_seconds(Stream *self, const WatchFingerprint *picture, guint seconds)
{
    for (guint i = 0; i < seconds * 5; i++)
        add_frame(self, picture);
}

static void test_repeated(void)
{
    Stream stream = stream_new();
    const WatchFingerprint picture = make_picture(1), other = make_picture(2);

    stream.timestamp = 7;
    add_seconds(&stream, &picture, 60);
    g_assert_cmpuint(stream.begun, ==, 0);
    add_frame(&stream, &picture);
    g_assert_cmpuint(stream.begun, ==, 1);
    g_assert_cmpuint(stream.freeze.start, ==, 7);
    g_assert_cmpuint(stream.freeze.duration, ==, LIMIT);
    g_assert_cmpint(ABS(g_get_real_time() - stream.freeze.since), <, 60 * G_USEC_PER_SEC);
    add_seconds(&stream, &picture, 30);

    /* One new picture is no motion, two are. */
    add_frame(&stream, &other);
    add_seconds(&stream, &picture, 1);
    g_assert_cmpuint(stream.ended, ==, 0);
    const WatchFingerprint third = make_picture(3);
    add_frame(&stream, &third);
    g_assert_cmpuint(stream.ended, ==, 1);
    g_assert_cmpuint(stream.freeze.start, ==, 7);
    g_assert_cmpuint(stream.freeze.duration, ==, LIMIT + 31 * GST_SECOND + 2 * FRAME);
    add_seconds(&stream, &third, 59);
    g_assert_cmpuint(stream.begun, ==, 1);
    add_seconds(&stream, &third, 2);
    g_assert_cmpuint(stream.begun, ==, 2);
    stream_clear(&stream);
}

/* Frames of one picture behind an encoder: key frames and the frames between them differ, but they
 * recur. Without a change of the picture, small differences remain. */
static void test_reencoded(void)
{
    Stream stream = stream_new();
    const WatchFingerprint picture = make_picture(1);
    WatchFingerprint group[GROUP];

    for (guint i = 0; i < GROUP; i++)
        group[i] = add_noise(&stream, picture, 3000);
    for (guint i = 0; i < 63 * 5; i++)
        add_frame(&stream, &group[i % GROUP]);
    g_assert_cmpuint(stream.begun, ==, 1);
    for (guint i = 0; i < 1000; i++) {
        WatchFingerprint settled = group[i % GROUP];

        settled.tiles[i % WATCH_TILES][i % WATCH_TILE_SAMPLES] += 6;
        add_frame(&stream, &settled);
    }
    g_assert_cmpuint(stream.ended, ==, 0);
    stream_clear(&stream);
}

/* A living sensor behind an encoder that removes all noise but that of the key frames, and much of
 * theirs. */
static void test_noise(void)
{
    Stream stream = stream_new();
    const WatchFingerprint picture = make_picture(1);
    WatchFingerprint coded = picture;

    for (guint i = 0; i < 3000; i++) {
        if (i % (10 * GROUP) == 0) { /* every 20 s */
            memcpy(&coded, &picture, sizeof coded);
            for (guint j = 0; j < 30; j++) { /* some blocks are a level brighter */
                guint8 *tile = coded.tiles[g_rand_int_range(stream.random, 0, WATCH_TILES)];

                for (guint k = 0; k < WATCH_TILE_SAMPLES; k++)
                    tile[k]++;
            }
        }
        add_frame(&stream, &coded);
        g_assert_false(stream.freeze.is_frozen);
    }
    g_assert_cmpuint(stream.begun, ==, 0);
    stream_clear(&stream);
}

/* A clock of `tiles` tiles that runs over one picture. */
static guint run_clock(guint tiles)
{
    Stream stream = stream_new();
    WatchFingerprint picture = make_picture(1);

    for (guint i = 0; i < 100 * 5; i++) {
        if (i % 5 == 0)
            memset(picture.tiles[40], (int)(i / 5), tiles * WATCH_TILE_SAMPLES);
        add_frame(&stream, &picture);
    }
    const guint begun = stream.begun;
    stream_clear(&stream);
    return begun;
}

static void test_clock(void)
{
    g_assert_cmpuint(run_clock(WATCH_TILES / 50), ==, 1);
    g_assert_cmpuint(run_clock(WATCH_TILES / 50 + 1), ==, 0);
}

/* Something small that wanders is no clock. */
static void test_wandering(void)
{
    Stream stream = stream_new();
    const WatchFingerprint picture = make_picture(1);

    for (guint i = 0; i < 200 * 5; i++) {
        WatchFingerprint frame = picture;

        memset(frame.tiles[i / 5 % WATCH_TILES], (int)(i % 200), WATCH_TILE_SAMPLES);
        add_frame(&stream, &frame);
    }
    g_assert_cmpuint(stream.begun, ==, 0);
    stream_clear(&stream);
}

/* Timestamps that jump, run backwards or are missing are no time. */
static void test_timestamps(void)
{
    Stream stream = stream_new();
    const WatchFingerprint picture = make_picture(1);

    add_seconds(&stream, &picture, 1);
    stream.timestamp += 3600 * GST_SECOND;
    add_frame(&stream, &picture);
    g_assert_cmpuint(stream.freeze.duration, ==, GST_SECOND - FRAME + 2 * GST_SECOND);
    stream.timestamp = 0;
    add_frame(&stream, &picture);
    stream.timestamp = GST_CLOCK_TIME_NONE;
    add_frame(&stream, &picture);
    g_assert_cmpuint(stream.freeze.duration, ==, GST_SECOND - FRAME + 2 * GST_SECOND);
    g_assert_cmpuint(stream.begun, ==, 0);
    stream_clear(&stream);
}

/* Frames without timestamps last as long as their duration, if they have one, and count
 * for two seconds at most. */
static void test_durations(void)
{
    static const GstClockTime durations[][2] = {
        {FRAME, LIMIT},
        {GST_CLOCK_TIME_NONE, 0},
        {0, 0},
        {3600 * GST_SECOND, 300 * 2 * GST_SECOND},
        {GST_CLOCK_TIME_NONE - 1, 300 * 2 * GST_SECOND},
    };
    const WatchFingerprint picture = make_picture(1);

    for (guint i = 0; i < G_N_ELEMENTS(durations); i++) {
        Stream stream = stream_new();

        stream.timestamp = GST_CLOCK_TIME_NONE;
        stream.duration = durations[i][0];
        add_seconds(&stream, &picture, 60);
        add_frame(&stream, &picture);
        g_assert_cmpuint(stream.freeze.duration, ==, durations[i][1]);
        g_assert_cmpuint(stream.freeze.start, ==, GST_CLOCK_TIME_NONE);
        g_assert_cmpuint(stream.begun, ==, durations[i][1] >= LIMIT);
        stream_clear(&stream);
    }
}

/* Some decoders stamp only some of the frames. */
static void test_few_timestamps(void)
{
    Stream stream = stream_new();
    const WatchFingerprint picture = make_picture(1);

    stream.duration = FRAME;
    for (guint i = 0; i <= 60 * 5; i++) {
        stream.timestamp = i % 3 ? GST_CLOCK_TIME_NONE : i * FRAME;
        add_frame(&stream, &picture);
    }
    g_assert_cmpuint(stream.freeze.duration, ==, LIMIT);
    g_assert_cmpuint(stream.begun, ==, 1);
    stream_clear(&stream);
}

/* Black with a dot in each of some tiles from `first` on. */
static guint show_dots(guint first, guint tiles)
{
    Stream stream = stream_new();
    WatchFingerprint picture;

    memset(&picture, 16, sizeof picture);
    for (guint i = 0; i < tiles; i++)
        picture.tiles[first + i][5] = 24;
    add_seconds(&stream, &picture, 100);
    const guint begun = stream.begun;
    stream_clear(&stream);
    return begun;
}

/* Black and a few dots are too little to judge. */
static void test_no_detail(void)
{
    const guint edge = 3 * WATCH_TILE_COLUMNS;

    g_assert_cmpuint(show_dots(edge, 0), ==, 0);
    g_assert_cmpuint(show_dots(edge, WATCH_TILES / 100 - 1), ==, 0);
    g_assert_cmpuint(show_dots(edge, WATCH_TILES / 100), ==, 1);
    g_assert_cmpuint(show_dots(0, edge + WATCH_TILES / 100 - 1), ==, 0);
    g_assert_cmpuint(show_dots(WATCH_TILES - edge, edge), ==, 0);
    g_assert_cmpuint(show_dots(WATCH_TILES - edge - WATCH_TILES / 100, edge), ==, 1);
}

/* A camera in the dark draws two lines of text into its picture, one of them a clock. */
static void test_night(void)
{
    Stream stream = stream_new();
    WatchFingerprint picture;

    memset(&picture, 16, sizeof picture);
    for (guint i = 0; i < 24; i++) {
        memset(picture.tiles[WATCH_TILE_COLUMNS + i], 235, WATCH_TILE_SAMPLES / 2);
        memset(picture.tiles[WATCH_TILES - WATCH_TILE_COLUMNS + i], 235, WATCH_TILE_SAMPLES / 2);
    }
    for (guint i = 0; i < 100 * 5; i++) {
        if (i % 5 == 0)
            picture.tiles[WATCH_TILE_COLUMNS][0] ^= 0x80;
        add_frame(&stream, &picture);
    }
    g_assert_cmpuint(stream.begun, ==, 0);
    stream_clear(&stream);
}

/* More pictures in turn than are remembered are motion. */
static void test_loop(void)
{
    for (guint length = 16; length <= 17; length++) {
        Stream stream = stream_new();

        for (guint i = 0; i < 400 * 5; i++) {
            const WatchFingerprint picture = make_picture(i % length);

            add_frame(&stream, &picture);
        }
        g_assert_cmpuint(stream.begun, ==, length == 16);
        stream_clear(&stream);
    }
}

/* Fingerprints of frames */

static WatchFingerprint read_frame(GstVideoFormat format, int width, int height, gsize byte,
                                   guint8 value)
{
    WatchFingerprint fingerprint;
    GstVideoInfo info;

    g_assert_true(gst_video_info_set_format(&info, format, (guint)width, (guint)height));
    g_autoptr(GstBuffer) buffer = gst_buffer_new_allocate(NULL, info.size, NULL);
    gst_buffer_memset(buffer, 0, 0, info.size);
    gst_buffer_memset(buffer, byte, value, 1);
    g_assert_true(watch_fingerprint_read(&fingerprint, &info, buffer));
    return fingerprint;
}

/* Each sample is in its place: a pixel in the middle of a cell of the grid, in four formats. */
static void test_formats(void)
{
    const int width = 192 * 3, height = 108 * 3, x = 3 * 100 + 1, y = 3 * 50 + 1;
    const guint tile = 50 / 6 * WATCH_TILE_COLUMNS + 100 / 6, sample = 50 % 6 * 6 + 100 % 6;

    const struct {
        GstVideoFormat format;
        gsize pixel, byte;
    } cases[] = {
        {GST_VIDEO_FORMAT_I420, 1, 0},      {GST_VIDEO_FORMAT_YUY2, 2, 0},
        {GST_VIDEO_FORMAT_RGBA, 4, 1},      {GST_VIDEO_FORMAT_P010_10LE, 2, 1},
        {GST_VIDEO_FORMAT_GRAY16_BE, 2, 0},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gsize byte = (gsize)(y * width + x) * cases[i].pixel + cases[i].byte;
        WatchFingerprint fingerprint = read_frame(cases[i].format, width, height, byte, 200);

        g_assert_cmpuint(fingerprint.tiles[tile][sample], ==, 200);
        fingerprint.tiles[tile][sample] = 0;
        for (guint j = 0; j < SAMPLES; j++)
            g_assert_cmpuint(*sample_at(&fingerprint, j), ==, 0);
    }
}

/* Every format and very small frames, within their memory. */
static void test_all_formats(void)
{
    guint count;
    const GstVideoFormat *formats = gst_video_formats_raw(&count);

    g_assert_cmpuint(count, >, 100);
    for (guint i = 0; i < count; i++) {
        read_frame(formats[i], 1, 1, 0, 1);
        read_frame(formats[i], 333, 77, 0, 1);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    gst_init(NULL, NULL);
    g_test_add_func("/frozen/repeated", test_repeated);
    g_test_add_func("/frozen/reencoded", test_reencoded);
    g_test_add_func("/frozen/noise", test_noise);
    g_test_add_func("/frozen/clock", test_clock);
    g_test_add_func("/frozen/wandering", test_wandering);
    g_test_add_func("/frozen/timestamps", test_timestamps);
    g_test_add_func("/frozen/durations", test_durations);
    g_test_add_func("/frozen/few-timestamps", test_few_timestamps);
    g_test_add_func("/frozen/no-detail", test_no_detail);
    g_test_add_func("/frozen/night", test_night);
    g_test_add_func("/frozen/loop", test_loop);
    g_test_add_func("/fingerprint/formats", test_formats);
    g_test_add_func("/fingerprint/all-formats", test_all_formats);
    return g_test_run();
}
