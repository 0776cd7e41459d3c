/* region=objects across frames: which objects are classified in each, and what the others carry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=320,height=240,framerate=25/1"
#define NO_RESULT G_MAXUINT

/* Processes frame i with these boxes. Writes to ages the age of each box's result in frames, or
 * NO_RESULT. */
static void process_picture(GstHarness *h, guint i, FramePicture picture, const Box *boxes, guint n,
                            guint *ages)
{
    g_autoptr(GstBuffer) out = boxes_process(h, frames_new(CAPS, picture, 40 * i), boxes, n);
    GstConvnextMeta *metas[32];
    guint n_metas = boxes_metas(out, metas, G_N_ELEMENTS(metas));

    for (guint b = 0; b < n; b++) {
        ages[b] = NO_RESULT;
        for (guint m = 0; m < n_metas; m++)
            if (metas[m]->x == boxes[b].x && metas[m]->y == boxes[b].y)
                ages[b] = (guint)(metas[m]->age / (40 * GST_MSECOND));
    }
}

static void process(GstHarness *h, guint i, const Box *boxes, guint n, guint *ages)
{
    process_picture(h, i, FRAME_COLOURS, boxes, n, ages);
}

static void check_ages(const guint *ages, const guint *expected, guint n, guint frame)
{
    for (guint i = 0; i < n; i++)
        fail_unless(ages[i] == expected[i], "frame %u, object %u: age %d, expected %d", frame, i,
                    (int)ages[i], (int)expected[i]);
}

/* The largest objects are classified first, the rest in the next frames. Objects that are not
 * classified carry their last result. */
GST_START_TEST(test_max_objects)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 0},
                                {"a", 60, 10, 50, 50, 0},
                                {"a", 120, 10, 40, 40, 0},
                                {"a", 200, 10, 60, 60, 0},
                                {"a", 10, 120, 20, 20, 0}};
    static const guint expected[][5] = {{NO_RESULT, 0, NO_RESULT, 0, NO_RESULT},
                                        {0, 1, 0, 1, NO_RESULT},
                                        {1, 2, 1, 0, 0},
                                        {2, 0, 0, 1, 1}};
    guint ages[5];

    g_object_set(h->element, "max-objects", 2, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        process(h, i, boxes, 5, ages);
        check_ages(ages, expected[i], 5, i);
    }
}
GST_END_TEST;

/* Objects with an id are reclassified every third frame, new ones at once, and objects without
 * an id in every frame. */
GST_START_TEST(test_reclassify)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const guint expected[][3] = {{0, 0, NO_RESULT}, {1, 0, 0}, {2, 0, 1},
                                        {0, 0, 2},         {1, 0, 0}, {2, 0, 1}};
    guint ages[3];

    g_object_set(h->element, "reclassify-interval", 3, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        const Box boxes[] = {{"a", 10 + 40 * i, 10, 30, 30, 7}, /* moves beyond its box */
                             {"a", 60, 100, 50, 50, 0},
                             {"a", 200, 100 + i, 40, 40, 9}};

        process(h, i, boxes, i == 0 ? 2 : 3, ages);
        check_ages(ages, expected[i], i == 0 ? 2 : 3, i);
    }
}
GST_END_TEST;

/* With reclassify-interval=0, an object is classified once, and again when it has grown. Another id
 * or a flush makes it a new object. */
GST_START_TEST(test_no_reclassification)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    Box box = {"a", 10, 10, 60, 60, 3};
    guint age;

    g_object_set(h->element, "reclassify-interval", 0, "reclassify-growth", 1.5, NULL);
    for (guint i = 0; i < 5; i++) {
        process(h, i, &box, 1, &age);
        fail_unless_equals_int(age, i);
    }
    box.w = box.h = 73; /* 1.48 times the area */
    process(h, 5, &box, 1, &age);
    fail_unless_equals_int(age, 5);
    box.w = box.h = 74;
    process(h, 6, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    process(h, 7, NULL, 0, &age); /* hidden for one frame */
    process(h, 8, &box, 1, &age);
    fail_unless_equals_int(age, 2);
    box.id = 4;
    process(h, 9, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    process(h, 10, &box, 1, &age);
    fail_unless_equals_int(age, 1);
    harness_flush(h);
    process(h, 11, &box, 1, &age);
    fail_unless_equals_int(age, 0);
}
GST_END_TEST;

/* A change of the scoring properties classifies each object of a static scene once more, one
 * per frame. Until then each carries its last result. */
GST_START_TEST(test_scoring)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box boxes[] = {{"a", 10, 10, 60, 60, 3}, {"a", 100, 100, 40, 40, 4}};
    static const guint expected[][2] = {{0, NO_RESULT}, {1, 0}, {2, 1}, {0, 2}, {1, 0}, {2, 1}};
    guint ages[2];

    g_object_set(h->element, "reclassify-interval", 0, "max-objects", 1, "change-threshold", 0.02,
                 NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        if (i == 3)
            gst_util_set_object_arg(G_OBJECT(h->element), "activation", "sigmoid");
        process(h, i, boxes, 2, ages);
        check_ages(ages, expected[i], 2, i);
    }
}
GST_END_TEST;

/* interval applies to objects too: the frames between inferences carry the results, and with
 * carry=false they have none. */
