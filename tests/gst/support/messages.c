/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/messages.h"

#include <gst/check/gstcheck.h>
#include <string.h>

GError *messages_parse(GstMessage *message)
{
    GError *error = NULL;

    fail_unless(message, "neither an error nor a warning was posted");
    if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING)
        gst_message_parse_warning(message, &error, NULL);
    else
        gst_message_parse_error(message, &error, NULL);
    gst_message_unref(message);
    return error;
}

void messages_check_text(const GError *error, const char *text)
{
    fail_unless(strstr(error->message, text) != NULL, "\"%s\" is missing from: %s", text,
                error->message);
}

void messages_expect(GstMessage *message, const char *text)
{
    g_autoptr(GError) error = messages_parse(message);

    messages_check_text(error, text);
}

void messages_expect_refusal(GstElement *element, GQuark domain, int code, const char *text)
{
    g_autoptr(GstBus) bus = gst_bus_new();

    gst_element_set_bus(element, bus);
    fail_unless_equals_int(gst_element_set_state(element, GST_STATE_READY),
                           GST_STATE_CHANGE_FAILURE);
    g_autoptr(GError) error = messages_parse(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR));
    messages_check_text(error, text);
    fail_unless(g_error_matches(error, domain, code), "another code: %s", error->message);
    fail_unless(gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR) == NULL, "a second error");
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
}

void messages_check_none(GstBus *bus)
{
    g_autoptr(GstMessage) message =
        gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
    g_autofree char *text =
        message ? gst_structure_to_string(gst_message_get_structure(message)) : NULL;

    fail_unless(!message, "an error or a warning was posted: %s", text);
}
