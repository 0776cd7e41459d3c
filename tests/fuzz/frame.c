/* Fuzz target: a stream of frames through the element, in a harness. The input chooses properties
 * and caps, and then frames, events and changes of properties. Frames carry metadata that need not
 * be true, in one or several memories of exactly their size.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>
#include <json-glib/json-glib.h>
#include <math.h>
#include <string.h>

#include "gst/element/gstconvnext.h"
#include "gst/publish/jsonline.h"
#include "tests/fuzz/frame_settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_gst.h"
#include "tests/fuzz/reader.h"
#include "tests/gst/support/network.h"

#define MAX_STEPS 24
#define MAX_ROIS 24
#define MAX_MEMORIES 5
#define MAX_FRAME_BYTES (4 << 20)

static const char *const colorimetries[] = {
    "bt601",     "bt709",   "bt2020",  "bt2100-pq", "bt2100-hlg", "sRGB",
    "smpte240m", "1:4:5:1", "2:5:1:4", "1:1:0:0",   "0:0:0:0",
};
static const char *const interlacings[] = {"progressive", "interleaved", "mixed", "fields",
                                           "alternate"};
static const char *const roi_types[] = {"car", "person", "", "convnext", "face \xc3\xa4"};
static const char *const orientations[] = {
    "rotate-0",       "rotate-90",       "rotate-180",      "rotate-270", "flip-rotate-0",
    "flip-rotate-90", "flip-rotate-180", "flip-rotate-270", "rotate-45",  "",
};

typedef struct Stream {
    FuzzReader *reader;
    GstHarness *h;
    GstVideoInfo info; /* of the last caps */
    GstClockTime time; /* of the last frame */
} Stream;

#define CHOOSE(reader, array) array[fuzz_choice(reader, G_N_ELEMENTS(array))]

static char *model;

static void delete_model(void)
{
    network_delete(model);
}

static void ignore_log(const char *domain, GLogLevelFlags level, const char *text, gpointer data) {}

