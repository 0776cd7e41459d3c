/* Warnings about pipelines without results: region=objects without a detector, convnextpublish
 * without convnext, and elements between the two that drop results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/boxes.h"
#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

#define CAPS "video/x-raw,format=I420,width=64,height=48,framerate=25/1"
#define NO_DETECTOR "none of the first 100 frames describes an object: region=objects"
#define DROPPED "an element between the two, such as deinterlace or compositor, drops them"

static const struct {
    guint frames;
    const char *elements, *warning; /* NULL means none */
} pipelines[] = {
    {99, "convnext region=objects", NULL},
    {350, "convnext region=objects", NO_DETECTOR},
    {50, "convnext region=objects ! convnextpublish", NULL},
    {3, "convnextpublish",
     "none of the first 3 buffers carries a result: this element writes the results of the element "
     "convnext, but there is none upstream"},
    {350, "queue ! convnextpublish", "none of the first 100 buffers carries a result: this"},
    {3, "convnext ! tee ! queue ! convnextpublish", NULL},
    {3, "convnext ! deinterlace mode=interlaced ! convnextpublish", DROPPED},
    {750, "convnext interval=1000 ! deinterlace mode=interlaced ! convnextpublish", DROPPED},
};

static GstElement *make_pipeline(guint frames, const char *elements)
{
    g_autofree char *launch =
        g_strdup_printf("videotestsrc num-buffers=%u ! " CAPS " ! %s ! fakesink", frames, elements);
    g_auto(GStrv) parts = g_strsplit(launch, "convnextpublish", -1);
    g_autofree char *quiet = g_strjoinv("convnextpublish location=/dev/null", parts);
    g_auto(GStrv) plain = g_strsplit(quiet, "convnext ", -1);
    g_autofree char *model = g_strdup_printf("convnext model=%s ", network);
    g_autofree char *complete = g_strjoinv(model, plain);
    GstElement *pipeline = gst_parse_launch(complete, NULL);

    fail_unless(pipeline, "%s", complete);
    return pipeline;
}

/* A pipeline that is not as its user wants it posts one warning that says why. */
GST_START_TEST(test_pipeline)
{
    g_autoptr(GstElement) pipeline =
        make_pipeline(pipelines[__i__].frames, pipelines[__i__].elements);
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    GstMessage *message;
    guint warnings = 0;

    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    while ((message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                                 GST_MESSAGE_EOS | GST_MESSAGE_ERROR |
                                                     GST_MESSAGE_WARNING)) &&
           GST_MESSAGE_TYPE(message) != GST_MESSAGE_EOS) {
        fail_unless(pipelines[__i__].warning, "%s: there is a warning", pipelines[__i__].elements);
        messages_expect(message, pipelines[__i__].warning);
        warnings++;
    }
    gst_message_unref(message);
    fail_unless_equals_int(warnings, pipelines[__i__].warning ? 1 : 0);
    gst_element_set_state(pipeline, GST_STATE_NULL);
}
GST_END_TEST;

static void push_frames(GstHarness *h, guint from, guint to)
{
    for (guint i = from; i < to; i++)
        gst_buffer_unref(boxes_process(h, frames_new(CAPS, FRAME_COLOURS, 40 * i), NULL, 0));
}

/* Once a frame has described an object, selected or not, the detector may find nothing for long. A
 * new start begins again. */
GST_START_TEST(test_empty_scene)
{
    static const Box box = {"cat", 8, 8, 40, 40, 0};
    g_autoptr(GstHarness) h = boxes_harness(network, CAPS);
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_bus(h->element, bus);
    g_object_set(h->element, "object-class", "dog", NULL);
    push_frames(h, 0, 50);
    gst_buffer_unref(boxes_process(h, frames_new(CAPS, FRAME_COLOURS, 40 * 50), &box, 1));
    push_frames(h, 51, 400);
    messages_check_none(bus);
    harness_restart(h, CAPS);
    push_frames(h, 0, 99);
    messages_check_none(bus);
    push_frames(h, 99, 300);
    messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING), NO_DETECTOR);
    messages_check_none(bus);
}
GST_END_TEST;

static Suite *hints_suite(void)
{
    Suite *s = suite_create("hints");
    TCase *tc = tcase_create("hints");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_loop_test(tc, test_pipeline, 0, G_N_ELEMENTS(pipelines));
    tcase_add_test(tc, test_empty_scene);
    return s;
}

GST_CHECK_MAIN(hints);
