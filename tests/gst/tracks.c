/* Who is who from frame to frame, and whose turn it is while an earlier turn is not over.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/tracks.h"

#include <gst/check/gstcheck.h>

typedef struct Box {
    const char *type;
    guint x, y, w, h;
    int id;      /* of the region; 0: none */
    int tracker; /* DL Streamer's object_id; 0: none */
} Box;

static GstVideoInfo caps;
static GstConvnextTracks *tracks;
static GstConvnextSelection selection;

static void setup(void)
{
    gst_video_info_set_format(&caps, GST_VIDEO_FORMAT_GRAY8, 640, 480);
    tracks = gst_convnext_tracks_new();
    selection = (GstConvnextSelection){.interval = 0};
}

static void teardown(void)
{
    gst_convnext_tracks_free(tracks);
}

/* A frame with these boxes; [n] numbers of those that are chosen, 0 behind them. */
static void see(const Box *boxes, guint n, guint64 running, guint64 *chosen)
{
    GstBuffer *buffer = gst_buffer_new();

    for (guint i = 0; i < n; i++) {
        GstVideoRegionOfInterestMeta *roi = gst_buffer_add_video_region_of_interest_meta(
            buffer, boxes[i].type, boxes[i].x, boxes[i].y, boxes[i].w, boxes[i].h);

        roi->id = boxes[i].id;
        if (boxes[i].tracker)
            gst_video_region_of_interest_meta_add_param(
                roi, gst_structure_new("object_id", "id", G_TYPE_INT, boxes[i].tracker, NULL));
    }
    gst_convnext_tracks_see(tracks, buffer, &caps, &selection);
    GPtrArray *due = gst_convnext_tracks_choose(tracks, &selection, running);
    for (guint i = 0; i < n; i++)
        chosen[i] = i < due->len
                        ? ((const GstConvnextDetection *)g_ptr_array_index(due, i))->region.object
                        : 0;
    gst_buffer_unref(buffer);
}

static void learn(guint64 number, guint64 frame)
{
    GstConvnextResult *result = gst_convnext_result_new("m", 0);
    const GstConvnextRegion region = {.object = number, .seen = frame};

    gst_convnext_job_note(result, &region);
    gst_convnext_tracks_learn(tracks, result);
    gst_convnext_result_unref(result);
}

/* What is being looked at is not chosen again; what was only chosen is, with newer pixels. */
GST_START_TEST(test_running)
{
    static const Box boxes[] = {{"a", 10, 10, 90, 90, 0, 7}, {"a", 200, 10, 50, 50, 0, 8}};
    guint64 chosen[2], large, small;

    selection.most = 1;
    see(boxes, 2, 0, chosen);
    large = chosen[0];
    see(boxes, 2, 1, chosen);
    small = chosen[0];
    fail_unless(large && small && small != large);
    see(boxes, 2, 1, chosen);
    fail_unless_equals_uint64(chosen[0], small);
    learn(large, 1);
    see(boxes, 2, 1, chosen); /* what was learned has ended */
    fail_unless_equals_uint64(chosen[0], small);
    see(boxes, 2, 4, chosen); /* the small one was chosen in frame 4, and runs */
    fail_unless_equals_uint64(chosen[0], 0);
    see(boxes, 2, 0, chosen); /* it was given up */
    fail_unless_equals_uint64(chosen[0], small);
    learn(small, 4);
    see(boxes, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], 0);
}
GST_END_TEST;

/* Regions that a detector numbers anew in each frame are known by their place, as those without a
 * number; with a number that was the same in two frames, only by that. */
GST_START_TEST(test_numbered_anew)
{
    Box boxes[] = {{"a", 10, 10, 60, 60, 101, 0}, {"a", 200, 10, 50, 50, 102, 0}};
    guint64 known[2], chosen[2];

    see(boxes, 2, 0, known);
    for (guint i = 1; i < 4; i++) {
        boxes[0].x += 3;
        boxes[0].id += 2;
        boxes[1].id += 2;
        see(boxes, 2, 0, chosen);
        fail_unless(chosen[0] == known[0] && chosen[1] == known[1], "frame %u: others", i);
    }
    learn(known[0], 4);
    see(boxes, 2, 0, chosen); /* the same numbers: from now on these are tracked */
    fail_unless(chosen[0] == known[1] && chosen[1] == 0);
    boxes[0].id = 500;
    see(boxes, 1, 0, chosen);
    fail_unless(chosen[0] != 0 && chosen[0] != known[0] && chosen[0] != known[1]);
}
GST_END_TEST;

/* One who moves to where another one was is not that one. */
GST_START_TEST(test_places)
{
    const Box before[] = {{"a", 10, 10, 60, 60, 5, 0}, {"a", 200, 10, 60, 60, 6, 0}};
    const Box after[] = {{"a", 205, 10, 60, 60, 9, 0}, {"a", 10, 10, 61, 61, 6, 0}};
    guint64 known[2], chosen[2];

    see(before, 2, 0, known);
    see(after, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known[1]); /* the larger one, with the number 6 */
    fail_unless(chosen[1] != known[0] && chosen[1] != known[1]);
}
GST_END_TEST;

/* The same number from another tracker, or of another type while its own is there too. */
GST_START_TEST(test_numbers_of_others)
{
    const Box region[] = {{"a", 10, 10, 60, 60, 1, 0}};
    const Box tracked[] = {{"a", 300, 10, 60, 60, 0, 1}};
    const Box two[] = {{"person", 10, 200, 60, 60, 0, 3}, {"car", 300, 200, 50, 50, 0, 3}};
    guint64 known[2], chosen[2];

    see(region, 1, 0, known);
    see(tracked, 1, 0, chosen);
    fail_unless(chosen[0] != known[0]);
    see(two, 2, 0, known);
    see(&two[1], 1, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known[1]);
}
GST_END_TEST;

/* Who has both number and type comes before who has the number only, and who has that is the same
 * one only where that was. */
GST_START_TEST(test_other_type)
{
    const Box person[] = {{"person", 10, 200, 60, 60, 0, 3}};
    const Box both[] = {{"car", 300, 200, 50, 50, 0, 3}, {"person", 14, 200, 60, 60, 0, 3}};
    const Box bus[] = {{"bus", 302, 201, 50, 50, 0, 3}};
    guint64 known, chosen[2];

    see(person, 1, 0, &known);
    see(both, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known); /* the larger one */
    fail_unless(chosen[1] != known);
    known = chosen[1];
    see(bus, 1, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known);
}
GST_END_TEST;

/* Of more than there is room for, the largest. */
GST_START_TEST(test_crowd)
{
    Box *boxes = g_new0(Box, 600);
    guint64 *chosen = g_new(guint64, 600), largest;

    for (guint i = 0; i < 600; i++)
        boxes[i] = (Box){"a", i, 0, 10, i == 599 ? 400 : 10 + i % 7, 0, (int)i + 1};
    see(&boxes[599], 1, 0, &largest);
    see(boxes, 600, 0, chosen);
    fail_unless_equals_uint64(chosen[0], largest);
    fail_unless(chosen[511] != 0 && chosen[512] == 0);
    g_free(boxes);
    g_free(chosen);
}
GST_END_TEST;

static Suite *tracks_suite(void)
{
    Suite *s = suite_create("tracks");
    TCase *tc = tcase_create("tracks");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_running);
    tcase_add_test(tc, test_numbered_anew);
    tcase_add_test(tc, test_places);
    tcase_add_test(tc, test_numbers_of_others);
    tcase_add_test(tc, test_other_type);
    tcase_add_test(tc, test_crowd);
    return s;
}

GST_CHECK_MAIN(tracks);
