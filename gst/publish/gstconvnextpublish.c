/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnextpublish
 * @title: convnextpublish
 * @see_also: convnext
 *
 * Writes the results that the element convnext attached to buffers as lines of JSON, one per
 * result, to standard output or to a file, and passes the buffers on as they are. It takes any
 * caps, for it reads nothing but metadata.
 *
 * A line is an object with these keys; those that do not apply are left out:
 *
 * - `stream`: the property of that name
 * - `frame`: number of the buffer, from 0, counted from the start of the element
 * - `pts`: the buffer's presentation time, nanoseconds
 * - `width`, `height`: the frame's size, from the caps
 * - `model`: name of the model
 * - `age`: nanoseconds from the frame that the result was computed on to this one
 * - `region`: `[x, y, width, height]`, the part of the frame that the network saw, in its pixels
 * - `object`: `id` and `label` of the detected object that the result is about
 * - `classes`: best first, each with `index`, `label` and `score`
 * - `embedding`, `logits`: arrays of numbers
 * - `tensors`: the other tensors' shapes by name, `{"stage3":{"shape":[1,14,14,384]}}`
 * - `ms`: milliseconds that `preprocess` and `inference` took
 *
 * Numbers do not depend on the locale; floats have as many digits as it takes to read the same
 * float32 back, and are `null` when they are not finite.
 *
 * Each line is on its way when the buffer is: nothing is kept back. A reader that is slow holds the
 * pipeline up; a reader that is gone is an error. Several of these elements may share standard
 * output, their lines do not mix.
 *
 * With #GstConvnextPublish:tensor-dir every tensor of every result is also written to that folder
 * as `<stream or "convnext">-<frame>-<name>.npy`, for numpy.load(). Where a buffer carries several
 * results, the second one's files end in `-1.npy`, the third one's in `-2.npy`, and so on.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 -q filesrc location=clip.mp4 ! decodebin ! convnext ! convnextpublish ! fakesink
 * ]|
 * Prints one line per frame.
 *
 * |[
 * gst-launch-1.0 rtspsrc location=rtsp://camera/ ! decodebin ! convnext interval=25 !
 *   convnextpublish stream=gate location=gate.jsonl ! fakesink
 * ]|
 * Writes what a camera shows to a file, to be followed with `tail -f gate.jsonl`.
 *
 * |[
 * gst-launch-1.0 filesrc location=cat.png ! pngdec ! convnext outputs=stage3+embedding !
 *   convnextpublish tensor-dir=maps ! fakesink
 * ]|
 * Saves feature maps: maps/convnext-0-stage3.npy and maps/convnext-0-embedding.npy.
 */
#include "gst/publish/gstconvnextpublish.h"

#include <errno.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "gst/convnext/convnext.h"
#include "gst/publish/jsonline.h"
#include "gst/publish/linewriter.h"
#include "gst/publish/npy.h"

GST_DEBUG_CATEGORY_STATIC(gst_convnext_publish_debug);
#define GST_CAT_DEFAULT gst_convnext_publish_debug

#define DEFAULT_LOCATION "-"

enum { PROP_0, PROP_LOCATION, PROP_STREAM, PROP_TENSOR_DIR };

typedef struct Settings {
    char *location;   /* "-": standard output */
    char *stream;     /* NULL: none */
    char *tensor_dir; /* NULL: none */
} Settings;

struct _GstConvnextPublish {
    GstBaseTransform parent;
    Settings settings; /* under the object lock */

    /* From start to stop; used by the streaming thread. */
    Settings active;
    GstConvnextLineWriter *writer;
    GString *line;       /* kept, for its memory */
    guint64 frame;       /* number of the next buffer */
    guint width, height; /* from the caps; 0: none */
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

G_DEFINE_FINAL_TYPE(GstConvnextPublish, gst_convnext_publish, GST_TYPE_BASE_TRANSFORM)

GST_ELEMENT_REGISTER_DEFINE(convnextpublish, "convnextpublish", GST_RANK_NONE,
                            GST_TYPE_CONVNEXT_PUBLISH)

static void settings_clear(Settings *settings)
{
    g_clear_pointer(&settings->location, g_free);
    g_clear_pointer(&settings->stream, g_free);
    g_clear_pointer(&settings->tensor_dir, g_free);
}

/* An empty string is as good as none. */
static char *dup_string(const GValue *value)
{
    const char *string = g_value_get_string(value);

    return string && *string ? g_strdup(string) : NULL;
}

static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    Settings *settings = &GST_CONVNEXT_PUBLISH(object)->settings;

