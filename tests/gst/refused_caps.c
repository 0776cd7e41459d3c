/* Frames of sizes that an element cannot take: one error, whose advice works, and a stream that
 * continues once good caps come.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/heads.h"
#include "tests/gst/support/messages.h"
#include "tests/gst/support/network.h"

#define CONVNEXT "convnext threads=1 model=NETWORK" /* inputs of 64x64 */
#define SEGMENT "convnextsegment threads=1 model=" SEGMENTER
#define DETECT "convnextdetect threads=1 model=" DETECTOR

#define GOOD "video/x-raw,format=GRAY8,width=64,height=48,framerate=25/1"

/* A harness around elements that run the network of the test. */
static GstHarness *make_harness(const char *launch, GstBus *bus)
{
    g_auto(GStrv) parts = g_strsplit(launch, "NETWORK", -1);
    g_autofree char *complete = g_strjoinv(network, parts);
    GstHarness *h = heads_harness(complete, GOOD);

    gst_element_set_bus(heads_element(h), bus);
    return h;
}

static void push_caps(GstHarness *h, guint width, guint height)
{
    g_autoptr(GstCaps) caps = gst_caps_new_simple(
        "video/x-raw", "format", G_TYPE_STRING, "GRAY8", "width", G_TYPE_INT, (int)width, "height",
        G_TYPE_INT, (int)height, "framerate", GST_TYPE_FRACTION, 25, 1, NULL);

    gst_harness_push_event(h, gst_event_new_caps(caps));
}

static GstFlowReturn push_frame(GstHarness *h, guint width, guint height)
{
    return gst_harness_push(h, gst_buffer_new_allocate(NULL, (width + 3) / 4 * 4 * height, NULL));
}

static void expect_error(GstBus *bus, const char *text)
{
    messages_expect(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR), text);
    messages_check_none(bus);
}

static const struct {
    const char *launch;
    guint width, height;
    const char *error; /* NULL means that the frame gets a result */
} sizes[] = {
    {CONVNEXT " crop=center", 1, 4000, NULL},
    {CONVNEXT " crop=center", 300000, 1,
     "a picture of 300000 x 1 pixels would be resized to "
     "19200000 x 64 with crop=center, but each side must be "
     "from 1 to 16777216 pixels: set crop=squash, or crop or "
     "pad the frames upstream"},
    {CONVNEXT " crop=squash", 300000, 1, NULL},
    {CONVNEXT " crop=squash", 1, 1, NULL},
    {CONVNEXT " crop=border", 1, 4000,
     "1 x 4000 pixels would be resized to 0 x 64 with "
     "crop=border"},
    {CONVNEXT " crop=border", 2, 2, NULL},
    {CONVNEXT " crop=none", 300000, 1, "19200000 x 64 with crop=none"},
    {CONVNEXT " crop=none", 40000, 2,
     "a picture of 40000 x 2 pixels would be resized to 1280000 x 64 with crop=none, expected at "
     "most "
     "67108864 pixels: set crop=squash"},
    {CONVNEXT " crop=none max-memory=50000000", 4000, 1, "frames of 4000 x 1 pixels: "},
    {CONVNEXT " crop=none max-memory=50000000", 4000, 1,
     "set a smaller input-size, another crop or a larger max-memory"},
    {CONVNEXT " crop=squash max-memory=50000000", 4000, 1, NULL},
    {CONVNEXT " crop=fit", 4000, 1, "with crop=fit, but each side"},
    {SEGMENT " crop=border", 30000, 2, "resized to 96 x 0 with crop=border"},
    {SEGMENT " crop=fit", 1, 4000, "with crop=fit, but each side"},
    {SEGMENT " crop=squash", 30000, 2, NULL},
    {SEGMENT " crop=none max-memory=100000000", 4000, 1, "set another crop or a larger max-memory"},
    {SEGMENT " mask-size=frame max-memory=100000000", 20000, 10000,
     "set a smaller input-width and input-height, mask-size=network or a larger max-memory"},
    {"convnextsegment threads=1 crop=none model=" FIXTURES "/segmenters/smp-fpn", 100, 96,
     "frames of 100 x 96 pixels: the FPN of smp needs inputs of at least 32x32 pixels whose sides "
     "are multiples of 32, not "},
    {"convnextsegment threads=1 crop=squash model=" FIXTURES "/segmenters/smp-fpn", 100, 96, NULL},
    {DETECT, 1, 1, NULL},
    {DETECT, 4000, 1,
     "frames of 4000 x 1 pixels: a picture of 4000 x 1 pixels would be resized to 240 x 0, but "
     "each side "
     "must be from 1 to 16777216 pixels: set a larger max-size, or crop or pad"},
    {DETECT " max-size=4000", 4000, 1, NULL},
    {DETECT " mask-size=frame max-memory=400000000", 8000, 4000,
     "set a smaller min-size and max-size, a smaller max-objects, mask-size=network or a larger"},
};

