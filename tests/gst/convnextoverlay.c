/* What convnextoverlay draws: which pixels change, and their colours. Results are attached by hand.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <gst/convnext/convnext.h>
#include <gst/video/video.h>

#include "tests/gst/support/harness.h"

#define WIDTH 320
#define HEIGHT 240
#define GREY 128
#define RGB_CAPS "video/x-raw,format=RGB,width=320,height=240,framerate=25/1"

/* At a height of 240 text is 8 pixels high. */
#define BAR_WIDTH 40
#define BAR_HEIGHT 6
#define LINE 2 /* of a box */

static const GstConvnextRect box = {100, 80, 120, 90};

/* Frames */

static GstVideoInfo info_of(const char *caps_string)
{
    g_autoptr(GstCaps) caps = gst_caps_from_string(caps_string);
    GstVideoInfo info;

    fail_unless(gst_video_info_from_caps(&info, caps), "%s", caps_string);
    info.fps_n = 0; /* converters want the same of both sides */
    info.fps_d = 1;
    info.par_n = info.par_d = 1;
    info.interlace_mode = GST_VIDEO_INTERLACE_MODE_PROGRESSIVE;
    return info;
}

static void convert(const GstVideoInfo *from_info, GstBuffer *from, const GstVideoInfo *to_info,
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

/* A grey frame in memory that is followed by bytes which must stay. */
#define GUARD 4096
static GstBuffer *new_frame(const char *caps)
{
    const GstVideoInfo info = info_of(caps);
    GstVideoInfo grey;
    guint8 *memory = g_malloc(info.size + GUARD);
    GstBuffer *frame =
        gst_buffer_new_wrapped_full(0, memory, info.size + GUARD, 0, info.size, memory, g_free);

    gst_video_info_set_format(&grey, GST_VIDEO_FORMAT_RGB, (guint)info.width, (guint)info.height);
    g_autoptr(GstBuffer) source = gst_buffer_new_allocate(NULL, grey.size, NULL);
    memset(memory, 0xa5, info.size + GUARD);
    gst_buffer_memset(source, 0, GREY, grey.size);
    convert(&grey, source, &info, frame);
    return frame;
}

static void check_guard(GstBuffer *frame, const char *caps)
{
    const GstVideoInfo info = info_of(caps);
    GstMapInfo map;

    fail_unless(gst_buffer_map(frame, &map, GST_MAP_READ));
    fail_unless_equals_int(map.size, info.size);
    if (map.maxsize >= info.size + GUARD)
        for (gsize i = info.size; i < info.size + GUARD; i++)
            fail_unless_equals_int(map.data[i], 0xa5);
    gst_buffer_unmap(frame, &map);
}

/* A frame as 8-bit RGB, [height, width, 3]. Takes the frame. */
static guint8 *to_rgb(const char *caps, GstBuffer *frame)
{
    const GstVideoInfo info = info_of(caps);
    GstVideoInfo rgb;
    gsize size;
    gpointer pixels;

    gst_video_info_set_format(&rgb, GST_VIDEO_FORMAT_RGB, (guint)info.width, (guint)info.height);
    rgb.stride[0] = info.width * 3;
    g_autoptr(GstBuffer) converted = gst_buffer_new_allocate(NULL, rgb.size, NULL);
    gst_buffer_add_video_meta_full(converted, 0, GST_VIDEO_FORMAT_RGB, (guint)info.width,
                                   (guint)info.height, 1, rgb.offset, rgb.stride);
    convert(&info, frame, &rgb, converted);
    gst_buffer_unref(frame);
    gst_buffer_extract_dup(converted, 0, -1, &pixels, &size);
    return pixels;
}

static gboolean is_near(const guint8 *pixel, guint rgb, int tolerance)
{
    return ABS(pixel[0] - (int)(rgb >> 16)) <= tolerance &&
           ABS(pixel[1] - (int)(rgb >> 8 & 0xff)) <= tolerance &&
           ABS(pixel[2] - (int)(rgb & 0xff)) <= tolerance;
}

static guint count_colour(const guint8 *rgb, gsize n, guint colour)
{
    guint count = 0;

    for (gsize i = 0; i < n; i++)
        count += is_near(rgb + i * 3, colour, 0);
    return count;
}

static guint count_changed(const guint8 *rgb, gsize n)
{
    return (guint)n - count_colour(rgb, n, GREY * 0x010101);
}

/* Results */

static GstConvnextResult *new_result(guint width, guint height)
{
    GstConvnextResult *result = gst_convnext_result_new("model", 0);

    gst_convnext_result_set_frame_size(result, width, height);
    gst_convnext_result_set_region(result, 0, 0, width, height);
    return result;
}

static GstConvnextResult *new_classes(const char *first, float score, const char *second)
{
    GstConvnextResult *result = new_result(WIDTH, HEIGHT);

    gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
    gst_convnext_result_add_class(result, 3, first, score);
    gst_convnext_result_add_class(result, 0, second, 1 - score);
    return result;
}

static GstConvnextLegend *new_legend(void)
{
    const char *const labels[] = {"car", "person"};
    const guint8 colours[] = {0xff, 0, 0, 0, 0, 0xff};

    return gst_convnext_legend_new(2, labels, colours);
}

/* A red car in the box. */
static GstConvnextResult *new_objects(void)
{
    g_autoptr(GstConvnextLegend) legend = new_legend();
    const GstConvnextDetectedObject car = {0, NULL, 0.9f, box.x, box.y, box.w, box.h};
    GstConvnextResult *result = new_result(WIDTH, HEIGHT);

    gst_convnext_result_set_objects(result, legend, 1, &car);
    return result;
}

static GstConvnextMeta *attach(GstBuffer *frame, GstConvnextResult *result)
{
    GstConvnextMeta *meta = gst_buffer_add_convnext_meta(frame, result, 0);

    gst_convnext_result_unref(result);
    return meta;
}

static void add_roi(GstBuffer *frame, const char *label, const GstConvnextRect *rect)
{
    gst_buffer_add_video_region_of_interest_meta(frame, label, (guint)rect->x, (guint)rect->y,
                                                 (guint)rect->w, (guint)rect->h);
}

/* The element */

static GstHarness *open_overlay(const char *properties, const char *caps)
{
    g_autofree char *launch = g_strconcat("convnextoverlay ", properties, NULL);
    GstHarness *h = gst_harness_new_parse(launch);

    if (caps)
        gst_harness_set_src_caps_str(h, caps);
    return h;
}

/* The pixels of a frame behind an overlay with these properties. Takes the frame. */
static guint8 *draw_in(const char *properties, const char *caps, GstBuffer *frame)
{
    g_autoptr(GstHarness) h = open_overlay(properties, caps);
    GstBuffer *out;

    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    out = gst_harness_pull(h);
    check_guard(out, caps);
    return to_rgb(caps, out);
}

static guint8 *draw(const char *properties, GstBuffer *frame)
{
    return draw_in(properties, RGB_CAPS, frame);
}

static const guint8 *pixel_at(const guint8 *rgb, int x, int y)
{
    return rgb + (gsize)(y * WIDTH + x) * 3;
}

/* Tests */

/* Without anything to draw, the same memory passes, even if others hold the buffer. */
GST_START_TEST(test_nothing)
{
    g_autoptr(GstHarness) h = open_overlay("", RGB_CAPS);
    GstBuffer *frame = new_frame(RGB_CAPS), *held = gst_buffer_ref(frame);

    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull(h);
    fail_unless(out == held);
    gst_buffer_unref(out);
    gst_buffer_unref(held);

    frame = new_frame(RGB_CAPS);
    attach(frame, new_result(WIDTH, HEIGHT)); /* a result without classes */
    held = gst_buffer_ref(frame);
    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    out = gst_harness_pull(h);
    fail_unless(out == held);
    gst_buffer_unref(out);
    gst_buffer_unref(held);
}
GST_END_TEST;

/* Who holds a buffer keeps its pixels. */
GST_START_TEST(test_shared)
{
    g_autoptr(GstHarness) h = open_overlay("", RGB_CAPS);
    GstBuffer *frame = new_frame(RGB_CAPS);

    attach(frame, new_objects());
    GstBuffer *held = gst_buffer_ref(frame);
    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    GstBuffer *out = gst_harness_pull(h);
    fail_unless(out != held);
    fail_unless(gst_buffer_get_convnext_meta(out) != NULL);
    g_autofree guint8 *before = to_rgb(RGB_CAPS, held), *after = to_rgb(RGB_CAPS, out);
    fail_unless_equals_int(count_changed(before, WIDTH * HEIGHT), 0);
    fail_unless(count_changed(after, WIDTH * HEIGHT) > 0);
}
GST_END_TEST;

static gboolean is_on_line(int x, int y)
{
    const int left = x - box.x, top = y - box.y;
    const int right = box.w - 1 - left, bottom = box.h - 1 - top;

    return MIN(MIN(left, right), MIN(top, bottom)) >= 0 &&
           MIN(MIN(left, right), MIN(top, bottom)) < LINE;
}

/* Pixels of the frame without those above the box, where its label is. */
static gboolean is_tag(int y)
{
    return y < box.y;
}

GST_START_TEST(test_box)
{
    GstBuffer *frame = new_frame(RGB_CAPS);

    attach(frame, new_objects());
    g_autofree guint8 *rgb = draw("show=objects", frame);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            if (!is_tag(y))
                fail_unless(
                    is_near(pixel_at(rgb, x, y), is_on_line(x, y) ? 0xff0000 : GREY * 0x010101, 0),
                    "pixel %d,%d", x, y);
    fail_unless(is_near(pixel_at(rgb, box.x, box.y - 1), 0xff0000, 0), "no label");
    fail_unless(is_near(pixel_at(rgb, box.x, box.y - 12), GREY * 0x010101, 0));
}
GST_END_TEST;

/* Every layout of memory: subsampled, packed, with alpha, with more than 8 bits, odd sizes. */
GST_START_TEST(test_formats)
{
    static const char *const formats[] = {
        "I420", "NV12",      "NV21",      "YUY2",      "UYVY",      "Y444",   "Y42B",
        "RGB",  "BGRx",      "RGBA",      "ARGB",      "GBR",       "RGB16",  "GRAY8",
        "v210", "P010_10LE", "I420_10LE", "I422_12LE", "GRAY16_LE", "AYUV64", "RGB10A2_LE",
    };

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = g_strdup_printf(
            "video/x-raw,format=%s,width=320,height=240,framerate=25/1", formats[i]);
        const GstVideoInfo info = info_of(caps);
        GstBuffer *frame = new_frame(caps);

        attach(frame, new_objects());
        g_autofree guint8 *rgb = draw_in("show=objects", caps, frame);
        const guint8 *line = pixel_at(rgb, box.x + box.w / 2, box.y + box.h - 1);
        const guint red = GST_VIDEO_INFO_IS_GRAY(&info) ? 0x4c4c4c : 0xff0000;

        fail_unless(is_near(line, red, 12), "%s: the line is %02x%02x%02x", formats[i], line[0],
                    line[1], line[2]);
        fail_unless(is_near(pixel_at(rgb, box.x + 10, box.y + 10), GREY * 0x010101, 6),
                    "%s: inside", formats[i]);
        fail_unless(is_near(pixel_at(rgb, box.x - 4, box.y + 10), GREY * 0x010101, 6),
                    "%s: outside", formats[i]);
    }
}
GST_END_TEST;

