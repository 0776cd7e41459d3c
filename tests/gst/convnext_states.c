/* What a camera shows changes, and convnext says so, once.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/gate.h"

#define CAPS "video/x-raw,format=GRAY8,width=160,height=120,framerate=25/1"

static GstHarness *h;
static Gate *gate;
static guint frames; /* pushed so far */

static void start_anew(void)
{
    gst_element_set_state(h->element, GST_STATE_NULL);
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, CAPS);
}

/* The bundled model, which tells a black picture from all others. */
static void setup(void)
{
    h = frames_harness(NULL, NULL);
    g_object_set(h->element, "input-size", 64, NULL); /* enough for that */
    start_anew();
    gate = gate_new(h->element);
    frames = 0;
}

static void teardown(void)
{
    gate_free(gate);
    gst_harness_teardown(h);
}

/* Black columns, or columns with white stripes. */
static void draw(GstBuffer *frame, guint x, guint width, gboolean white)
{
    for (guint row = 0; row < 120; row++)
        gst_buffer_memset(frame, 160 * row + x, white && row / 8 % 2 ? 255 : 16, width);
}

/* One frame, black or with white; returns its best label. */
static char *push(gboolean white)
{
    guint n;
    GstBuffer *frame = frames_new(CAPS, FRAME_GRAYS, 40 * frames++);

    draw(frame, 0, 160, white);
    GstBuffer *out = frames_through(h, frame);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(out);
    const GstConvnextClass *best = meta ? gst_convnext_result_get_classes(meta->result, &n) : NULL;
    char *label = g_strdup(best && n ? best->label : NULL);
    gst_buffer_unref(out);
    return label;
}

static void push_many(const char *sequence)
{
    for (; *sequence; sequence++)
        g_free(push(*sequence == 'w'));
}

static void expect_change(const char *from, const char *to, guint frame, guint since)
{
    GstMessage *message;
    guint64 then, number;

    while ((message = gate_pop(gate, GST_MESSAGE_ELEMENT)))
        if (gst_message_has_name(message, "convnext-state-changed"))
            break;
        else
            gst_message_unref(message);
    const GstStructure *s = gst_message_get_structure(message);
    fail_unless_equals_string(gst_structure_get_string(s, "old"), from);
    fail_unless_equals_string(gst_structure_get_string(s, "new"), to);
    fail_unless(
        gst_structure_get(s, "frame", G_TYPE_UINT64, &number, "since", G_TYPE_UINT64, &then, NULL));
    fail_unless_equals_uint64(number, frame);
    fail_unless_equals_uint64(then, since * 40 * GST_MSECOND);
    gst_message_unref(message);
}

static void expect_no_change(void)
{
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 0);
}

GST_START_TEST(test_majority)
{
    char *black = push(FALSE), *white = push(TRUE);

    fail_unless(g_strcmp0(black, white) != 0, "black and white are both %s", black);
    expect_no_change(); /* smoothing=none */
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    push_many("bbwb"); /* frames 2 to 5 */
    expect_change(NULL, black, 5, 2);
    push_many("bwbwww"); /* 6 to 11: b w b w w w */
    expect_change(black, white, 10, 7);
    expect_no_change();
    g_free(black);
    g_free(white);
}
GST_END_TEST;

GST_START_TEST(test_exponential)
{
    char *black = push(FALSE), *white = push(TRUE);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "exponential");
    g_object_set(h->element, "smoothing-alpha", 0.1, "top-k", 1, NULL);
    push_many("b");
    expect_change(NULL, black, 2, 2);
    push_many("wbwbbbbbb");
    expect_no_change();
    push_many("wwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
    g_free(black);
    g_free(white);
}
GST_END_TEST;

/* Where no class reaches the threshold there is no label; a flush forgets the state. */
GST_START_TEST(test_threshold_and_flush)
{
    GstSegment segment;
    char *black = push(FALSE);

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    push_many("bbb");
    expect_change(NULL, black, 3, 1);
    g_object_set(h->element, "threshold", 1.0, NULL);
    push_many("bbb");
    expect_change(black, NULL, 6, 4);
    g_object_set(h->element, "threshold", 0.0, NULL);
    push_many("bbb");
    expect_change(NULL, black, 9, 7);
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_start()));
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    fail_unless(gst_harness_push_event(h, gst_event_new_segment(&segment)));
    push_many("bbb");
    expect_change(NULL, black, 12, 10);
    g_free(black);
}
GST_END_TEST;

