/* Fuzz target: what an RTSP server answers to a camera's source, as convnext-watch builds it. Slow:
 * each execution is a connection of this process to itself.
 *
 * The answers are separated by bytes 0xff. One that does not begin with RTSP/ gets the status line
 * and the number of the request; one that begins with $, like packets do, is sent without waiting
 * for another request.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gio/gio.h>
#include <gst/gst.h>
#include <string.h>

#include "pipelines/watch/source.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_gst.h"
#include "tests/fuzz/reader.h"

#define MAX_REQUEST 65536
#define WAIT_TIME (300 * GST_MSECOND) /* for an answer, or its effect */

static struct Server {
    GMutex lock;
    FuzzReader script; /* answers that were not sent yet */
    GSocketListener *listener;
    guint16 port;
} server;

/* The next part of the script, without the separator. NULL at its end. The caller frees it. */
static GBytes *next_answer(gboolean packets_only)
{
    FuzzReader *script = &server.script;
    GBytes *answer = NULL;

    g_mutex_lock(&server.lock);
    if (script->left && (!packets_only || *script->data == '$')) {
        const guint8 *end = memchr(script->data, 0xff, script->left);
        const gsize length = end ? (gsize)(end - script->data) : script->left;

        answer = g_bytes_new(script->data, length);
        script->data += length + (end != NULL);
        script->left -= length + (end != NULL);
    }
    g_mutex_unlock(&server.lock);
    return answer;
}

/* FALSE at the end of the connection. */
static gboolean read_request(GInputStream *in, GString *request)
{
    char buffer[4096];

    g_string_truncate(request, 0);
    while (!strstr(request->str, "\r\n\r\n")) {
        const gssize length = g_input_stream_read(in, buffer, sizeof buffer, NULL, NULL);

        if (length <= 0 || request->len > MAX_REQUEST)
            return FALSE;
        g_string_append_len(request, buffer, length);
    }
    return TRUE;
}

static gboolean send_answer(GOutputStream *out, GBytes *answer, const char *request)
{
    const char *number = strstr(request, "CSeq: ");
    gsize length;
    const char *text = g_bytes_get_data(answer, &length);
    g_autoptr(GString) head = g_string_new(NULL);

    if (length && *text != '$' && (length < 5 || memcmp(text, "RTSP/", 5) != 0))
        g_string_printf(head, "RTSP/1.0 200 OK\r\nCSeq: %d\r\n",
                        number ? atoi(number + strlen("CSeq: ")) : 0);
    g_string_append_len(head, text, (gssize)length);
    return g_output_stream_write_all(out, head->str, head->len, NULL, NULL, NULL);
}

static void serve(GSocketConnection *connection)
{
    GInputStream *in = g_io_stream_get_input_stream(G_IO_STREAM(connection));
    GOutputStream *out = g_io_stream_get_output_stream(G_IO_STREAM(connection));
    g_autoptr(GString) request = g_string_new(NULL);

    while (read_request(in, request)) {
        g_autoptr(GBytes) answer = next_answer(FALSE);
        GBytes *packet;

        if (!answer || !send_answer(out, answer, request->str))
            return;
        while ((packet = next_answer(TRUE))) {
            send_answer(out, packet, "");
            g_bytes_unref(packet);
        }
    }
}

static gpointer run_server(gpointer data)
{
    for (;;) {
        g_autoptr(GSocketConnection) connection =
            g_socket_listener_accept(server.listener, NULL, NULL, NULL);

        if (connection)
            serve(connection);
    }
    return NULL;
}

static void start_server(void)
{
    fuzz_gst_init(TRUE);
    g_mutex_init(&server.lock);
    server.listener = g_socket_listener_new();
    server.port = g_socket_listener_add_any_inet_port(server.listener, NULL, NULL);
    g_assert_cmpuint(server.port, >, 0);
    g_thread_unref(g_thread_new("server", run_server, NULL));
    /* What GStreamer's elements warn of is theirs. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR);
}

static WatchSettings *make_settings(void)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *uri = g_strdup_printf("rtsp://127.0.0.1:%u/x", server.port);
    GError *error = NULL;
    WatchSettings *settings;

    g_key_file_set_string(file, "camera", "source", uri);
    g_key_file_set_string(file, "camera", "connect-timeout", "0.1");
    settings = watch_settings_new(file, "camera", NULL, &error);
    g_assert_no_error(error);
    return settings;
}

static void set_script(const guint8 *data, gsize size)
{
    g_mutex_lock(&server.lock);
    server.script = (FuzzReader){data, size};
    g_mutex_unlock(&server.lock);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static WatchSettings *settings;
    GstMessage *message;
    GError *error = NULL;

    if (!settings) {
        start_server();
        settings = make_settings();
    }
    set_script(data, size);
    g_autoptr(GstElement) pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    GstElement *source = watch_source_new(settings, NULL, &error);
    GstElement *sink = gst_element_factory_make("fakesink", NULL);
    g_assert_no_error(error);
    gst_bin_add_many(GST_BIN(pipeline), source, sink, NULL);
    gst_element_link(source, sink);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered(bus, WAIT_TIME, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_clear_message(&message);
    set_script(NULL, 0);
    return 0;
}
