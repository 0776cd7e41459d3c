/* The public library: the view of a result, and the mapping between the network's input and the
 * frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstharness.h>
#include <math.h>

#include "gst/convnext/region.h"
#include "tests/gst/support/harness.h"
#include "tests/gst/support/metas.h"

#define CAPS "video/x-raw,format=I420,width=640,height=480,framerate=25/1"

/* Of a 640x480 frame, turned by 90 degrees: 479 rows become 331 columns. */
static const GstConvnextView odd = {
    .x = 64 + 1. / 3,
    .y = 0.5,
    .width = 256.7,
    .height = 479,
    .orientation = GST_CONVNEXT_ORIENTATION_90R,
    .network_width = 352,
    .network_height = 224,
    .content_x = 7,
    .content_y = 3,
    .content_width = 331,
    .content_height = 177,
};

static void check_near(double value, double expected)
{
    fail_unless(fabs(value - expected) < 1e-9, "%.12f, expected %.12f", value, expected);
}

/* A corner of the content, as fractions of its width and height, is this corner of the frame. */
static void check_corner(const GstConvnextView *view, double fx, double fy, double x, double y)
{
    double at_x = view->content_x + fx * view->content_width;
    double at_y = view->content_y + fy * view->content_height;

    gst_convnext_view_to_frame(view, &at_x, &at_y);
    check_near(at_x, view->x + x * view->width);
    check_near(at_y, view->y + y * view->height);
}

/* Where the frame has the upper left and the upper right corner of the input. */
static const struct {
    double left_x, left_y, right_x, right_y;
} corners[] = {
    [GST_CONVNEXT_ORIENTATION_IDENTITY] = {0, 0, 1, 0},
    [GST_CONVNEXT_ORIENTATION_90R] = {0, 1, 0, 0},
    [GST_CONVNEXT_ORIENTATION_180] = {1, 1, 0, 1},
    [GST_CONVNEXT_ORIENTATION_90L] = {1, 0, 1, 1},
    [GST_CONVNEXT_ORIENTATION_HORIZ] = {1, 0, 0, 0},
    [GST_CONVNEXT_ORIENTATION_VERT] = {0, 1, 1, 1},
    [GST_CONVNEXT_ORIENTATION_UL_LR] = {0, 0, 0, 1},
    [GST_CONVNEXT_ORIENTATION_UR_LL] = {1, 1, 1, 0},
};

GST_START_TEST(test_corners)
{
    GstConvnextView view = odd;

    view.orientation = __i__;
    check_corner(&view, 0, 0, corners[__i__].left_x, corners[__i__].left_y);
    check_corner(&view, 1, 0, corners[__i__].right_x, corners[__i__].right_y);
    check_corner(&view, 1, 1, 1 - corners[__i__].left_x, 1 - corners[__i__].left_y);
}
GST_END_TEST;

/* There and back is where it was, in the padding and outside too, and so is a box. */
GST_START_TEST(test_inverse)
{
    GstConvnextView view = odd;

    view.orientation = __i__;
    for (double x = -40; x < 800; x += 12.34)
        for (double y = -40; y < 600; y += 21.7) {
            double at_x = x, at_y = y, width = 100.25, height = 3;

            gst_convnext_view_to_network(&view, &at_x, &at_y);
            gst_convnext_view_to_frame(&view, &at_x, &at_y);
            check_near(at_x, x);
            check_near(at_y, y);
            gst_convnext_view_box_to_frame(&view, &at_x, &at_y, &width, &height);
            fail_unless(width > 0 && height > 0);
            gst_convnext_view_box_to_network(&view, &at_x, &at_y, &width, &height);
            check_near(at_x, x);
            check_near(at_y, y);
            check_near(width, 100.25);
            check_near(height, 3);
        }
}
GST_END_TEST;

