/* The element `convnextpublish`: properties, files and buffers. jsonline.c formats the lines.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnextpublish
 * @title: convnextpublish
 * @short_description: writes classification results as JSON lines
 * @see_also: convnext
 *
 * Writes each result (#GstConvnextMeta) as one line of JSON to standard output, to a file or to a
 * broker, and passes the buffer through unchanged. It reads only metadata and therefore accepts any
 * caps.
 *
 * With #GstConvnextPublish:emit the element writes each result once (`result`), or again for each
 * frame that carries it (`frame`), or only results that change the state (`change`).
 *
 * A line is an object. `gst/README.md` in the source tree lists its keys: `stream`, `frame`, `pts`,
 * `time`, the frame's size, `model`, `age`, `region`, `object`, `classes`, `segmentation`,
 * `objects`, the values or shapes of the tensors, and the times in `ms`. Keys without a value are
 * omitted. Numbers do not depend on the locale; floats have enough digits to read back as the same
 * float32, and values that are not finite are `null`.
 *
 * A buffer leaves the element once its lines are written; no line is delayed. A slow reader
 * therefore slows the pipeline down, and a pipe that loses its reader is an error. The first line
 * waits for the first reader of a named pipe. Several elements may share standard output: their
 * lines do not interleave. If the first 100 buffers carry no result, because `convnext` is missing
 * or an element behind it drops its results, the element posts a warning.
 *
 * With #GstConvnextPublish:uri each line is also a message of an MQTT or Kafka topic, and standard
 * output gets none unless #GstConvnextPublish:location is set. Frames never wait for the broker: up
 * to 10,000 lines or 64 MiB wait for it instead. Lines beyond that are lost, which warnings and
 * #GstConvnextPublish:stats count. EOS waits for the broker for #GstConvnextPublish:flush-timeout.
 *
 * With #GstConvnextPublish:tensor-dir every tensor of each result that gets a line is also written
 * to that folder, as `<stream or "convnext">-<frame>-<name>.npy`, for numpy.load(). The mask of a
 * segmentation is written as `mask.npy` and `mask.png`, and masks of objects at the size of the
 * frame as `object-mask-frames.npy`. If a buffer carries several results, the file names of the
 * second result end in `-1.npy`, those of the third in `-2.npy`, and so on.
 *
 * ## Example launch lines
 *
 * |[
 * gst-launch-1.0 -q filesrc location=clip.mp4 ! decodebin ! convnext ! convnextpublish ! fakesink
 * ]|
 * Prints one line per frame, because each frame has its own result.
 *
 * |[
 * gst-launch-1.0 rtspsrc location=rtsp://camera/ ! decodebin ! convnext interval=25 !
 *   convnextpublish stream=gate location=gate.jsonl ! fakesink
 * ]|
 * Writes the results of a camera to a file; `tail -f gate.jsonl` follows it.
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
#include "gst/convnext/query.h"
#include "gst/publish/emission.h"
#include "gst/publish/files.h"
#include "gst/publish/jsonline.h"
#include "gst/publish/linewriter.h"
#include "gst/publish/properties.h"
#include "gst/publish/remote.h"
#include "gst/publish/timestamp.h"
#include "gst/publish/upstream.h"

GST_DEBUG_CATEGORY(gst_convnext_publish_debug);
#define GST_CAT_DEFAULT gst_convnext_publish_debug

/* While no buffer has carried a result. */
#define CHECK_INTERVAL 100  /* buffers */
#define MOST_ON_THE_WAY 300 /* more results than a queue, of 200 buffers by default, holds */

typedef struct Settings {
    char *location;         /* path, or "-" for standard output; NULL means that without a uri */
    char *stream;           /* or NULL */
    char *tensor_dir;       /* or NULL */
    char *uri;              /* or NULL */
    char *credentials_file; /* or NULL */
    char *ca_file;          /* or NULL */
} Settings;

struct _GstConvnextPublish {
    GstBaseTransform parent;
    Settings settings;     /* under the object lock */
    GstConvnextEmit emit;  /* likewise */
    gboolean embedding;    /* likewise */
    guint64 flush_timeout; /* likewise, nanoseconds */

    GstConvnextRemoteCounts last_counts; /* likewise; of the last remote */