/* Where a frame is transparent, what is drawn is not. */
GST_START_TEST(test_alpha)
{
    const char *caps = "video/x-raw,format=RGBA,width=320,height=240,framerate=25/1";
    g_autoptr(GstHarness) h = open_overlay("show=objects", caps);
    GstBuffer *frame = gst_buffer_new_allocate(NULL, WIDTH * HEIGHT * 4, NULL);
    guint8 pixel[4];

    gst_buffer_memset(frame, 0, 0, WIDTH * HEIGHT * 4);
    attach(frame, new_objects());
    fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
    frame = gst_harness_pull(h);
    gst_buffer_extract(frame, (gsize)((box.y + 1) * WIDTH + box.x + 1) * 4, pixel, 4);
    fail_unless(pixel[0] == 0xff && pixel[1] == 0 && pixel[3] == 0xff);
    gst_buffer_extract(frame, (gsize)((box.y + 9) * WIDTH + box.x + 9) * 4, pixel, 4);
    fail_unless(pixel[0] == 0 && pixel[3] == 0);
    gst_buffer_unref(frame);
}
GST_END_TEST;

/* An object that a result and a region of interest describe has one box, in the colour of the
 * result. Another object has its own. */
GST_START_TEST(test_once)
{
    const GstConvnextRect near = {box.x - 1, box.y + 1, box.w + 2, box.h},
                          other = {20, 180, 60, 40};
    GstBuffer *frame = new_frame(RGB_CAPS);

    attach(frame, new_objects());
    add_roi(frame, "car", &near);
    g_autofree guint8 *once = draw("show=objects", frame);
    frame = new_frame(RGB_CAPS);
    attach(frame, new_objects());
    g_autofree guint8 *alone = draw("show=objects", frame);
    fail_unless(memcmp(once, alone, WIDTH * HEIGHT * 3) == 0, "the object was drawn twice");

    frame = new_frame(RGB_CAPS);
    attach(frame, new_objects());
    add_roi(frame, "car", &box);
    add_roi(frame, "car", &other);
    add_roi(frame, "person", &box); /* another label is another object */
    g_autofree guint8 *both = draw("show=objects", frame);
    fail_unless(!is_near(pixel_at(both, other.x, other.y), GREY * 0x010101, 0));
    fail_unless(!is_near(pixel_at(both, box.x, box.y), 0xff0000, 0));
}
GST_END_TEST;