/* Keeps the model open, so that each execution finds it in memory. */
static void keep_model(void)
{
    static GstElement *element;

    if (element)
        return;
    g_setenv("OPENBLAS_NUM_THREADS", "1", TRUE);
    fuzz_gst_init(FALSE);
    /* GStreamer warns of frames before a segment. */
    g_log_set_always_fatal(G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL);
    g_log_set_handler("GStreamer", G_LOG_LEVEL_WARNING, ignore_log, NULL);
    g_assert_true(gst_element_register(NULL, "convnext", GST_RANK_NONE, GST_TYPE_CONVNEXT));
    model = network_new();
    atexit(delete_model);
    element = gst_object_ref_sink(gst_element_factory_make("convnext", NULL));
    g_object_set(element, "model", model, NULL);
    frame_settings_check(G_OBJECT(element));
    g_assert_cmpint(gst_element_set_state(element, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
}

/* Properties and caps */

static GstElement *make_element(FuzzReader *reader)
{
    GstElement *element = gst_element_factory_make("convnext", NULL);

    g_object_set(element, "model", model, "threads", 1, NULL);
    for (guint n = fuzz_choice(reader, 4); n > 0; n--)
        frame_settings_set_engine(reader, element);
    for (guint n = fuzz_choice(reader, 6); n > 0; n--)
        frame_settings_set(reader, element);
    return element;
}

static guint choose_side(FuzzReader *reader)
{
    const guint side = 1 + fuzz_byte(reader) / 2;

    return side == 128 ? 128 * (1 + fuzz_choice(reader, 32)) : side;
}

/* NULL if they describe no raw video, or too much of it. */
static GstCaps *make_caps(FuzzReader *reader, GstVideoInfo *info)
{
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);
    const GstVideoFormat format = formats[fuzz_choice(reader, n)];
    const guint extras = fuzz_byte(reader), width = choose_side(reader),
                height = choose_side(reader), a = fuzz_byte(reader), b = fuzz_byte(reader);
    g_autoptr(GstCaps) caps = gst_caps_new_simple("video/x-raw", "format", G_TYPE_STRING,
                                                  gst_video_format_to_string(format), "width",
                                                  G_TYPE_INT, width, "height", G_TYPE_INT, height,
                                                  "framerate", GST_TYPE_FRACTION, 25, 1, NULL);

    if (extras & 1)
        gst_caps_set_simple(caps, "colorimetry", G_TYPE_STRING, CHOOSE(reader, colorimetries),
                            NULL);
    if (extras & 2)
        gst_caps_set_simple(caps, "interlace-mode", G_TYPE_STRING, CHOOSE(reader, interlacings),
                            NULL);
    if (extras & 4)
        gst_caps_set_simple(caps, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1 + a % 40, 1 + b % 40,
                            NULL);
    if (extras & 8)
        gst_caps_set_simple(caps, "framerate", GST_TYPE_FRACTION, a % 3 * 0x3fffffff,
                            1 + b % 3 * 0x3fffffff, NULL);
    if (!gst_video_info_from_caps(info, caps) || GST_VIDEO_INFO_SIZE(info) > MAX_FRAME_BYTES)
        return NULL;
    return g_steal_pointer(&caps);
}

static gboolean push_caps(Stream *stream)
{
    GstVideoInfo info;
    GstCaps *caps = make_caps(stream->reader, &info);

    if (!caps)
        return FALSE;
    stream->info = info;
    gst_harness_set_src_caps(stream->h, caps);
    return TRUE;
}

/* Metadata */

static void add_video_meta(Stream *stream, GstBuffer *buffer)
{
    FuzzReader *reader = stream->reader;
    GstVideoInfo *info = &stream->info;
    GstVideoMeta *meta = gst_buffer_add_video_meta_full(
        buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(info),
        (guint)GST_VIDEO_INFO_WIDTH(info), (guint)GST_VIDEO_INFO_HEIGHT(info),
        GST_VIDEO_INFO_N_PLANES(info), info->offset, info->stride);
    const guint size = (guint)GST_VIDEO_INFO_SIZE(info);

    for (guint lies = fuzz_choice(reader, 4); lies > 0; lies--) {
        const guint plane = fuzz_choice(reader, GST_VIDEO_MAX_PLANES);

        switch (fuzz_choice(reader, 8)) {
        case 0:
            meta->offset[plane] = fuzz_hostile(reader, size);
            break;
        case 1:
            meta->offset[plane] = fuzz_hostile64(reader);
            break;
        case 2:
            meta->stride[plane] = (int)fuzz_hostile(reader, (guint)info->stride[plane]);
            break;
        case 3:
            meta->stride[plane] = -meta->stride[plane];
            break;
        case 4:
            meta->width = fuzz_hostile(reader, (guint)GST_VIDEO_INFO_WIDTH(info));
            break;
        case 5:
            meta->height = fuzz_hostile(reader, (guint)GST_VIDEO_INFO_HEIGHT(info));
            break;
        case 6:
            meta->n_planes = fuzz_hostile(reader, GST_VIDEO_INFO_N_PLANES(info));
            break;
        default:
            meta->format = fuzz_choice(reader, 140);
        }
    }
}

static void add_crop_meta(Stream *stream, GstBuffer *buffer)
{
    GstVideoCropMeta *meta = gst_buffer_add_video_crop_meta(buffer);
    const guint width = (guint)GST_VIDEO_INFO_WIDTH(&stream->info),
                height = (guint)GST_VIDEO_INFO_HEIGHT(&stream->info);

    meta->x = fuzz_hostile(stream->reader, width / 2);
    meta->y = fuzz_hostile(stream->reader, height / 2);
    meta->width = fuzz_hostile(stream->reader, width / 2);
    meta->height = fuzz_hostile(stream->reader, height);
}

static void add_param(FuzzReader *reader, GstVideoRegionOfInterestMeta *meta)
{
    static const char *const names[] = {"object_id", "detection", "classification"};
    const char *name = CHOOSE(reader, names);
    const guint64 number = fuzz_hostile64(reader);
    GstStructure *s = gst_structure_new_empty(name);

    switch (fuzz_choice(reader, 4)) {
    case 0:
        gst_structure_set(s, "id", G_TYPE_INT, (int)number, NULL);
        break;
    case 1:
        gst_structure_set(s, "id", G_TYPE_STRING, "1", NULL);
        break;
    case 2:
        gst_structure_set(s, "id", G_TYPE_UINT64, number, "x_min", G_TYPE_DOUBLE,
                          fuzz_double(reader), NULL);
        break;
    }
    gst_video_region_of_interest_meta_add_param(meta, s);
}

static void add_roi(Stream *stream, GstBuffer *buffer)
{
    FuzzReader *reader = stream->reader;
    const guint width = (guint)GST_VIDEO_INFO_WIDTH(&stream->info),
                height = (guint)GST_VIDEO_INFO_HEIGHT(&stream->info);
    const guint kind = fuzz_byte(reader);
    const char *type = CHOOSE(reader, roi_types);
    guint box[4];

    for (guint i = 0; i < 4; i++) {
        const guint side = i % 2 ? height : width;

        if (kind & 1)
            box[i] = i < 2 ? fuzz_byte(reader) % side : fuzz_byte(reader);
        else
            box[i] = fuzz_hostile(reader, side);
    }
    GstVideoRegionOfInterestMeta *meta =
        gst_buffer_add_video_region_of_interest_meta(buffer, type, box[0], box[1], box[2], box[3]);
    if (kind & 2)
        meta->roi_type = 0;
    meta->id = (int)(kind & 4 ? fuzz_hostile(reader, 1) : fuzz_choice(reader, 4));
    meta->parent_id = (int)fuzz_choice(reader, 4) - 1;
    if ((kind & 24) == 24)
        add_param(reader, meta);
    if ((kind & 96) == 96)
        add_param(reader, meta);
}

/* A result of an element upstream. */
static void add_result(Stream *stream, GstBuffer *buffer)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("other", stream->time);
    GstConvnextMeta *meta;
    const guint index = fuzz_hostile(stream->reader, 0);

    gst_convnext_result_add_class(result, index, NULL, fuzz_float(stream->reader));
    meta = gst_buffer_add_convnext_meta(buffer, result, fuzz_hostile64(stream->reader));
    meta->x = fuzz_hostile(stream->reader, 0);
    meta->width = fuzz_hostile(stream->reader, 0);
    meta->height = meta->width;
}

