/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/frames.h"

#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "tests/gst/support/network.h"

GstHarness *frames_harness(const char *model, const char *caps)
{
    GstElement *element = gst_element_factory_make("convnext", NULL);

    fail_unless(element, "no element convnext");
    g_object_set(element, "model", model, NULL);
    gst_util_set_object_arg(G_OBJECT(element), "outputs", "classes+logits");
    GstHarness *h = gst_harness_new_with_element(element, "sink", "src");
    gst_object_unref(element);
    if (caps)
        gst_harness_set_src_caps_str(h, caps);
    return h;
}

GstVideoInfo frames_info(const char *caps)
{
    g_autoptr(GstCaps) parsed = gst_caps_from_string(caps);
    GstVideoInfo info;

    fail_unless(parsed && gst_video_info_from_caps(&info, parsed), "bad caps %s", caps);
    return info;
}

static guint8 wave_at(double turns, double phase)
{
    return (guint8)lrint(128 + 90 * sin(2 * G_PI * (turns + phase)));
}

static void draw_picture(GstVideoFrame *frame, FramePicture picture)
{
    int width = GST_VIDEO_FRAME_WIDTH(frame), height = GST_VIDEO_FRAME_HEIGHT(frame);

    for (int y = 0; y < height; y++) {
        guint8 *row = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(frame, 0) +
                      (gssize)y * GST_VIDEO_FRAME_PLANE_STRIDE(frame, 0);

        for (int x = 0; x < width; x++) {
            double u = (x + 0.5) / width, v = (y + 0.5) / height;
            guint8 *p = row + 3 * x;

            p[0] = wave_at(picture == FRAME_OTHER ? v : u, 0.1);
            p[1] = picture == FRAME_GRAYS ? p[0] : wave_at(v, 0.4);
            p[2] = picture == FRAME_GRAYS ? p[0] : wave_at(u + v, 0.7);
        }
    }
}

void frames_convert(const GstVideoInfo *from_info, GstBuffer *from, const GstVideoInfo *to_info,
                    GstBuffer *to)
{
    GstStructure *config = gst_structure_new(
        "GstVideoConverter", GST_VIDEO_CONVERTER_OPT_CHROMA_MODE, GST_TYPE_VIDEO_CHROMA_MODE,
        GST_VIDEO_CHROMA_MODE_NONE, GST_VIDEO_CONVERTER_OPT_DITHER_METHOD,
        GST_TYPE_VIDEO_DITHER_METHOD, GST_VIDEO_DITHER_NONE, NULL);
    GstVideoConverter *converter = gst_video_converter_new(from_info, to_info, config);
    GstVideoFrame in, out;

    fail_unless(converter && gst_video_frame_map(&in, from_info, from, GST_MAP_READ));
    fail_unless(gst_video_frame_map(&out, to_info, to, GST_MAP_WRITE));
    gst_video_converter_frame(converter, &in, &out);
    gst_video_frame_unmap(&in);
    gst_video_frame_unmap(&out);
    gst_video_converter_free(converter);
}

static GstBuffer *new_mapped(const GstVideoInfo *info, GstVideoFrame *frame)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(info), NULL);

    gst_buffer_memset(buffer, 0, 0, GST_VIDEO_INFO_SIZE(info));
    fail_unless(gst_video_frame_map(frame, info, buffer,
                                    GST_MAP_READWRITE | GST_VIDEO_FRAME_MAP_FLAG_NO_REF));
    return buffer;
}

GstBuffer *frames_new(const char *caps, FramePicture picture, guint pts)
{
    GstVideoInfo info = frames_info(caps), rgb;
    GstVideoFrame from, to;

    gst_video_info_set_format(&rgb, GST_VIDEO_FORMAT_RGB, info.width, info.height);
    rgb.fps_n = info.fps_n;
    rgb.fps_d = info.fps_d;
    rgb.par_n = info.par_n;
    rgb.par_d = info.par_d;
    rgb.interlace_mode = info.interlace_mode;
    GstBuffer *drawn = new_mapped(&rgb, &from), *buffer = new_mapped(&info, &to);
    draw_picture(&from, picture);
    GstVideoConverter *convert = gst_video_converter_new(&rgb, &info, NULL);
    fail_unless(convert, "no conversion to %s", caps);
    gst_video_converter_frame(convert, &from, &to);
    gst_video_converter_free(convert);
    gst_video_frame_unmap(&from);
    gst_video_frame_unmap(&to);
    gst_buffer_unref(drawn);
    GST_BUFFER_PTS(buffer) = pts * GST_MSECOND;
    GST_BUFFER_DURATION(buffer) = 40 * GST_MSECOND;
    return buffer;
}

/* Copies a frame's pixels, timestamps and flags to the buffer. Takes the frame. */
static void copy_pixels(const GstVideoInfo *from_info, GstBuffer *frame,
                        const GstVideoInfo *to_info, GstBuffer *buffer)
{
    GstVideoFrame from, to;

    fail_unless(gst_video_frame_map(&from, from_info, frame, GST_MAP_READ));
    fail_unless(gst_video_frame_map(&to, to_info, buffer, GST_MAP_WRITE));
    fail_unless(gst_video_frame_copy(&to, &from));
    gst_video_frame_unmap(&from);
    gst_video_frame_unmap(&to);
    gst_buffer_copy_into(buffer, frame, GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_FLAGS, 0, -1);
    gst_buffer_unref(frame);
}

