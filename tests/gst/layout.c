/* Masks in the network's input and in the frame: the padding is cut off, and what a turned frame
 * shows is turned back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/layout.h"

#include <gst/check/gstcheck.h>

#include "gst/results/turn.h"

#define WIDTH 7 /* of the mask as the network sees it */
#define HEIGHT 5

/* A frame whose pixels the network sees one to one, turned, with 2 columns and 1 row of padding. */
static GstConvnextView view_of(GstConvnextOrientation orientation)
{
    const gboolean swaps = gst_convnext_swaps_sides(orientation);

    return (GstConvnextView){.width = swaps ? HEIGHT : WIDTH,
                             .height = swaps ? WIDTH : HEIGHT,
                             .orientation = orientation,
                             .network_width = WIDTH + 2,
                             .network_height = HEIGHT + 1,
                             .content_x = 1,
                             .content_width = WIDTH,
                             .content_height = HEIGHT};
}

/* Each pixel of the frame has the value that the network gives the point where it sees it. */
GST_START_TEST(test_turns)
{
    for (guint o = 0; o < GST_CONVNEXT_ORIENTATION_AUTO; o++) {
        const GstConvnextView view = view_of((GstConvnextOrientation)o);
        const GstConvnextLayout layout =
            gst_convnext_layout_of(&view, GST_CONVNEXT_MASK_SIZE_NETWORK, 0, 0);
        guint8 whole[(HEIGHT + 1) * (WIDTH + 2)], mask[HEIGHT * WIDTH];
        guint16 wide[(HEIGHT + 1) * (WIDTH + 2)], wide_mask[HEIGHT * WIDTH];

        for (guint i = 0; i < sizeof whole; i++)
            wide[i] = whole[i] = (guint8)i;
        fail_unless_equals_int(layout.width, (guint)view.width);
        fail_unless_equals_int(layout.height, (guint)view.height);
        fail_unless(!gst_convnext_layout_is_plain(&layout));
        const guint content = layout.y * layout.whole_width + layout.x;
        gst_convnext_turn_back(mask, layout.width, layout.height, whole + content,
                               layout.whole_width, 1, layout.orientation);
        gst_convnext_turn_back(wide_mask, layout.width, layout.height, wide + content,
                               layout.whole_width, 2, layout.orientation);
        for (guint row = 0; row < layout.height; row++)
            for (guint column = 0; column < layout.width; column++) {
                double x = column + 0.5, y = row + 0.5;

                gst_convnext_view_to_network(&view, &x, &y);
                const guint expected = (guint)y * layout.whole_width + (guint)x;
                fail_unless_equals_int(mask[row * layout.width + column], expected);
                fail_unless_equals_int(wide_mask[row * layout.width + column], expected);
            }
    }
}
GST_END_TEST;

/* The mask of a frame at its own size covers it exactly; a coarse mask with padding covers what its
 * pixels show, within a pixel of the mask. */
GST_START_TEST(test_rects)
{
    const GstConvnextView fit = {.width = 1333,
                                 .height = 801,
                                 .network_width = 512,
                                 .network_height = 512,
                                 .content_y = 102,
                                 .content_width = 512,
                                 .content_height = 308};
    const GstConvnextLayout frame =
        gst_convnext_layout_of(&fit, GST_CONVNEXT_MASK_SIZE_FRAME, 128, 128);
    const GstConvnextLayout coarse =
        gst_convnext_layout_of(&fit, GST_CONVNEXT_MASK_SIZE_STRIDE, 128, 128);

    fail_unless_equals_int(frame.width, 1333);
    fail_unless(frame.height >= 800 && frame.height <= 802, "%u", frame.height);
    fail_unless(frame.rect.x == 0 && frame.rect.w == 1333);
    fail_unless(ABS(frame.rect.y) <= 1 && ABS(frame.rect.h - 801) <= 1);
    fail_unless_equals_int(coarse.width, 128);
    fail_unless_equals_int(coarse.height, 77);
    fail_unless_equals_int(coarse.y, 25);
    fail_unless(ABS(coarse.rect.y) <= 11 && ABS(coarse.rect.h - 801) <= 11);
}
GST_END_TEST;

static Suite *layout_suite(void)
{
    Suite *s = suite_create("layout");
    TCase *tc = tcase_create("all");

    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_turns);
    tcase_add_test(tc, test_rects);
    return s;
}

GST_CHECK_MAIN(layout);
