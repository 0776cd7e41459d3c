/* Smoothing: each change of a stream's or an object's state posts one message.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "gst/convnext/query.h"
#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=GRAY8,width=160,height=120,framerate=25/1"

static GstHarness *h;
static Gate *gate;
static guint frames; /* processed so far */

/* The small network has different best classes for a black picture and for white stripes. */
static void setup(void)
{
    network_setup();
    h = frames_harness(network, CAPS);
    gate = gate_new(h->element);
    frames = 0;
}

static void teardown(void)
{
    gate_free(gate);
    gst_harness_teardown(h);
    network_teardown();
}

/* Draws columns that are black or have white stripes. */
static void draw_columns(GstBuffer *frame, guint x, guint width, gboolean white)
{
    for (guint row = 0; row < 120; row++)
        gst_buffer_memset(frame, 160 * row + x, white && row / 8 % 2 ? 255 : 16, width);
}

/* Processes a frame, black or with white, and returns its best label. */
static char *process(gboolean white)
{
    GstBuffer *frame = frames_new(CAPS, FRAME_GRAYS, 40 * frames++);
    guint n;

    draw_columns(frame, 0, 160, white);
    g_autoptr(GstBuffer) out = frames_process(h, frame);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);
    const GstConvnextClass *best = meta ? gst_convnext_result_get_classes(meta->result, &n) : NULL;
    return g_strdup(best && n ? best->label : NULL);
}

/* Processes one frame per character, 'b' for black and 'w' for white. */
static void process_many(const char *sequence)
{
    for (; *sequence; sequence++)
        g_free(process(*sequence == 'w'));
}

/* Waits for the next message about a state and checks its fields. frame: its number in the message.
 * since: the first frame that supports the new state. */
static void expect_change(const char *from, const char *to, guint frame, guint since)
{
    g_autoptr(GstMessage) message = gate_pop(gate, GST_MESSAGE_ELEMENT);
    guint64 since_pts, number;

    while (!gst_message_has_name(message, "convnext-state-changed")) {
        gst_clear_message(&message);
        message = gate_pop(gate, GST_MESSAGE_ELEMENT);
    }
    const GstStructure *s = gst_message_get_structure(message);
    fail_unless_equals_string(gst_structure_get_string(s, "old"), from);
    fail_unless_equals_string(gst_structure_get_string(s, "new"), to);
    fail_unless(gst_structure_get(s, "frame", G_TYPE_UINT64, &number, "since", G_TYPE_UINT64,
                                  &since_pts, NULL));
    fail_unless_equals_uint64(number, frame);
    fail_unless_equals_uint64(since_pts, since * 40 * GST_MSECOND);
}

/* The next event about a state that went downstream. */
static void expect_event(const char *to)
{
    g_autoptr(GstEvent) event = gst_harness_try_pull_event(h);

    while (event && !gst_event_has_name(event, GST_CONVNEXT_EVENT_CHANGE)) {
        gst_event_unref(event);
        event = gst_harness_try_pull_event(h);
    }
    fail_unless(event, "no event about %s", to);
    const GstStructure *s = gst_event_get_structure(event);
    fail_unless_equals_string(gst_structure_get_string(s, "new"), to);
    fail_unless(gst_structure_has_field_typed(s, GST_CONVNEXT_CHANGE_MODEL, G_TYPE_STRING));
}

static void expect_no_change(void)
{
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 0);
}

/* smoothing=majority posts a change once enough of the last results agree. */
GST_START_TEST(test_majority)
{
    g_autofree char *black = process(FALSE);
    g_autofree char *white = process(TRUE);

    fail_unless(g_strcmp0(black, white) != 0, "black and white are both %s", black);
    expect_no_change(); /* smoothing=none */
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    process_many("bbwb"); /* frames 2 to 5 */
    expect_change(NULL, black, 5, 2);
    process_many("bwbwww"); /* frames 6 to 11 */
    expect_change(black, white, 10, 7);
    expect_no_change();
    expect_event(black);
    expect_event(white);
}
GST_END_TEST;

/* smoothing=exponential ignores single results of another class, and needs no top-k beyond 1. */
GST_START_TEST(test_exponential)
{
    g_autofree char *black = process(FALSE);
    g_autofree char *white = process(TRUE);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "exponential");
    g_object_set(h->element, "smoothing-alpha", 0.1, "top-k", 1, NULL);
    process_many("b");
    expect_change(NULL, black, 2, 2);
    process_many("wbwbbbbbb");
    expect_no_change();
    process_many("wwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
}
GST_END_TEST;

