/* Why sources fail: the errors that GStreamer posted when each fault was made, in the words of a
 * camera's owner; what is missing, and the Debian package that has it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/cause.h"

#include <gio/gio.h>
#include <gst/pbutils/pbutils.h>
#include <string.h>

#include "pipelines/common/missing.h"
#include "pipelines/common/reach.h"

#define MISSING "the H.264 decoder is not installed"
#define PLACE "../gst/source.c(1): function (): /GstPipeline:pipeline0/GstElement:source:\n"

/* An error with the status of a reply, or without if status is 0; and its cause, or NULL. */
static const struct Fault {
    GQuark (*domain)(void);
    int code;
    const char *text, *debug;
    const char *field; /* the status in the error's details */
    guint status;
    const char *missing, *cause;
} faults[] = {
    {gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND, "Not found", PLACE "Not Found (404)",
     "rtsp-status-code", 404, NULL,
     "the server answers 404 reason: there is no stream at this address"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND, "Not Found",
     PLACE "Not Found (404), URL: http://host/path, Redirect to: (NULL)", "http-status-code", 404,
     NULL, "the server answers 404 Not Found: there is no stream at this address"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_AUTHORIZED, "Unauthorized",
     PLACE "Unauthorized (401)", "rtsp-status-code", 401, NULL, "the server answers 401 reason"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_READ, "Unhandled error",
     PLACE "Service Unavailable (503)", "rtsp-status-code", 503, NULL,
     "the server answers 503 reason"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_WRITE, "Could not write to resource.",
     PLACE "Error (461): Unsupported Transport", NULL, 0, NULL,
     "the server answers 461 Unsupported Transport"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_READ, "Could not read from resource.",
     PLACE "Could not receive message. (Timeout while waiting for server response)", NULL, 0, NULL,
     "the server does not answer"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_READ, "Could not read from resource.",
     PLACE "Could not receive message. (Received end-of-file)", NULL, 0, NULL,
     "the server closed the connection"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_READ, "Could not read from resource.",
     PLACE "Could not receive message. (System error)", NULL, 0, NULL,
     "the server closed the connection"},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_READ, "Could not read from resource.",
     PLACE "Could not receive message. (Parse error)", NULL, 0, NULL,
     "the server does not speak RTSP"},
    {gst_core_error_quark, GST_CORE_ERROR_MISSING_PLUGIN,
     "Your GStreamer installation is missing a plug-in.",
     PLACE "no suitable plugins found:\nMissing decoder: H.264 (video/x-h264)\n", NULL, 0, MISSING,
     MISSING},
    {gst_stream_error_quark, GST_STREAM_ERROR_FAILED, "Internal data stream error.",
     PLACE "streaming stopped, reason not-linked (-1)", NULL, 0, MISSING, MISSING},
    {gst_stream_error_quark, GST_STREAM_ERROR_FAILED, "Internal data stream error.",
     PLACE "streaming stopped, reason not-linked (-1)", NULL, 0, NULL, NULL},
    {gst_stream_error_quark, GST_STREAM_ERROR_FAILED, "Internal data stream error.",
     PLACE "streaming stopped, reason not-negotiated (-4)", NULL, 0, NULL,
     "no installed GStreamer element can play its format"},
    {gst_stream_error_quark, GST_STREAM_ERROR_TYPE_NOT_FOUND, "Stream contains no data.",
     PLACE "Can't typefind empty stream", NULL, 0, NULL, "it is empty"},
    {gst_stream_error_quark, GST_STREAM_ERROR_TYPE_NOT_FOUND, "Stream doesn't contain enough data.",
     PLACE "Can't typefind stream", NULL, 0, NULL, "it is no video that GStreamer recognises"},
    {gst_stream_error_quark, GST_STREAM_ERROR_WRONG_TYPE, "This appears to be a text file",
     PLACE "decodebin cannot decode plain text files", NULL, 0, NULL, "it is text, not video"},
    /* Texts that are clear already. */
    {gst_resource_error_quark, GST_RESOURCE_ERROR_OPEN_READ, "It redirects to rtsp://thief/live.",
     "redirect.c(1): function (): /GstPipeline:pipeline0", NULL, 0, NULL, NULL},
    {gst_resource_error_quark, GST_RESOURCE_ERROR_NOT_FOUND, "Cannot identify device.",
     PLACE "system error: No such file or directory", NULL, 0, MISSING, NULL},
    {gst_stream_error_quark, GST_STREAM_ERROR_DECODE, "Could not decode stream.", NULL, NULL, 0,
     MISSING, NULL},
};