static void add_metas(Stream *stream, GstBuffer *buffer)
{
    FuzzReader *reader = stream->reader;
    const guint which = fuzz_byte(reader);

    if (which & 1)
        add_video_meta(stream, buffer);
    if (which & 2)
        add_crop_meta(stream, buffer);
    if ((which & 12) == 12)
        add_result(stream, buffer);
    if (which & 16)
        for (guint n = fuzz_choice(reader, MAX_ROIS); n > 0; n--)
            add_roi(stream, buffer);
    if ((which & 96) == 96)
        add_video_meta(stream, buffer);
}

/* Frames */

/* Blocks of exactly their size, so that sanitizers see reads outside them. */
static void append_memory(GstBuffer *buffer, gsize size, guint8 value)
{
    guint8 *block = g_malloc(MAX(size, 1));

    for (gsize i = 0; i < size; i++)
        block[i] = (guint8)(value + (value & 1 ? i * 37 : 0));
    gst_buffer_append_memory(
        buffer, gst_memory_new_wrapped(0, block, MAX(size, 1), 0, size, block, g_free));
}

static GstBuffer *make_buffer(Stream *stream)
{
    FuzzReader *reader = stream->reader;
    const guint layout = fuzz_byte(reader);
    gsize left = GST_VIDEO_INFO_SIZE(&stream->info);
    GstBuffer *buffer = gst_buffer_new();

    if ((layout & 7) == 7) {
        left = fuzz_hostile(reader, (guint32)left);
        left = MIN(left, MAX_FRAME_BYTES);
    }
    for (guint n = layout & 8 ? 1 + fuzz_choice(reader, MAX_MEMORIES) : 0; n > 0; n--) {
        gsize part = fuzz_hostile(reader, (guint32)left / 2);

        part = MIN(part, left);
        append_memory(buffer, part, fuzz_byte(reader));
        left -= part;
    }
    append_memory(buffer, left, fuzz_byte(reader));
    return buffer;
}

