/* Checks how detections are matched to tracks, and which objects run while others are running.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/tracks.h"

#include <gst/check/gstcheck.h>

typedef struct Box {
    const char *type;
    guint x, y, w, h;
    int id;      /* of the region; 0 without one */
    int tracker; /* DL Streamer's object_id; 0 without one */
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

/* Updates the tracks with a frame of these boxes. chosen: receives the [n] track numbers of the
 * objects that run, then zeros. */
static void update(const Box *boxes, guint n, guint64 running_frame, guint64 *chosen)
{
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    const GArray *places, *objects;

    for (guint i = 0; i < n; i++) {
        GstVideoRegionOfInterestMeta *roi = gst_buffer_add_video_region_of_interest_meta(
            buffer, boxes[i].type, boxes[i].x, boxes[i].y, boxes[i].w, boxes[i].h);

        roi->id = boxes[i].id;
        if (boxes[i].tracker)
            gst_video_region_of_interest_meta_add_param(
                roi, gst_structure_new("object_id", "id", G_TYPE_INT, boxes[i].tracker, NULL));
    }
    gst_convnext_tracks_update(tracks, buffer, &caps, &selection);
    guint due = gst_convnext_tracks_choose(tracks, &selection, running_frame, &places, &objects);
    fail_unless(due == objects->len && due == places->len);
    for (guint i = 0; i < n; i++)
        chosen[i] = i < due ? g_array_index(objects, GstConvnextObject, i).track : 0;
}

static void store(guint64 track, guint64 frame)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("m", 0);
    const GstConvnextObject object = {.track = track, .seen_frame = frame};

    gst_convnext_tracks_store(tracks, &object, result);
}

/* An object that is running is not chosen again. One that was chosen but is not running is chosen
 * again, with newer pixels. */
GST_START_TEST(test_running)
{
    static const Box boxes[] = {{"a", 10, 10, 90, 90, 0, 7}, {"a", 200, 10, 50, 50, 0, 8}};
    guint64 chosen[2], large, small;

    selection.max_objects = 1;
    update(boxes, 2, 0, chosen);
    large = chosen[0];
    update(boxes, 2, 1, chosen);
    small = chosen[0];
    fail_unless(large && small && small != large);
    update(boxes, 2, 1, chosen);
    fail_unless_equals_uint64(chosen[0], small);
    store(large, 1);
    update(boxes, 2, 1, chosen); /* the job of frame 1 has ended */
    fail_unless_equals_uint64(chosen[0], small);
    update(boxes, 2, 4, chosen); /* the small one was chosen in frame 4 and runs */
    fail_unless_equals_uint64(chosen[0], 0);
    update(boxes, 2, 0, chosen); /* its job was discarded */
    fail_unless_equals_uint64(chosen[0], small);
    store(small, 4);
    update(boxes, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], 0);
}
GST_END_TEST;

/* Regions with a new id in each frame are matched by position, like those without an id. Once an id
 * was the same in two frames, only the id counts. */
GST_START_TEST(test_changing_ids)
{
    Box boxes[] = {{"a", 10, 10, 60, 60, 101, 0}, {"a", 200, 10, 50, 50, 102, 0}};
    guint64 known[2], chosen[2];

    update(boxes, 2, 0, known);
    for (guint i = 1; i < 4; i++) {
        boxes[0].x += 3;
        boxes[0].id += 2;
        boxes[1].id += 2;
        update(boxes, 2, 0, chosen);
        fail_unless(chosen[0] == known[0] && chosen[1] == known[1], "frame %u: other tracks", i);
    }
    store(known[0], 4);
    update(boxes, 2, 0, chosen); /* the same ids: tracked from now on */
    fail_unless(chosen[0] == known[1] && chosen[1] == 0);
    boxes[0].id = 500;
    update(boxes, 1, 0, chosen);
    fail_unless(chosen[0] != 0 && chosen[0] != known[0] && chosen[0] != known[1]);
}
GST_END_TEST;

/* An object that moves to the position of another one keeps its own track. */
GST_START_TEST(test_positions)
{
    const Box before[] = {{"a", 10, 10, 60, 60, 5, 0}, {"a", 200, 10, 60, 60, 6, 0}};
    const Box after[] = {{"a", 205, 10, 60, 60, 9, 0}, {"a", 10, 10, 61, 61, 6, 0}};
    guint64 known[2], chosen[2];

    update(before, 2, 0, known);
    update(after, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known[1]); /* the larger one, with the id 6 */
    fail_unless(chosen[1] != known[0] && chosen[1] != known[1]);
}
GST_END_TEST;

/* The same id from another tracker, or for another class that is also present, is another
 * object. */
GST_START_TEST(test_ids_of_others)
{
    const Box region[] = {{"a", 10, 10, 60, 60, 1, 0}};
    const Box tracked[] = {{"a", 300, 10, 60, 60, 0, 1}};
    const Box two[] = {{"person", 10, 200, 60, 60, 0, 3}, {"car", 300, 200, 50, 50, 0, 3}};
    guint64 known[2], chosen[2];

    update(region, 1, 0, known);
    update(tracked, 1, 0, chosen);
    fail_unless(chosen[0] != known[0]);
    update(two, 2, 0, known);
    update(&two[1], 1, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known[1]);
}
GST_END_TEST;

/* A match of id and class takes precedence over a match of the id only, which also needs the same
 * position. */
