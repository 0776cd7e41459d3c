/* How a picture of given caps is read: matrix, and the visible part.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/frame.h"

#include <gst/check/gstcheck.h>

static CnxMatrix matrix_of(GstVideoColorMatrix matrix, guint height)
{
    const GstConvnextRect whole = {0, 0, 64, (int)height};
    GstVideoInfo caps;

    gst_video_info_set_format(&caps, GST_VIDEO_FORMAT_I420, 64, height);
    caps.colorimetry.matrix = matrix;
    GstConvnextFrame *frame = gst_convnext_frame_new(&caps, 64, height, &whole, NULL);
    fail_unless(frame);
    CnxMatrix found = gst_convnext_frame_info(frame)->matrix;
    gst_convnext_frame_free(frame);
    return found;
}

/* An unknown matrix follows the height, as in GStreamer: up to 576 lines are standard definition.
 */
GST_START_TEST(test_matrix)
{
    fail_unless(matrix_of(GST_VIDEO_COLOR_MATRIX_UNKNOWN, 576) == CNX_MATRIX_BT601);
    fail_unless(matrix_of(GST_VIDEO_COLOR_MATRIX_UNKNOWN, 578) == CNX_MATRIX_BT709);
    fail_unless(matrix_of(GST_VIDEO_COLOR_MATRIX_BT601, 1080) == CNX_MATRIX_BT601);
    fail_unless(matrix_of(GST_VIDEO_COLOR_MATRIX_BT709, 480) == CNX_MATRIX_BT709);
    fail_unless(matrix_of(GST_VIDEO_COLOR_MATRIX_BT2020, 480) == CNX_MATRIX_BT2020);
}
GST_END_TEST;

/* GstVideoCropMeta is clipped to the picture, and ignored if it lies outside or is empty. */
GST_START_TEST(test_visible)
{
    static const struct {
        guint crop[4];
        GstConvnextRect visible;
    } cases[] = {
        {{10, 20, 30, 40}, {10, 20, 30, 40}}, {{600, 400, 100, 100}, {600, 400, 40, 80}},
        {{639, 479, 1, 1}, {639, 479, 1, 1}}, {{640, 0, 10, 10}, {0, 0, 640, 480}},
        {{0, 480, 10, 10}, {0, 0, 640, 480}}, {{0, 0, 0, 10}, {0, 0, 640, 480}},
        {{0, 0, 10, 0}, {0, 0, 640, 480}},
    };
    GstVideoInfo caps;

    gst_video_info_set_format(&caps, GST_VIDEO_FORMAT_GRAY8, 640, 480);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GstBuffer) buffer = gst_buffer_new();
        GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);
        const GstConvnextRect *expected = &cases[i].visible;
        GstConvnextRect visible;
        guint width, height;

        crop->x = cases[i].crop[0];
        crop->y = cases[i].crop[1];
        crop->width = cases[i].crop[2];
        crop->height = cases[i].crop[3];
        gst_convnext_frame_locate(&caps, buffer, &width, &height, &visible);
        fail_unless(visible.x == expected->x && visible.y == expected->y &&
                        visible.w == expected->w && visible.h == expected->h,
                    "case %u: %d,%d %dx%d", i, visible.x, visible.y, visible.w, visible.h);
    }
}
GST_END_TEST;

static Suite *frame_suite(void)
{
    Suite *suite = suite_create("frame");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_matrix);
    tcase_add_test(tc, test_visible);
    return suite;
}
GST_CHECK_MAIN(frame);
