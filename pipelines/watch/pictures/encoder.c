/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/encoder.h"

#include <gst/video/video.h>

#define MAX_SIDE 65500 /* of a JPEG picture that every decoder reads */

struct WatchEncoder {
    GstElement *jpegenc;
    GstPad *src, *sink; /* linked to jpegenc, before and behind it */
    GstBuffer *jpeg;    /* what jpegenc has just pushed, or NULL */
};

/* The pads around jpegenc */

static GstFlowReturn on_jpeg(GstPad *pad, GstObject *parent, GstBuffer *jpeg)
{
    WatchEncoder *encoder = gst_pad_get_element_private(pad);

    gst_clear_buffer(&encoder->jpeg);
    encoder->jpeg = jpeg;
    return GST_FLOW_OK;
}

static gboolean on_event(GstPad *pad, GstObject *parent, GstEvent *event)
{
    gst_event_unref(event);
    return TRUE;
}

static void link_pads(WatchEncoder *encoder)
{
    g_autoptr(GstPad) input = gst_element_get_static_pad(encoder->jpegenc, "sink");
    g_autoptr(GstPad) output = gst_element_get_static_pad(encoder->jpegenc, "src");

    gst_pad_set_element_private(encoder->sink, encoder);
    gst_pad_set_chain_function(encoder->sink, on_jpeg);
    gst_pad_set_event_function(encoder->sink, on_event);
    gst_pad_link(encoder->src, input);
    gst_pad_link(output, encoder->sink);
    gst_pad_set_active(encoder->src, TRUE);
    gst_pad_set_active(encoder->sink, TRUE);
    gst_element_set_state(encoder->jpegenc, GST_STATE_PLAYING);
    gst_pad_push_event(encoder->src, gst_event_new_stream_start("pictures"));
}

/* A pad without a template accepts no other caps than its first ones. */
static GstPad *make_pad(const char *name, GstPadDirection direction)
{
    g_autoptr(GstCaps) any = gst_caps_new_any();
    g_autoptr(GstPadTemplate) template =
        gst_object_ref_sink(gst_pad_template_new(name, direction, GST_PAD_ALWAYS, any));

    return gst_object_ref_sink(gst_pad_new_from_template(template, name));
}

WatchEncoder *watch_encoder_new(int quality, GError **error)
{
    GstElement *jpegenc = gst_element_factory_make("jpegenc", NULL);
    WatchEncoder *encoder;

    if (!jpegenc) {
        g_set_error_literal(error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                            "the GStreamer element jpegenc is not installed");
        return NULL;
    }
    g_object_set(jpegenc, "quality", quality, NULL);
    encoder = g_new0(WatchEncoder, 1);
    encoder->jpegenc = gst_object_ref_sink(jpegenc);
    encoder->src = make_pad("src", GST_PAD_SRC);
    encoder->sink = make_pad("sink", GST_PAD_SINK);
    link_pads(encoder);
    return encoder;
}

void watch_encoder_free(WatchEncoder *encoder)
{
    gst_element_set_state(encoder->jpegenc, GST_STATE_NULL);
    gst_pad_set_active(encoder->src, FALSE);
    gst_pad_set_active(encoder->sink, FALSE);
    gst_clear_buffer(&encoder->jpeg);
    gst_object_unref(encoder->src);
    gst_object_unref(encoder->sink);
    gst_object_unref(encoder->jpegenc);
    g_free(encoder);
}

/* Encoding */

/* The size of a picture with square pixels. */
static void find_size(const GstVideoInfo *input, guint max_width, guint *width, guint *height)
{
    const guint64 square = MAX(gst_util_uint64_scale_int_round((guint64)GST_VIDEO_INFO_WIDTH(input),
                                                               GST_VIDEO_INFO_PAR_N(input),
                                                               GST_VIDEO_INFO_PAR_D(input)),
                               1);

    *width = (guint)MIN(square, max_width);
    *height = (guint)CLAMP(
        gst_util_uint64_scale_round((guint64)GST_VIDEO_INFO_HEIGHT(input), *width, square), 1,
        MAX_SIDE);
}

/* The format and the size of the picture. The fields of interlaced frames stay interleaved. */
static void set_output(GstVideoInfo *output, GstVideoInfo *input, guint max_width)
{
    guint width = (guint)GST_VIDEO_INFO_WIDTH(input), height = (guint)GST_VIDEO_INFO_HEIGHT(input);

    input->interlace_mode = GST_VIDEO_INTERLACE_MODE_PROGRESSIVE;
    if (max_width > 0)
        find_size(input, max_width, &width, &height);
    gst_video_info_set_format(output, GST_VIDEO_FORMAT_I420, width, height);
    output->fps_n = input->fps_n;
    output->fps_d = input->fps_d;
    output->colorimetry = input->colorimetry;
    output->colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255; /* as JFIF wants it */
    output->colorimetry.matrix = GST_VIDEO_COLOR_MATRIX_BT601;
}