    GST_OBJECT_LOCK(object);
    switch (id) {
    case PROP_LOCATION:
        g_free(settings->location);
        settings->location = dup_string(value);
        break;
    case PROP_STREAM:
        g_free(settings->stream);
        settings->stream = dup_string(value);
        break;
    case PROP_TENSOR_DIR:
        g_free(settings->tensor_dir);
        settings->tensor_dir = dup_string(value);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
    GST_OBJECT_UNLOCK(object);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    const Settings *settings = &GST_CONVNEXT_PUBLISH(object)->settings;

    GST_OBJECT_LOCK(object);
    switch (id) {
    case PROP_LOCATION:
        g_value_set_string(value, settings->location ? settings->location : DEFAULT_LOCATION);
        break;
    case PROP_STREAM:
        g_value_set_string(value, settings->stream);
        break;
    case PROP_TENSOR_DIR:
        g_value_set_string(value, settings->tensor_dir);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
    }
    GST_OBJECT_UNLOCK(object);
}

static gboolean make_tensor_dir(GstConvnextPublish *self)
{
    const char *dir = self->active.tensor_dir;
    int code = 0;

    if (!dir)
        return TRUE;
    if (g_mkdir_with_parents(dir, 0777) < 0)
        code = errno;
    else if (g_access(dir, W_OK | X_OK) < 0)
        code = errno;
    if (!code)
        return TRUE;
    GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE,
                      ("Could not make the folder \"%s\" for tensors: %s", dir, g_strerror(code)),
                      ("property tensor-dir"));
    return FALSE;
}

static gboolean open_location(GstConvnextPublish *self)
{
    GError *error = NULL;

    self->writer = gst_convnext_line_writer_open(self->active.location, &error);
    if (self->writer)
        return TRUE;
    GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE, ("%s", error->message), ("property location"));
    g_error_free(error);
    return FALSE;
}

static gboolean start(GstBaseTransform *transform)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    const Settings *settings = &self->settings;

    GST_OBJECT_LOCK(self);
    self->active.location = g_strdup(settings->location ? settings->location : DEFAULT_LOCATION);
    self->active.stream = g_strdup(settings->stream);
    self->active.tensor_dir = g_strdup(settings->tensor_dir);
    GST_OBJECT_UNLOCK(self);

    self->frame = 0;
    self->width = self->height = 0;
    if (make_tensor_dir(self) && open_location(self))
        return TRUE;
    settings_clear(&self->active);
    return FALSE;
}

static gboolean stop(GstBaseTransform *transform)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    GError *error = NULL;

    if (self->writer && !gst_convnext_line_writer_close(self->writer, &error)) {
        GST_ELEMENT_WARNING(self, RESOURCE, CLOSE, ("%s", error->message), (NULL));
        g_error_free(error);
    }
    self->writer = NULL;
    settings_clear(&self->active);
    return TRUE;
}

/* A line that waits for a slow reader holds the streaming thread, which stopping waits for. */
static GstStateChangeReturn change_state(GstElement *element, GstStateChange transition)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(element);

    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && self->writer)
        gst_convnext_line_writer_flush(self->writer);
    return GST_ELEMENT_CLASS(gst_convnext_publish_parent_class)->change_state(element, transition);
}

static gboolean set_caps(GstBaseTransform *transform, GstCaps *incaps, GstCaps *outcaps)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    const GstStructure *structure = gst_caps_get_structure(incaps, 0);
    int width = 0, height = 0;

    gst_structure_get_int(structure, "width", &width);
    gst_structure_get_int(structure, "height", &height);
    self->width = MAX(width, 0);
    self->height = MAX(height, 0);
    return TRUE;
}

/* Interrupted writes end quietly, for the element is stopping; everything else is one error. */
static GstFlowReturn write_failed(GstConvnextPublish *self, GError *error)
{
    GstFlowReturn flow = GST_FLOW_ERROR;

    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INTR))
        flow = GST_FLOW_FLUSHING;
    else if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
        GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT, ("%s", error->message), (NULL));
    else
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("%s", error->message), (NULL));
    g_error_free(error);
    return flow;
}