GST_START_TEST(test_latest)
{
    char *black = push(FALSE);

    gst_util_set_object_arg(G_OBJECT(h->element), "mode", "latest");
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 1, "smoothing-count", 1, NULL);
    push_many("b");
    fail_unless(gst_harness_push_event(h, gst_event_new_eos()));
    expect_change(NULL, black, 1, 1);
    g_free(black);
}
GST_END_TEST;

/* The halves of a frame are objects, of these ids (0: none is set). */
static void push_halves(gboolean left_white, gboolean right_white, int left, int right)
{
    const Box boxes[] = {{"door", 0, 0, 80, 120, left}, {NULL, 80, 0, 80, 120, right}};
    GstBuffer *frame = frames_new(CAPS, FRAME_GRAYS, 40 * frames++);

    draw(frame, 0, 80, left_white);
    draw(frame, 80, 80, right_white);
    gst_buffer_unref(boxes_through(h, frame, boxes, G_N_ELEMENTS(boxes)));
}

/* Which object has changed to what, of all messages so far, like "7:normal "; the caller owns it.
 */
static char *pop_changes(void)
{
    GString *changes = g_string_new(NULL);
    GstMessage *message;
    GstBus *bus = gst_element_get_bus(h->element);

    while ((message = gst_bus_pop(bus))) {
        const GstStructure *s = gst_message_get_structure(message);
        int id = -1;

        if (gst_message_has_name(message, "convnext-state-changed")) {
            gst_structure_get_int(s, "object-id", &id);
            g_string_append_printf(changes, "%d:%s ", id, gst_structure_get_string(s, "new"));
            fail_unless_equals_string(gst_structure_get_string(s, "object-label"),
                                      id == 7 ? "door" : NULL);
        }
        gst_message_unref(message);
    }
    gst_object_unref(bus);
    return g_string_free(changes, FALSE);
}

static void expect_changes(const char *format, const char *label)
{
    char *changes = pop_changes(), *expected = g_strdup_printf(format, label, label);

    fail_unless_equals_string(changes, expected);
    g_free(changes);
    g_free(expected);
}

static void start_objects(void)
{
    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 3, "smoothing-count", 2, NULL);
    gst_util_set_object_arg(G_OBJECT(h->element), "region", "objects");
    start_anew();
}

/* Each tracked object has its own state, whatever becomes of the other; one that nobody tracks has
 * none. */
GST_START_TEST(test_objects)
{
    char *black = push(FALSE), *white = push(TRUE);

    start_objects();
    push_halves(FALSE, FALSE, 7, 8);
    push_halves(FALSE, FALSE, 7, 8); /* the same numbers: from here on they are trusted */
    expect_changes("", NULL);
    push_halves(FALSE, FALSE, 7, 8);
    expect_changes("7:%s 8:%s ", black);
    push_halves(TRUE, FALSE, 7, 8);
    expect_changes("", NULL);
    push_halves(TRUE, FALSE, 7, 8);
    expect_changes("7:%s ", white);
    push_halves(TRUE, TRUE, 7, 0);
    push_halves(TRUE, TRUE, 7, 0);
    push_halves(TRUE, TRUE, 7, 0);
    expect_changes("", NULL);
    push_halves(TRUE, TRUE, 7, 8); /* 8: black white */
    push_halves(TRUE, TRUE, 7, 8);
    expect_changes("8:%s ", white);
    g_free(black);
    g_free(white);
}
GST_END_TEST;

/* Regions that are numbered anew in each frame are tracked by nobody. */
GST_START_TEST(test_numbered_anew)
{
    start_objects();
    for (int i = 0; i < 6; i++)
        push_halves(FALSE, TRUE, 7 + 2 * i, 8 + 2 * i);
    expect_changes("", NULL);
}
GST_END_TEST;