static char *explain(GstElement *element, const struct Fault *fault)
{
    g_autoptr(GError) error = g_error_new_literal(fault->domain(), fault->code, fault->text);
    GstStructure *details =
        fault->status ? gst_structure_new("details", fault->field, G_TYPE_UINT, fault->status,
                                          "rtsp-status-reason", G_TYPE_STRING, "reason", NULL)
                      : NULL;
    g_autoptr(GstMessage) message =
        gst_message_new_error_with_details(GST_OBJECT(element), error, fault->debug, details);

    return cause_explain(message, fault->missing);
}

static void test_faults(void)
{
    g_autoptr(GstElement) element = gst_object_ref_sink(gst_element_factory_make("fakesrc", NULL));

    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *cause = explain(element, &faults[i]);

        if (g_strcmp0(cause, faults[i].cause) != 0)
            g_error("'%s' with '%s' became '%s', expected '%s'", faults[i].text, faults[i].debug,
                    cause, faults[i].cause);
    }
}

/* rtspsrc and souphttpsrc do not say why they have no connection. */
static void test_connection(void)
{
    static const struct Fault lost[] = {
        {gst_resource_error_quark, GST_RESOURCE_ERROR_OPEN_READ_WRITE, "Could not open resource.",
         PLACE "Failed to connect. (Generic error)", NULL, 0, NULL, NULL},
        {gst_stream_error_quark, GST_STREAM_ERROR_FAILED, "Internal data stream error.",
         PLACE "streaming stopped, reason error (-5)", NULL, 0, NULL, NULL},
    };
    static const char *const factories[] = {"rtspsrc", "souphttpsrc"};
    static const char *const locations[] = {"rtsp://127.0.0.1:1/live", "http://127.0.0.1:1/live"};

    for (guint i = 0; i < G_N_ELEMENTS(lost); i++) {
        g_autoptr(GstElement) source = gst_element_factory_make(factories[i], NULL);
        g_autofree char *cause = NULL;

        if (!source)
            continue;
        gst_object_ref_sink(source);
        g_object_set(source, "location", locations[i], NULL);
        cause = explain(source, &lost[i]);
        g_assert_cmpstr(cause, ==, "127.0.0.1 refuses connections to port 1");
    }
}

static void test_reach(void)
{
    g_autoptr(GSocketListener) listener = g_socket_listener_new();
    const guint16 port = g_socket_listener_add_any_inet_port(listener, NULL, NULL);
    g_autofree char *open = g_strdup_printf("rtsp://joe:secret@127.0.0.1:%u/live?key=1", port);
    g_autofree char *unknown = reach_explain("rtsp://joe:secret@host.invalid/live?key=1");
    g_autofree char *refused = reach_explain("https://[::1]:1/live");

    g_assert_cmpuint(port, !=, 0);
    g_assert_null(reach_explain(open));
    g_assert_null(reach_explain("udp://127.0.0.1:1"));
    g_assert_null(reach_explain("/no/uri"));
    g_assert_nonnull(refused); /* where there is no IPv6, there is no route */
    g_assert_true(strstr(refused, "::1"));
    g_assert_nonnull(unknown); /* where there is no name server, it does not answer */
    g_assert_true(strstr(unknown, "host.invalid") && !strstr(unknown, "secret") &&
                  !strstr(unknown, "key"));
}

/* What a Debian package decodes, as dpkg knows it; NULL if it is not installed. */
static GstCaps *read_decoders(const char *package)
{
    const char *const command[] = {"dpkg-query", "-W", "-f", "${Gstreamer-Decoders}\n",
                                   package,      NULL};
    g_autofree char *text = NULL;
    int status;

    if (!g_spawn_sync(NULL, (char **)command, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &text, NULL,
                      &status, NULL) ||
        status != 0 || !*g_strstrip(text))
        return NULL;
    return gst_caps_from_string(text);
}