GST_START_TEST(test_interval)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 0}, {"a", 60, 10, 50, 50, 5}};
    guint ages[2];

    g_object_set(h->element, "interval", 2, NULL);
    for (guint i = 0; i < 4; i++) {
        const guint expected[] = {i % 2, i % 2};

        process(h, i, boxes, 2, ages);
        check_ages(ages, expected, 2, i);
    }
    g_object_set(h->element, "carry", FALSE, NULL);
    for (guint i = 4; i < 8; i++) {
        const guint expected[] = {i % 2 ? NO_RESULT : 0, i % 2 ? NO_RESULT : 0};

        process(h, i, boxes, 2, ages);
        check_ages(ages, expected, 2, i);
    }
}
GST_END_TEST;

/* The objects of a static scene are not reclassified, but those without a result are
 * classified. */
GST_START_TEST(test_static_scene)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 0}, {"a", 60, 10, 50, 50, 5}};
    static const guint expected[][2] = {{NO_RESULT, 0}, {0, 1}, {1, 2}, {2, 3}};
    guint ages[2];

    g_object_set(h->element, "max-objects", 1, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        process(h, i, boxes, 2, ages);
        check_ages(ages, expected[i], 2, i);
    }
}
GST_END_TEST;

/* A scene change reclassifies all objects, including those that max-objects defers. */
GST_START_TEST(test_scene_change)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box boxes[] = {{"a", 10, 10, 30, 30, 4}, {"a", 60, 10, 50, 50, 5}};
    static const guint expected[][2] = {{NO_RESULT, 0}, {0, 1}, {1, 2}, {2, 0},
                                        {0, 1},         {1, 2}, {2, 3}};
    guint ages[2];

    g_object_set(h->element, "max-objects", 1, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        process_picture(h, i, i < 3 ? FRAME_COLOURS : FRAME_GRAYS, boxes, 2, ages);
        check_ages(ages, expected[i], 2, i);
    }
}
GST_END_TEST;

/* An object that is not due at a scene change is reclassified once it is due. */
GST_START_TEST(test_scene_change_before_due)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box box = {"a", 10, 10, 50, 50, 5};
    guint age;

    g_object_set(h->element, "reclassify-interval", 5, "change-threshold", 0.02, NULL);
    for (guint i = 0; i < 14; i++) {
        process_picture(h, i, i < 3 ? FRAME_COLOURS : FRAME_GRAYS, &box, 1, &age);
        fail_unless_equals_int(age, i < 5 ? i : i - 5);
    }
}
GST_END_TEST;

/* A frame without objects to classify does not count for interval and min-period. */
GST_START_TEST(test_frame_without_objects)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    static const Box box = {"a", 10, 10, 50, 50, 5};
    guint age;

    g_object_set(h->element, "min-period", GST_SECOND, "interval", 2, NULL);
    process(h, 0, NULL, 0, &age);
    process(h, 1, &box, 1, &age);
    fail_unless_equals_int(age, 0);
    fail_unless_equals_uint64(frames_counter(h->element, "skipped"), 1);
}
GST_END_TEST;

/* With mode=latest no frame waits, and an object's result is attached at its current position. */
GST_START_TEST(test_latest)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    g_autoptr(Gate) gate = gate_new(h->element);
    guint ages[2] = {NO_RESULT, NO_RESULT};

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gate_close(gate);
    for (guint i = 0; i < 5; i++) {
        const Box boxes[] = {{"a", 10 + 50 * i, 10, 30, 30, 7}, {"a", 60 + i, 100, 50, 50, 0}};

        process(h, i, boxes, 2, ages);
        fail_unless(ages[0] == NO_RESULT || ages[0] == i, "a result while the worker is blocked");
        if (i == 0)
            gate_wait(gate); /* the worker has the first frame's objects */
    }
    fail_unless(ages[0] == 4 && ages[1] == 4, "the first frame's results are not carried");
    gate_open(gate);
}
GST_END_TEST;

/* With mode=latest, an object with a result is not classified again, and the next object
 * follows. */
GST_START_TEST(test_latest_once)
{
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    g_autoptr(Gate) gate = gate_new(h->element);
    static const Box boxes[] = {{"a", 10, 10, 60, 60, 7}, {"a", 100, 10, 50, 50, 8}};
    guint64 frames[8];
    guint ages[2];

    g_object_set(h->element, "reclassify-interval", 0, "max-objects", 1, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gate_close(gate);
    process(h, 0, boxes, 2, ages);
    gate_wait(gate);
    process(h, 1, boxes, 2, ages);
    fail_unless(ages[0] == 1 && ages[1] == NO_RESULT);
    process(h, 2, boxes, 2, ages);
    gate_open(gate);
    harness_end(h);
    guint n = gate_messages(gate, "convnext", frames, G_N_ELEMENTS(frames));
    fail_unless(n == 2 && frames[0] == 0 && frames[1] == 2, "%u inferences of two objects", n);
}
GST_END_TEST;

static Suite *convnext_tracks_suite(void)
{
    Suite *s = suite_create("convnext_tracks");
    TCase *tc = tcase_create("tracks");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_max_objects);
    tcase_add_test(tc, test_reclassify);
    tcase_add_test(tc, test_no_reclassification);
    tcase_add_test(tc, test_scoring);
    tcase_add_test(tc, test_interval);
    tcase_add_test(tc, test_static_scene);
    tcase_add_test(tc, test_scene_change);
    tcase_add_test(tc, test_scene_change_before_due);
    tcase_add_test(tc, test_frame_without_objects);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_latest_once);
    return s;
}

GST_CHECK_MAIN(convnext_tracks);