/* A result about an object adds its class to the object's label. Its region, which has a margin, is
 * not drawn as well. */
GST_START_TEST(test_result_of_object)
{
    GstConvnextResult *result = new_classes("sedan", 0.75f, "van");
    const GstConvnextRect wide = {box.x - 20, box.y - 20, box.w + 40, box.h + 40};

    gst_convnext_result_set_object(result, 7, "car");
    gst_convnext_result_set_region(result, (guint)wide.x, (guint)wide.y, (guint)wide.w,
                                   (guint)wide.h);
    GstBuffer *frame = new_frame(RGB_CAPS);
    add_roi(frame, "car", &box);
    g_autofree guint8 *detected = draw("", gst_buffer_copy_deep(frame));
    attach(frame, result);
    g_autofree guint8 *classified = draw("", frame);

    for (int y = box.y; y < HEIGHT; y++)
        fail_unless(memcmp(pixel_at(detected, 0, y), pixel_at(classified, 0, y), WIDTH * 3) == 0,
                    "row %d", y);
    fail_unless(count_changed(classified, WIDTH * HEIGHT) > count_changed(detected, WIDTH * HEIGHT),
                "the class is not in the label");
}
GST_END_TEST;

#define FIRST_BAR 0x4caf50
#define OTHER_BAR 0x90a4ae

