/* Cycles pipelines through their states; the heap must not grow.
 *
 *   states [CYCLES]
 *
 * run.sh also runs this test under valgrind, with fewer cycles: one shows a leak there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <malloc.h>
#include <stdlib.h>

#define WARM_UP 3
#define CYCLES 12
#define PATIENCE (300 * GST_SECOND) /* for a busy machine, under valgrind */
#define GROWTH_PER_CYCLE 4096 /* bytes; GStreamer's names, caches and pools vary by up to 1300 */

typedef struct Case {
    const char *name;
    const char *description;
    GstState state;
    gboolean fails; /* expects an error message instead of the state */
} Case;

static const Case cases[] = {
    {"ready", "convnext ! convnextpublish location=/dev/null ! fakesink", GST_STATE_READY, FALSE},
    {"played to the end",
     "videotestsrc num-buffers=2 ! video/x-raw,width=96,height=64 ! convnext input-size=64 "
     "outputs=classes+logits+embedding+stage1 ! convnextpublish location=/dev/null ! fakesink",
     GST_STATE_PLAYING, FALSE},
    {"paused and dropped",
     "videotestsrc ! video/x-raw,format=NV12,width=97,height=65 ! convnext input-size=64 ! "
     "fakesink",
     GST_STATE_PAUSED, FALSE},
    {"missing model", "videotestsrc ! convnext model=/nonexistent ! fakesink", GST_STATE_PLAYING,
     TRUE},
    {"missing labels", "videotestsrc ! convnext labels=/nonexistent ! fakesink", GST_STATE_PLAYING,
     TRUE},
};

/* Whether the pipeline did what the case expects. */
static gboolean is_expected(const Case *c, GstStateChangeReturn change, GstMessage *message)
{
    if (c->fails)
        return message != NULL;
    if (c->state == GST_STATE_PLAYING)
        return message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    return change == GST_STATE_CHANGE_SUCCESS;
}

static gboolean run_once(const Case *c)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) pipeline = gst_parse_launch(c->description, &error);
    g_autoptr(GstBus) bus = NULL;
    g_autoptr(GstMessage) message = NULL;
    GstMessageType expected = GST_MESSAGE_ERROR;
    GstStateChangeReturn change;
    gboolean ok;

    if (error) {
        g_printerr("%s: %s\n", c->name, error->message);
        return FALSE;
    }

    bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, c->state);
    change = gst_element_get_state(pipeline, NULL, NULL, PATIENCE);
    if (c->state == GST_STATE_PLAYING && !c->fails)
        expected |= GST_MESSAGE_EOS;
    if (expected & GST_MESSAGE_EOS || c->fails || change == GST_STATE_CHANGE_FAILURE)
        message = gst_bus_timed_pop_filtered(bus, PATIENCE, expected);
    ok = is_expected(c, change, message);
    if (!ok)
        g_printerr("%s: ended with %s (%s)\n", c->name,
                   message ? GST_MESSAGE_TYPE_NAME(message) : "no message",
                   gst_element_state_change_return_get_name(change));
    gst_element_set_state(pipeline, GST_STATE_NULL);
    return ok;
}

static gint64 heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return (gint64)info.uordblks + (gint64)info.hblkhd;
}

static gboolean run_case(const Case *c, int cycles)
{
    gint64 growth;

    for (guint i = 0; i < WARM_UP; i++) {
        if (!run_once(c))
            return FALSE;
    }
    growth = -heap_bytes();
    for (int i = 0; i < cycles; i++) {
        if (!run_once(c))
            return FALSE;
    }
    growth += heap_bytes();
    if (growth > cycles * GROWTH_PER_CYCLE) {
        g_printerr("%s: the heap grew by %" G_GINT64_FORMAT " bytes in %d cycles\n", c->name,
                   growth, cycles);
        return FALSE;
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    const int cycles = argc > 1 ? MAX(atoi(argv[1]), 1) : CYCLES;
    gboolean ok = TRUE;

    gst_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        ok &= run_case(&cases[i], cycles);
    gst_deinit();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
