/* The colorimetry of the caps: HDR and wide gamuts give the logits of the same picture in SDR.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "tests/gst/support/frames.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/network.h"

#define SIZE ",width=128,height=96,framerate=25/1"
#define SDR "video/x-raw,format=RGB" SIZE
#define DEEP "video/x-raw,format=ARGB64" SIZE

static char *make_caps(const char *format, const char *colorimetry)
{
    return g_strdup_printf("video/x-raw,format=%s" SIZE ",colorimetry=%s", format, colorimetry);
}

/* The signal of light in cd/m2, by BT.2100 */
static double pq_value(double light)
{
    const double power = pow(light / 10000, 0.1593017578125);

    return pow((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power), 78.84375);
}

static double hlg_value(double light)
{
    const double scene = pow(light / 1000, 1 / 1.2);

    return scene <= 1.0 / 12 ? sqrt(3 * scene)
                             : 0.17883277 * log(12 * scene - 0.28466892) + 0.55991073;
}

/* A pixel in PQ, HLG or SDR with the primaries of BT.2020; white is 203 cd/m2. */
static void encode_pixel(guint16 *argb, const guint8 *rgb, const char *colours)
{
    static const double to_bt2020[3][3] = {
        {0.6274, 0.3293, 0.0433}, {0.0691, 0.9195, 0.0114}, {0.0164, 0.0880, 0.8956}};

    argb[0] = 65535;
    for (int c = 0; c < 3; c++) {
        double light = 0;

        for (int j = 0; j < 3; j++)
            light += to_bt2020[c][j] * pow(rgb[j] / 255.0, 2.4);
        const double value = g_str_equal(colours, "PQ")    ? pq_value(203 * light)
                             : g_str_equal(colours, "HLG") ? hlg_value(203 * light)
                                                           : pow(light, 1 / 2.4);
        argb[1 + c] = (guint16)lrint(CLAMP(value, 0, 1) * 65535);
    }
}

/* The drawn picture, in R' G' B' of 16 bits */
static GstBuffer *encode(const char *colours)
{
    g_autoptr(GstBuffer) drawn = frames_new(SDR, FRAME_COLOURS, 0);
    GstBuffer *deep = gst_buffer_new_allocate(NULL, 128 * 96 * 8, NULL);
    GstMapInfo from, to;

    fail_unless(gst_buffer_map(drawn, &from, GST_MAP_READ));
    fail_unless(gst_buffer_map(deep, &to, GST_MAP_WRITE));
    for (guint i = 0; i < 128 * 96; i++)
        encode_pixel((guint16 *)to.data + 4 * i, from.data + 3 * i, colours);
    gst_buffer_unmap(drawn, &from);
    gst_buffer_unmap(deep, &to);
    return deep;
}

/* The same in any format. */
static GstBuffer *new_frame(const char *caps, const char *colours)
{
    GstVideoInfo from_info = frames_info(DEEP), info = frames_info(caps);
    g_autoptr(GstBuffer) deep = encode(colours);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&info), NULL);
    GstVideoFrame from, to;
    GstVideoConverter *convert = gst_video_converter_new(&from_info, &info, NULL);

    fail_unless(convert, "no conversion to %s", caps);
    gst_buffer_memset(buffer, 0, 0, GST_VIDEO_INFO_SIZE(&info));
    fail_unless(gst_video_frame_map(&from, &from_info, deep, GST_MAP_READ));
    fail_unless(gst_video_frame_map(&to, &info, buffer, GST_MAP_READWRITE));
    gst_video_converter_frame(convert, &from, &to);
    gst_video_frame_unmap(&from);
    gst_video_frame_unmap(&to);
    gst_video_converter_free(convert);
    GST_BUFFER_PTS(buffer) = 0;
    return buffer;
}

static void run(const char *caps, GstBuffer *frame, float *logits)
{
    g_autoptr(GstHarness) harness = frames_harness(network, caps);

    frames_logits(harness, frame, logits);
}