GST_START_TEST(test_bars)
{
    const guint n = WIDTH * HEIGHT;
    GstBuffer *frame = new_frame(RGB_CAPS);

    attach(frame, new_classes("first", 0.75f, "second"));
    g_autofree guint8 *rgb = draw("", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_colour(rgb, n, FIRST_BAR), BAR_WIDTH * 3 / 4 * BAR_HEIGHT);
    fail_unless_equals_int(count_colour(rgb, n, OTHER_BAR), BAR_WIDTH / 4 * BAR_HEIGHT);
    fail_unless(!is_near(pixel_at(rgb, 0, 0), GREY * 0x010101, 0));
    fail_unless(is_near(pixel_at(rgb, WIDTH - 1, HEIGHT - 1), GREY * 0x010101, 0));

    g_autofree guint8 *corner = draw("position=bottom-right", gst_buffer_copy_deep(frame));
    fail_unless(is_near(pixel_at(corner, 0, 0), GREY * 0x010101, 0));
    fail_unless(!is_near(pixel_at(corner, WIDTH - 1, HEIGHT - 1), GREY * 0x010101, 0));
    fail_unless_equals_int(count_colour(corner, n, FIRST_BAR), BAR_WIDTH * 3 / 4 * BAR_HEIGHT);

    g_autofree guint8 *one = draw("top-k=1", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_colour(one, n, OTHER_BAR), 0);
    g_autofree guint8 *none = draw("top-k=0", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_changed(none, n), 0);
    g_autofree guint8 *hidden = draw("show=objects+masks", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_changed(hidden, n), 0);

    g_autofree guint8 *filtered = draw("labels=\"<second>\"", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_colour(filtered, n, FIRST_BAR), 0);
    fail_unless_equals_int(count_colour(filtered, n, OTHER_BAR), BAR_WIDTH / 4 * BAR_HEIGHT);
    g_autofree guint8 *unknown = draw("labels=\"<third>\"", frame);
    fail_unless_equals_int(count_changed(unknown, n), 0);
}
GST_END_TEST;

