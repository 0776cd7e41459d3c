/* What goes wrong while playing, and that it does not outlast what was wrong.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/frames.h"
#include "tests/gst/gate.h"
#include "tests/gst/network.h"

#define CAPS "video/x-raw,format=I420,width=160,height=120,framerate=25/1"

static char *network;
static GstHarness *h;
static Gate *gate;

static void setup(void)
{
    network = network_new();
    h = frames_harness(network, CAPS);
    gate = gate_new(h->element);
}

static void teardown(void)
{
    gate_free(gate);
    gst_harness_teardown(h);
    network_delete(network);
}

static GstBuffer *through(guint i)
{
    return frames_through(h, frames_new(CAPS, FRAME_COLOURS, 40 * i));
}

static void expect_error(const char *named)
{
    GError *error;
    GstMessage *message = gate_pop(gate, GST_MESSAGE_ERROR);
    gst_message_parse_error(message, &error, NULL);
    fail_unless(strstr(error->message, named) != NULL, "%s is not in: %s", named, error->message);
    g_error_free(error);
    gst_message_unref(message);
}

/* Pixels that cannot be so wide. Then the caps come again that the pads have had all the time. */
GST_START_TEST(test_refused_caps)
{
    GstCaps *refused = gst_caps_from_string(CAPS ",pixel-aspect-ratio=1000000/1");
    gst_buffer_unref(through(0));
    gst_harness_push_event(h, gst_event_new_caps(refused));
    expect_error("1000000/1");
    gst_harness_set_src_caps_str(h, CAPS);
    GstBuffer *out = through(1);
    fail_unless_equals_uint64(frames_meta(out)->age, 0);
    gst_buffer_unref(out);
    gst_caps_unref(refused);
}
GST_END_TEST;

static Suite *faults_suite(void)
{
    Suite *s = suite_create("convnext_faults");
    TCase *tc = tcase_create("faults");
    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_refused_caps);
    return s;
}

GST_CHECK_MAIN(faults);