static void run_sdr(float *logits)
{
    run(SDR, frames_new(SDR, FRAME_COLOURS, 0), logits);
}

/* In this format the picture gives the logits of the SDR picture, unlike without the colorimetry.
 */
static void check_format(const char *format, const char *colours, const char *colorimetry,
                         const char *plain)
{
    g_autofree char *caps = make_caps(format, colorimetry), *other = make_caps(format, plain);
    float expected[NETWORK_CLASSES], found[NETWORK_CLASSES], ignored[NETWORK_CLASSES];

    run_sdr(expected);
    run(caps, new_frame(caps, colours), found);
    run(other, new_frame(caps, colours), ignored);
    float right = frames_distance(expected, found), wrong = frames_distance(expected, ignored);
    fail_unless(right < wrong / 3, "%s: differs by %g, and by %g without colorimetry", caps, right,
                wrong);
}

/* Every format with more than 8 bits, those that are read as they are and those that are converted.
 */
GST_START_TEST(test_deep_formats)
{
    guint n, tested = 0;
    const GstVideoFormat *formats = gst_video_formats_raw(&n);

    for (guint i = 0; i < n; i++) {
        const GstVideoFormatInfo *info = gst_video_format_get_info(formats[i]);
        const gboolean is_yuv = GST_VIDEO_FORMAT_INFO_IS_YUV(info);

        if (GST_VIDEO_FORMAT_INFO_DEPTH(info, 0) < 10 || GST_VIDEO_FORMAT_INFO_IS_GRAY(info))
            continue;
        check_format(GST_VIDEO_FORMAT_INFO_NAME(info), "PQ", is_yuv ? "bt2100-pq" : "1:1:14:7",
                     is_yuv ? "2:6:5:1" : "sRGB");
        tested++;
    }
    fail_unless(tested > 30);
}
GST_END_TEST;

GST_START_TEST(test_formats)
{
    static const char *const yuv[] = {"I420", "NV12", "YUY2", "Y444", "I420_10LE", "P010_10LE"};
    static const char *const rgb[] = {"RGB", "BGRx", "GBR", "GBR_10LE"};

    for (guint i = 0; i < G_N_ELEMENTS(yuv); i++) {
        check_format(yuv[i], "PQ", "bt2100-pq", "2:6:5:1");
        check_format(yuv[i], "HLG", "bt2100-hlg", "2:6:5:1");
        check_format(yuv[i], "SDR", "bt2020-10", "2:6:5:1");
    }
    for (guint i = 0; i < G_N_ELEMENTS(rgb); i++)
        check_format(rgb[i], "SDR", "1:1:13:7", "sRGB");
}
GST_END_TEST;

/* HDR with unknown primaries has those of BT.2020. */
GST_START_TEST(test_unknown_primaries)
{
    g_autofree char *known = make_caps("P010_10LE", "2:6:14:7");
    g_autofree char *unknown = make_caps("P010_10LE", "2:6:14:0");
    float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];

    run(known, new_frame(known, "PQ"), expected);
    run(unknown, new_frame(known, "PQ"), found);
    fail_unless(!memcmp(expected, found, sizeof found));
}
GST_END_TEST;

/* What GStreamer assumes without colorimetry, what differs from it little and what is unknown is
 * read as BT.709, bit for bit. */
GST_START_TEST(test_ordinary)
{
    static const int transfers[] = {0, 4, 5, 6, 7, 8, 11, 12, 13, 16};
    static const int primaries[] = {0, 1, 3, 4, 5, 12};
    static const char *const formats[] = {"I420", "P010_10LE"};

    for (guint f = 0; f < G_N_ELEMENTS(formats); f++) {
        g_autofree char *plain = make_caps(formats[f], "2:3:5:1");
        float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];

        run(plain, frames_new(plain, FRAME_COLOURS, 0), expected);
        for (guint t = 0; t < G_N_ELEMENTS(transfers); t++)
            for (guint p = 0; p < G_N_ELEMENTS(primaries); p++) {
                g_autofree char *colorimetry =
                    g_strdup_printf("2:3:%d:%d", transfers[t], primaries[p]);
                g_autofree char *caps = make_caps(formats[f], colorimetry);

                run(caps, frames_new(plain, FRAME_COLOURS, 0), found);
                fail_unless(!memcmp(expected, found, sizeof found), "%s", caps);
            }
    }
}
GST_END_TEST;

