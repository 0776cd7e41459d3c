/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/common/picture.h"

#include <gst/gst.h>
#include <stdio.h>
#include <string.h>

#include "pipelines/common/print.h"

#define PICTURE_TIMEOUT (60 * GST_SECOND)
#define POLL (50 * GST_MSECOND)

struct PictureReader {
    char **properties;  /* names and values in turn */
    GstElement *holder; /* keeps the model loaded between pictures */
};

/* The elements that decode a file with these first bytes. Not decodebin: a fixed decoder gives the
 * same pixels on each machine, and only jpegparse reads EXIF. */
static const struct {
    const char *magic;
    guint offset;
    const char *elements[2];
    const char *package;
} decoders[] = {
    {"\xff\xd8\xff", 0, {"jpegparse", "jpegdec"}, "gstreamer1.0-plugins-good and -bad"},
    {"\x89PNG", 0, {"pngdec"}, "gstreamer1.0-plugins-good"},
    {"WEBP", 8, {"webpdec"}, "gstreamer1.0-plugins-bad"},
    {"", 0, {"gdkpixbufdec"}, "gstreamer1.0-plugins-good"}, /* BMP, TIFF, PPM, ... */
};

/* Waits for an error or the end. NULL if neither comes in time. */
static GstMessage *wait_for_message(GstElement *pipeline, const volatile sig_atomic_t *stop)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    GstMessage *message = NULL;

    for (GstClockTime time = 0; !message && time < PICTURE_TIMEOUT && !*stop; time += POLL)
        message = gst_bus_timed_pop_filtered(bus, POLL, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    return message;
}

static void set_properties(const PictureReader *reader, GstElement *element)
{
    for (guint i = 0; reader->properties[i]; i += 2) {
        const char *name = reader->properties[i], *value = reader->properties[i + 1];
        const GParamSpec *spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), name);

        if (spec->value_type == G_TYPE_STRING) /* a path may have any bytes */
            g_object_set(element, name, value, NULL);
        else
            gst_util_set_object_arg(G_OBJECT(element), name, value);
    }
}

static char **copy_properties(const char *const *properties)
{
    GPtrArray *copy = g_ptr_array_new();

    for (guint i = 0; properties[i]; i += 2) {
        if (!properties[i + 1])
            continue;
        g_ptr_array_add(copy, g_strdup(properties[i]));
        g_ptr_array_add(copy, g_strdup(properties[i + 1]));
    }
    g_ptr_array_add(copy, NULL);
    return (char **)g_ptr_array_free(copy, FALSE);
}

/* Prints what the element warns of, such as a precision that does not run here. */
static void print_warnings(GstBus *bus)
{
    GstMessage *message;

    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING))) {
        g_autoptr(GError) warning = NULL;

        gst_message_parse_warning(message, &warning, NULL);
        print_error(g_get_prgname(), "%s", warning->message);
        gst_message_unref(message);
    }
}

PictureReader *picture_reader_new(const char *const *properties, GError **error)
{
    g_autoptr(PictureReader) reader = g_new0(PictureReader, 1);

    reader->properties = copy_properties(properties);
    reader->holder = gst_element_factory_make("convnext", NULL);
    if (!reader->holder) {
        g_set_error(error, PICTURE_ERROR, 0, "the element convnext is not installed");
        return NULL;
    }
    gst_object_ref_sink(reader->holder);
    set_properties(reader, reader->holder);
    g_autoptr(GstBus) bus = gst_bus_new();
    gst_element_set_bus(reader->holder, bus);
    if (gst_element_set_state(reader->holder, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE) {
        g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);

        if (message)
            gst_message_parse_error(message, error, NULL);
        else
            g_set_error(error, PICTURE_ERROR, 0, "the element convnext refuses the model");
        return NULL;
    }
    print_warnings(bus);
    return g_steal_pointer(&reader);
}

void picture_reader_free(PictureReader *reader)
{
    if (!reader)
        return;
    if (reader->holder) {
        gst_element_set_state(reader->holder, GST_STATE_NULL);
        gst_object_unref(reader->holder);
    }
    g_strfreev(reader->properties);
    g_free(reader);
}

/* Takes the result of the first frame. Read after the pipeline has stopped. */
static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    GstConvnextResult **result = user_data;
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(GST_PAD_PROBE_INFO_BUFFER(info));

    if (meta && !*result)
        *result = gst_convnext_meta_get_result(meta);
    return GST_PAD_PROBE_OK;
}

static guint find_decoder(const char *path)
{
    char bytes[16] = {0};
    FILE *file = fopen(path, "rb");
    guint i = 0;

    if (file) {
        const gsize ignored = fread(bytes, 1, sizeof bytes, file);

        (void)ignored; /* the rest is 0, and matches nothing */
        fclose(file);
    }
    while (memcmp(bytes + decoders[i].offset, decoders[i].magic, strlen(decoders[i].magic)))
        i++;
    return i;
}

/* filesrc ! decoder ! convnext ! fakesink. NULL with error if an element is not installed. */
static GstElement *make_pipeline(const PictureReader *reader, const char *path,
                                 GstConvnextResult **result, GError **error)
{
    const guint d = find_decoder(path);
    const char *const names[] = {"filesrc", decoders[d].elements[0],
                                 decoders[d].elements[1] ? decoders[d].elements[1] : "identity",
                                 "convnext", "fakesink"};
    g_autoptr(GstElement) pipeline = gst_object_ref_sink(gst_pipeline_new(NULL));
    GstElement *previous = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        GstElement *element = gst_element_factory_make(names[i], names[i]);

        if (!element) {
            g_set_error(error, PICTURE_ERROR, 0,
                        "%s: needs the element %s of Debian's %s, which is not installed", path,
                        names[i], decoders[d].package);
            return NULL;
        }
        gst_bin_add(GST_BIN(pipeline), element);
        if (previous)
            gst_element_link(previous, element);
        previous = element;
        if (i == 0)
            g_object_set(element, "location", path, "blocksize", 1 << 20, "typefind", TRUE, NULL);
        else if (!strcmp(names[i], "convnext"))
            set_properties(reader, element);
    }
    g_object_set(previous, "sync", FALSE, NULL);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(previous, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, result, NULL);
    return g_steal_pointer(&pipeline);
}

/* Of a decoder that gives no cause */
static char *cause_of(const GError *problem)
{
    return g_strdup(g_error_matches(problem, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED)
                        ? "the decoder refuses it, as it does JPEG in CMYK"
                        : problem->message);
}

gboolean picture_reader_run(PictureReader *reader, const char *path, GstConvnextResult **result,
                            char **cause, const volatile sig_atomic_t *stop, GError **error)
{
    g_autoptr(GstConvnextResult) found = NULL;
    g_autoptr(GstElement) pipeline = make_pipeline(reader, path, &found, error);
    g_autoptr(GError) problem = NULL;

    if (!pipeline)
        return FALSE;
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstMessage) message = wait_for_message(pipeline, stop);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    if (*stop) {
        g_set_error(error, PICTURE_ERROR, 0, "interrupted");
        return FALSE;
    }
    if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &problem, NULL);
        *cause = cause_of(problem); /* maybe of a picture that is damaged further on */
    } else if (!found) {
        *cause = g_strdup(message ? "it contains no picture" : "it takes more than a minute");
    } else {
        *result = g_steal_pointer(&found);
    }
    return TRUE;
}
