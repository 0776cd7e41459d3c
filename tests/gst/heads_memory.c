/* What convnextsegment and convnextdetect allocate: nothing large for each frame, and no more than
 * max-memory allows, whatever the shape of the frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/fixtures/allocations.h"
#include "tests/gst/support/heads.h"

#define SEGMENT "convnextsegment threads=1 model=" SEGMENTER
#define DETECT                                                                             \
    "convnextdetect threads=1 min-size=64 max-size=96 score-threshold=0.02 max-objects=8 " \
    "model=" DETECTOR

/* As many objects as the model's defaults allow: their arrays are large too. Not with GStreamer's
 * own metadata of objects, since 1.24, which grows with each of them. */
#define DETECT_MANY                                                              \
    "convnextdetect threads=1 min-size=64 max-size=96 score-threshold=0.000001 " \
    "nms-threshold=1 max-objects=100 mask-size=frame model=" DETECTOR

#define FEW_PICTURES 6
#define PICTURES 60 /* more than a pool keeps blocks for */

/* A picture in a frame that is used again. Their objects differ in number and size. */
static void draw(GstBuffer *frame, guint i)
{
    gst_buffer_memset(frame, 160 * (i / 2), (guint8)(4 * i), 160 * 20);
}

/* The same pictures twice, always in the same buffer. */
static void check_frames(const char *launch, guint pictures)
{
    g_autoptr(GstHarness) h = heads_harness(launch, HEADS_CAPS);
    g_autoptr(GstBuffer) frame = frames_new(HEADS_CAPS, FRAME_COLOURS, 0);

    for (guint i = 0; i < 2 * pictures; i++) {
        if (i == pictures)
            fail_unless((allocations_take_large() > 0) == allocations_are_counted(),
                        "the counter does not count");
        draw(frame, i % pictures);
        frame = frames_process(h, frame);
        frames_remove_metas(frame);
    }
    fail_unless_equals_int(allocations_take_large(), 0);
}

GST_START_TEST(test_frames)
{
    check_frames(DETECT " mask-size=frame", PICTURES);
    if (!GST_CHECK_VERSION(1, 24, 0))
        check_frames(DETECT_MANY, FEW_PICTURES);
    check_frames(SEGMENT " mask-size=frame crop=border logits=true", PICTURES);
}
GST_END_TEST;

/* Starts the element with this limit and runs the frame. Returns the most bytes that it took, or 0
 * if it refused. */
static gsize run_with_limit(GstHarness *h, const char *caps, GstBuffer *frame, guint64 limit)
{
    gboolean is_accepted;

    gst_element_set_state(h->element, GST_STATE_NULL);
    g_object_set(heads_element(h), "max-memory", limit, NULL);
    const gsize before = allocations_now();
    allocations_take_most();
    is_accepted = gst_element_set_state(h->element, GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
    if (!is_accepted)
        return 0;
    gst_harness_set_src_caps_str(h, caps);
    is_accepted = gst_harness_push(h, gst_buffer_ref(frame)) == GST_FLOW_OK;
    if (is_accepted)
        gst_buffer_unref(gst_harness_pull(h));
    return is_accepted ? MAX(allocations_take_most(), before + 1) - before : 0;
}

/* With the lowest limit that the element accepts for frames of these caps, it takes no more. */
static void check_limit(const char *launch, const char *size)
{
    g_autofree char *caps = g_strdup_printf("video/x-raw,format=GRAY8,framerate=25/1,%s", size);
    g_autoptr(GstHarness) h = heads_harness(launch, NULL);
    g_autoptr(GstBuffer) frame = frames_new(caps, FRAME_COLOURS, 0);
    guint64 limit = 8000000;
    gsize taken;

    while ((taken = run_with_limit(h, caps, frame, limit)) == 0 && limit < 1000000000)
        limit += limit / 10;
    fail_unless(taken > 0 && taken <= limit + ALLOCATIONS_EXCESS,
                "%s, %s: %zu bytes with max-memory=%zu", launch, size, taken, (gsize)limit);
}

GST_START_TEST(test_limit)
{
    check_limit(SEGMENT " mask-size=frame crop=border orientation=90r", "width=6000,height=32");
    check_limit(DETECT " mask-size=frame", "width=320,height=200");
}
GST_END_TEST;

static Suite *heads_memory_suite(void)
{
    Suite *s = suite_create("heads_memory");
    TCase *tc = tcase_create("all");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_frames);
    tcase_add_test(tc, test_limit);
    return s;
}

GST_CHECK_MAIN(heads_memory);