/* With smoothing-time, results count by the running time of their frames: of the last 400 ms, the
 * state needs 240. A new segment, in which it jumps, counts as a lost camera. */
GST_START_TEST(test_time)
{
    g_autofree char *black = process(FALSE);
    g_autofree char *white = process(TRUE);
    GstSegment segment;

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-time", (guint64)400 * GST_MSECOND, NULL);
    process_many("bbbbbb"); /* frames 2 to 7 */
    expect_no_change();
    process_many("b");
    expect_change(NULL, black, 8, 2);
    process_many("w");
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.base = 3600 * GST_SECOND;
    harness_push_segment(h, &segment);
    process_many("www"); /* the last 100 ms before it, and 80 ms */
    expect_no_change();
    segment.base = 0;
    harness_push_segment(h, &segment);
    process_many("ww"); /* another 100 ms */
    expect_change(black, white, 13, 9);
    harness_flush(h);
    process_many("bbbbbbb");
    expect_change(NULL, black, 21, 15);
}
GST_END_TEST;

/* If no class reaches the threshold, the state has no label. A flush forgets the state. */
GST_START_TEST(test_threshold_and_flush)
{
    g_autofree char *black = process(FALSE);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    process_many("bbb");
    expect_change(NULL, black, 3, 1);
    g_object_set(h->element, "threshold", 1.0, NULL);
    process_many("bbb");
    expect_change(black, NULL, 6, 4);
    g_object_set(h->element, "threshold", 0.0, NULL);
    process_many("bbb");
    expect_change(NULL, black, 9, 7);
    harness_flush(h);
    process_many("bbb");
    expect_change(NULL, black, 12, 10);
}
GST_END_TEST;

/* The worker posts changes as well. */
GST_START_TEST(test_latest)
{
    g_autofree char *black = process(FALSE);

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    process_many("b");
    harness_end(h);
    expect_change(NULL, black, 1, 1);
}
GST_END_TEST;

/* Processes a frame with its halves as objects with these ids. 0 means no id. */
static void process_halves(gboolean left_white, gboolean right_white, int left, int right)
{
    const Box boxes[] = {{"door", 0, 0, 80, 120, left}, {NULL, 80, 0, 80, 120, right}};
    GstBuffer *frame = frames_new(CAPS, FRAME_GRAYS, 40 * frames++);

    draw_columns(frame, 0, 80, left_white);
    draw_columns(frame, 80, 80, right_white);
    gst_buffer_unref(boxes_process(h, frame, boxes, G_N_ELEMENTS(boxes)));
}

/* The state changes posted so far, as object and new state, like "7:normal ". */
static char *pop_changes(void)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(h->element);
    GString *changes = g_string_new(NULL);

    while (TRUE) {
        g_autoptr(GstMessage) message = gst_bus_pop(bus);
        int id = -1;

        if (!message)
            return g_string_free(changes, FALSE);
        if (gst_message_has_name(message, "convnext-state-changed")) {
            const GstStructure *s = gst_message_get_structure(message);

            gst_structure_get_int(s, "object-id", &id);
            g_string_append_printf(changes, "%d:%s ", id, gst_structure_get_string(s, "new"));
            fail_unless_equals_string(gst_structure_get_string(s, "object-label"),
                                      id == 7 ? "door" : NULL);
        }
    }
}

/* format holds a %s for each expected label. */
static void expect_changes(const char *format, const char *label)
{
    g_autofree char *changes = pop_changes();
    g_autofree char *expected = g_strdup_printf(format, label, label);

    fail_unless_equals_string(changes, expected);
}

static void start_objects(void)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 3, "smoothing-count", 2, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "region", "objects");
    harness_restart(h, CAPS);
}

/* Each tracked object has its own state; untracked objects have none. */
GST_START_TEST(test_objects)
{
    g_autofree char *black = process(FALSE);
    g_autofree char *white = process(TRUE);

    start_objects();
    process_halves(FALSE, FALSE, 7, 8);
    process_halves(FALSE, FALSE, 7, 8); /* repeated ids are trusted from here on */
    expect_changes("", NULL);
    process_halves(FALSE, FALSE, 7, 8);
    expect_changes("7:%s 8:%s ", black);
    process_halves(TRUE, FALSE, 7, 8);
    expect_changes("", NULL);
    process_halves(TRUE, FALSE, 7, 8);
    expect_changes("7:%s ", white);
    process_halves(TRUE, TRUE, 7, 0);
    process_halves(TRUE, TRUE, 7, 0);
    process_halves(TRUE, TRUE, 7, 0);
    expect_changes("", NULL);
    process_halves(TRUE, TRUE, 7, 8); /* object 8: black, white */
    process_halves(TRUE, TRUE, 7, 8);
    expect_changes("8:%s ", white);
}
GST_END_TEST;

