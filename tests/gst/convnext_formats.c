/* The element on every raw format, any strides, sizes, shapes of pixels and crops.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/network.h"

static char *network;

static void setup(void)
{
    network = network_new();
}

static void teardown(void)
{
    network_delete(network);
}

static char *make_caps(const char *format, int width, int height)
{
    return g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format, width,
                           height);
}

static void look(const char *caps, FramePicture picture, float *logits)
{
    GstHarness *h = frames_harness(network, caps);

    frames_logits(h, frames_new(caps, picture, 0), logits);
    gst_harness_teardown(h);
}

/* What a difference of logits is measured by: that of two different pictures. */
static float scale_of(const float *logits, int width, int height)
{
    float other[NETWORK_CLASSES];
    char *caps = make_caps("RGB", width, height);

    look(caps, FRAME_OTHER, other);
    g_free(caps);
    float scale = frames_distance(logits, other);
    fail_unless(scale > 0.05f, "the network cannot tell the pictures apart: %g", scale);
    return scale;
}

/* What is left of a picture's way to another format and back: the test's own conversion to the
 * format is GStreamer's with 8 bits, and so is the way back from a format that preprocessing does
 * not read itself. Its matrix is off by some levels; palettes and 5 bits are coarser still. */
#define NATIVE 0.06f
#define CONVERTED 0.2f

static float tolerance_of(GstVideoFormat format)
{
    static const GstVideoFormat native[] = {
        GST_VIDEO_FORMAT_RGB,   GST_VIDEO_FORMAT_BGR,  GST_VIDEO_FORMAT_RGBx, GST_VIDEO_FORMAT_BGRx,
        GST_VIDEO_FORMAT_xRGB,  GST_VIDEO_FORMAT_xBGR, GST_VIDEO_FORMAT_RGBA, GST_VIDEO_FORMAT_BGRA,
        GST_VIDEO_FORMAT_ARGB,  GST_VIDEO_FORMAT_ABGR, GST_VIDEO_FORMAT_I420, GST_VIDEO_FORMAT_YV12,
        GST_VIDEO_FORMAT_NV12,  GST_VIDEO_FORMAT_NV21, GST_VIDEO_FORMAT_YUY2, GST_VIDEO_FORMAT_UYVY,
        GST_VIDEO_FORMAT_GRAY8,
    };

    for (guint i = 0; i < G_N_ELEMENTS(native); i++)
        if (native[i] == format)
            return NATIVE;
    return CONVERTED;
}

static void check_format(GstVideoFormat format, int width, int height)
{
    const GstVideoFormatInfo *info = gst_video_format_get_info(format);
    FramePicture picture = GST_VIDEO_FORMAT_INFO_IS_GRAY(info) ? FRAME_GRAYS : FRAME_COLOURS;
    float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];
    char *rgb = make_caps("RGB", width, height);
    char *caps = make_caps(gst_video_format_to_string(format), width, height);

    look(rgb, picture, expected);
    look(caps, picture, found);
    float scale = scale_of(expected, width, height);
    float difference = frames_distance(expected, found) / scale;
    GST_INFO("%s: %g", caps, difference);
    fail_unless(difference <= tolerance_of(format), "%s is %g away from RGB, allowed %g", caps,
                difference, tolerance_of(format));
    g_free(rgb);
    g_free(caps);
}

GST_START_TEST(test_every_format)
{
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);

    fail_unless(n > 100);
    for (guint i = 0; i < n; i++)
        check_format(formats[i], 160, 120);
}
GST_END_TEST;

GST_START_TEST(test_every_format_odd)
{
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);

    for (guint i = 0; i < n; i++)
        check_format(formats[i], 163, 121);
}
GST_END_TEST;

GST_START_TEST(test_every_format_tiny)
{
    static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 2}, {3, 2}, {5, 7}};
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);
    float logits[NETWORK_CLASSES];

    for (guint i = 0; i < n; i++)
        for (guint s = 0; s < G_N_ELEMENTS(sizes); s++) {
            char *caps =
                make_caps(gst_video_format_to_string(formats[i]), sizes[s][0], sizes[s][1]);

            look(caps, FRAME_GRAYS, logits);
            g_free(caps);
        }
}
GST_END_TEST;

