/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/cause.h"

#include <stdio.h>
#include <string.h>

#include "pipelines/common/reach.h"

/* The last line of an error's debug text, where GStreamer's elements put the cause, or "". */
static const char *last_line(const char *debug)
{
    const char *end = debug ? strrchr(debug, '\n') : NULL;

    return end ? end + 1 : "";
}

/* The status of a server's reply with its reason, or NULL. */
static char *find_status(GstMessage *message, const GError *error, const char *line)
{
    const GstStructure *details = NULL;
    const char *reason = NULL;
    guint status = 0;

    gst_message_parse_error_details(message, &details);
    if (details && gst_structure_get_uint(details, "rtsp-status-code", &status))
        reason = gst_structure_get_string(details, "rtsp-status-reason");
    else if (details && gst_structure_get_uint(details, "http-status-code", &status))
        reason = error->message;
    else if (sscanf(line, "Error (%u): ", &status) == 1) /* of rtspsrc, to SETUP */
        reason = strstr(line, ": ") + 2;
    return status ? g_strdup_printf("%u %s", status, reason ? reason : "") : NULL;
}

static char *explain_status(const char *status)
{
    const char *hint = "";

    if (g_str_has_prefix(status, "404"))
        hint = ": there is no stream at this address";
    else if (g_str_has_prefix(status, "403"))
        hint = ": this login may not see it";
    return g_strdup_printf("the server answers %s%s", status, hint);
}

/* The URI of the source that has posted the message; NULL if it reads no network. */
static char *find_uri(GstMessage *message)
{
    GObject *source = G_OBJECT(GST_MESSAGE_SRC(message));
    g_autofree char *location = NULL;

    if (g_object_class_find_property(G_OBJECT_GET_CLASS(source), "location"))
        g_object_get(source, "location", &location, NULL);
    return location && gst_uri_is_valid(location) ? g_steal_pointer(&location) : NULL;
}

/* The errors of rtspsrc and souphttpsrc without a reply. souphttpsrc says no more than that. */
static char *explain_transport(GstMessage *message, const char *line)
{
    const gboolean is_broken = strstr(line, "reason error (-5)") != NULL;
    g_autofree char *uri = NULL;
    char *cause;

    if (strstr(line, "Timeout while waiting for server response"))
        return g_strdup("the server does not answer");
    if (strstr(line, "Could not receive message. (Received end-of-file") ||
        strstr(line, "Could not receive message. (System error"))
        return g_strdup("the server closed the connection");
    if (strstr(line, "Could not receive message. (Parse error"))
        return g_strdup("the server does not speak RTSP");
    if ((!is_broken && !strstr(line, "Failed to connect")) || !(uri = find_uri(message)))
        return NULL;
    cause = reach_explain(uri);
    return cause || !is_broken ? cause : g_strdup("the connection broke off");
}

/* The errors of decodebin and of the elements in it. */
static char *explain_stream(const GError *error, const char *line, const char *missing)
{
    const gboolean is_unlinked = strstr(line, "reason not-linked (-1)") != NULL;

    if (missing &&
        (g_error_matches(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN) ||
         g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND) || is_unlinked))
        return g_strdup(missing);
    if (strstr(line, "Can't typefind empty stream"))
        return g_strdup("it is empty");
    if (g_error_matches(error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND))
        return g_strdup("it is no video that GStreamer recognises");
    if (strstr(line, "cannot decode plain text files"))
        return g_strdup("it is text, not video");
    if (strstr(line, "reason not-negotiated (-4)"))
        return g_strdup("no installed GStreamer element can play its format");
    return NULL;
}

char *cause_explain(GstMessage *message, const char *missing)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *debug = NULL, *status = NULL;
    const char *line;
    char *cause;

    gst_message_parse_error(message, &error, &debug);
    line = last_line(debug);
    status = find_status(message, error, line);
    if (status)
        return explain_status(status);
    cause = explain_stream(error, line, missing);
    return cause ? cause : explain_transport(message, line);
}
