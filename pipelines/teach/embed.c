/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/teach/embed.h"

#include <gst/convnext/convnext.h>
#include <gst/gst.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "pipelines/common/print.h"

#define PICTURE_TIMEOUT (60 * GST_SECOND)
#define POLL (50 * GST_MSECOND)

struct TeachEmbedder {
    char *folder;
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

static GstElement *make(const char *name, GError **error)
{
    GstElement *element = gst_element_factory_make(name, NULL);

    if (!element)
        g_set_error(error, TEACH_ERROR, 0, "the element %s is not installed", name);
    return element;
}

char *teach_bundled_model(GError **error)
{
    g_autoptr(GstElement) element = make("convnext", error);
    char *path = NULL;

    if (element)
        g_object_get(gst_object_ref_sink(element), "model", &path, NULL);
    return path;
}

/* Waits for an error or the end. NULL if neither comes in time. */
static GstMessage *wait_for_message(GstElement *pipeline, const volatile sig_atomic_t *stop)
{
    g_autoptr(GstBus) bus = gst_element_get_bus(pipeline);
    GstMessage *message = NULL;

    for (GstClockTime time = 0; !message && time < PICTURE_TIMEOUT && !(stop && *stop);
         time += POLL)
        message = gst_bus_timed_pop_filtered(bus, POLL, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    return message;
}

TeachEmbedder *teach_embedder_new(const char *folder, GError **error)
{
    g_autoptr(TeachEmbedder) embedder = g_new0(TeachEmbedder, 1);

    embedder->folder = g_strdup(folder);
    embedder->holder = make("convnext", error);
    if (!embedder->holder)
        return NULL;
    gst_object_ref_sink(embedder->holder);
    g_object_set(embedder->holder, "model", folder, NULL);
    gst_util_set_object_arg(G_OBJECT(embedder->holder), "outputs", "embedding");
    g_autoptr(GstBus) bus = gst_bus_new();
    gst_element_set_bus(embedder->holder, bus);
    if (gst_element_set_state(embedder->holder, GST_STATE_READY) == GST_STATE_CHANGE_FAILURE) {
        g_autoptr(GstMessage) message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);

        if (message)
            gst_message_parse_error(message, error, NULL);
        else
            g_set_error(error, TEACH_ERROR, 0, "%s: the element convnext refuses it", folder);
        return NULL;
    }
    return g_steal_pointer(&embedder);
}

void teach_embedder_free(TeachEmbedder *embedder)
{
    if (!embedder)
        return;
    if (embedder->holder) {
        gst_element_set_state(embedder->holder, GST_STATE_NULL);
        gst_object_unref(embedder->holder);
    }
    g_free(embedder->folder);
    g_free(embedder);
}

/* What the streaming thread of one picture finds; read after the pipeline has stopped */
typedef struct Finding {
    float *values; /* of the first frame */
    gsize count;
} Finding;

static GstPadProbeReturn on_frame(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
    Finding *finding = user_data;
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(GST_PAD_PROBE_INFO_BUFFER(info));

    if (!meta || finding->values)
        return GST_PAD_PROBE_OK;
    g_autoptr(GstConvnextResult) result = gst_convnext_meta_get_result(meta);
    g_autoptr(GstConvnextTensor) tensor =
        gst_convnext_result_get_tensor(result, GST_CONVNEXT_TENSOR_EMBEDDING);
    if (!tensor)
        return GST_PAD_PROBE_OK;
    const float *values = gst_convnext_tensor_get_values(tensor, &finding->count);
    finding->values = g_memdup2(values, finding->count * sizeof *values);
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
static GstElement *make_pipeline(const TeachEmbedder *embedder, const char *path, Finding *finding,
                                 GError **error)
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
            g_set_error(error, TEACH_ERROR, 0,
                        "%s: needs the element %s of Debian's %s, which is not installed", path,
                        names[i], decoders[d].package);
            return NULL;
        }
        gst_bin_add(GST_BIN(pipeline), element);
        if (previous)
            gst_element_link(previous, element);
        previous = element;
        if (i == 0) {
            g_object_set(element, "location", path, "blocksize", 1 << 20, "typefind", TRUE, NULL);
        } else if (!strcmp(names[i], "convnext")) {
            g_object_set(element, "model", embedder->folder, NULL);
            gst_util_set_object_arg(G_OBJECT(element), "outputs", "embedding");
        }
    }
    g_object_set(previous, "sync", FALSE, NULL);
    g_autoptr(GstPad) pad = gst_element_get_static_pad(previous, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, on_frame, finding, NULL);
    return g_steal_pointer(&pipeline);
}

/* Sets *cause to a sentence, to be freed, if the picture cannot be read. FALSE with error. */
static gboolean embed(const TeachEmbedder *embedder, const char *path, Finding *finding,
                      char **cause, const volatile sig_atomic_t *stop, GError **error)
{
    g_autoptr(GstElement) pipeline = make_pipeline(embedder, path, finding, error);
    g_autoptr(GError) problem = NULL;

    if (!pipeline)
        return FALSE;
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    g_autoptr(GstMessage) message = wait_for_message(pipeline, stop);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
        gst_message_parse_error(message, &problem, NULL);
        g_clear_pointer(&finding->values, g_free); /* of a picture that is damaged further on */
        /* Of a decoder that gives no cause */
        *cause = g_strdup(g_error_matches(problem, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED)
                              ? "the decoder refuses it, as it does JPEG in CMYK"
                              : problem->message);
    } else if (!finding->values) {
        *cause = g_strdup(message ? "it contains no picture" : "it takes more than a minute");
    }
    return TRUE;
}

/* Takes the finding. */
static gboolean keep(TeachPicture *picture, Finding *finding, guint width, GError **error)
{
    picture->embedding = g_steal_pointer(&finding->values);
    if (finding->count != width) {
        g_set_error(error, TEACH_ERROR, 0,
                    "%s: its embedding has %" G_GSIZE_FORMAT " numbers, expected %u", picture->path,
                    finding->count, width);
        return FALSE;
    }
    for (guint j = 0; j < width; j++)
        if (!isfinite(picture->embedding[j])) {
            g_set_error(error, TEACH_ERROR, 0,
                        "%s: number %u of its embedding is %g, expected finite numbers: the model "
                        "cannot be taught",
                        picture->path, j, (double)picture->embedding[j]);
            return FALSE;
        }
    return TRUE;
}

gboolean teach_embedder_run(TeachEmbedder *embedder, TeachSet *set, guint width, guint *count,
                            const volatile sig_atomic_t *stop, GError **error)
{
    for (guint i = 0; i < set->pictures->len; i++) {
        TeachPicture *picture = set->pictures->pdata[i];
        g_autofree char *cause = NULL;
        Finding finding = {0};

        if (picture->embedding)
            continue;
        const gboolean ok = embed(embedder, picture->path, &finding, &cause, stop, error);
        if (ok && *stop) {
            g_free(finding.values);
            g_set_error(error, TEACH_ERROR, 0, "interrupted, nothing is written");
            return FALSE;
        }
        if (!ok)
            return FALSE;
        if (cause)
            print_error("convnext-teach", "%s: left out, %s", picture->path, cause);
        else if (!keep(picture, &finding, width, error))
            return FALSE;
        else
            (*count)++;
    }
    return TRUE;
}