static void set_times(Stream *stream, GstBuffer *buffer)
{
    const guint kind = fuzz_byte(stream->reader);

    stream->time = kind & 1 ? fuzz_hostile64(stream->reader) : stream->time + 40 * GST_MSECOND;
    GST_BUFFER_PTS(buffer) = stream->time;
    if (kind & 2)
        GST_BUFFER_DURATION(buffer) = fuzz_hostile64(stream->reader);
    if ((kind & 12) == 12)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
    if ((kind & 48) == 48)
        GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT | GST_BUFFER_FLAG_CORRUPTED);
}

static gboolean is_json(const char *line)
{
    g_autoptr(JsonParser) parser = json_parser_new();

    return json_parser_load_from_data(parser, line, -1, NULL);
}

/* Regions of this element lie in the frame that the caps describe; others need not. */
static void check_meta(GstBuffer *buffer, GstConvnextMeta *meta)
{
    const GstConvnextLineFrame frame = {buffer, "fuzz", 1, 1, 1, NULL};
    g_autoptr(GString) line = g_string_new(NULL);
    guint n, width, height;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(meta->result, &n);

    gst_convnext_json_line(line, &frame, meta, NULL);
    g_assert_true(is_json(line->str));
    if (g_str_equal(gst_convnext_result_get_model(meta->result), "other"))
        return;
    gst_convnext_result_get_frame_size(meta->result, &width, &height);
    g_assert_cmpuint(width, >, 0);
    g_assert_cmpuint(meta->width, >, 0);
    g_assert_cmpuint(meta->height, >, 0);
    g_assert_cmpuint((guint64)meta->x + meta->width, <=, width);
    g_assert_cmpuint((guint64)meta->y + meta->height, <=, height);
    for (guint i = 0; i < n; i++) {
        g_assert_true(isfinite(classes[i].score));
        g_assert_cmpuint(classes[i].index, <, NETWORK_CLASSES);
    }
}

static void pull_frames(Stream *stream)
{
    GstBuffer *buffer;

    while ((buffer = gst_harness_try_pull(stream->h))) {
        gpointer state = NULL;

        for (GstConvnextMeta *meta; (meta = gst_buffer_iterate_convnext_meta(buffer, &state));)
            check_meta(buffer, meta);
        gst_buffer_unref(buffer);
    }
}

static void push_frame(Stream *stream)
{
    GstBuffer *buffer = make_buffer(stream);

    add_metas(stream, buffer);
    set_times(stream, buffer);
    gst_harness_push(stream->h, buffer);
    pull_frames(stream);
}

/* Events */

static GstEvent *make_segment(FuzzReader *reader)
{
    static const double rates[] = {1, -1, 0.5, 1e-300, 1e300, -2};
    static const GstFormat formats[] = {GST_FORMAT_TIME, GST_FORMAT_BYTES, GST_FORMAT_DEFAULT};
    GstSegment segment;

    gst_segment_init(&segment, CHOOSE(reader, formats));
    segment.rate = CHOOSE(reader, rates);
    segment.applied_rate = CHOOSE(reader, rates);
    segment.start = fuzz_hostile64(reader);
    segment.stop = fuzz_hostile64(reader);
    segment.base = fuzz_hostile64(reader);
    segment.time = fuzz_hostile64(reader);
    segment.position = fuzz_hostile64(reader);
    return gst_event_new_segment(&segment);
}

