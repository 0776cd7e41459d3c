/* The table in gst/README.md of what other elements do to results and their regions: each row runs
 * in a pipeline and is compared with the column of this GStreamer. A region that an element reports
 * must be where the picture is. `meta_elements LAUNCH...` prints the words for other elements.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

#include "tests/gst/support/harness.h"
#include "tests/gst/support/metas.h"

#define CAPS                                                                         \
    "video/x-raw,format=I420,width=640,height=480,framerate=25/1,colorimetry=bt709," \
    "interlace-mode=progressive,pixel-aspect-ratio=1/1,multiview-mode=mono"
#define FRAMES 4
#define BRIGHT 120
#define MISSING "-"

static const char *const releases[] = {"1.22", "1.26", "1.28"}; /* the columns */

/* A dark frame whose region is bright. */
static GstBuffer *make_picture(GstConvnextResult *result, guint number)
{
    GstBuffer *frame = make_frame(result, 7);
    GstMapInfo map;

    GST_BUFFER_PTS(frame) = number * GST_SECOND / 25;
    GST_BUFFER_DURATION(frame) = GST_SECOND / 25;
    fail_unless(gst_buffer_map(frame, &map, GST_MAP_WRITE));
    memset(map.data, 40, 640 * 480);
    for (guint y = 48; y < 288; y++)
        memset(map.data + y * 640 + 64, 200, 256);
    gst_buffer_unmap(frame, &map);
    return frame;
}

/* How much of the bright part of the picture and of the region they have in common, 0 to 1. */
static double match_region(GstBuffer *buffer, GstVideoInfo *info, const GstVideoRectangle *region)
{
    guint common = 0, either = 0;
    GstVideoFrame frame;

    fail_unless(gst_video_frame_map(&frame, info, buffer, GST_MAP_READ));
    for (int y = 0; y < info->height; y++)
        for (int x = 0; x < info->width; x++) {
            const guint8 *row = (guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                                y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0);
            gboolean is_bright = row[x] >= BRIGHT;
            gboolean is_inside = x >= region->x && x < region->x + region->w && y >= region->y &&
                                 y < region->y + region->h;

            common += is_bright && is_inside;
            either += is_bright || is_inside;
        }
    gst_video_frame_unmap(&frame);
    return either > 0 ? (double)common / either : 0;
}

static const char *word_of_buffer(GstBuffer *buffer, GstVideoInfo *info)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    GstVideoRectangle region;
    guint x, y, width, height;

    if (!meta)
        return "lost";
    if (!gst_buffer_get_convnext_region(buffer, meta, (guint)info->width, (guint)info->height, &x,
                                        &y, &width, &height))
        return "unknown";
    region = (GstVideoRectangle){(int)x, (int)y, (int)width, (int)height};
    return match_region(buffer, info, &region) > 0.85 ? "follows" : "wrong";
}

static void wait_for_end(GstHarness *harness)
{
    GstEventType type = GST_EVENT_UNKNOWN;

    fail_unless(gst_harness_push_event(harness, gst_event_new_eos()));
    while (type != GST_EVENT_EOS) {
        g_autoptr(GstEvent) event = gst_harness_pull_event(harness);

        fail_unless(event, "no end of stream");
        type = GST_EVENT_TYPE(event);
    }
}

static int rank(const char *word)
{
    static const char *const words[] = {"follows", "unknown", "lost", "wrong", NULL};
    int i = 0;

    while (words[i] && !g_str_equal(words[i], word))
        i++;
    return i;
}

/* The word for the worst of the buffers that come out. */
static const char *word_of_output(GstHarness *harness)
{
    g_autoptr(GstCaps) caps = gst_pad_get_current_caps(harness->sinkpad);
    const char *worst = NULL;
    GstVideoInfo info;
    GstBuffer *buffer;

    if (!caps || !gst_video_info_from_caps(&info, caps))
        return "no caps";
    while ((buffer = gst_harness_try_pull(harness))) {
        const char *word = word_of_buffer(buffer, &info);

        if (!worst || rank(word) > rank(worst))
            worst = word;
        gst_buffer_unref(buffer);
    }
    return worst ? worst : "no frame";
}

/* What happens behind the elements of launch: follows, unknown, lost, or MISSING if one of them is
 * not installed. */
