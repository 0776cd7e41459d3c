/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/gate.h"

#include <gst/check/gstcheck.h>

struct Gate {
    GstElement *element;
    GstBus *bus;
    GMutex lock;
    GCond changed;
    gboolean closed;
    guint blocked; /* threads at the closed gate */
};

static GstBusSyncReply block_message(GstBus *bus, GstMessage *message, gpointer data)
{
    Gate *gate = data;

    if (!gst_message_has_name(message, "convnext"))
        return GST_BUS_PASS;
    g_mutex_lock(&gate->lock);
    gate->blocked++;
    g_cond_broadcast(&gate->changed);
    while (gate->closed)
        g_cond_wait(&gate->changed, &gate->lock);
    gate->blocked--;
    g_mutex_unlock(&gate->lock);
    return GST_BUS_PASS;
}

Gate *gate_new(GstElement *element)
{
    Gate *gate = g_new0(Gate, 1);

    g_mutex_init(&gate->lock);
    g_cond_init(&gate->changed);
    gate->element = gst_object_ref(element);
    gate->bus = gst_bus_new();
    gst_bus_set_sync_handler(gate->bus, block_message, gate, NULL);
    gst_element_set_bus(element, gate->bus);
    g_object_set(element, "post-messages", TRUE, NULL);
    return gate;
}

void gate_free(Gate *gate)
{
    gate_open(gate);
    gst_element_set_state(gate->element, GST_STATE_NULL); /* ends its threads */
    gst_element_set_bus(gate->element, NULL);
    gst_bus_set_sync_handler(gate->bus, NULL, NULL, NULL);
    gst_object_unref(gate->bus);
    gst_object_unref(gate->element);
    g_mutex_clear(&gate->lock);
    g_cond_clear(&gate->changed);
    g_free(gate);
}

static void set_closed(Gate *gate, gboolean closed)
{
    g_mutex_lock(&gate->lock);
    gate->closed = closed;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}

void gate_close(Gate *gate)
{
    set_closed(gate, TRUE);
}

void gate_open(Gate *gate)
{
    set_closed(gate, FALSE);
}

void gate_wait(Gate *gate)
{
    g_mutex_lock(&gate->lock);
    while (gate->blocked == 0)
        g_cond_wait(&gate->changed, &gate->lock);
    g_mutex_unlock(&gate->lock);
}

guint gate_messages(Gate *gate, const char *name, guint64 *frames, guint max)
{
    guint n = 0;

    while (TRUE) {
        g_autoptr(GstMessage) message = gst_bus_pop(gate->bus);

        if (!message)
            return n;
        if (gst_message_has_name(message, name)) {
            const GstStructure *s = gst_message_get_structure(message);

            if (n < max)
                fail_unless(gst_structure_get_uint64(s, "frame", &frames[n]));
            n++;
        }
    }
}

GstMessage *gate_pop(Gate *gate, GstMessageType type)
{
    GstMessage *message = gst_bus_timed_pop_filtered(gate->bus, 60 * GST_SECOND, type);

    fail_unless(message, "no message of type %s", gst_message_type_get_name(type));
    return message;
}