/* However the frame has been turned and scaled since, the network saw the same point. */
GST_START_TEST(test_follow)
{
    static const double m[][2][3] = {
        {{1, 0, 0}, {0, 1, 0}},    {{0.5, 0, 3}, {0, 2, -7}},    {{-1, 0, 640}, {0, 1, 0}},
        {{1, 0, 0}, {0, -1, 480}}, {{-1, 0, 640}, {0, -1, 480}}, {{0, -1, 480}, {1, 0, 0}},
        {{0, 1, 0}, {-1, 0, 640}}, {{0, 1, 0}, {1, 0, 0}},       {{0, -3, 480}, {-0.25, 0, 640}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(m); i++) {
        GstConvnextView before = odd, after;
        double x = 123.4, y = 56.7;
        double to_x = m[i][0][0] * x + m[i][0][1] * y + m[i][0][2];
        double to_y = m[i][1][0] * x + m[i][1][1] * y + m[i][1][2];
        GstConvnextChange change;

        memcpy(change.matrix, m[i], sizeof(change.matrix));
        before.orientation = __i__;
        after = before;
        gst_convnext_view_follow(&after, &change);
        gst_convnext_view_to_network(&before, &x, &y);
        gst_convnext_view_to_network(&after, &to_x, &to_y);
        check_near(to_x, x);
        check_near(to_y, y);
    }
}
GST_END_TEST;

/* A view that cannot map points is refused. */
GST_START_TEST(test_invalid)
{
    g_autoptr(GstConvnextResult) result = gst_convnext_result_new("tiny", 0);
    GstConvnextView view = {0};
    double x = 1, y = 2;

    fail_if(gst_convnext_result_get_view(result, &view));
    fail_if(gst_convnext_view_is_valid(NULL));
    ASSERT_CRITICAL(gst_convnext_view_to_frame(&view, &x, &y));
    view = odd;
    view.width = NAN;
    ASSERT_CRITICAL(gst_convnext_result_set_view(result, &view));
    view = odd;
    view.content_x = 352 - 331 + 1;
    ASSERT_CRITICAL(gst_convnext_result_set_view(result, &view));
    view = odd;
    view.orientation = GST_CONVNEXT_ORIENTATION_AUTO;
    ASSERT_CRITICAL(gst_convnext_result_set_view(result, &view));
    fail_unless(gst_convnext_view_is_valid(&odd));
}
GST_END_TEST;

static GstConvnextResult *make_viewed(void)
{
    GstConvnextResult *result = make_result("tiny");

    gst_convnext_result_set_view(result, &odd);
    return result;
}

/* The point (100.5, 200.25) of the first frame, moved to (x, y), is where the network saw it. */
static void check_point(GstBuffer *frame, guint width, guint height, double x, double y)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);
    GstConvnextView view;
    double seen_x = 100.5, seen_y = 200.25;

    fail_unless(gst_buffer_get_convnext_view(frame, meta, width, height, &view));
    fail_if(gst_buffer_get_convnext_view(frame, meta, width + 1, height, &view));
    gst_convnext_view_to_network(&odd, &seen_x, &seen_y);
    gst_convnext_view_to_network(&view, &x, &y);
    check_near(x, seen_x);
    check_near(y, seen_y);
}

static const struct {
    const char *launch;
    guint width, height;
} elements[] = {
    {"videobalance contrast=0.5", 640, 480},
    {"videoscale", 427, 961},
    {"videoscale ! video/x-raw,width=31,height=17 ! videoscale", 333, 500},
    {"tee name=t ! queue ! fakesink async=false sync=false t. ! queue ! videoscale", 320, 240},
};