static const char *word_of_launch(const char *launch)
{
    g_autofree char *description = g_strdup_printf(
        "videoconvert ! %s ! videoconvert ! capsfilter caps=video/x-raw,format=I420", launch);
    g_autoptr(GstConvnextResult) result = make_result("tiny");
    g_autoptr(GError) error = NULL;
    g_autoptr(GstElement) bin = gst_parse_bin_from_description_full(
        description, TRUE, NULL, GST_PARSE_FLAG_FATAL_ERRORS, &error);

    if (g_error_matches(error, GST_PARSE_ERROR, GST_PARSE_ERROR_NO_SUCH_ELEMENT)) {
        g_printerr("%s\n", error->message);
        return MISSING;
    }
    fail_unless(bin, "%s: %s", launch, error ? error->message : "no bin");
    g_autoptr(GstHarness) harness =
        gst_harness_new_with_element(gst_object_ref_sink(bin), "sink", "src");
    gst_harness_set_src_caps_str(harness, CAPS);
    for (guint i = 0; i < FRAMES; i++)
        if (gst_harness_push(harness, make_picture(result, i)) != GST_FLOW_OK)
            return "no flow";
    wait_for_end(harness);
    return word_of_output(harness);
}

/* The column of this GStreamer, or -1. */
static int own_column(void)
{
    guint major, minor, micro, nano;

    gst_version(&major, &minor, &micro, &nano);
    g_autofree char *own = g_strdup_printf("%u.%u", major, minor);
    for (guint i = 0; i < G_N_ELEMENTS(releases); i++)
        if (g_str_equal(releases[i], own))
            return (int)i;
    return -1;
}

/* The cells of a line of the table, from index 1 on; NULL if it is another line. */
static char **cells_of(const char *line)
{
    g_auto(GStrv) cells = g_strsplit(line, "|", -1);

    if (!g_str_has_prefix(line, "| `") || g_strv_length(cells) != G_N_ELEMENTS(releases) + 3)
        return NULL;
    for (guint i = 0; cells[i]; i++)
        g_strstrip(cells[i]);
    return g_steal_pointer(&cells);
}

/* Runs each of the launch lines in a cell, which are in backticks. Returns their number. */
static guint check_cell(const char *cell, const char *expected)
{
    g_auto(GStrv) parts = g_strsplit(cell, "`", -1);
    guint ran = 0;

    for (guint i = 1; i < g_strv_length(parts); i += 2) {
        const char *word = word_of_launch(parts[i]);

        g_print("%s: %s\n", parts[i], word);
        if (g_str_equal(word, MISSING) && !g_str_equal(expected, MISSING)) {
            g_print("skipped: it is not installed\n");
            continue;
        }
        fail_unless(g_str_equal(word, expected), "`%s`: %s, but the table says %s", parts[i], word,
                    expected);
        ran++;
    }
    return ran;
}

static char **launches; /* of the command line */

GST_START_TEST(test_command_line)
{
    for (guint i = 0; launches[i]; i++)
        g_print("%s: %s\n", launches[i], word_of_launch(launches[i]));
}
GST_END_TEST;

GST_START_TEST(test_table)
{
    const int column = own_column();
    g_autofree char *text = NULL;
    guint ran = 0;

    fail_unless(g_file_get_contents(README, &text, NULL, NULL));
    const char *table = strstr(text, "| behind `convnext` |");
    fail_unless(table, "no table in %s", README);
    g_auto(GStrv) lines = g_strsplit(table, "\n", -1);
    for (guint i = 0; lines[i] && lines[i][0] == '|'; i++) {
        g_auto(GStrv) cells = cells_of(lines[i]);

        if (cells && column >= 0)
            ran += check_cell(cells[1], cells[2 + column]);
    }
    fail_unless(column < 0 || ran >= 10, "only %u launch lines ran", ran);
}
GST_END_TEST;

static Suite *meta_elements_suite(void)
{
    Suite *suite = suite_create("meta_elements");
    TCase *tc = tcase_create("meta_elements");

    suite_add_tcase(suite, tc);
    tcase_set_timeout(tc, 300);
    if (launches)
        tcase_add_test(tc, test_command_line);
    else
        tcase_add_test(tc, test_table);
    return suite;
}

int main(int argc, char **argv)
{
    gst_check_init(&argc, &argv);
    if (argc > 1)
        launches = argv + 1;
    return gst_check_run_suite(meta_elements_suite(), "meta_elements", __FILE__);
}
