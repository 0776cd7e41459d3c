/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/missing.h"

#include <gst/pbutils/pbutils.h>
#include <string.h>

#define BASE "gstreamer1.0-plugins-base"
#define GOOD "gstreamer1.0-plugins-good"
#define BAD "gstreamer1.0-plugins-bad"
#define UGLY "gstreamer1.0-plugins-ugly"
#define LIBAV "gstreamer1.0-libav"

/* Where several packages decode a format, the one with more of its profiles. */
static const struct {
    const char *package, *caps;
} formats[] = {
    {LIBAV, "video/x-h264; video/x-h265; video/mpeg, systemstream=(boolean)false; video/x-h263; "
            "video/x-wmv; video/x-msmpeg; video/x-divx; video/x-prores; video/x-dnxhd; "
            "video/x-svq; video/x-ffv; video/x-huffyuv; video/x-cinepak; image/tiff; image/bmp; "
            "image/gif"},
    {GOOD, "image/jpeg; image/png; video/x-vp8; video/x-vp9; video/x-dv; video/quicktime; "
           "video/x-matroska; video/webm; video/x-msvideo; video/x-flv; "
           "multipart/x-mixed-replace; application/x-rtp, media=(string)video, "
           "encoding-name=(string){ H264, H265, JPEG, MP4V-ES, MP2T, MPV, VP8, VP9, THEORA, "
           "JPEG2000, H263, H263-1998, H261 }"},
    {BAD, "video/mpegts; video/mpeg, systemstream=(boolean)true; video/x-av1; application/x-hls; "
          "application/dash+xml; video/x-ivf; image/jp2; image/webp"},
    {BASE, "application/ogg; video/ogg; video/x-theora"},
    {UGLY, "video/x-ms-asf; application/vnd.rn-realmedia"},
};

static const struct {
    const char *package, *factory;
} elements[] = {
    {BASE, "decodebin"}, {BASE, "uridecodebin"}, {BASE, "videotestsrc"},
    {GOOD, "rtspsrc"},   {GOOD, "souphttpsrc"},  {GOOD, "v4l2src"},
};

const char *missing_package(const GstCaps *caps)
{
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autoptr(GstCaps) known = gst_caps_from_string(formats[i].caps);

        if (gst_caps_can_intersect(known, caps))
            return formats[i].package;
    }
    return NULL;
}

static char *make_sentence(const char *what, const char *package)
{
    return g_strdup_printf("%s is not installed%s%s%s", what, package ? "; the package " : "",
                           package ? package : "", package ? " has it" : "");
}

char *missing_explain_element(const char *factory)
{
    g_autofree char *what = g_strdup_printf("the GStreamer element %s", factory);

    for (guint i = 0; i < G_N_ELEMENTS(elements); i++) {
        if (strcmp(elements[i].factory, factory) == 0)
            return make_sentence(what, elements[i].package);
    }
    return make_sentence(what, NULL);
}

/* Whether a stream may be part of the picture: not sound, nor text or data beside it. The flags of
 * a container name all that it may contain. */
static gboolean may_be_video(const GstCaps *caps)
{
    const GstStructure *structure = gst_caps_get_structure(caps, 0);
    const char *media = gst_structure_get_string(structure, "media"); /* of RTP */
    const GstPbUtilsCapsDescriptionFlags flags =
        gst_caps_is_fixed(caps) ? gst_pb_utils_get_caps_description_flags(caps) : 0;

    if (media)
        return strcmp(media, "video") == 0;
    return flags & GST_PBUTILS_CAPS_DESCRIPTION_FLAG_CONTAINER ||
           !(flags & (GST_PBUTILS_CAPS_DESCRIPTION_FLAG_SUBTITLE |
                      GST_PBUTILS_CAPS_DESCRIPTION_FLAG_AUDIO));
}

char *missing_explain(GstMessage *message)
{
    g_autofree char *description = NULL, *what = NULL;
    g_autoptr(GstCaps) caps = NULL;
    const char *name;

    if (!gst_is_missing_plugin_message(message) ||
        !gst_structure_get(gst_message_get_structure(message), "detail", GST_TYPE_CAPS, &caps,
                           NULL) ||
        gst_caps_is_empty(caps) || gst_caps_is_any(caps) || !may_be_video(caps))
        return NULL;
    name = gst_structure_get_name(gst_caps_get_structure(caps, 0));
    if (strcmp(name, "text/html") == 0)
        return g_strdup("it is a web page, not video");
    if (g_str_has_prefix(name, "text/") || g_str_has_suffix(name, "/xml"))
        return g_strdup("it is text, not video");
    description = gst_missing_plugin_message_get_description(message);
    what = g_strdup_printf("the %s", description);
    return make_sentence(what, missing_package(caps));
}