GST_START_TEST(test_other_type)
{
    const Box person[] = {{"person", 10, 200, 60, 60, 0, 3}};
    const Box both[] = {{"car", 300, 200, 50, 50, 0, 3}, {"person", 14, 200, 60, 60, 0, 3}};
    const Box bus[] = {{"bus", 302, 201, 50, 50, 0, 3}};
    guint64 known, chosen[2];

    update(person, 1, 0, &known);
    update(both, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known); /* the larger one */
    fail_unless(chosen[1] != known);
    known = chosen[1];
    update(bus, 1, 0, chosen);
    fail_unless_equals_uint64(chosen[0], known);
}
GST_END_TEST;

/* If there are more objects than tracks, the largest ones are kept. */
GST_START_TEST(test_crowd)
{
    g_autofree Box *boxes = g_new0(Box, 600);
    g_autofree guint64 *chosen = g_new(guint64, 600);
    guint64 largest;

    for (guint i = 0; i < 600; i++)
        boxes[i] = (Box){"a", i, 0, 10, i == 599 ? 400 : 10 + i % 7, 0, (int)i + 1};
    update(&boxes[599], 1, 0, &largest);
    update(boxes, 600, 0, chosen);
    fail_unless_equals_uint64(chosen[0], largest);
    fail_unless(chosen[511] != 0 && chosen[512] == 0);
}
GST_END_TEST;

/* Hides the object after one frame and shows it again `frames` later. TRUE if it has its track. */
static gboolean keeps_track(const Box *box, guint frames)
{
    guint64 before, after;

    update(box, 1, 0, &before);
    for (guint i = 1; i < frames; i++)
        update(NULL, 0, 0, NULL);
    update(box, 1, 0, &after);
    return before == after;
}

/* An object may be hidden for 30 frames, with a tracking id for 300. */
GST_START_TEST(test_hidden)
{
    static const Box box = {"a", 10, 10, 60, 60, 0, 0}, other = {"b", 200, 10, 60, 60, 0, 0};
    static const Box tracked = {"a", 10, 10, 60, 60, 0, 7}, second = {"a", 10, 10, 60, 60, 0, 8};

    fail_unless(keeps_track(&box, 30));
    fail_if(keeps_track(&other, 31));
    fail_unless(keeps_track(&tracked, 300));
    fail_if(keeps_track(&second, 301));
}
GST_END_TEST;

/* Boxes that share half of their area are the same object. */
GST_START_TEST(test_half)
{
    static const Box before = {"a", 100, 100, 100, 100, 0, 0};
    static const Box half = {"a", 100, 100, 100, 50, 0, 0}, less = {"a", 100, 100, 49, 50, 0, 0};
    guint64 known, chosen;

    update(&before, 1, 0, &known);
    update(&half, 1, 0, &chosen);
    fail_unless_equals_uint64(chosen, known);
    update(&less, 1, 0, &chosen);
    fail_unless(chosen != known);
}
GST_END_TEST;

/* Stores a result about a box of w x h. */
static void store_region(guint64 track, guint64 frame, guint w, guint h)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("m", 0);
    const GstConvnextObject object = {.track = track, .seen_frame = frame};

    gst_convnext_result_set_region(result, 0, 0, w, h);
    gst_convnext_tracks_store(tracks, &object, result);
}

/* Due exactly `interval` frames after its last result, or when it has grown by the factor. */
GST_START_TEST(test_due)
{
    Box box = {"a", 100, 100, 100, 100, 0, 7};
    guint64 track, chosen;

    selection.interval = 3;
    update(&box, 1, 0, &track);
    store_region(track, 1, 100, 100);
    for (guint frame = 2; frame <= 3; frame++) {
        update(&box, 1, 0, &chosen);
        fail_unless_equals_uint64(chosen, 0);
    }
    update(&box, 1, 0, &chosen);
    fail_unless_equals_uint64(chosen, track);
    selection.interval = 0;
    selection.area_growth = 1.5;
    store_region(track, 4, 100, 100);
    box.h = 149;
    update(&box, 1, 0, &chosen);
    fail_unless_equals_uint64(chosen, 0);
    box.h = 150;
    update(&box, 1, 0, &chosen);
    fail_unless_equals_uint64(chosen, track);
}
GST_END_TEST;

/* The largest object first; then the one that has waited, though it is smaller. */
GST_START_TEST(test_claims)
{
    static const Box boxes[] = {{"a", 10, 10, 40, 40, 0, 7}, {"a", 200, 10, 50, 50, 0, 8}};
    guint64 chosen[2], large;

    selection.max_objects = selection.interval = 1;
    update(boxes, 2, 0, chosen);
    large = chosen[0];
    store_region(large, 1, 50, 50);
    update(boxes, 2, 0, chosen);
    fail_unless(chosen[0] != large);
    store_region(chosen[0], 2, 40, 40);
    update(boxes, 2, 0, chosen);
    fail_unless_equals_uint64(chosen[0], large);
    update(&boxes[1], 1, 0, chosen);
    fail_unless_equals_uint64(chosen[0], large); /* the large one */
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
    tcase_add_test(tc, test_changing_ids);
    tcase_add_test(tc, test_positions);
    tcase_add_test(tc, test_ids_of_others);
    tcase_add_test(tc, test_other_type);
    tcase_add_test(tc, test_crowd);
    tcase_add_test(tc, test_hidden);
    tcase_add_test(tc, test_half);
    tcase_add_test(tc, test_due);
    tcase_add_test(tc, test_claims);
    return s;
}

GST_CHECK_MAIN(tracks);
