/* The element with every raw format and with unusual strides, sizes, pixel shapes and crops.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

static char *make_caps(const char *format, int width, int height)
{
    return g_strdup_printf("video/x-raw,format=%s,width=%d,height=%d,framerate=25/1", format, width,
                           height);
}

static void run_network(const char *caps, FramePicture picture, float *logits)
{
    g_autoptr(GstHarness) h = frames_harness(network, caps);

    frames_logits(h, frames_new(caps, picture, 0), logits);
}

/* The unit of differences between logits: the distance between the logits of two pictures. */
static float get_scale(const float *logits, int width, int height)
{
    g_autofree char *caps = make_caps("RGB", width, height);
    float other[NETWORK_CLASSES];

    run_network(caps, FRAME_OTHER, other);
    float scale = frames_distance(logits, other);
    fail_unless(scale > 0.05f, "the network does not distinguish the pictures: %g", scale);
    return scale;
}

/* The tolerated error of a picture's conversion to another format and back. The test converts with
 * GStreamer at 8 bits, and so does preprocessing for a format that it does not read itself. That
 * conversion's matrix is off by some levels; palettes and 5-bit channels are coarser still. */
#define NATIVE 0.06f
#define CONVERTED 0.2f

static float get_tolerance(GstVideoFormat format)
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
    g_autofree char *rgb = make_caps("RGB", width, height);
    g_autofree char *caps = make_caps(gst_video_format_to_string(format), width, height);
    const GstVideoFormatInfo *info = gst_video_format_get_info(format);
    FramePicture picture = GST_VIDEO_FORMAT_INFO_IS_GRAY(info) ? FRAME_GRAYS : FRAME_COLOURS;
    float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];

    run_network(rgb, picture, expected);
    run_network(caps, picture, found);
    float scale = get_scale(expected, width, height);
    float difference = frames_distance(expected, found) / scale;
    GST_INFO("%s: %g", caps, difference);
    fail_unless(difference <= get_tolerance(format), "%s differs from RGB by %g, more than %g",
                caps, difference, get_tolerance(format));
}

/* Every raw format gives the same logits as RGB, within the tolerance. */
GST_START_TEST(test_every_format)
{
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);

    fail_unless(n > 100);
    for (guint i = 0; i < n; i++)
        check_format(formats[i], 160, 120);
}
GST_END_TEST;

/* The same at a size that chroma subsampling does not divide. */
GST_START_TEST(test_every_format_at_odd_sizes)
{
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);

    for (guint i = 0; i < n; i++)
        check_format(formats[i], 163, 121);
}
GST_END_TEST;

/* Frames of a few pixels give finite logits in every format. */
GST_START_TEST(test_every_format_at_tiny_sizes)
{
    static const int sizes[][2] = {{1, 1}, {2, 1}, {1, 2}, {3, 2}, {5, 7}};
    guint n;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);
    float logits[NETWORK_CLASSES];

    for (guint i = 0; i < n; i++)
        for (guint s = 0; s < G_N_ELEMENTS(sizes); s++) {
            g_autofree char *caps =
                make_caps(gst_video_format_to_string(formats[i]), sizes[s][0], sizes[s][1]);

            run_network(caps, FRAME_GRAYS, logits);
        }
}
GST_END_TEST;

/* Padded rows and planes give the same logits as packed ones, bit for bit. */
GST_START_TEST(test_strides)
{
    static const char *const formats[] = {"I420",  "YV12", "NV12", "NV21",      "YUY2", "UYVY",
                                          "RGB",   "BGR",  "RGBx", "BGRA",      "xRGB", "ABGR",
                                          "GRAY8", "Y42B", "Y444", "P010_10LE", "GBR"};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = make_caps(formats[i], 99, 75);

        g_autoptr(GstHarness) h = frames_harness(network, caps);
        float packed[NETWORK_CLASSES], padded[NETWORK_CLASSES];

        frames_logits(h, frames_new(caps, FRAME_COLOURS, 0), packed);
        frames_logits(h, frames_pad(caps, frames_new(caps, FRAME_COLOURS, 40)), padded);
        fail_unless(!memcmp(packed, padded, sizeof packed), "%s: strides change the logits",
                    formats[i]);
    }
}
GST_END_TEST;

/* Interlaced memory gives the same logits. If the height is not a multiple of four, 4:2:0
 * chroma has one more row, because each field has its own, and GStreamer lays out the planes
 * accordingly. */
GST_START_TEST(test_interlaced)
{
    static const char *const formats[] = {"I420", "YV12", "NV12", "YUY2", "I420_10LE"};

    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *caps = make_caps(formats[i], 128, 98);
        g_autofree char *interleaved = g_strconcat(caps, ",interlace-mode=interleaved", NULL);

        g_autoptr(GstHarness) h = frames_harness(network, interleaved);
        float progressive[NETWORK_CLASSES], interlaced[NETWORK_CLASSES];

        run_network(caps, FRAME_COLOURS, progressive);
        frames_logits(h, frames_lay_out(caps, interleaved, frames_new(caps, FRAME_COLOURS, 0)),
                      interlaced);
        fail_unless(!memcmp(progressive, interlaced, sizeof progressive),
                    "%s: interlacing changes the logits", formats[i]);
    }
}
GST_END_TEST;

/* The same colours in any matrix and range, with the primaries of BT.709, give the same logits,
 * within the tolerance. */