/* A buffer without zeros, so that reads outside the copied pixels change the result. */
static GstBuffer *new_filled(const GstVideoInfo *info)
{
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(info), NULL);

    gst_buffer_memset(buffer, 0, 0xa5, GST_VIDEO_INFO_SIZE(info));
    return buffer;
}

GstBuffer *frames_pad(const char *caps, GstBuffer *frame)
{
    GstVideoInfo info = frames_info(caps), wide = info;
    GstVideoAlignment align;

    gst_video_alignment_reset(&align);
    align.padding_left = 6;
    align.padding_right = 10;
    align.padding_top = 2;
    align.padding_bottom = 4;
    fail_unless(gst_video_info_align(&wide, &align));
    GstBuffer *buffer = new_filled(&wide);
    gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info),
                                   info.width, info.height, GST_VIDEO_INFO_N_PLANES(&wide),
                                   wide.offset, wide.stride);
    copy_pixels(&info, frame, &info, buffer);
    return buffer;
}

GstBuffer *frames_lay_out(const char *caps, const char *new_caps, GstBuffer *frame)
{
    GstVideoInfo from = frames_info(caps), to = frames_info(new_caps);
    GstBuffer *buffer = new_filled(&to);

    copy_pixels(&from, frame, &to, buffer);
    return buffer;
}

GstBuffer *frames_copy_rectangle(const char *caps, GstBuffer *frame, guint x, guint y, guint width,
                                 guint height)
{
    GstVideoInfo from_info = frames_info(caps), to_info;
    GstVideoFrame from, to;

    gst_video_info_set_format(&to_info, GST_VIDEO_FORMAT_RGB, width, height);
    GstBuffer *buffer = new_filled(&to_info);
    fail_unless(gst_video_frame_map(&from, &from_info, frame, GST_MAP_READ));
    fail_unless(gst_video_frame_map(&to, &to_info, buffer, GST_MAP_WRITE));
    for (guint row = 0; row < height; row++)
        memcpy((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&to, 0) +
                   row * GST_VIDEO_FRAME_PLANE_STRIDE(&to, 0),
               (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&from, 0) +
                   (y + row) * GST_VIDEO_FRAME_PLANE_STRIDE(&from, 0) + 3 * x,
               3 * width);
    gst_video_frame_unmap(&from);
    gst_video_frame_unmap(&to);
    gst_buffer_copy_into(buffer, frame, GST_BUFFER_COPY_TIMESTAMPS | GST_BUFFER_COPY_FLAGS, 0, -1);
    gst_buffer_unref(frame);
    return buffer;
}

void frames_add_crop(const char *caps, GstBuffer *frame, guint x, guint y, guint width,
                     guint height)
{
    GstVideoInfo info = frames_info(caps);

    gst_buffer_add_video_meta(frame, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_INFO_FORMAT(&info),
                              info.width, info.height);
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(frame);
    crop->x = x;
    crop->y = y;
    crop->width = width;
    crop->height = height;
}

GstBuffer *frames_process(GstHarness *h, GstBuffer *frame)
{
    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    GstBuffer *buffer = gst_harness_try_pull(h);
    fail_unless(buffer, "no frame came out");
    return buffer;
}

static gboolean remove_meta(GstBuffer *buffer, GstMeta **meta, gpointer data)
{
    *meta = NULL;
    return TRUE;
}

void frames_remove_metas(GstBuffer *buffer)
{
    gst_buffer_foreach_meta(buffer, remove_meta, NULL);
}

GstConvnextMeta *frames_meta(GstBuffer *buffer)
{
    gpointer state = NULL;
    GstConvnextMeta *meta = gst_buffer_iterate_convnext_meta(buffer, &state);

    fail_unless(meta, "no result on the frame");
    fail_unless(gst_buffer_iterate_convnext_meta(buffer, &state) == NULL, "more than one result");
    return meta;
}

GstConvnextResult *frames_result(GstBuffer *buffer)
{
    return frames_meta(buffer)->result;
}

GstClockTime frames_age(GstBuffer *buffer)
{
    GstClockTime age = frames_meta(buffer)->age;

    gst_buffer_unref(buffer);
    return age;
}

gboolean frames_from_model(GstBuffer *buffer, const char *folder)
{
    g_autofree char *name = g_path_get_basename(folder);

    return g_str_equal(gst_convnext_result_get_model(frames_result(buffer)), name);
}

void frames_logits(GstHarness *h, GstBuffer *frame, float *logits)
{
    g_autoptr(GstBuffer) buffer = frames_process(h, frame);
    g_autoptr(GstConvnextTensor) tensor =
        gst_convnext_result_get_tensor(frames_result(buffer), "logits");

    fail_unless(tensor, "no logits");
    gsize n;
    const float *values = gst_convnext_tensor_get_values(tensor, &n);
    fail_unless_equals_int(n, NETWORK_CLASSES);
    memcpy(logits, values, n * sizeof *values);
    for (gsize i = 0; i < n; i++)
        fail_unless(isfinite(logits[i]));
}

float frames_distance(const float *a, const float *b)
{
    float largest = 0;

    for (int i = 0; i < NETWORK_CLASSES; i++)
        largest = fmaxf(largest, fabsf(a[i] - b[i]));
    return largest;
}

guint64 frames_counter(GstElement *element, const char *name)
{
    g_autoptr(GstStructure) stats = NULL;
    guint64 wide = 0;
    guint narrow = 0;

    g_object_get(element, "stats", &stats, NULL);
    fail_unless(gst_structure_get_uint64(stats, name, &wide) ||
                    gst_structure_get_uint(stats, name, &narrow),
                "no counter %s", name);
    return wide + narrow;
}
