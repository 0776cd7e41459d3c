/* A camera for tests: serves GStreamer's test picture by RTSP on the loopback, at a port that the
 * system chooses, and prints its address. Ends by itself after a minute and a half.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/rtsp-server/rtsp-server.h>
#include <stdlib.h>

#define LIFE_SECONDS 90

static gboolean on_end(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

int main(int argc, char **argv)
{
    GMainLoop *loop;
    GstRTSPServer *server;
    GstRTSPMountPoints *mounts;
    GstRTSPMediaFactory *factory;

    gst_init(&argc, &argv);
    loop = g_main_loop_new(NULL, FALSE);
    server = gst_rtsp_server_new();
    gst_rtsp_server_set_address(server, "127.0.0.1");
    gst_rtsp_server_set_service(server, "0");

    factory = gst_rtsp_media_factory_new();
    gst_rtsp_media_factory_set_launch(
        factory, "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,"
                 "framerate=25/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26 )");
    gst_rtsp_media_factory_set_shared(factory, TRUE);
    mounts = gst_rtsp_server_get_mount_points(server);
    gst_rtsp_mount_points_add_factory(mounts, "/live", factory);
    g_object_unref(mounts);

    if (gst_rtsp_server_attach(server, NULL) == 0) {
        g_printerr("cannot listen on the loopback\n");
        return EXIT_FAILURE;
    }
    g_print("rtsp://127.0.0.1:%d/live\n", gst_rtsp_server_get_bound_port(server));
    g_timeout_add_seconds(LIFE_SECONDS, on_end, loop);
    g_main_loop_run(loop);
    g_object_unref(server);
    g_main_loop_unref(loop);
    return EXIT_SUCCESS;
}
