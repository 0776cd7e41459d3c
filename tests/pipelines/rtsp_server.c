/* A camera for tests: serves GStreamer's test picture, or the pipeline on the command line, by RTSP
 * on localhost at a port that the system picks, and prints its URL. Exits after twenty minutes
 * unless --life says otherwise.
 *
 * Standard input takes commands if it is a pipe: `stall` keeps every connection and sends no more
 * packets, `go` sends them again, `size WIDTH HEIGHT` sets the caps of the element named size, and
 * `firewall` blocks UDP packets to clients that connect later.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/rtsp-server/rtsp-server.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char test_picture[] =
    "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=25/1 "
    "! jpegenc ! rtpjpegpay name=pay0 pt=26";

static int stalled;        /* atomic */
static int firewall;       /* atomic */
static GstElement *served; /* the media's bin while clients are connected, else NULL; main thread */
static int width, height;  /* of the element named size; 0 until a command sets them; main thread */

static gboolean on_end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static GstPadProbeReturn on_packet(GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
    return g_atomic_int_get(&stalled) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* Redirects packets to a port where nothing listens. */
static void on_setup(GstRTSPClient *client, GstRTSPContext *context, gpointer data)
{
    GstRTSPTransport *transport =
        (GstRTSPTransport *)gst_rtsp_stream_transport_get_transport(context->trans);

    if (g_atomic_int_get(&firewall) && transport->lower_transport == GST_RTSP_LOWER_TRANS_UDP)
        transport->client_port = (GstRTSPRange){9, 9};
}

static void on_client(GstRTSPServer *server, GstRTSPClient *client, gpointer data)
{
    g_signal_connect(client, "setup-request", G_CALLBACK(on_setup), NULL);
}

static void set_size(void)
{
    g_autoptr(GstElement) filter =
        served && width ? gst_bin_get_by_name(GST_BIN(served), "size") : NULL;
    g_autoptr(GstCaps) caps = NULL;

    if (!filter)
        return;
    caps = gst_caps_new_simple("video/x-raw", "width", G_TYPE_INT, width, "height", G_TYPE_INT,
                               height, NULL);
    g_object_set(filter, "caps", caps, NULL);
}

static void on_media(GstRTSPMediaFactory *factory, GstRTSPMedia *media, gpointer data)
{
    g_autoptr(GstElement) payloader = NULL;
    g_autoptr(GstPad) pad = NULL;

    g_clear_pointer(&served, gst_object_unref);
    served = gst_rtsp_media_get_element(media);
    set_size();
    payloader = gst_bin_get_by_name(GST_BIN(served), "pay0");
    pad = gst_element_get_static_pad(payloader, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, on_packet,
                      NULL, NULL);
}

static gboolean on_command(GIOChannel *input, GIOCondition condition, gpointer data)
{
    g_autofree char *line = NULL;

    if (g_io_channel_read_line(input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
        return G_SOURCE_REMOVE;
    if (strcmp(line, "stall\n") == 0)
        g_atomic_int_set(&stalled, 1);
    else if (strcmp(line, "go\n") == 0)
        g_atomic_int_set(&stalled, 0);
    else if (strcmp(line, "firewall\n") == 0)
        g_atomic_int_set(&firewall, 1);
    else if (sscanf(line, "size %d %d", &width, &height) == 2)
        set_size();
    else
        g_printerr("rtsp-server: unknown command '%s'\n", line);
    return G_SOURCE_CONTINUE;
}

/* Replies 401 to clients without the credentials. */
static void require_login(GstRTSPServer *server, GstRTSPMediaFactory *factory, const char *login)
{
    g_autoptr(GstRTSPAuth) auth = gst_rtsp_auth_new();
    g_autoptr(GstRTSPToken) token =
        gst_rtsp_token_new(GST_RTSP_TOKEN_MEDIA_FACTORY_ROLE, G_TYPE_STRING, "viewer", NULL);
    g_auto(GStrv) parts = g_strsplit(login, ":", 2);
    g_autofree char *basic = gst_rtsp_auth_make_basic(parts[0], parts[1]);

    gst_rtsp_media_factory_add_role(factory, "viewer", GST_RTSP_PERM_MEDIA_FACTORY_ACCESS,
                                    G_TYPE_BOOLEAN, TRUE, GST_RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
                                    G_TYPE_BOOLEAN, TRUE, NULL);
    gst_rtsp_auth_add_basic(auth, basic, token);
    gst_rtsp_server_set_auth(server, auth);
}

static gboolean serve(const char *description, const char *port, const char *login, int life)
{
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(GstRTSPServer) server = gst_rtsp_server_new();
    g_autoptr(GstRTSPMountPoints) mounts = gst_rtsp_server_get_mount_points(server);
    GstRTSPMediaFactory *factory = gst_rtsp_media_factory_new();
    g_autoptr(GIOChannel) input = g_io_channel_unix_new(0);
    g_autofree char *launch = g_strdup_printf("( %s )", description);

    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, port);
    gst_rtsp_media_factory_set_launch(factory, launch);
    g_signal_connect(factory, "media-configure", G_CALLBACK(on_media), NULL);
    g_signal_connect(server, "client-connected", G_CALLBACK(on_client), NULL);
    if (login)
        require_login(server, factory, login);
    gst_rtsp_mount_points_add_factory(mounts, "/live", factory); /* takes ownership */

    if (gst_rtsp_server_attach(server, NULL) == 0) {
        g_printerr("cannot listen on localhost\n");
        return FALSE;
    }
    g_print("rtsp://127.0.0.1:%d/live\n", gst_rtsp_server_get_bound_port(server));
    g_io_add_watch(input, G_IO_IN | G_IO_HUP, on_command, NULL);
    g_timeout_add_seconds((guint)life, on_end, loop);
    g_main_loop_run(loop);
    return TRUE;
}

int main(int argc, char **argv)
{
    int life = 1200;
    g_autofree char *port = NULL, *login = NULL;
    const GOptionEntry entries[] = {
        {"port", 0, 0, G_OPTION_ARG_STRING, &port, "Port to listen at", "PORT"},
        {"login", 0, 0, G_OPTION_ARG_STRING, &login, "Credentials to require", "USER:PASSWORD"},
        {"life", 0, 0, G_OPTION_ARG_INT, &life, "Time until it exits", "SECONDS"},
        {NULL},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("[DESCRIPTION, with a payloader named pay0]");
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, gst_init_get_option_group());
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        g_printerr("%s\n", error->message);
        return EXIT_FAILURE;
    }
    return serve(argc > 1 ? argv[1] : test_picture, port ? port : "0", login, life) ? EXIT_SUCCESS
                                                                                    : EXIT_FAILURE;
}
