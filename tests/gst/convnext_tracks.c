/* region=objects from frame to frame: whose turn it is, and what is carried meanwhile.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=320,height=240,framerate=25/1"
#define NONE G_MAXUINT

static char *network;

static void setup(void)
{
    network = network_new();
}

static void teardown(void)
{
    network_delete(network);
}

/* Pushes frame number i with these boxes; ages: receives of each box the age of its result in
 * frames, or NONE. */
static void push_picture(GstHarness *h, guint i, FramePicture picture, const Box *boxes, guint n,
                         guint *ages)
{
    GstBuffer *out = boxes_through(h, frames_new(CAPS, picture, 40 * i), boxes, n);
    GstConvnextMeta *metas[32];
    guint found = boxes_metas(out, metas, G_N_ELEMENTS(metas));

    for (guint b = 0; b < n; b++) {
        ages[b] = NONE;
        for (guint m = 0; m < found; m++)
            if (metas[m]->x == boxes[b].x && metas[m]->y == boxes[b].y)
                ages[b] = (guint)(metas[m]->age / (40 * GST_MSECOND));
    }
    gst_buffer_unref(out);
}

static void push(GstHarness *h, guint i, const Box *boxes, guint n, guint *ages)
{
    push_picture(h, i, FRAME_COLOURS, boxes, n, ages);
}

static void check_ages(const guint *ages, const guint *expected, guint n, guint frame)
{
    for (guint i = 0; i < n; i++)
        fail_unless(ages[i] == expected[i], "frame %u, object %u: age %d instead of %d", frame, i,
                    (int)ages[i], (int)expected[i]);
}