GST_START_TEST(test_strides)
{
    static const char *const formats[] = {"I420",  "YV12", "NV12", "NV21",      "YUY2", "UYVY",
                                          "RGB",   "BGR",  "RGBx", "BGRA",      "xRGB", "ABGR",
                                          "GRAY8", "Y42B", "Y444", "P010_10LE", "GBR"};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        float packed[NETWORK_CLASSES], padded[NETWORK_CLASSES];
        char *caps = make_caps(formats[i], 99, 75);
        GstHarness *h = frames_harness(network, caps);

        frames_logits(h, frames_new(caps, FRAME_COLOURS, 0), packed);
        frames_logits(h, frames_pad(caps, frames_new(caps, FRAME_COLOURS, 40)), padded);
        fail_unless(!memcmp(packed, padded, sizeof packed), "%s: strides change the answer",
                    formats[i]);
        gst_harness_teardown(h);
        g_free(caps);
    }
}
GST_END_TEST;

/* The pixels of a frame in memory as interlaced caps have it. Takes the frame. */
static GstBuffer *lay_out(const char *from_caps, const char *to_caps, GstBuffer *frame)
{
    GstVideoInfo infos[2];
    GstVideoFrame from, to;
    const char *const texts[] = {from_caps, to_caps};

    for (guint i = 0; i < 2; i++) {
        GstCaps *caps = gst_caps_from_string(texts[i]);

        fail_unless(gst_video_info_from_caps(&infos[i], caps));
        gst_caps_unref(caps);
    }
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&infos[1]), NULL);
    gst_buffer_memset(buffer, 0, 0xa5, GST_VIDEO_INFO_SIZE(&infos[1]));
    fail_unless(gst_video_frame_map(&from, &infos[0], frame, GST_MAP_READ));
    fail_unless(gst_video_frame_map(&to, &infos[1], buffer, GST_MAP_WRITE));
    fail_unless(gst_video_frame_copy(&to, &from));
    gst_video_frame_unmap(&from);
    gst_video_frame_unmap(&to);
    gst_buffer_unref(frame);
    return buffer;
}

/* Where the height is no multiple of four, the chroma of 4:2:0 has a row more: each field has its
 * own, and GStreamer lays the planes out for that. */
GST_START_TEST(test_interlaced)
{
    static const char *const formats[] = {"I420", "YV12", "NV12", "YUY2", "I420_10LE"};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        float progressive[NETWORK_CLASSES], interlaced[NETWORK_CLASSES];
        char *caps = make_caps(formats[i], 128, 98);
        char *interleaved = g_strconcat(caps, ",interlace-mode=interleaved", NULL);
        GstHarness *h = frames_harness(network, interleaved);

        look(caps, FRAME_COLOURS, progressive);
        frames_logits(h, lay_out(caps, interleaved, frames_new(caps, FRAME_COLOURS, 0)),
                      interlaced);
        fail_unless(!memcmp(progressive, interlaced, sizeof progressive),
                    "%s: another picture when interlaced", formats[i]);
        gst_harness_teardown(h);
        g_free(interleaved);
        g_free(caps);
    }
}
GST_END_TEST;

/* The same colours, coded with each matrix and range, are the same picture. */
GST_START_TEST(test_colorimetry)
{
    static const char *const colours[] = {"bt601",   "bt709",   "bt2020",    "1:4:0:0",
                                          "1:3:0:0", "1:6:0:0", "smpte240m", "2:2:0:0"};
    static const char *const formats[] = {"I420", "NV12", "YUY2", "Y444", "I420_10LE"};
    float expected[NETWORK_CLASSES];

    look("video/x-raw,format=RGB,width=128,height=96,framerate=25/1", FRAME_COLOURS, expected);
    float scale = scale_of(expected, 128, 96);
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++)
        for (guint i = 0; i < G_N_ELEMENTS(colours); i++) {
            float found[NETWORK_CLASSES];
            char *plain = make_caps(formats[f], 128, 96);
            char *caps = g_strconcat(plain, ",colorimetry=", colours[i], NULL);

            look(caps, FRAME_COLOURS, found);
            float difference = frames_distance(expected, found) / scale;
            fail_unless(difference <= CONVERTED, "%s is %g away from RGB", caps, difference);
            g_free(plain);
            g_free(caps);
        }
}
GST_END_TEST;