    /* Set between start and stop; belongs to the streaming thread. */
    Settings active;
    GstConvnextLineWriter *writer; /* or NULL */
    GstConvnextRemote *remote;     /* or NULL; set under the object lock */
    GstConvnextEmission *emission;
    GString *line;           /* reused, to avoid an allocation per line */
    guint64 frame;           /* number of the next buffer, from 0 */
    guint64 results;         /* that buffers have carried */
    gboolean is_warned;      /* the warning that there are none was posted */
    gboolean is_live;        /* the source is */
    gboolean follows_states; /* emit is change */
    gboolean omits_embedding;
    guint64 active_flush_timeout; /* nanoseconds */
    gboolean is_flushed;          /* EOS has waited for the broker */
    guint width, height;          /* from the caps; 0 if they have none */
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template =
    GST_STATIC_PAD_TEMPLATE("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

G_DEFINE_FINAL_TYPE(GstConvnextPublish, gst_convnext_publish, GST_TYPE_BASE_TRANSFORM)

GST_ELEMENT_REGISTER_DEFINE(convnextpublish, "convnextpublish", GST_RANK_NONE,
                            GST_TYPE_CONVNEXT_PUBLISH)

static void clear_settings(Settings *settings)
{
    g_clear_pointer(&settings->location, g_free);
    g_clear_pointer(&settings->stream, g_free);
    g_clear_pointer(&settings->tensor_dir, g_free);
    g_clear_pointer(&settings->uri, g_free);
    g_clear_pointer(&settings->credentials_file, g_free);
    g_clear_pointer(&settings->ca_file, g_free);
}

/* Returns where a property is stored, or NULL if id is unknown. */
static char **find_setting(Settings *settings, guint id)
{
    switch (id) {
    case PROP_LOCATION:
        return &settings->location;
    case PROP_STREAM:
        return &settings->stream;
    case PROP_TENSOR_DIR:
        return &settings->tensor_dir;
    case PROP_URI:
        return &settings->uri;
    case PROP_CREDENTIALS_FILE:
        return &settings->credentials_file;
    case PROP_CA_FILE:
        return &settings->ca_file;
    default:
        return NULL;
    }
}

/* An empty string counts as NULL. */
static void set_property(GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(object);
    char **setting = find_setting(&self->settings, id);
    const char *string;

    if (id == PROP_EMIT || id == PROP_EMBEDDING || id == PROP_FLUSH_TIMEOUT) {
        GST_OBJECT_LOCK(self);
        if (id == PROP_EMIT)
            self->emit = g_value_get_enum(value);
        else if (id == PROP_EMBEDDING)
            self->embedding = g_value_get_boolean(value);
        else
            self->flush_timeout = g_value_get_uint64(value);
        GST_OBJECT_UNLOCK(self);
        return;
    }
    if (!setting) {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        return;
    }
    string = g_value_get_string(value);
    GST_OBJECT_LOCK(self);
    g_free(*setting);
    *setting = string && *string ? g_strdup(string) : NULL;
    GST_OBJECT_UNLOCK(self);
}

/* Of the lines that go to uri. */
static GstStructure *read_stats(GstConvnextPublish *self)
{
    GstConvnextRemoteCounts counts = {0};

    GST_OBJECT_LOCK(self);
    if (self->remote)
        gst_convnext_remote_count(self->remote, &counts);
    else
        counts = self->last_counts;
    GST_OBJECT_UNLOCK(self);
    return gst_structure_new("convnextpublish-stats", "sent", G_TYPE_UINT64, counts.sent,
                             "delivered", G_TYPE_UINT64, counts.delivered, "lost", G_TYPE_UINT64,
                             counts.lost, "queued", G_TYPE_UINT64, counts.queued, NULL);
}

static void get_property(GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(object);
    char **setting = find_setting(&self->settings, id);

    if (id == PROP_STATS) {
        g_value_take_boxed(value, read_stats(self));
        return;
    }
    if (id == PROP_EMIT || id == PROP_EMBEDDING || id == PROP_FLUSH_TIMEOUT) {
        GST_OBJECT_LOCK(self);
        if (id == PROP_EMIT)
            g_value_set_enum(value, self->emit);
        else if (id == PROP_EMBEDDING)
            g_value_set_boolean(value, self->embedding);
        else
            g_value_set_uint64(value, self->flush_timeout);
        GST_OBJECT_UNLOCK(self);
        return;
    }
    if (!setting) {
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, pspec);
        return;
    }
    GST_OBJECT_LOCK(self);
    if (id == PROP_LOCATION && !*setting && !self->settings.uri)
        g_value_set_string(value, GST_CONVNEXT_PUBLISH_LOCATION);
    else
        g_value_set_string(value, *setting);
    GST_OBJECT_UNLOCK(self);
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
                      ("Could not create the folder \"%s\" for tensors or write to it: %s", dir,
                       g_strerror(code)),
                      ("property tensor-dir"));
    return FALSE;
}

/* In any thread. */
static void note_remote(const char *note, gboolean is_failure, gpointer data)
{
    GstConvnextPublish *self = data;

    if (is_failure)
        GST_ELEMENT_WARNING(self, RESOURCE, WRITE, ("%s", note), ("property uri"));
    else
        GST_ELEMENT_INFO(self, RESOURCE, WRITE, ("%s", note), ("property uri"));
}