/* Bars and lines of a frame whose pixels are shown twice as wide as high are half as wide. */
GST_START_TEST(test_aspect)
{
    const char *caps = "video/x-raw,format=RGB,width=320,height=240,framerate=25/1,"
                       "pixel-aspect-ratio=2/1,interlace-mode=interleaved";
    GstBuffer *frame = new_frame(caps);

    attach(frame, new_classes("first", 0.5f, "second"));
    g_autofree guint8 *rgb = draw_in("", caps, frame);
    fail_unless_equals_int(count_colour(rgb, WIDTH * HEIGHT, FIRST_BAR),
                           BAR_WIDTH / 4 * BAR_HEIGHT);
}
GST_END_TEST;

/* The state needs a result; without a label it is "none". */
GST_START_TEST(test_state)
{
    const guint n = WIDTH * HEIGHT;
    GstBuffer *frame = new_frame(RGB_CAPS);
    GstConvnextMeta *meta = attach(frame, new_classes("first", 0.75f, "second"));

    g_autofree guint8 *without = draw("show=state", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_changed(without, n), 0);
    gst_convnext_meta_set_state(meta, "open", 0.9, 75 * GST_SECOND);
    g_autofree guint8 *with = draw("show=state", gst_buffer_copy_deep(frame));
    fail_unless(count_changed(with, n) > 200);
    g_autofree guint8 *other = draw("show=state labels=\"<closed>\"", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_changed(other, n), 0);
    gst_convnext_meta_set_state(meta, NULL, 0, GST_CLOCK_TIME_NONE);
    g_autofree guint8 *none = draw("show=state", frame);
    fail_unless(count_changed(none, n) > 200 && memcmp(none, with, n * 3) != 0);
}
GST_END_TEST;

/* Labels are anything: markup, broken UTF-8, lines, 10 KB, from right to left. */
GST_START_TEST(test_labels)
{
    g_autofree char *long_label = g_strnfill(10240, 'W');
    const char *const labels[] = {"<b>ab</b>",
                                  "a & b &lt; \"c\"",
                                  "\xff\xfe\x80 caf\xe9",
                                  "a\nb\tc\x01",
                                  "",
                                  "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d",
                                  "\xe2\x80\xae"
                                  "abc",
                                  "%s%n",
                                  NULL,
                                  long_label};
    GstBuffer *frame = new_frame(RGB_CAPS);

    attach(frame, new_classes("ab", 0.75f, ""));
    g_autofree guint8 *plain = draw("", frame);
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        frame = new_frame(RGB_CAPS);
        GstConvnextMeta *meta = attach(frame, new_classes(labels[i], 0.75f, labels[i]));
        gst_convnext_meta_set_state(meta, labels[i], 0.5, 0);
        if (labels[i])
            add_roi(frame, labels[i], &box);
        g_autofree guint8 *rgb = draw("", frame);
        fail_unless(count_changed(rgb, WIDTH * HEIGHT) > 100, "label %u", i);
        fail_unless(memcmp(rgb, plain, WIDTH * HEIGHT * 3) != 0, "label %u", i);
    }
    /* Tags are text: they take room. */
    frame = new_frame(RGB_CAPS);
    attach(frame, new_classes("<b>ab</b>", 0.75f, ""));
    g_autofree guint8 *markup = draw("", frame);
    fail_unless(count_changed(markup, WIDTH * HEIGHT) > count_changed(plain, WIDTH * HEIGHT));
}
GST_END_TEST;

