/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/stage.h"

GstHarness *h;
Gate *gate;

void stage_setup(void)
{
    network_setup();
    h = frames_harness(network, CAPS);
    gate = gate_new(h->element);
}

void stage_teardown(void)
{
    gate_free(gate);
    gst_harness_teardown(h);
    network_teardown();
}

GstBuffer *process(guint i)
{
    return frames_process(h, frames_new(CAPS, FRAME_COLOURS, STEP * i));
}