static const struct {
    const char *caps, *package; /* NULL: none is known */
} formats[] = {
    {"video/x-h264, level=(string)4, profile=(string)high", "gstreamer1.0-libav"},
    {"video/x-h265", "gstreamer1.0-libav"},
    {"video/mpeg, mpegversion=(int)4, systemstream=(boolean)false", "gstreamer1.0-libav"},
    {"video/x-wmv, wmvversion=(int)3", "gstreamer1.0-libav"},
    {"video/x-prores", "gstreamer1.0-libav"},
    {"image/jpeg", "gstreamer1.0-plugins-good"},
    {"video/x-vp9", "gstreamer1.0-plugins-good"},
    {"video/quicktime, variant=(string)iso", "gstreamer1.0-plugins-good"},
    {"video/x-matroska", "gstreamer1.0-plugins-good"},
    {"multipart/x-mixed-replace", "gstreamer1.0-plugins-good"},
    {"application/x-rtp, media=(string)video, encoding-name=(string)H264",
     "gstreamer1.0-plugins-good"},
    {"application/x-rtp, media=(string)video, encoding-name=(string)H265",
     "gstreamer1.0-plugins-good"},
    {"application/x-rtp, media=(string)video, encoding-name=(string)JPEG",
     "gstreamer1.0-plugins-good"},
    {"video/mpegts", "gstreamer1.0-plugins-bad"},
    {"video/x-av1", "gstreamer1.0-plugins-bad"},
    {"application/x-hls", "gstreamer1.0-plugins-bad"},
    {"video/ogg", "gstreamer1.0-plugins-base"},
    {"video/x-ms-asf", "gstreamer1.0-plugins-ugly"},
    {"application/x-rtp, media=(string)video, encoding-name=(string)X-NONE", NULL},
    {"video/x-none", NULL},
};

static void test_packages(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GstCaps) caps = gst_caps_from_string(formats[i].caps);
        g_autoptr(GstCaps) decoders = formats[i].package ? read_decoders(formats[i].package) : NULL;

        g_assert_cmpstr(missing_package(caps), ==, formats[i].package);
        if (decoders && !gst_caps_can_intersect(decoders, caps))
            g_error("%s does not decode %s", formats[i].package, formats[i].caps);
    }
}

static void test_missing(void)
{
    static const struct {
        const char *caps, *sentence; /* NULL: not part of the picture */
    } cases[] = {
        {"video/x-h265",
         "the H.265 decoder is not installed; the package gstreamer1.0-libav has it"},
        {"application/x-rtp, media=(string)video, encoding-name=(string)JPEG",
         "the JPEG video RTP depayloader is not installed; the package gstreamer1.0-plugins-good "
         "has it"},
        {"video/x-matroska",
         "the Matroska demuxer is not installed; the package gstreamer1.0-plugins-good has it"},
        {"video/x-none", "the video/x-none decoder is not installed"},
        {"text/html", "it is a web page, not video"},
        {"application/x-subtitle-vtt", NULL},
        {"audio/x-alaw", NULL},
        {"application/x-rtp, media=(string)audio, encoding-name=(string)PCMA", NULL},
        {"application/x-rtp, media=(string)application, encoding-name=(string)X", NULL},
    };
    g_autoptr(GstElement) element = gst_object_ref_sink(gst_element_factory_make("fakesrc", NULL));

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GstCaps) caps = gst_caps_from_string(cases[i].caps);
        g_autoptr(GstMessage) message = gst_missing_decoder_message_new(element, caps);
        g_autofree char *sentence = missing_explain(message);

        g_assert_cmpstr(sentence, ==, cases[i].sentence);
    }
    g_autofree char *camera = missing_explain_element("v4l2src");
    g_autofree char *own = missing_explain_element("convnext");

    g_assert_cmpstr(camera, ==,
                    "the GStreamer element v4l2src is not installed; the package "
                    "gstreamer1.0-plugins-good has it");
    g_assert_cmpstr(own, ==, "the GStreamer element convnext is not installed");
}

int main(int argc, char **argv)
{
    g_unsetenv("http_proxy"); /* connections through it are not explained */
    g_test_init(&argc, &argv, NULL);
    gst_init(&argc, &argv);
    g_test_add_func("/cause/faults", test_faults);
    g_test_add_func("/cause/connection", test_connection);
    g_test_add_func("/cause/reach", test_reach);
    g_test_add_func("/missing/packages", test_packages);
    g_test_add_func("/missing/sentences", test_missing);
    return g_test_run();
}