/* What the sentence says to set is enough. */
GST_START_TEST(test_size)
{
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstHarness) h = make_harness(sizes[__i__].launch, bus);
    const guint width = sizes[__i__].width, height = sizes[__i__].height;

    push_caps(h, width, height);
    if (sizes[__i__].error) {
        expect_error(bus, sizes[__i__].error);
        return;
    }
    fail_unless_equals_int(push_frame(h, width, height), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(h);
    frames_meta(out);
    messages_check_none(bus);
}
GST_END_TEST;

static const char *const elements[] = {CONVNEXT " crop=border", SEGMENT " crop=fit", DETECT};

static void process_good(GstHarness *h, guint width, guint height)
{
    push_caps(h, width, height);
    fail_unless_equals_int(push_frame(h, width, height), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(h);
    frames_meta(out);
}

/* Pads send refused caps again with each frame. The error comes once, until good caps, a flush, or
 * another size. */
GST_START_TEST(test_once)
{
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstHarness) h = make_harness(elements[__i__], bus);

    for (guint round = 0; round < 2; round++) {
        push_caps(h, 4000, 1);
        for (guint i = 0; i < 3; i++)
            fail_unless(push_frame(h, 4000, 1) < GST_FLOW_OK);
        expect_error(bus, "a picture of 4000 x 1 pixels");
        push_caps(h, 5000, 1);
        expect_error(bus, "a picture of 5000 x 1 pixels");
        process_good(h, 64, 48);
        messages_check_none(bus);
    }
    push_caps(h, 4000, 1);
    expect_error(bus, "a picture of 4000 x 1 pixels");
    harness_flush(h);
    push_caps(h, 4000, 1);
    expect_error(bus, "a picture of 4000 x 1 pixels");
    process_good(h, 64, 48); /* the caps before the refused ones */
}
GST_END_TEST;

/* Caps that GStreamer cannot lay out in memory are an error too. */
GST_START_TEST(test_immense)
{
    g_autoptr(GstBus) bus = gst_bus_new();
    g_autoptr(GstHarness) h = make_harness(elements[__i__], bus);

    push_caps(h, G_MAXINT, G_MAXINT);
    push_frame(h, 4, 4);
    expect_error(bus, "width=(int)2147483647");
    process_good(h, 64, 48);
}
GST_END_TEST;

static Suite *refused_caps_suite(void)
{
    Suite *s = suite_create("refused_caps");
    TCase *tc = tcase_create("refused_caps");

    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_loop_test(tc, test_size, 0, G_N_ELEMENTS(sizes));
    tcase_add_loop_test(tc, test_once, 0, G_N_ELEMENTS(elements));
    tcase_add_loop_test(tc, test_immense, 0, G_N_ELEMENTS(elements));
    return s;
}

GST_CHECK_MAIN(refused_caps);