/* The largest first, the rest in the next frames; who is left over carries what it has. */
GST_START_TEST(test_most)
{
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 0},
                                {"a", 60, 10, 50, 50, 0},
                                {"a", 120, 10, 40, 40, 0},
                                {"a", 200, 10, 60, 60, 0},
                                {"a", 10, 120, 20, 20, 0}};
    static const guint expected[][5] = {
        {NONE, 0, NONE, 0, NONE}, {0, 1, 0, 1, NONE}, {1, 2, 1, 0, 0}, {2, 0, 0, 1, 1}};
    GstHarness *h = boxes_harness(network, CAPS);
    guint ages[5];

    g_object_set(h->element, "max-objects", 2, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        push(h, i, boxes, 5, ages);
        check_ages(ages, expected[i], 5, i);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* Objects with an id are looked at every third frame, new ones at once, others always. */
GST_START_TEST(test_reclassify)
{
    static const guint expected[][3] = {{0, 0, NONE}, {1, 0, 0}, {2, 0, 1},
                                        {0, 0, 2},    {1, 0, 0}, {2, 0, 1}};
    GstHarness *h = boxes_harness(network, CAPS);
    guint ages[3];

    g_object_set(h->element, "reclassify-interval", 3, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        const Box boxes[] = {{"a", 10 + 40 * i, 10, 30, 30, 7}, /* moves out of its place */
                             {"a", 60, 100, 50, 50, 0},
                             {"a", 200, 100 + i, 40, 40, 9}};

        push(h, i, boxes, i == 0 ? 2 : 3, ages);
        check_ages(ages, expected[i], i == 0 ? 2 : 3, i);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* Once, and again when it has become larger; not with another id, and not after a flush. */
GST_START_TEST(test_once)
{
    GstHarness *h = boxes_harness(network, CAPS);
    Box box = {"a", 10, 10, 60, 60, 3};
    guint age;

    g_object_set(h->element, "reclassify-interval", 0, "reclassify-growth", 1.5, NULL);
    for (guint i = 0; i < 5; i++) {
        push(h, i, &box, 1, &age);
        fail_unless_equals_int(age, i);
    }
    box.w = box.h = 73; /* 1.48 times the area */
    push(h, 5, &box, 1, &age);
    fail_unless_equals_int(age, 5);
    box.w = box.h = 74;
    push(h, 6, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    push(h, 7, NULL, 0, &age); /* hidden for a frame */
    push(h, 8, &box, 1, &age);
    fail_unless_equals_int(age, 2);
    box.id = 4;
    push(h, 9, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    push(h, 10, &box, 1, &age);
    fail_unless_equals_int(age, 1);
    gst_harness_push_event(h, gst_event_new_flush_start());
    gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_harness_push_event(h, gst_event_new_segment(&segment));
    push(h, 11, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* Other scores are wanted: each object of a static scene is looked at once more, one a frame, and
 * carries what it has until then. */
GST_START_TEST(test_scoring)
{
    static const Box boxes[] = {{"a", 10, 10, 60, 60, 3}, {"a", 100, 100, 40, 40, 4}};
    static const guint expected[][2] = {{0, NONE}, {1, 0}, {2, 1}, {0, 2}, {1, 0}, {2, 1}};
    GstHarness *h = boxes_harness(network, CAPS);
    guint ages[2];

    g_object_set(h->element, "reclassify-interval", 0, "max-objects", 1, "change-threshold", 0.02,
                 NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        if (i == 3)
            gst_util_set_object_arg(G_OBJECT(h->element), "activation", "sigmoid");
        push(h, i, boxes, 2, ages);
        check_ages(ages, expected[i], 2, i);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* interval counts frames as ever; carry=false puts each result on one frame. */
GST_START_TEST(test_interval)
{
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 0}, {"a", 60, 10, 50, 50, 5}};
    GstHarness *h = boxes_harness(network, CAPS);
    guint ages[2];

    g_object_set(h->element, "interval", 2, NULL);
    for (guint i = 0; i < 4; i++) {
        const guint expected[] = {i % 2, i % 2};

        push(h, i, boxes, 2, ages);
        check_ages(ages, expected, 2, i);
    }
    g_object_set(h->element, "carry", FALSE, NULL);
    for (guint i = 4; i < 8; i++) {
        const guint expected[] = {i % 2 ? NONE : 0, i % 2 ? NONE : 0};

        push(h, i, boxes, 2, ages);
        check_ages(ages, expected, 2, i);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* A static scene is not looked at again, but who has not had a turn yet gets it. */
GST_START_TEST(test_static)
{
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 0}, {"a", 60, 10, 50, 50, 5}};
    static const guint expected[][2] = {{NONE, 0}, {0, 1}, {1, 2}, {2, 3}};
    GstHarness *h = boxes_harness(network, CAPS);
    guint ages[2];

    g_object_set(h->element, "max-objects", 1, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        push(h, i, boxes, 2, ages);
        check_ages(ages, expected[i], 2, i);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* After a change everybody has another turn, also those whose turn is not at once. */
GST_START_TEST(test_change)
{
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 4}, {"a", 60, 10, 50, 50, 5}};
    static const guint expected[][2] = {{NONE, 0}, {0, 1}, {1, 2}, {2, 0}, {0, 1}, {1, 2}, {2, 3}};
    GstHarness *h = boxes_harness(network, CAPS);
    guint ages[2];

    g_object_set(h->element, "max-objects", 1, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        push_picture(h, i, i < 3 ? FRAME_COLOURS : FRAME_GRAYS, boxes, 2, ages);
        check_ages(ages, expected[i], 2, i);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* Not due when the scene changed, and looked at when it is. */
GST_START_TEST(test_change_before_due)
{
    static const Box box = {"a", 10, 10, 50, 50, 5};
    GstHarness *h = boxes_harness(network, CAPS);
    guint age;

    g_object_set(h->element, "reclassify-interval", 5, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < 14; i++) {
        push_picture(h, i, i < 3 ? FRAME_COLOURS : FRAME_GRAYS, &box, 1, &age);
        fail_unless_equals_int(age, i < 5 ? i : i - 5);
    }
    gst_harness_teardown(h);
}
GST_END_TEST;

/* A frame in which nobody is looked at is nobody's turn. */
GST_START_TEST(test_empty)
{
    static const Box box = {"a", 10, 10, 50, 50, 5};
    GstHarness *h = boxes_harness(network, CAPS);
    guint age;

    g_object_set(h->element, "min-period", GST_SECOND, "interval", 2, NULL);
    push(h, 0, NULL, 0, &age);
    push(h, 1, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    fail_unless_equals_uint64(frames_counter(h, "skipped"), 1);
    gst_harness_teardown(h);
}
GST_END_TEST;

/* mode=latest: no frame waits, and what was found of an object is on it where it is later. */
GST_START_TEST(test_latest)
{
    GstHarness *h = boxes_harness(network, CAPS);
    Gate *gate = gate_new(h->element);
    guint ages[2] = {NONE, NONE};

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gate_close(gate);
    for (guint i = 0; i < 5; i++) {
        const Box boxes[] = {{"a", 10 + 50 * i, 10, 30, 30, 7}, {"a", 60 + i, 100, 50, 50, 0}};

        push(h, i, boxes, 2, ages);
        fail_unless(ages[0] == NONE || ages[0] == i, "an answer while the engine is held");
        if (i == 0)
            gate_wait(gate); /* the first frame's objects are in it */
    }
    fail_unless(ages[0] == 4 && ages[1] == 4, "the first frame's results are not carried");
    gate_open(gate);
    gst_harness_teardown(h);
    gate_free(gate);
}
GST_END_TEST;

/* mode=latest: who has been answered is not looked at a second time, and the rest comes next. */
GST_START_TEST(test_latest_once)
{
    static const Box boxes[] = {{"a", 10, 10, 60, 60, 7}, {"a", 100, 10, 50, 50, 8}};
    GstHarness *h = boxes_harness(network, CAPS);
    Gate *gate = gate_new(h->element);
    guint64 frames[8];
    guint ages[2];

    g_object_set(h->element, "reclassify-interval", 0, "max-objects", 1, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gate_close(gate);
    push(h, 0, boxes, 2, ages);
    gate_wait(gate);
    push(h, 1, boxes, 2, ages);
    fail_unless(ages[0] == 1 && ages[1] == NONE);
    push(h, 2, boxes, 2, ages);
    gate_open(gate);
    gst_harness_push_event(h, gst_event_new_eos()); /* waits for the last one */
    guint n = gate_messages(gate, "convnext", frames, G_N_ELEMENTS(frames));
    fail_unless(n == 2 && frames[0] == 0 && frames[1] == 2, "%u looks at two objects", n);
    gst_harness_teardown(h);
    gate_free(gate);
}
GST_END_TEST;

static Suite *convnext_turns_suite(void)
{
    Suite *s = suite_create("convnext_turns");
    TCase *tc = tcase_create("turns");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_most);
    tcase_add_test(tc, test_reclassify);
    tcase_add_test(tc, test_once);
    tcase_add_test(tc, test_scoring);
    tcase_add_test(tc, test_interval);
    tcase_add_test(tc, test_static);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_change_before_due);
    tcase_add_test(tc, test_empty);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_latest_once);
    return s;
}

GST_CHECK_MAIN(convnext_turns);