static gboolean open_remote(GstConvnextPublish *self)
{
    const Settings *active = &self->active;
    const GstConvnextRemoteOptions options = {active->uri, active->credentials_file,
                                              active->ca_file, active->stream};
    g_autoptr(GError) error = NULL;
    GstConvnextRemote *remote;

    if (!active->uri)
        return TRUE;
    remote = gst_convnext_remote_open(&options, note_remote, self, &error);
    if (!remote) {
        GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE, ("%s", error->message), ("property uri"));
        return FALSE;
    }
    GST_OBJECT_LOCK(self);
    self->remote = remote;
    GST_OBJECT_UNLOCK(self);
    return TRUE;
}

static void close_remote(GstConvnextPublish *self)
{
    GstConvnextRemote *remote = self->remote;

    if (!remote)
        return;
    GST_OBJECT_LOCK(self);
    const gint64 timeout = self->is_flushed ? 0 : (gint64)(self->active_flush_timeout / 1000);
    gst_convnext_remote_count(remote, &self->last_counts);
    self->remote = NULL;
    GST_OBJECT_UNLOCK(self);
    gst_convnext_remote_close(remote, timeout);
}

static gboolean open_location(GstConvnextPublish *self)
{
    g_autoptr(GError) error = NULL;

    if (!self->active.location)
        return TRUE;

    self->writer = gst_convnext_line_writer_open(self->active.location, &error);
    if (self->writer && gst_convnext_line_writer_lacks_reader(self->writer))
        GST_ELEMENT_INFO(
            self, RESOURCE, OPEN_WRITE,
            ("The pipe \"%s\" has no reader: the first line waits for one", self->active.location),
            ("The pipe \"%s\" has no reader: the first line waits for one", self->active.location));
    if (self->writer)
        return TRUE;
    GST_ELEMENT_ERROR(self, RESOURCE, OPEN_WRITE, ("%s", error->message), ("property location"));
    return FALSE;
}

static gboolean start(GstBaseTransform *transform)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    const Settings *settings = &self->settings;

    GST_OBJECT_LOCK(self);
    self->active.location = g_strdup(
        settings->location || settings->uri ? settings->location : GST_CONVNEXT_PUBLISH_LOCATION);
    self->active.uri = g_strdup(settings->uri);
    self->active.credentials_file = g_strdup(settings->credentials_file);
    self->active.ca_file = g_strdup(settings->ca_file);
    self->active.stream = g_strdup(settings->stream);
    self->active.tensor_dir = g_strdup(settings->tensor_dir);
    const GstConvnextEmit emit = self->emit;
    self->omits_embedding = !self->embedding;
    self->active_flush_timeout = self->flush_timeout;
    GST_OBJECT_UNLOCK(self);

    self->frame = self->results = 0;
    self->is_warned = self->is_flushed = FALSE;
    self->width = self->height = 0;
    if (make_tensor_dir(self) && open_remote(self) && open_location(self)) {
        self->emission = gst_convnext_emission_new(emit);
        self->follows_states = emit == GST_CONVNEXT_EMIT_CHANGE;
        return TRUE;
    }
    close_remote(self);
    clear_settings(&self->active);
    return FALSE;
}

static gboolean stop(GstBaseTransform *transform)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    g_autoptr(GError) error = NULL;

    if (self->writer && !gst_convnext_line_writer_close(self->writer, &error))
        GST_ELEMENT_WARNING(self, RESOURCE, CLOSE, ("%s", error->message), (NULL));
    self->writer = NULL;
    close_remote(self);
    g_clear_pointer(&self->emission, gst_convnext_emission_free);
    clear_settings(&self->active);
    return TRUE;
}

/* Interrupts a write that waits for a reader, because deactivating the pads waits for the
 * streaming thread. */
static GstStateChangeReturn change_state(GstElement *element, GstStateChange transition)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(element);

    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && self->writer)
        gst_convnext_line_writer_flush(self->writer);
    if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && self->remote)
        gst_convnext_remote_interrupt(self->remote);
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

/* Posts the error, unless the write was interrupted because the element is stopping. */
static GstFlowReturn report_write_error(GstConvnextPublish *self, const GError *error)
{
    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_INTR))
        return GST_FLOW_FLUSHING;
    if (g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOSPC))
        GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT, ("%s", error->message), (NULL));
    else
        GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("%s", error->message), (NULL));
    return GST_FLOW_ERROR;
}

/* Warns once if no buffer so far has carried a result although one should have. on_the_way: how
 * many results may be in queues in front of this element. */
static void check_results(GstConvnextPublish *self, guint64 on_the_way)
{
    if (self->results == 0 && self->frame > 0 && !self->is_warned)
        self->is_warned = gst_convnext_upstream_warn(
            GST_ELEMENT(self), GST_BASE_TRANSFORM_SINK_PAD(self), self->frame, on_the_way);
}