/* Nothing is written outside of frames that are too small for it. */
GST_START_TEST(test_sizes)
{
    static const int sizes[][2] = {{1, 1},    {2, 2},   {3, 17}, {8, 2000},
                                   {2000, 8}, {19, 19}, {33, 21}};
    static const char *const formats[] = {"RGB", "I420", "NV12", "YUY2", "P010_10LE"};
    const float values[] = {0, 1, 2, 3};
    const gsize shape[] = {1, 2, 2, 1};

    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++)
        for (guint j = 0; j < G_N_ELEMENTS(formats); j++) {
            const guint width = (guint)sizes[i][0], height = (guint)sizes[i][1];
            g_autofree char *caps =
                g_strdup_printf("video/x-raw,format=%s,width=%u,height=%u,framerate=25/1",
                                formats[j], width, height);
            GstConvnextResult *result = new_result(width, height);
            g_autoptr(GstConvnextLegend) legend = new_legend();
            const GstConvnextDetectedObject objects[] = {{0, NULL, 0.5f, 0, 0, width, height},
                                                         {1, NULL, 0.5f, -1e9f, -5, 3e9f, 1e9f}};
            const GstConvnextView view = {.width = width,
                                          .height = height,
                                          .network_width = 64,
                                          .network_height = 64,
                                          .content_width = 64,
                                          .content_height = 64};
            GstBuffer *frame = new_frame(caps);

            gst_convnext_result_add_class(result, 0, "label", 0.5f);
            gst_convnext_result_set_activation(result, GST_CONVNEXT_ACTIVATION_SOFTMAX);
            gst_convnext_result_set_objects(result, legend, 2, objects);
            gst_convnext_result_set_view(result, &view);
            gst_convnext_result_take_tensor(
                result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_CAM, 4, shape, values));
            attach(frame, result);
            g_autofree guint8 *rgb =
                draw_in("heatmap=true show=classes+objects+masks+regions", caps, frame);
            fail_unless(count_changed(rgb, (gsize)width * height) > 0, "%s", caps);
        }
}
GST_END_TEST;

/* A mask of two halves: none and a person, which is blue. */
GST_START_TEST(test_mask)
{
    const guint8 mask[] = {0, 2};
    const GstConvnextRect rect = {0, 0, WIDTH, HEIGHT};
    g_autoptr(GstConvnextLegend) legend = new_legend();
    GstConvnextResult *result = new_result(WIDTH, HEIGHT);
    GstBuffer *frame = new_frame(RGB_CAPS);

    fail_unless(gst_convnext_result_set_segmentation(
        result, gst_memory_new_wrapped(0, g_memdup2(mask, 2), 2, 0, 2, NULL, NULL), 2, 1, 8, &rect,
        legend));
    attach(frame, result);
    g_autofree guint8 *rgb = draw("show=masks", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_colour(rgb, WIDTH * HEIGHT, 0x4040c0), WIDTH / 2 * HEIGHT);
    fail_unless(is_near(pixel_at(rgb, WIDTH / 2 - 1, 5), GREY * 0x010101, 0));
    g_autofree guint8 *hidden = draw("show=masks labels=\"<car>\"", gst_buffer_copy_deep(frame));
    fail_unless_equals_int(count_changed(hidden, WIDTH * HEIGHT), 0);
    g_autofree guint8 *share = draw("show=classes", frame);
    fail_unless_equals_int(count_colour(share, WIDTH * HEIGHT, 0x0000ff),
                           BAR_WIDTH / 2 * BAR_HEIGHT);
}
GST_END_TEST;

/* The left half of the box belongs to the car: by the pixels of its mask, or by probabilities. */
GST_START_TEST(test_object_masks)
{
    const gsize shape[] = {1, 2, 2};
    const float probabilities[] = {1, 0, 1, 0};

    for (guint i = 0; i < 2; i++) {
        GstConvnextResult *result = new_objects();
        GstBuffer *frame = new_frame(RGB_CAPS);
        const gsize n = (gsize)box.w * box.h;
        guint8 *mask = g_malloc(n);

        for (gsize at = 0; at < n; at++)
            mask[at] = at % box.w < (gsize)box.w / 2;
        if (i == 0)
            fail_unless(gst_convnext_result_set_object_mask(
                result, 0, gst_memory_new_wrapped(0, mask, n, 0, n, mask, g_free), &box));
        else
            gst_convnext_result_take_tensor(
                result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_OBJECT_MASKS, 3, shape,
                                                     probabilities));
        if (i == 1)
            g_free(mask);
        attach(frame, result);
        g_autofree guint8 *rgb = draw("show=masks", frame);
        fail_unless_equals_int(count_colour(rgb, WIDTH * HEIGHT, 0xc04040), box.w / 2 * box.h);
        fail_unless(is_near(pixel_at(rgb, box.x + box.w / 2 - 1, box.y), 0xc04040, 0));
        fail_unless(is_near(pixel_at(rgb, box.x + box.w / 2, box.y), GREY * 0x010101, 0));
    }
}
GST_END_TEST;

/* A network that saw the frame turned clockwise: its upper row is the left side of the frame, from
 * the bottom to the top. */
