/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/pipeline.h"

#include <gst/check/gstcheck.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/messages.h"

Pipeline pipeline_play(const char *properties)
{
    g_autofree char *line = g_strdup_printf("videotestsrc ! video/x-raw,width=160,height=120 ! "
                                            "convnext name=convnext %s ! fakesink sync=false",
                                            properties);
    Pipeline p = {gst_parse_launch(line, NULL), NULL};

    fail_unless(p.pipeline, "cannot make %s", line);
    p.convnext = gst_bin_get_by_name(GST_BIN(p.pipeline), "convnext");
    gst_element_set_state(p.pipeline, GST_STATE_PLAYING);
    pipeline_wait_for_state(&p);
    return p;
}

void pipeline_wait_for_state(const Pipeline *p)
{
    gst_element_get_state(p->pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
}

void pipeline_wait_for_counter(const Pipeline *p, const char *counter)
{
    guint64 before = frames_counter(p->convnext, counter);

    while (frames_counter(p->convnext, counter) <= before)
        g_usleep(100);
}

void pipeline_stop(Pipeline *p)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(p->pipeline);

    messages_check_none(bus);
    gst_element_set_state(p->pipeline, GST_STATE_NULL);
    gst_clear_object(&p->convnext);
    gst_clear_object(&p->pipeline);
}
