/* From a frame to an input: where each pixel of the input comes from, as the view of the job says.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/input.h"

#include <gst/check/gstcheck.h>
#include <math.h>

#include "tests/gst/support/network.h"

#define WIDTH 333
#define HEIGHT 217

/* Of the network. */
static const float mean[3] = {0.5f, 0.5f, 0.5f}, std[3] = {0.25f, 0.25f, 0.25f};
static GstConvnextSettings settings;

static void setup(void)
{
    network_setup();
    gst_convnext_settings_init(&settings, GST_CONVNEXT_TASK_CLASSIFY);
    settings.engine.model = g_strdup(network);
}

static void teardown(void)
{
    gst_convnext_engine_settings_clear(&settings.engine);
    network_teardown();
}

/* Red grows from 0 to 255 from left to right, green from top to bottom. */
static GstBuffer *make_slopes(void)
{
    const gsize stride = GST_ROUND_UP_4(3 * WIDTH);
    GstBuffer *buffer = gst_buffer_new_allocate(NULL, stride * HEIGHT, NULL);
    GstMapInfo map;

    gst_buffer_map(buffer, &map, GST_MAP_WRITE);
    for (guint y = 0; y < HEIGHT; y++)
        for (guint x = 0; x < WIDTH; x++) {
            guint8 *pixel = map.data + y * stride + (gsize)3 * x;

            pixel[0] = (guint8)rint(255 * (x + 0.5) / WIDTH);
            pixel[1] = (guint8)rint(255 * (y + 0.5) / HEIGHT);
            pixel[2] = 100;
        }
    gst_buffer_unmap(buffer, &map);
    gst_buffer_add_video_meta(buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_RGB, WIDTH,
                              HEIGHT);
    return buffer;
}

static double byte_at(const float *pixel, guint c)
{
    return 255 * ((double)pixel[c] * std[c] + mean[c]);
}

static gboolean is_between(double value, double start, double size, double margin)
{
    return value > start + margin && value < start + size - margin;
}

/* left, top: of the frame in the picture in memory. */
static void check_input(const GstConvnextView *view, const float *input, double left, double top)
{
    guint checked = 0;

    for (guint y = 0; y < view->network_height; y++)
        for (guint x = 0; x < view->network_width; x++) {
            const float *pixel = input + 3 * ((gsize)y * view->network_width + x);
            double at_x = x + 0.5, at_y = y + 0.5;

            if (!is_between(at_x, view->content_x, view->content_width, 0) ||
                !is_between(at_y, view->content_y, view->content_height, 0)) {
                fail_if(fabs(byte_at(pixel, 2) - 100) < 1e-3, "%u, %u is no padding", x, y);
                continue;
            }
            gst_convnext_view_to_frame(view, &at_x, &at_y);
            if (!is_between(at_x + left, 0, WIDTH, 8) || !is_between(at_y + top, 0, HEIGHT, 8))
                continue; /* the filter reads beyond the edge */
            fail_unless(fabs(byte_at(pixel, 0) - 255 * (at_x + left) / WIDTH) < 2,
                        "red at %u, %u is %f, expected that of %f", x, y, byte_at(pixel, 0), at_x);
            fail_unless(fabs(byte_at(pixel, 1) - 255 * (at_y + top) / HEIGHT) < 2,
                        "green at %u, %u is %f, expected that of %f", x, y, byte_at(pixel, 1),
                        at_y);
            checked++;
        }
    fail_unless(checked > 100, "only %u pixels were checked", checked);
}

/* caps: of width x height, with this pixel aspect ratio. Returns the job. */
static GstConvnextJob *fill(GstBuffer *buffer, guint width, guint height, int par_n, int par_d,
                            GstConvnextOrientation orientation, const GArray *places)
{
    g_autoptr(GstConvnextEngine) engine = gst_convnext_engine_open(&settings.engine, NULL);
    GstConvnextJob *job = gst_convnext_job_new();
    GstVideoInfo info;

    fail_unless(engine);
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_RGB, width, height);
    info.par_n = par_n;
    info.par_d = par_d;
    GstConvnextInput *input = gst_convnext_input_new(engine, &info, NULL);
    fail_unless(input);
    gst_convnext_input_set_orientation(input, orientation);
    fail_unless(gst_convnext_input_fill(input, buffer, places, job, NULL));
    gst_convnext_input_free(input);
    return job;
}