/* A stream may change from SDR to HDR and back. */
GST_START_TEST(test_change)
{
    static const struct {
        const char *colorimetry, *colours;
    } changes[] = {{"bt709", "SDR"}, {"bt2100-hlg", "HLG"}, {"bt2100-pq", "PQ"}, {"bt709", "SDR"}};
    g_autoptr(GstHarness) harness = frames_harness(network, NULL);

    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *caps = make_caps("I420_10LE", changes[i].colorimetry);
        float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];

        run(caps, new_frame(caps, changes[i].colours), expected);
        gst_harness_set_src_caps_str(harness, caps);
        frames_logits(harness, new_frame(caps, changes[i].colours), found);
        fail_unless(!memcmp(expected, found, sizeof found), "%s after another",
                    changes[i].colorimetry);
    }
}
GST_END_TEST;

/* A detected object that fills the frame gives the logits of the frame. */
GST_START_TEST(test_objects)
{
    g_autofree char *caps = make_caps("P010_10LE", "bt2100-hlg");
    g_autoptr(GstHarness) harness = frames_harness(network, caps);
    GstBuffer *frame = new_frame(caps, "HLG");
    float expected[NETWORK_CLASSES], found[NETWORK_CLASSES];

    run(caps, new_frame(caps, "HLG"), expected);
    gst_util_set_object_arg(G_OBJECT(harness->element), "region", "objects");
    gst_buffer_add_video_region_of_interest_meta(frame, "thing", 0, 0, 128, 96);
    frames_logits(harness, frame, found);
    fail_unless(!memcmp(expected, found, sizeof found));
}
GST_END_TEST;

static int lines;

static void count_lines(GstDebugCategory *category, GstDebugLevel level, const char *file,
                        const char *function, int line, GObject *object, GstDebugMessage *message,
                        gpointer text)
{
    if (level == GST_LEVEL_INFO && strstr(gst_debug_message_get(message), text))
        g_atomic_int_inc(&lines);
}

/* The log says once what is converted. */
GST_START_TEST(test_log)
{
    static char text[] = "HLG is tone-mapped to SDR, BT.2020 primaries are converted to BT.709";
    g_autofree char *caps = make_caps("P010_10LE", "bt2100-hlg");
    float logits[NETWORK_CLASSES];

    gst_debug_set_active(TRUE);
    gst_debug_set_threshold_for_name("convnext", GST_LEVEL_INFO);
    gst_debug_remove_log_function(gst_debug_log_default);
    gst_debug_add_log_function(count_lines, text, NULL);
    g_autoptr(GstHarness) harness = frames_harness(network, caps);
    frames_logits(harness, new_frame(caps, "HLG"), logits);
    frames_logits(harness, new_frame(caps, "HLG"), logits);
    gst_debug_remove_log_function(count_lines);
    fail_unless_equals_int(g_atomic_int_get(&lines), 1);
}
GST_END_TEST;

static Suite *convnext_colours_suite(void)
{
    Suite *s = suite_create("convnext_colours");
    TCase *tc = tcase_create("colours");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, network_setup, network_teardown);
    tcase_add_test(tc, test_deep_formats);
    tcase_add_test(tc, test_formats);
    tcase_add_test(tc, test_unknown_primaries);
    tcase_add_test(tc, test_ordinary);
    tcase_add_test(tc, test_change);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_log);
    return s;
}

GST_CHECK_MAIN(convnext_colours);
