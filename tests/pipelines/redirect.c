/* When two addresses are one place, to which the same login may go.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/redirect.h"

static const char *const same[][2] = {
    {"rtsp://cam/live", "rtsp://cam/other"},
    {"rtsp://cam/live", "rtsp://CAM:554/live"},
    {"rtsp://cam/live", "rtspt://cam/live"},
    {"rtsps://cam/live", "rtsps://cam:322/"},
    {"http://cam/a", "HTTP://cam:80/b?c"},
    {"https://[::1]/a", "https://[::1]:443/b"},
    {"rtsp://[fe80::1%25eth0]/a", "rtsp://[fe80::1%25eth0]:554/b#c@d"},
    {"rtsp://k\xc3\xa4mera/a", "rtsp://k\xc3\xa4mera/b"},
};

static const char *const different[][2] = {
    {"rtsp://cam/live", "rtsp://evil/live"},
    {"rtsp://cam/live", "rtsp://cam:8554/live"},
    {"rtsp://cam/live", "rtsp://cam@evil/live"},
    {"rtsps://cam:554/live", "rtsp://cam:554/live"},
    {"rtsps://cam/live", "rtsp://cam:322/live"},
    {"rtsp://cam/live", "rtsph://evil/live"},
    {"rtsp://cam/live", "rtsp-sdp://cam"},
    /* GStreamer's RTSP source connects to evil. */
    {"rtsp://cam/live", "rtsp://a:b@evil:554@cam/live"},
    {"rtsp://cam/live", "rtsp://cam:554#@evil/live"},
    {"rtsp://cam/live", "rtsp://cam;.evil/live"},
    {"rtsp://cam/live", "rtsp://ca m/live"},
    {"rtsp://cam/live", "rtsp://%63am/live"},
    {"rtsp://cam/live", "rtsp://cam:554x/live"},
    {"rtsp://[::1]/live", "rtsp://[::1/live"},
    {"rtsp://[::1]/live", "rtsp://[::1]evil/live"},
    {"rtsp://cam/live", "/live"},
    {"https://cam/a", "http://cam:443/a"},
    {"http://cam/a", "http://cam.evil/a"},
    {"http://cam/a", ""},
};

/* From the requested address and the Location to the target, or NULL. */
static const char *const targets[][3] = {
    {"http://cam/a/b", "/video.mjpg", "http://cam/video.mjpg"},
    {"http://cam:8080/a/b?c", "video.mjpg", "http://cam:8080/a/video.mjpg"},
    {"http://cam/a", "https://cam/a", "https://cam/a"},
    {"https://cam/a", "//other/b", "https://other/b"},
    {"http://cam/a", "HTTP://Other:81/b", "http://Other:81/b"},
    {"http://cam/a", "file:///etc/passwd", NULL},
    {"http://cam/a", "rtsp://cam/live", NULL},
    {"http://cam/a", "httpx://cam/live", NULL},
    {"http://cam/a", "http://joe:secret@cam/a", NULL},
    {"http://cam/a", "http://", NULL},
};

int main(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        if (!watch_redirect_is_same_origin(same[i][0], same[i][1]))
            g_error("%s and %s: expected one place", same[i][0], same[i][1]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(different); i++) {
        if (watch_redirect_is_same_origin(different[i][0], different[i][1]))
            g_error("%s and %s: expected two places", different[i][0], different[i][1]);
    }
    for (guint i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_autofree char *target = watch_redirect_target(targets[i][0], targets[i][1]);

        if (g_strcmp0(target, targets[i][2]) != 0)
            g_error("%s to %s: %s, expected %s", targets[i][0], targets[i][1], target,
                    targets[i][2]);
    }
    return 0;
}