/* Regions with new ids in each frame are not tracked. */
GST_START_TEST(test_changing_ids)
{
    start_objects();
    for (int i = 0; i < 6; i++)
        process_halves(FALSE, TRUE, 7 + 2 * i, 8 + 2 * i);
    expect_changes("", NULL);
}
GST_END_TEST;

/* New caps, a new segment and another number of threads do not change a state. */
GST_START_TEST(test_no_state_change)
{
    g_autofree char *black = process(FALSE);
    GstSegment segment;

    start_objects();
    for (guint i = 0; i < 4; i++)
        process_halves(FALSE, FALSE, 7, 0);
    expect_changes("7:%s ", black);
    gst_harness_set_src_caps_str(h, CAPS ",interlace-mode=progressive");
    for (guint i = 0; i < 4; i++)
        process_halves(FALSE, FALSE, 7, 0);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.base = 1;
    harness_push_segment(h, &segment);
    for (guint i = 0; i < 4; i++)
        process_halves(FALSE, FALSE, 7, 0);
    g_object_set(h->element, "threads", 2, NULL);
    do
        process_halves(FALSE, FALSE, 7, 0);
    while (frames_counter(h->element, "threads") != 2);
    for (guint i = 0; i < 4; i++)
        process_halves(FALSE, FALSE, 7, 0);
    expect_changes("", NULL);
}
GST_END_TEST;

static void check_static_scene(const char *smoothing, guint64 time)
{
    g_autofree char *black = process(FALSE);
    g_autofree char *white = process(TRUE);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", smoothing);
    g_object_set(h->element, "change-threshold", 0.02, "max-age", (guint64)0, "smoothing-time",
                 time, NULL);
    process_many("bbbbbbbbbbbb");
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
    process_many("wwwwwwwwwwwwwwwwww");
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
    guint64 inferred = frames_counter(h->element, "inferred");
    fail_unless(inferred < 16, "%" G_GUINT64_FORMAT " inferences", inferred);
    process_many("wwwww");
    fail_unless_equals_uint64(frames_counter(h->element, "inferred"), inferred);
}

/* A static scene is inferred until its state is known, and then no longer. */
GST_START_TEST(test_static_scene)
{
    check_static_scene(__i__ % 2 ? "exponential" : "majority", __i__ < 2 ? 0 : 160 * GST_MSECOND);
}
GST_END_TEST;

/* The objects of a static scene are classified until their states are known, and then no longer. */
GST_START_TEST(test_static_scene_objects)
{
    g_autofree char *black = process(FALSE);

    start_objects();
    g_object_set(h->element, "change-threshold", 0.02, "max-age", (guint64)0, "max-objects", 1,
                 NULL);
    for (guint i = 0; i < 12; i++)
        process_halves(FALSE, FALSE, 7, 8);
    expect_changes("8:%s 7:%s ", black);
    fail_unless(frames_counter(h->element, "unchanged") > 0);
}
GST_END_TEST;

/* While playing, a smoothing-count above the window posts a warning and counts as the window. At a
 * start it is an error. */
GST_START_TEST(test_count_beyond_window)
{
    g_autofree char *black = process(FALSE);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 9, "smoothing-count", 7, NULL);
    g_object_set(h->element, "top-k", 1, "smoothing-window", 2, NULL);
    messages_expect(gate_pop(gate, GST_MESSAGE_WARNING), "(2), not 7"); /* the only one */
    process_many("bb");
    expect_change(NULL, black, 2, 1);
    fail_unless_equals_int(gst_element_set_state(h->element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(gst_element_set_state(h->element, GST_STATE_PAUSED),
                           GST_STATE_CHANGE_FAILURE);
    gst_message_unref(gate_pop(gate, GST_MESSAGE_ERROR));
}
GST_END_TEST;

static Suite *convnext_states_suite(void)
{
    Suite *s = suite_create("convnext_states");
    TCase *tc = tcase_create("states");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_majority);
    tcase_add_test(tc, test_exponential);
    tcase_add_test(tc, test_time);
    tcase_add_test(tc, test_threshold_and_flush);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_changing_ids);
    tcase_add_test(tc, test_no_state_change);
    tcase_add_loop_test(tc, test_static_scene, 0, 4);
    tcase_add_test(tc, test_static_scene_objects);
    tcase_add_test(tc, test_count_beyond_window);
    return s;
}

GST_CHECK_MAIN(convnext_states);