/* nth: of the results on this buffer, from 0. Names are never paths: a stream may be called a/b. */
static char *tensor_path(GstConvnextPublish *self, GstConvnextTensor *tensor, guint nth)
{
    const char *stream = self->active.stream ? self->active.stream : "convnext";
    char *file = g_strdup_printf("%s-%" G_GUINT64_FORMAT "-%s", stream, self->frame,
                                 gst_convnext_tensor_get_name(tensor));
    char *suffix = nth ? g_strdup_printf("-%u.npy", nth) : g_strdup(".npy");
    char *name = g_strconcat(g_strdelimit(file, G_DIR_SEPARATOR_S, '_'), suffix, NULL);
    char *path = g_build_filename(self->active.tensor_dir, name, NULL);

    g_free(name);
    g_free(suffix);
    g_free(file);
    return path;
}

static gboolean write_tensors(GstConvnextPublish *self, GstConvnextResult *result, guint nth,
                              GError **error)
{
    gboolean ok = TRUE;

    for (guint i = 0; ok && i < gst_convnext_result_get_n_tensors(result); i++) {
        GstConvnextTensor *tensor = gst_convnext_result_peek_tensor(result, i);
        char *path = tensor_path(self, tensor, nth);

        ok = gst_convnext_npy_write(path, tensor, error);
        g_free(path);
    }
    return ok;
}

static GstFlowReturn transform_ip(GstBaseTransform *transform, GstBuffer *buffer)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    const GstConvnextFrame frame = {self->active.stream, self->frame, GST_BUFFER_PTS(buffer),
                                    self->width, self->height};
    GstConvnextMeta *meta;
    gpointer state = NULL;
    GError *error = NULL;

    for (guint nth = 0; (meta = gst_buffer_iterate_convnext_meta(buffer, &state)); nth++) {
        if (self->active.tensor_dir && !write_tensors(self, meta->result, nth, &error))
            return write_failed(self, error);
        g_string_truncate(self->line, 0);
        gst_convnext_json_line(self->line, &frame, meta);
        if (!gst_convnext_line_writer_write(self->writer, self->line->str, self->line->len, &error))
            return write_failed(self, error);
    }
    self->frame++;
    return GST_FLOW_OK;
}

static void finalize(GObject *object)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(object);

    settings_clear(&self->settings);
    g_string_free(self->line, TRUE);
    G_OBJECT_CLASS(gst_convnext_publish_parent_class)->finalize(object);
}

static void install_properties(GObjectClass *klass)
{
    const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

    g_object_class_install_property(
        klass, PROP_LOCATION,
        g_param_spec_string("location", "Location",
                            "File that receives the lines, emptied at each start, or \"-\" for "
                            "standard output",
                            DEFAULT_LOCATION, flags));
    g_object_class_install_property(
        klass, PROP_STREAM,
        g_param_spec_string("stream", "Stream",
                            "Name of this stream, put in each line and in front of the names of "
                            "tensors' files",
                            NULL, flags));
    g_object_class_install_property(
        klass, PROP_TENSOR_DIR,
        g_param_spec_string("tensor-dir", "Tensor directory",
                            "Folder that receives each attached tensor as "
                            "<stream or \"convnext\">-<frame>-<name>.npy, made when it is missing",
                            NULL, flags));
}

static void gst_convnext_publish_class_init(GstConvnextPublishClass *klass)
{
    GObjectClass *object_class = G_OBJECT_CLASS(klass);
    GstElementClass *element_class = GST_ELEMENT_CLASS(klass);
    GstBaseTransformClass *transform_class = GST_BASE_TRANSFORM_CLASS(klass);

    GST_DEBUG_CATEGORY_INIT(gst_convnext_publish_debug, "convnextpublish", 0,
                            "ConvNeXt results as JSON lines");

    object_class->set_property = set_property;
    object_class->get_property = get_property;
    object_class->finalize = finalize;
    install_properties(object_class);

    element_class->change_state = change_state;
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(
        element_class, "ConvNeXt results as JSON lines", "Filter/Analyzer/Video",
        "Writes the results that convnext attached to buffers as lines of JSON",
        "gst-convnext's authors");

    transform_class->start = start;
    transform_class->stop = stop;
    transform_class->set_caps = set_caps;
    transform_class->transform_ip = transform_ip;
}

static void gst_convnext_publish_init(GstConvnextPublish *self)
{
    self->line = g_string_new(NULL);
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}