static void convert_frame(GstVideoFrame *from, GstVideoFrame *to)
{
    GstVideoConverter *converter = gst_video_converter_new(
        &from->info, &to->info,
        gst_structure_new("options", GST_VIDEO_CONVERTER_OPT_RESAMPLER_METHOD,
                          GST_TYPE_VIDEO_RESAMPLER_METHOD, GST_VIDEO_RESAMPLER_METHOD_LINEAR,
                          NULL));

    gst_video_converter_frame(converter, from, to);
    gst_video_converter_free(converter);
}

/* The frame in the output's size and format; NULL if it is shorter than its caps say. */
static GstBuffer *convert(GstBuffer *frame, const GstVideoInfo *input, const GstVideoInfo *output)
{
    g_autoptr(GstBuffer) converted = NULL;
    GstVideoFrame from, to;

    if (!gst_video_frame_map(&from, input, frame, GST_MAP_READ))
        return NULL;
    converted = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(output), NULL);
    if (gst_video_frame_map(&to, output, converted, GST_MAP_WRITE)) {
        convert_frame(&from, &to);
        gst_video_frame_unmap(&to);
    }
    gst_video_frame_unmap(&from);
    return g_steal_pointer(&converted);
}

/* The same for a smaller output, in two steps: GStreamer scales planes as they are several times as
 * fast as it scales and converts colours at once. Colours then change in the small picture only. */
static GstBuffer *shrink(GstBuffer *frame, const GstVideoInfo *input, const GstVideoInfo *output)
{
    g_autoptr(GstBuffer) small = NULL;
    GstVideoInfo scaled;

    gst_video_info_set_format(&scaled, GST_VIDEO_INFO_FORMAT(input),
                              (guint)GST_VIDEO_INFO_WIDTH(output),
                              (guint)GST_VIDEO_INFO_HEIGHT(output));
    scaled.fps_n = input->fps_n;
    scaled.fps_d = input->fps_d;
    scaled.colorimetry = input->colorimetry;
    scaled.chroma_site = input->chroma_site;
    small = convert(frame, input, &scaled);
    return small ? convert(small, &scaled, output) : NULL;
}

/* Some formats can only be read. */
static gboolean can_shrink(const GstVideoInfo *input, const GstVideoInfo *output)
{
    return input->finfo->pack_func && (guint64)input->width * (guint64)input->height >
                                          (guint64)output->width * (guint64)output->height;
}

/* Takes the frame. NULL if jpegenc refuses it. */
static GBytes *push(WatchEncoder *encoder, GstBuffer *frame, const GstVideoInfo *info)
{
    g_autoptr(GstCaps) caps = gst_video_info_to_caps(info);
    GstSegment segment;
    GstMapInfo map;
    GBytes *jpeg;

    gst_segment_init(&segment, GST_FORMAT_TIME);
    GST_BUFFER_PTS(frame) = 0;
    gst_pad_push_event(encoder->src, gst_event_new_caps(caps));
    gst_pad_push_event(encoder->src, gst_event_new_segment(&segment));
    if (gst_pad_push(encoder->src, frame) != GST_FLOW_OK || !encoder->jpeg ||
        !gst_buffer_map(encoder->jpeg, &map, GST_MAP_READ)) {
        gst_clear_buffer(&encoder->jpeg);
        return NULL;
    }
    jpeg = g_bytes_new(map.data, map.size);
    gst_buffer_unmap(encoder->jpeg, &map);
    gst_clear_buffer(&encoder->jpeg);
    return jpeg;
}

WatchPicture *watch_encoder_encode(WatchEncoder *encoder, GstBuffer *frame, GstCaps *caps,
                                   guint max_width, gint64 time, GError **error)
{
    GstVideoInfo input, output;
    GstBuffer *converted = NULL;
    GBytes *jpeg = NULL;

    if (frame && caps && gst_video_info_from_caps(&input, caps)) {
        set_output(&output, &input, max_width);
        converted = can_shrink(&input, &output) ? shrink(frame, &input, &output)
                                                : convert(frame, &input, &output);
    }
    if (converted)
        jpeg = push(encoder, converted, &output);
    if (jpeg)
        return watch_picture_new(jpeg, GST_VIDEO_INFO_WIDTH(&output),
                                 GST_VIDEO_INFO_HEIGHT(&output), time);
    g_set_error(error, GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE, "a frame cannot be encoded: %s",
                converted ? "jpegenc refuses it" : "it does not match its caps");
    return NULL;
}