static GstEvent *make_tag(FuzzReader *reader)
{
    const char *orientation = CHOOSE(reader, orientations);
    GstTagList *tags = gst_tag_list_new_empty();

    if (*orientation)
        gst_tag_list_add(tags, GST_TAG_MERGE_APPEND, GST_TAG_IMAGE_ORIENTATION, orientation, NULL);
    gst_tag_list_set_scope(tags,
                           fuzz_choice(reader, 2) ? GST_TAG_SCOPE_GLOBAL : GST_TAG_SCOPE_STREAM);
    return gst_event_new_tag(tags);
}

static void push_event(Stream *stream)
{
    FuzzReader *reader = stream->reader;
    GstHarness *h = stream->h;
    GstClockTime time;
    gint64 lateness;

    switch (fuzz_choice(reader, 8)) {
    case 0:
        gst_harness_push_event(h, gst_event_new_flush_start());
        gst_harness_push_event(h, gst_event_new_flush_stop(fuzz_choice(reader, 2)));
        break;
    case 1:
        gst_harness_push_event(h, make_segment(reader));
        break;
    case 2:
        time = fuzz_hostile64(reader);
        if (GST_CLOCK_TIME_IS_VALID(time))
            gst_harness_push_event(h, gst_event_new_gap(time, fuzz_hostile64(reader)));
        break;
    case 3:
        gst_harness_push_event(h, make_tag(reader));
        break;
    case 4:
        gst_harness_push_event(h, gst_event_new_stream_start("other"));
        break;
    case 5:
        time = fuzz_hostile64(reader);
        lateness = (gint64)(fuzz_hostile64(reader) >> 1) * (fuzz_choice(reader, 2) ? 1 : -1);
        if (time <= G_MAXINT64 && -lateness <= (gint64)time) /* GStreamer warns of the others */
            gst_harness_push_upstream_event(
                h, gst_event_new_qos(fuzz_choice(reader, 3), 1, lateness, time));
        break;
    case 6:
        gst_harness_push_upstream_event(h, gst_event_new_latency(fuzz_hostile64(reader) >> 1));
        break;
    default:
        gst_harness_push_event(h, gst_event_new_eos());
        gst_harness_push_event(h, gst_event_new_flush_start());
        gst_harness_push_event(h, gst_event_new_flush_stop(TRUE));
    }
}

static void ask(Stream *stream)
{
    g_autoptr(GstStructure) stats = NULL, info = NULL;

    gst_harness_query_latency(stream->h);
    g_object_get(stream->h->element, "stats", &stats, "model-info", &info, NULL);
    g_assert_true(stats && info);
}

static void restart(Stream *stream)
{
    gst_element_set_state(stream->h->element, GST_STATE_READY);
    gst_element_set_state(stream->h->element, GST_STATE_PLAYING);
    push_caps(stream);
}

static void take_step(Stream *stream)
{
    switch (fuzz_choice(stream->reader, 16)) {
    case 0:
    case 1:
        frame_settings_set(stream->reader, stream->h->element);
        break;
    case 2:
    case 3:
    case 4:
        push_event(stream);
        break;
    case 5:
        push_caps(stream);
        break;
    case 6:
        ask(stream);
        break;
    case 7:
        restart(stream);
        break;
    default:
        push_frame(stream);
    }
}

static void run_stream(FuzzReader *reader, GstElement *element)
{
    Stream stream = {.reader = reader};

    stream.h = gst_harness_new_with_element(element, "sink", "src");
    if (push_caps(&stream))
        for (guint i = 0; i < MAX_STEPS && reader->left; i++)
            take_step(&stream);
    gst_harness_teardown(stream.h);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};

    keep_model();
    g_autoptr(GstElement) element = gst_object_ref_sink(make_element(&reader));
    g_autoptr(GstBus) bus = gst_bus_new();
    gst_element_set_bus(element, bus);
    if (gst_element_set_state(element, GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS)
        run_stream(&reader, element); /* else its properties contradict each other */
    gst_element_set_state(element, GST_STATE_NULL);
    gst_element_set_bus(element, NULL);
    return 0;
}
