/* The value of the property roi: which texts it takes, and which pixels it names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "gst/settings/roi.h"
#include "model/base/error.h"

GST_START_TEST(test_pixels)
{
    static const struct {
        const char *text;
        int width, height;
        GstConvnextRect rect;
    } cases[] = {
        {"10,20,30,40", 100, 100, {10, 20, 30, 40}},
        {"0,0,100,50", 100, 50, {0, 0, 100, 50}},
        {" 1 , 2,\t3 ,4 ", 100, 50, {1, 2, 3, 4}},
        {"1e1,0,2e1,30", 100, 50, {10, 0, 20, 30}},
        {"99,49,1,1.0e0", 100, 50, {99, 49, 1, 1}},
        {"0,0,1,1", 100, 50, {0, 0, 100, 50}},
        {"0.5,0.5,0.5,0.5", 100, 50, {50, 25, 50, 25}},
        {"0.25,0,0.5,1", 101, 51, {25, 0, 51, 51}},
        {"0.7,0,0.3,1", 100, 50, {70, 0, 30, 50}},
        {"0.999,0.999,0.001,0.001", 10, 10, {9, 9, 1, 1}},
        {"0,0,1e-9,1e-9", 10, 10, {0, 0, 1, 1}},
        {"0,0,1,1", 1, 1, {0, 0, 1, 1}},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstConvnextRoi roi = {0};
        GstConvnextRect rect;
        GError *error = NULL;

        fail_unless(gst_convnext_roi_parse(cases[i].text, &roi, &error), "%s", cases[i].text);
        fail_unless(gst_convnext_roi_is_set(&roi));
        fail_unless(gst_convnext_roi_locate(&roi, cases[i].width, cases[i].height, &rect, &error));
        fail_unless(!memcmp(&rect, &cases[i].rect, sizeof rect), "%s: %d,%d %dx%d", cases[i].text,
                    rect.x, rect.y, rect.w, rect.h);
    }
}
GST_END_TEST;

/* Thirds of a frame cover it without gaps, whatever its size. */
GST_START_TEST(test_adjacent)
{
    for (int width = 3; width < 200; width++) {
        GstConvnextRoi third = {0};
        int end = 0;

        for (int i = 0; i < 3; i++) {
            GstConvnextRect rect;

            third = (GstConvnextRoi){i / 3.0, 0, 1 / 3.0, 1};
            fail_unless(gst_convnext_roi_locate(&third, width, 2, &rect, NULL));
            fail_unless_equals_int(rect.x, end);
            end = rect.x + rect.w;
        }
        fail_unless_equals_int(end, width);
    }
}
GST_END_TEST;

GST_START_TEST(test_refused)
{
    static const char *const cases[][2] = {
        {"1,2,3", "expected x,y,w,h"},
        {"1,2,3,4,5", "expected x,y,w,h"},
        {"1;2;3;4", "expected x,y,w,h"},
        {"0,5,0,5,1,1", "expected x,y,w,h"}, /* decimal commas */
        {"a,b,c,d", "expected x,y,w,h"},
        {"1,2,3,", "expected x,y,w,h"},
        {"1,2,3,4x", "expected x,y,w,h"},
        {"1,2,3 3,4", "expected x,y,w,h"},
        {"0x10,0,16,16", "expected x,y,w,h"},
        {"nan,0,1,1", "expected x,y,w,h"},
        {"0,0,inf,1", "expected x,y,w,h"},
        {"0,0,1e999,1", "expected x,y,w,h"},
        {"\xff\xfe,0,1,1", "expected x,y,w,h"},
        {"-1,0,10,10", "must not be negative"},
        {"0,-0.5,1,1", "must not be negative"},
        {"0,0,0,0", "must be positive"},
        {"0,0,10,-1", "must be positive"},
        {"0.5,0,0.6,1", "must not reach beyond the frame"},
        {"1,1,1,1", "must not reach beyond the frame"},
        {"0.5,0,100,100", "must be whole numbers"},
        {"0,0,1.5,1", "must be whole numbers"},
        {"0,0,1e18,10", "must be whole numbers"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        GstConvnextRoi roi = {1, 2, 3, 4};
        g_autoptr(GError) error = NULL;

        fail_if(gst_convnext_roi_parse(cases[i][0], &roi, &error), "%s", cases[i][0]);
        fail_unless(g_error_matches(error, CNX_ERROR, CNX_ERROR_SETTINGS));
        fail_unless(g_str_has_prefix(error->message, "roi is \""), "%s", error->message);
        fail_unless(strstr(error->message, cases[i][1]), "%s", error->message);
        fail_unless(g_utf8_validate(error->message, -1, NULL));
        fail_unless(roi.x == 1 && roi.h == 4, "%s changes the value", cases[i][0]);
    }
    g_autofree char *longest = g_strnfill(10 << 10, '7');
    g_autoptr(GError) error = NULL;
    GstConvnextRoi roi;
    fail_if(gst_convnext_roi_parse(longest, &roi, &error));
    fail_unless(strlen(error->message) < 400);
}
GST_END_TEST;

GST_START_TEST(test_outside)
{
    static const GstConvnextRoi outside[] = {
        {90, 0, 11, 10}, {0, 41, 10, 10}, {G_MAXINT, 0, 2, 2}, {0, 0, 101, 1}};
    GstConvnextRect rect;

    for (guint i = 0; i < G_N_ELEMENTS(outside); i++) {
        g_autoptr(GError) error = NULL;

        fail_if(gst_convnext_roi_locate(&outside[i], 100, 50, &rect, &error));
        fail_unless(g_error_matches(error, CNX_ERROR, CNX_ERROR_SETTINGS));
        fail_unless(strstr(error->message, "is not inside frames of 100 x 50 pixels"));
    }
}
GST_END_TEST;

/* No text means the whole frame. */
GST_START_TEST(test_unset)
{
    static const char *const texts[] = {NULL, ""};

    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        GstConvnextRoi roi = {1, 2, 3, 4};

        fail_unless(gst_convnext_roi_parse(texts[i], &roi, NULL));
        fail_if(gst_convnext_roi_is_set(&roi));
    }
}
GST_END_TEST;

static Suite *roi_suite(void)
{
    Suite *suite = suite_create("roi");
    TCase *tc = tcase_create("roi");

    suite_add_tcase(suite, tc);
    tcase_add_test(tc, test_pixels);
    tcase_add_test(tc, test_adjacent);
    tcase_add_test(tc, test_refused);
    tcase_add_test(tc, test_outside);
    tcase_add_test(tc, test_unset);
    return suite;
}

GST_CHECK_MAIN(roi)
