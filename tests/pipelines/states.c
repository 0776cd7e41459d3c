/* Takes pipelines through their states again and again: the heap may not grow. run.sh runs it under
 * valgrind too, which names what leaks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <malloc.h>
#include <stdlib.h>

#define WARM_UP 3
#define CYCLES 12
#define GROWTH_PER_CYCLE 4096 /* bytes: names, caches and pools of GStreamer move by up to 1300 */

typedef struct Case {
    const char *name;
    const char *description;
    GstState state;
    gboolean fails; /* the state cannot be reached, and an error says why */
} Case;

static const Case cases[] = {
    {"ready", "convnext ! convnextpublish location=/dev/null ! fakesink", GST_STATE_READY, FALSE},
    {"played to the end",
     "videotestsrc num-buffers=2 ! video/x-raw,width=96,height=64 ! convnext "
     "outputs=classes+logits+embedding+stage1 ! convnextpublish location=/dev/null ! fakesink",
     GST_STATE_PLAYING, FALSE},
    {"paused and dropped",
     "videotestsrc ! video/x-raw,format=NV12,width=97,height=65 ! convnext ! fakesink",
     GST_STATE_PAUSED, FALSE},
    {"no such model", "videotestsrc ! convnext model=/nonexistent ! fakesink", GST_STATE_PLAYING,
     TRUE},
    {"no such labels", "videotestsrc ! convnext labels=/nonexistent ! fakesink", GST_STATE_PLAYING,
     TRUE},
};

/* Returns whether the pipeline did what the case says. */
static gboolean run_once(const Case *c)
{
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(c->description, &error);
    GstMessage *message = NULL;
    GstMessageType wanted = GST_MESSAGE_ERROR;
    GstStateChangeReturn change;
    GstBus *bus;
    gboolean ok;

    if (error) {
        g_printerr("%s: %s\n", c->name, error->message);
        g_error_free(error);
        gst_clear_object(&pipeline);
        return FALSE;
    }

    bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, c->state);
    change = gst_element_get_state(pipeline, NULL, NULL, 20 * GST_SECOND);
    if (c->state == GST_STATE_PLAYING && !c->fails)
        wanted |= GST_MESSAGE_EOS;
    if (wanted & GST_MESSAGE_EOS || c->fails || change == GST_STATE_CHANGE_FAILURE)
        message = gst_bus_timed_pop_filtered(bus, 20 * GST_SECOND, wanted);

    if (c->fails)
        ok = message != NULL;
    else if (wanted & GST_MESSAGE_EOS)
        ok = message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
    else
        ok = change == GST_STATE_CHANGE_SUCCESS;
    if (!ok)
        g_printerr("%s: ended with %s (%s)\n", c->name,
                   message ? GST_MESSAGE_TYPE_NAME(message) : "nothing",
                   gst_element_state_change_return_get_name(change));

    if (message)
        gst_message_unref(message);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return ok;
}

static gint64 heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();

    return (gint64)info.uordblks + (gint64)info.hblkhd;
}

static gboolean run_case(const Case *c)
{
    gint64 growth;

    for (guint i = 0; i < WARM_UP; i++) {
        if (!run_once(c))
            return FALSE;
    }
    growth = -heap_bytes();
    for (guint i = 0; i < CYCLES; i++) {
        if (!run_once(c))
            return FALSE;
    }
    growth += heap_bytes();
    if (growth > CYCLES * GROWTH_PER_CYCLE) {
        g_printerr("%s: %d cycles took %" G_GINT64_FORMAT " bytes and kept them\n", c->name, CYCLES,
                   growth);
        return FALSE;
    }
    return TRUE;
}

int main(int argc, char **argv)
{
    gboolean ok = TRUE;

    gst_init(&argc, &argv);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        ok &= run_case(&cases[i]);
    gst_deinit();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