GST_START_TEST(test_colorimetry)
{
    static const char *const colours[] = {"bt601",   "bt709",   "2:6:5:1",   "1:4:0:0",
                                          "1:3:0:0", "1:6:0:0", "smpte240m", "2:2:0:0"};
    static const char *const formats[] = {"I420", "NV12", "YUY2", "Y444", "I420_10LE"};
    float expected[NETWORK_CLASSES];

    run_network("video/x-raw,format=RGB,width=128,height=96,framerate=25/1", FRAME_COLOURS,
                expected);
    float scale = get_scale(expected, 128, 96);
    for (guint f = 0; f < G_N_ELEMENTS(formats); f++)
        for (guint i = 0; i < G_N_ELEMENTS(colours); i++) {
            g_autofree char *plain = make_caps(formats[f], 128, 96);
            g_autofree char *caps = g_strconcat(plain, ",colorimetry=", colours[i], NULL);
            float found[NETWORK_CLASSES];

            run_network(caps, FRAME_COLOURS, found);
            float difference = frames_distance(expected, found) / scale;
            fail_unless(difference <= CONVERTED, "%s differs from RGB by %g", caps, difference);
        }
}
GST_END_TEST;

/* Limited range is respected in formats that are usually full range. */
GST_START_TEST(test_limited_rgb_and_gray)
{
    static const char *const formats[] = {"RGB", "BGRx", "GRAY8", "GRAY16_LE"};
    float expected[NETWORK_CLASSES];

    run_network("video/x-raw,format=RGB,width=128,height=96,framerate=25/1", FRAME_GRAYS, expected);
    float scale = get_scale(expected, 128, 96);
    for (guint i = 0; i < G_N_ELEMENTS(formats); i++) {
        g_autofree char *plain = make_caps(formats[i], 128, 96);
        g_autofree char *caps = g_strconcat(plain, ",colorimetry=2:1:0:0", NULL);
        float found[NETWORK_CLASSES];

        run_network(caps, FRAME_GRAYS, found);
        float difference = frames_distance(expected, found) / scale;
        fail_unless(difference <= 0.05f, "%s differs from full range by %g", caps, difference);
    }
}
GST_END_TEST;

/* Half as many columns with a pixel aspect ratio of 2:1 are the same picture. */
GST_START_TEST(test_pixel_aspect_ratio)
{
    float square[NETWORK_CLASSES], wide[NETWORK_CLASSES], squeezed[NETWORK_CLASSES];

    run_network("video/x-raw,format=I420,width=256,height=96,framerate=25/1", FRAME_COLOURS,
                square);
    run_network("video/x-raw,format=I420,width=128,height=96,framerate=25/1,pixel-aspect-ratio=2/1",
                FRAME_COLOURS, wide);
    run_network("video/x-raw,format=I420,width=128,height=96,framerate=25/1", FRAME_COLOURS,
                squeezed);
    float right = frames_distance(square, wide), ignored = frames_distance(square, squeezed);
    fail_unless(right < 0.1f * ignored, "differs by %g, and by %g if the ratio is ignored", right,
                ignored);
}
GST_END_TEST;

/* A GstVideoCropMeta gives the same logits as a copy of its rectangle. */
GST_START_TEST(test_crop_meta)
{
    static const char whole_caps[] = "video/x-raw,format=RGB,width=200,height=160,framerate=25/1";
    static const char caps[] = "video/x-raw,format=RGB,width=96,height=80,framerate=25/1";

    g_autoptr(GstHarness) h = frames_harness(network, caps);
    float cropped[NETWORK_CLASSES], copied[NETWORK_CLASSES];
    GstBuffer *whole = frames_new(whole_caps, FRAME_COLOURS, 0);
    GstBuffer *copy = frames_copy_rectangle(whole_caps, gst_buffer_ref(whole), 31, 17, 96, 80);

    frames_add_crop(whole_caps, whole, 31, 17, 96, 80);
    frames_logits(h, whole, cropped);
    frames_logits(h, copy, copied);
    fail_unless(!memcmp(cropped, copied, sizeof copied));
}
GST_END_TEST;

/* Results are about the frame that the caps describe, not about the larger picture in memory. */
GST_START_TEST(test_crop_meta_size)
{
    static const char whole_caps[] = "video/x-raw,format=RGB,width=200,height=160,framerate=25/1";
    static const char caps[] = "video/x-raw,format=RGB,width=96,height=80,framerate=25/1";
    guint width, height;

    g_autoptr(GstHarness) h = frames_harness(network, caps);
    GstBuffer *whole = frames_new(whole_caps, FRAME_COLOURS, 0);
    frames_add_crop(whole_caps, whole, 31, 17, 96, 80);
    g_autoptr(GstBuffer) buffer = frames_process(h, whole);
    gst_convnext_result_get_frame_size(frames_result(buffer), &width, &height);
    fail_unless(width == 96 && height == 80, "%u x %u", width, height);
    const GstConvnextMeta *meta = frames_meta(buffer);
    fail_unless(meta->x == 0 && meta->y == 0 && meta->width == 96 && meta->height == 80);
}
GST_END_TEST;

static Suite *convnext_formats_suite(void)
{
    Suite *s = suite_create("convnext_formats");
    TCase *tc = tcase_create("formats");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_every_format);
    tcase_add_test(tc, test_every_format_at_odd_sizes);
    tcase_add_test(tc, test_every_format_at_tiny_sizes);
    tcase_add_test(tc, test_strides);
    tcase_add_test(tc, test_interlaced);
    tcase_add_test(tc, test_colorimetry);
    tcase_add_test(tc, test_limited_rgb_and_gray);
    tcase_add_test(tc, test_pixel_aspect_ratio);
    tcase_add_test(tc, test_crop_meta);
    tcase_add_test(tc, test_crop_meta_size);
    return s;
}

GST_CHECK_MAIN(convnext_formats);
