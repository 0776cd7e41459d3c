/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/quickstart/picture.h"

#include <string.h>
#include <sys/stat.h>

#define WINDOW "window"
#define FILE_WRITER "writer"

static gboolean exists(const char *element)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(element);

    return factory != NULL;
}

/* The encoder that is installed, with its settings; NULL without one. */
static const char *find_encoder(void)
{
    if (exists("x264enc"))
        return "x264enc tune=zerolatency speed-preset=veryfast";
    return exists("openh264enc") ? "openh264enc" : NULL;
}

static gboolean is_same_file(const char *a, const char *b)
{
    struct stat first, second;

    return b && stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static gboolean is_set(const char *variable)
{
    const char *value = g_getenv(variable);

    return value && *value;
}

gboolean picture_check(const Picture *picture, const char *source, GError **error)
{
    g_autofree char *path = source && gst_uri_is_valid(source)
                                ? g_filename_from_uri(source, NULL, NULL)
                                : g_strdup(source);
    const char *problem = NULL;

    if (!picture->is_shown && !picture->file)
        return TRUE;
    if (!exists("convnextoverlay"))
        problem = "--show and --write need the element convnextoverlay: install libcairo2-dev and "
                  "libpango1.0-dev, and build again";
    else if (picture->is_shown && !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY"))
        problem = "--show needs a display, but neither DISPLAY nor WAYLAND_DISPLAY is set; --write "
                  "FILE.mp4 writes the picture to a file";
    else if (picture->file && !*picture->file)
        problem = "--write is empty, expected the name of a file";
    else if (picture->file && !find_encoder())
        problem = "--write needs an H.264 encoder: install gstreamer1.0-plugins-ugly (x264enc) or "
                  "gstreamer1.0-plugins-bad (openh264enc)";
    else if (picture->file && (!exists("mp4mux") || !exists("h264parse")))
        problem = "--write needs gstreamer1.0-plugins-good (mp4mux) and gstreamer1.0-plugins-bad "
                  "(h264parse)";
    else if (picture->file && is_same_file(picture->file, path))
        problem = "--write names the source, which would be overwritten";
    if (problem)
        g_set_error_literal(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, problem);
    return !problem;
}

char *picture_description(const Picture *picture)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!picture->is_shown && !picture->file)
        return g_strdup("fakesink sync=false");
    g_string_append(text, "convnextoverlay ! tee name=pictures");
    if (picture->is_shown)
        g_string_append(text, " pictures. ! queue ! videoconvert ! autovideosink name=" WINDOW);
    if (picture->file)
        g_string_append_printf(text,
                               " pictures. ! queue ! videoconvert ! %s ! h264parse ! mp4mux ! "
                               "filesink name=" FILE_WRITER " async=false",
                               find_encoder());
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* autovideosink tries every sink. That of DirectFB crashes if it cannot open a display. */
static void avoid_directfb(void)
{
    g_autoptr(GstPluginFeature) sink =
        gst_registry_lookup_feature(gst_registry_get(), "dfbvideosink");

    if (sink)
        gst_plugin_feature_set_rank(sink, GST_RANK_NONE);
}

void picture_connect(const Picture *picture, GstElement *pipeline)
{
    g_autoptr(GstElement) writer =
        picture->file ? gst_bin_get_by_name(GST_BIN(pipeline), FILE_WRITER) : NULL;

    if (picture->is_shown)
        avoid_directfb();
    if (writer)
        g_object_set(writer, "location", picture->file, NULL);
}

gboolean picture_has_no_window(GstMessage *warning)
{
    return g_str_equal(GST_MESSAGE_SRC_NAME(warning), WINDOW);
}

const char *picture_verb(GstMessage *message)
{
    g_autofree char *path = gst_object_get_path_string(GST_MESSAGE_SRC(message));

    if (strstr(path, ":" WINDOW))
        return "show";
    return strstr(path, ":" FILE_WRITER) ? "write" : NULL;
}
