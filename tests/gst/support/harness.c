/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/harness.h"

#include <gst/check/gstcheck.h>

void harness_restart(GstHarness *h, const char *caps)
{
    gst_element_set_state(h->element, GST_STATE_NULL);
    gst_element_set_state(h->element, GST_STATE_PLAYING);
    gst_harness_set_src_caps_str(h, caps);
}

void harness_flush(GstHarness *h)
{
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_start()));
    fail_unless(gst_harness_push_event(h, gst_event_new_flush_stop(TRUE)));
    harness_new_segment(h);
}

void harness_push_segment(GstHarness *h, const GstSegment *segment)
{
    fail_unless(gst_harness_push_event(h, gst_event_new_segment(segment)));
}

void harness_new_segment(GstHarness *h)
{
    GstSegment segment;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    harness_push_segment(h, &segment);
}

void harness_end(GstHarness *h)
{
    fail_unless(gst_harness_push_event(h, gst_event_new_eos()));
}