/* The view follows the frame. */
GST_START_TEST(test_elements)
{
    const guint width = elements[__i__].width, height = elements[__i__].height;
    g_autoptr(GstConvnextResult) result = make_viewed();
    g_autoptr(GstHarness) harness = gst_harness_new_parse(elements[__i__].launch);
    g_autofree char *caps =
        g_strdup_printf("video/x-raw,format=I420,width=%u,height=%u,framerate=25/1", width, height);

    gst_harness_set_src_caps_str(harness, CAPS);
    gst_harness_set_sink_caps_str(harness, caps);
    fail_unless_equals_int(gst_harness_push(harness, make_frame(result, 7)), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(harness);
    g_autoptr(GstBuffer) copy = gst_buffer_copy(out);
    check_point(out, width, height, 100.5 * width / 640, 200.25 * height / 480);
    check_point(copy, width, height, 100.5 * width / 640, 200.25 * height / 480);
}
GST_END_TEST;

/* It follows a crop, beyond the edge of the frame too. */
GST_START_TEST(test_crop)
{
    g_autoptr(GstConvnextResult) result = make_viewed();
    g_autoptr(GstHarness) harness = gst_harness_new_parse("videocrop left=128 top=100");

    gst_harness_add_propose_allocation_meta(harness, GST_VIDEO_META_API_TYPE, NULL);
    gst_harness_add_propose_allocation_meta(harness, GST_VIDEO_CROP_META_API_TYPE, NULL);
    gst_harness_set_src_caps_str(harness, CAPS);
    fail_unless_equals_int(gst_harness_push(harness, make_frame(result, 7)), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(harness);
    check_point(out, 512, 380, 100.5 - 128, 200.25 - 100);
}
GST_END_TEST;

static const struct {
    const char *launch;
    guint width, height;
    double x, y; /* of the point (100.5, 200.25) */
} changes[] = {
    {"videoflip video-direction=horiz", 640, 480, 640 - 100.5, 200.25},
    {"videoflip video-direction=180", 640, 480, 640 - 100.5, 480 - 200.25},
    {"videoflip video-direction=90r", 480, 640, 480 - 200.25, 100.5},
    {"videoflip video-direction=90l", 480, 640, 200.25, 640 - 100.5},
    {"videocrop left=32 top=16", 608, 464, 100.5 - 32, 200.25 - 16},
    {"videoscale ! capsfilter caps=video/x-raw,width=320,height=320,pixel-aspect-ratio=1/1", 320,
     320, 100.5 / 2, 40 + 200.25 / 2},
};

/* From GStreamer 1.28 on, elements tell how they turn the frame, or where they put it. */
GST_START_TEST(test_turned)
{
    g_autoptr(GstConvnextResult) result = make_viewed();
    g_autoptr(GstHarness) harness = gst_harness_new_parse(changes[__i__].launch);
    guint major, minor, micro, nano;
    GstConvnextView view;

    gst_harness_set_src_caps_str(harness, CAPS);
    fail_unless_equals_int(gst_harness_push(harness, make_frame(result, 7)), GST_FLOW_OK);
    g_autoptr(GstBuffer) out = gst_harness_pull(harness);
    gst_version(&major, &minor, &micro, &nano);
    if (major == 1 && minor < 28)
        fail_if(gst_buffer_get_convnext_view(out, gst_buffer_get_convnext_meta(out),
                                             changes[__i__].width, changes[__i__].height, &view));
    else
        check_point(out, changes[__i__].width, changes[__i__].height, changes[__i__].x,
                    changes[__i__].y);
}
GST_END_TEST;

/* A carried result follows its object, which has moved and grown. */
GST_START_TEST(test_object)
{
    g_autoptr(GstConvnextResult) result = make_viewed();
    g_autoptr(GstBuffer) frame = make_frame(result, 0);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);

    meta->x = 74; /* from 64, 48, 256 x 240 */
    meta->y = 40;
    meta->width = 512;
    check_point(frame, 640, 480, 74 + (100.5 - 64) * 2, 200.25 - 8);
    g_autoptr(GstBuffer) copy = gst_buffer_copy(frame);
    check_point(copy, 640, 480, 74 + (100.5 - 64) * 2, 200.25 - 8);
}
GST_END_TEST;

/* Without a region there is no view, and without a view none is made up. */
GST_START_TEST(test_unknown)
{
    g_autoptr(GstConvnextResult) viewed = make_viewed();
    g_autoptr(GstConvnextResult) plain = make_result("tiny");
    g_autoptr(GstBuffer) frame = make_frame(viewed, 0);
    g_autoptr(GstBuffer) other = make_frame(plain, 0);
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(frame);
    GstConvnextView view;

    meta->width = 0;
    fail_if(gst_buffer_get_convnext_view(frame, meta, 640, 480, &view));
    meta = gst_buffer_get_convnext_meta(other);
    fail_if(gst_buffer_get_convnext_view(other, meta, 640, 480, &view));
}
GST_END_TEST;

static Suite *view_suite(void)
{
    const int orientations = GST_CONVNEXT_ORIENTATION_AUTO;
    Suite *suite = suite_create("view");
    TCase *tc = tcase_create("view");

    suite_add_tcase(suite, tc);
    tcase_add_loop_test(tc, test_corners, 0, orientations);
    tcase_add_loop_test(tc, test_inverse, 0, orientations);
    tcase_add_loop_test(tc, test_follow, 0, orientations);
    tcase_add_test(tc, test_invalid);
    tcase_add_loop_test(tc, test_elements, 0, G_N_ELEMENTS(elements));
    tcase_add_test(tc, test_crop);
    tcase_add_loop_test(tc, test_turned, 0, G_N_ELEMENTS(changes));
    tcase_add_test(tc, test_object);
    tcase_add_test(tc, test_unknown);
    return suite;
}

GST_CHECK_MAIN(view);