static const struct {
    GstConvnextCrop crop;
    guint input_size, input_width, input_height;
    int par_n, par_d;
} cases[] = {
    {GST_CONVNEXT_CROP_CENTER, 96, 0, 0, 1, 1},   {GST_CONVNEXT_CROP_CENTER, 0, 160, 64, 4, 3},
    {GST_CONVNEXT_CROP_SQUASH, 0, 64, 96, 1, 1},  {GST_CONVNEXT_CROP_BORDER, 96, 0, 0, 4, 7},
    {GST_CONVNEXT_CROP_BORDER, 0, 160, 96, 1, 1}, {GST_CONVNEXT_CROP_NONE, 64, 0, 0, 16, 11},
    {GST_CONVNEXT_CROP_FIT, 0, 160, 96, 1, 1},    {GST_CONVNEXT_CROP_FIT, 64, 0, 0, 12, 11},
};

/* Every crop in every orientation. */
GST_START_TEST(test_view)
{
    g_autoptr(GstBuffer) buffer = make_slopes();

    settings.engine.crop = cases[__i__].crop;
    settings.engine.input_size = cases[__i__].input_size;
    settings.engine.input_width = cases[__i__].input_width;
    settings.engine.input_height = cases[__i__].input_height;
    for (int turn = 0; turn < GST_CONVNEXT_ORIENTATION_AUTO; turn++) {
        GstConvnextJob *job =
            fill(buffer, WIDTH, HEIGHT, cases[__i__].par_n, cases[__i__].par_d, turn, NULL);
        const GstConvnextView *view = gst_convnext_job_view(job, 0);

        fail_unless_equals_int(job->width, view->network_width);
        fail_unless_equals_int(job->height, view->network_height);
        if (cases[__i__].input_width && cases[__i__].crop != GST_CONVNEXT_CROP_FIT) {
            fail_unless_equals_int(job->width, cases[__i__].input_width);
            fail_unless_equals_int(job->height, cases[__i__].input_height);
        }
        fail_unless_equals_int(job->width % 32,
                               cases[__i__].crop == GST_CONVNEXT_CROP_NONE ? job->width % 32 : 0);
        fail_unless_equals_int(view->orientation, turn);
        check_input(view, gst_convnext_job_input(job, 0), 0, 0);
        gst_convnext_job_free(job);
    }
}
GST_END_TEST;

/* A frame that is a part of the picture in memory, and objects in it. */
GST_START_TEST(test_parts)
{
    g_autoptr(GstBuffer) buffer = make_slopes();
    g_autoptr(GArray) places = g_array_new(FALSE, FALSE, sizeof(GstConvnextRect));
    const GstConvnextRect boxes[] = {{40, 20, 151, 103}, {21, 11, 200, 150}};
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);

    crop->x = 20;
    crop->y = 10;
    crop->width = 301;
    crop->height = 199;
    settings.engine.input_size = 64;
    GstConvnextJob *job = fill(buffer, 301, 199, 1, 1, GST_CONVNEXT_ORIENTATION_90L, NULL);
    check_input(gst_convnext_job_view(job, 0), gst_convnext_job_input(job, 0), 20, 10);
    gst_convnext_job_free(job);
    g_array_append_vals(places, boxes, G_N_ELEMENTS(boxes));
    job = fill(buffer, 301, 199, 1, 1, GST_CONVNEXT_ORIENTATION_IDENTITY, places);
    for (guint i = 0; i < job->n; i++)
        check_input(gst_convnext_job_view(job, i), gst_convnext_job_input(job, i), 20, 10);
    gst_convnext_job_free(job);
}
GST_END_TEST;

static void expect_refusal(const char *reason)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GstConvnextEngine) engine = gst_convnext_engine_open(&settings.engine, &error);

    fail_unless(!engine);
    fail_unless(strstr(error->message, reason), "%s", error->message);
}

/* What a crop cannot do. */
GST_START_TEST(test_refusals)
{
    settings.engine.crop = GST_CONVNEXT_CROP_NONE;
    settings.engine.input_height = 64;
    expect_refusal("with crop=none the input keeps the shape of the frame");
    settings.engine.crop = GST_CONVNEXT_CROP_FIT;
    settings.engine.region = GST_CONVNEXT_REGION_OBJECTS;
    expect_refusal("crop must not be fit");
}
GST_END_TEST;

static Suite *input_suite(void)
{
    Suite *suite = suite_create("input");
    TCase *tc = tcase_create("input");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_view, 0, G_N_ELEMENTS(cases));
    tcase_add_test(tc, test_parts);
    tcase_add_test(tc, test_refusals);
    return suite;
}

GST_CHECK_MAIN(input);