/* EOS waits for the broker, because an application may stop the pipeline after it. */
static void finish_stream(GstConvnextPublish *self)
{
    check_results(self, 0);
    if (self->remote)
        gst_convnext_remote_flush(self->remote, (gint64)(self->active_flush_timeout / 1000));
    self->is_flushed = TRUE;
}

static gboolean sink_event(GstBaseTransform *transform, GstEvent *event)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);

    if (GST_EVENT_TYPE(event) == GST_EVENT_EOS)
        finish_stream(self);
    else if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP)
        gst_convnext_emission_reset(self->emission);
    else if (gst_event_has_name(event, GST_CONVNEXT_EVENT_CHANGE))
        gst_convnext_emission_add_change(self->emission, gst_event_get_structure(event));
    return GST_BASE_TRANSFORM_CLASS(gst_convnext_publish_parent_class)
        ->sink_event(transform, event);
}

/* Writes the nth result of the frame: its line, after its files. */
static gboolean write_result(GstConvnextPublish *self, const GstConvnextLineFrame *frame, guint nth,
                             GstConvnextMeta *meta, const GstStructure *change, GError **error)
{
    const GstConvnextFiles files = {self->active.tensor_dir, self->active.stream, self->frame, nth};

    if (files.folder && !gst_convnext_files_write(&files, meta->result, error))
        return FALSE;
    g_string_truncate(self->line, 0);
    gst_convnext_json_line(self->line, frame, meta, change);
    if (self->remote) /* without the end of the line */
        gst_convnext_remote_send(self->remote, self->line->str, self->line->len - 1);
    return !self->writer ||
           gst_convnext_line_writer_write(self->writer, self->line->str, self->line->len, error);
}

static gboolean write_results(GstConvnextPublish *self, GstBuffer *buffer, GError **error)
{
    g_autofree char *time = gst_convnext_timestamp(buffer, self->is_live);
    const GstConvnextLineFrame frame = {
        buffer, self->active.stream,  self->frame, self->width, self->height,
        time,   self->omits_embedding};
    const GstStructure *change;
    GstConvnextUpstream upstream = {0};
    GstConvnextMeta *meta;
    gpointer state = NULL;

    if (self->follows_states)
        gst_convnext_upstream_ask(GST_BASE_TRANSFORM_SINK_PAD(self), &upstream);
    for (guint nth = 0; (meta = gst_buffer_iterate_convnext_meta(buffer, &state)); nth++) {
        self->results++;
        if (gst_convnext_emission_takes(self->emission, meta->result, upstream.is_smoothed,
                                        &change) &&
            !write_result(self, &frame, nth, meta, change, error))
            return FALSE;
    }
    return TRUE;
}

static GstFlowReturn transform_ip(GstBaseTransform *transform, GstBuffer *buffer)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(transform);
    g_autoptr(GError) error = NULL;

    if (self->frame == 0)
        self->is_live = gst_convnext_upstream_is_live(GST_BASE_TRANSFORM_SINK_PAD(self));
    if (gst_buffer_get_convnext_meta(buffer) && !write_results(self, buffer, &error))
        return report_write_error(self, error);
    if (++self->frame % CHECK_INTERVAL == 0)
        check_results(self, MOST_ON_THE_WAY);
    return GST_FLOW_OK;
}

static void finalize(GObject *object)
{
    GstConvnextPublish *self = GST_CONVNEXT_PUBLISH(object);

    clear_settings(&self->settings);
    g_string_free(self->line, TRUE);
    G_OBJECT_CLASS(gst_convnext_publish_parent_class)->finalize(object);
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
    gst_convnext_publish_install(object_class);

    element_class->change_state = change_state;
    gst_element_class_add_static_pad_template(element_class, &sink_template);
    gst_element_class_add_static_pad_template(element_class, &src_template);
    gst_element_class_set_static_metadata(element_class, "ConvNeXt results as JSON lines",
                                          "Filter/Analyzer/Video",
                                          "Writes the results that convnext, convnextsegment and "
                                          "convnextdetect attach to buffers as JSON lines",
                                          "The gst-convnext developers");

    transform_class->start = start;
    transform_class->stop = stop;
    transform_class->set_caps = set_caps;
    transform_class->sink_event = sink_event;
    transform_class->transform_ip = transform_ip;
}

static void gst_convnext_publish_init(GstConvnextPublish *self)
{
    self->line = g_string_new(NULL);
    self->embedding = TRUE;
    self->flush_timeout = GST_CONVNEXT_PUBLISH_FLUSH_TIMEOUT;
    gst_base_transform_set_passthrough(GST_BASE_TRANSFORM(self), TRUE);
    gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}