/* New caps and a new segment are no change, and neither are other threads. */
GST_START_TEST(test_no_news)
{
    GstSegment segment;
    GstStructure *info;
    char *black = push(FALSE);
    guint threads = 0;

    start_objects();
    for (guint i = 0; i < 4; i++)
        push_halves(FALSE, FALSE, 7, 0);
    expect_changes("7:%s ", black);
    gst_harness_set_src_caps_str(h, CAPS ",interlace-mode=progressive");
    for (guint i = 0; i < 4; i++)
        push_halves(FALSE, FALSE, 7, 0);
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.base = 1;
    fail_unless(gst_harness_push_event(h, gst_event_new_segment(&segment)));
    for (guint i = 0; i < 4; i++)
        push_halves(FALSE, FALSE, 7, 0);
    g_object_set(h->element, "threads", 2, NULL);
    while (threads != 2) {
        push_halves(FALSE, FALSE, 7, 0);
        g_object_get(h->element, "stats", &info, NULL);
        gst_structure_get_uint(info, "threads", &threads);
        gst_structure_free(info);
    }
    for (guint i = 0; i < 4; i++)
        push_halves(FALSE, FALSE, 7, 0);
    expect_changes("", NULL);
    g_free(black);
}
GST_END_TEST;

/* A scene that does not change is looked at until its state is known, and then no more. */
static void expect_static(const char *smoothing)
{
    char *black = push(FALSE), *white = push(TRUE);
    guint64 looks;

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", smoothing);
    g_object_set(h->element, "change-threshold", 0.02, "max-age", (guint64)0, NULL);
    push_many("bbbbbbbbbbbb");
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
    push_many("wwwwwwwwwwwwwwwwww");
    fail_unless_equals_int(gate_messages(gate, "convnext-state-changed", NULL, 0), 1);
    looks = frames_counter(h, "inferred");
    fail_unless(looks < 16, "%" G_GUINT64_FORMAT " looks", looks);
    push_many("wwwww");
    fail_unless_equals_uint64(frames_counter(h, "inferred"), looks);
    g_free(black);
    g_free(white);
}

GST_START_TEST(test_static)
{
    expect_static(__i__ ? "exponential" : "majority");
}
GST_END_TEST;

GST_START_TEST(test_static_objects)
{
    char *black = push(FALSE);

    start_objects();
    g_object_set(h->element, "change-threshold", 0.02, "max-age", (guint64)0, "max-objects", 1,
                 NULL);
    for (guint i = 0; i < 12; i++)
        push_halves(FALSE, FALSE, 7, 8);
    expect_changes("8:%s 7:%s ", black);
    fail_unless(frames_counter(h, "unchanged") > 0);
    g_free(black);
}
GST_END_TEST;

/* Playing, a count that no window can have is a warning, and means all of them; it does not start.
 */
GST_START_TEST(test_count_beyond_window)
{
    char *black = push(FALSE);
    GError *error;
    GstMessage *message;

    gst_util_set_object_arg(G_OBJECT(h->element), "smoothing", "majority");
    g_object_set(h->element, "smoothing-window", 9, "smoothing-count", 7, NULL);
    g_object_set(h->element, "top-k", 1, "smoothing-window", 2, NULL);
    message = gate_pop(gate, GST_MESSAGE_WARNING); /* the only one */
    gst_message_parse_warning(message, &error, NULL);
    fail_unless(strstr(error->message, "which is 2, not 7") != NULL, "%s", error->message);
    g_error_free(error);
    gst_message_unref(message);
    push_many("bb");
    expect_change(NULL, black, 2, 1);
    fail_unless_equals_int(gst_element_set_state(h->element, GST_STATE_READY),
                           GST_STATE_CHANGE_SUCCESS);
    fail_unless_equals_int(gst_element_set_state(h->element, GST_STATE_PAUSED),
                           GST_STATE_CHANGE_FAILURE);
    message = gate_pop(gate, GST_MESSAGE_ERROR);
    gst_message_unref(message);
    g_free(black);
}
GST_END_TEST;

static Suite *state_suite(void)
{
    Suite *s = suite_create("convnext_state");
    TCase *tc = tcase_create("state");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_majority);
    tcase_add_test(tc, test_exponential);
    tcase_add_test(tc, test_threshold_and_flush);
    tcase_add_test(tc, test_latest);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_numbered_anew);
    tcase_add_test(tc, test_no_news);
    tcase_add_loop_test(tc, test_static, 0, 2);
    tcase_add_test(tc, test_static_objects);
    tcase_add_test(tc, test_count_beyond_window);
    return s;
}

GST_CHECK_MAIN(state);