GST_START_TEST(test_heatmap)
{
    const gsize shape[] = {1, 2, 2, 1};
    const float values[] = {-1, -1, 5, -1}; /* the lower left corner of the input */
    const GstConvnextView view = {.width = WIDTH,
                                  .height = HEIGHT,
                                  .orientation = GST_CONVNEXT_ORIENTATION_90R,
                                  .network_width = 64,
                                  .network_height = 64,
                                  .content_width = 64,
                                  .content_height = 64};
    double x = 1, y = 63;
    GstConvnextResult *result = new_classes("first", 0.75f, "second");
    GstBuffer *frame = new_frame(RGB_CAPS);

    gst_convnext_result_set_view(result, &view);
    gst_convnext_result_take_tensor(
        result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_CAM, 4, shape, values));
    attach(frame, result);
    g_autofree guint8 *rgb = draw("show=0 heatmap=true", gst_buffer_copy_deep(frame));
    g_autofree guint8 *off = draw("show=0", frame);
    fail_unless_equals_int(count_changed(off, WIDTH * HEIGHT), 0);
    gst_convnext_view_to_frame(&view, &x, &y);
    const guint8 *hot = pixel_at(rgb, (int)x, (int)y);
    const guint8 *cold = pixel_at(rgb, WIDTH - 1 - (int)x, HEIGHT - 1 - (int)y);
    fail_unless(hot[0] > 200 && hot[1] < 60 && hot[2] < 60, "%d,%d is %02x%02x%02x", (int)x, (int)y,
                hot[0], hot[1], hot[2]);
    fail_unless(is_near(cold, GREY * 0x010101, 0), "%02x%02x%02x", cold[0], cold[1], cold[2]);
}
GST_END_TEST;

/* The number of warnings that frames cause, each with these words. */
static guint count_warnings(const char *properties, const char *caps, guint frames,
                            const char *words)
{
    g_autoptr(GstHarness) h = open_overlay(properties, NULL);
    g_autoptr(GstElement) overlay = gst_harness_find_element(h, "convnextoverlay");
    g_autoptr(GstBus) bus = gst_bus_new();
    GstMessage *message;
    guint n = 0;

    gst_element_set_bus(overlay, bus);
    gst_harness_set_src_caps_str(h, caps);
    for (guint i = 0; i < frames; i++) {
        GstBuffer *frame = gst_buffer_new_allocate(NULL, info_of(caps).size, NULL);

        gst_buffer_memset(frame, 0, 0, -1);
        attach(frame, new_classes("first", 0.75f, "second"));
        fail_unless_equals_int(gst_harness_push(h, frame), GST_FLOW_OK);
        gst_buffer_unref(gst_harness_pull(h));
    }
    while ((message = gst_bus_pop_filtered(bus, GST_MESSAGE_WARNING))) {
        g_autoptr(GError) error = NULL;

        gst_message_parse_warning(message, &error, NULL);
        fail_unless(strstr(error->message, words) != NULL, "%s", error->message);
        gst_message_unref(message);
        n++;
    }
    gst_element_set_bus(overlay, NULL);
    return n;
}

GST_START_TEST(test_warnings)
{
    const char *palette = "video/x-raw,format=RGB8P,width=320,height=240,framerate=25/1";

    fail_unless_equals_int(count_warnings("heatmap=true", RGB_CAPS, 3, "outputs=classes+cam"), 1);
    fail_unless_equals_int(count_warnings("", palette, 3, "put videoconvert in front"), 1);
    fail_unless_equals_int(count_warnings("", RGB_CAPS, 3, "none"), 0);
}
GST_END_TEST;

static Suite *convnextoverlay_suite(void)
{
    Suite *s = suite_create("convnextoverlay");
    TCase *tc = tcase_create("convnextoverlay");

    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_nothing);
    tcase_add_test(tc, test_shared);
    tcase_add_test(tc, test_box);
    tcase_add_test(tc, test_formats);
    tcase_add_test(tc, test_alpha);
    tcase_add_test(tc, test_once);
    tcase_add_test(tc, test_result_of_object);
    tcase_add_test(tc, test_bars);
    tcase_add_test(tc, test_aspect);
    tcase_add_test(tc, test_state);
    tcase_add_test(tc, test_labels);
    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_mask);
    tcase_add_test(tc, test_object_masks);
    tcase_add_test(tc, test_heatmap);
    tcase_add_test(tc, test_warnings);
    return s;
}

GST_CHECK_MAIN(convnextoverlay)