/* Limited range said for formats that usually are full. */
GST_START_TEST(test_limited_rgb_and_gray)
{
    static const char *const formats[] = {"RGB", "BGRx", "GRAY8", "GRAY16_LE"};
    float expected[NETWORK_CLASSES];

    look("video/x-raw,format=RGB,width=128,height=96,framerate=25/1", FRAME_GRAYS, expected);
    float scale = scale_of(expected, 128, 96);
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        float found[NETWORK_CLASSES];
        char *plain = make_caps(formats[i], 128, 96);
        char *caps = g_strconcat(plain, ",colorimetry=2:1:0:0", NULL);

        look(caps, FRAME_GRAYS, found);
        float difference = frames_distance(expected, found) / scale;
        fail_unless(difference <= 0.05f, "%s is %g away from full range", caps, difference);
        g_free(plain);
        g_free(caps);
    }
}
GST_END_TEST;

/* Wide pixels: half the columns with pixels of 2:1 are the same picture. */
GST_START_TEST(test_pixel_aspect_ratio)
{
    float square[NETWORK_CLASSES], wide[NETWORK_CLASSES], squeezed[NETWORK_CLASSES];

    look("video/x-raw,format=I420,width=256,height=96,framerate=25/1", FRAME_COLOURS, square);
    look("video/x-raw,format=I420,width=128,height=96,framerate=25/1,pixel-aspect-ratio=2/1",
         FRAME_COLOURS, wide);
    look("video/x-raw,format=I420,width=128,height=96,framerate=25/1", FRAME_COLOURS, squeezed);
    float right = frames_distance(square, wide), wrong = frames_distance(square, squeezed);
    fail_unless(right < 0.1f * wrong, "pixel-aspect-ratio: %g away, ignored it would be %g", right,
                wrong);
}
GST_END_TEST;

/* A GstVideoCropMeta means what a copy of its rectangle means. */
GST_START_TEST(test_crop_meta)
{
    const char *caps = "video/x-raw,format=RGB,width=96,height=80,framerate=25/1";
    float cropped[NETWORK_CLASSES], copied[NETWORK_CLASSES];
    GstBuffer *whole =
        frames_new("video/x-raw,format=RGB,width=200,height=160,framerate=25/1", FRAME_COLOURS, 0);

    gst_buffer_add_video_meta(whole, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, 200, 160);
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(whole);
    crop->x = 31;
    crop->y = 17;
    crop->width = 96;
    crop->height = 80;
    GstBuffer *copy = frames_new(caps, FRAME_OTHER, 40);
    GstMapInfo from, to;
    fail_unless(gst_buffer_map(whole, &from, GST_MAP_READ));
    fail_unless(gst_buffer_map(copy, &to, GST_MAP_WRITE));
    for (int y = 0; y < 80; y++)
        memcpy(to.data + y * 288, from.data + (y + 17) * 600 + 31 * 3, 288);
    gst_buffer_unmap(whole, &from);
    gst_buffer_unmap(copy, &to);
    GstHarness *h = frames_harness(network, caps);
    frames_logits(h, whole, cropped);
    frames_logits(h, copy, copied);
    fail_unless(!memcmp(cropped, copied, sizeof copied));
    gst_harness_teardown(h);
}
GST_END_TEST;

static Suite *convnext_formats_suite(void)
{
    Suite *s = suite_create("convnext_formats");
    TCase *tc = tcase_create("formats");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_every_format);
    tcase_add_test(tc, test_every_format_odd);
    tcase_add_test(tc, test_every_format_tiny);
    tcase_add_test(tc, test_strides);
    tcase_add_test(tc, test_interlaced);
    tcase_add_test(tc, test_colorimetry);
    tcase_add_test(tc, test_limited_rgb_and_gray);
    tcase_add_test(tc, test_pixel_aspect_ratio);
    tcase_add_test(tc, test_crop_meta);
    return s;
}

GST_CHECK_MAIN(convnext_formats);
