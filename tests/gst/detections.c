/* Which regions of interest become objects, where they lie, and their ids, at the limits of each
 * rule.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/detections.h"

#include <gst/check/gstcheck.h>

static GstVideoInfo caps;
static GstConvnextSelection selection;
static GArray *found;
static GstBuffer *buffer;

static void setup(void)
{
    gst_video_info_set_format(&caps, GST_VIDEO_FORMAT_GRAY8, 640, 480);
    selection = (GstConvnextSelection){.interval = 1};
    found = g_array_new(FALSE, FALSE, sizeof(GstConvnextDetection));
}

static void teardown(void)
{
    g_array_unref(found);
    gst_clear_buffer(&buffer);
}

/* Finds the objects of a frame with this region. NULL if there is none. */
static const GstConvnextDetection *find(guint x, guint y, guint w, guint h, int id,
                                        const GstConvnextRect *crop)
{
    gst_clear_buffer(&buffer);
    buffer = gst_buffer_new();
    gst_buffer_add_video_region_of_interest_meta(buffer, "car", x, y, w, h)->id = id;
    if (crop) {
        GstVideoCropMeta *meta = gst_buffer_add_video_crop_meta(buffer);

        meta->x = (guint)crop->x;
        meta->y = (guint)crop->y;
        meta->width = (guint)crop->w;
        meta->height = (guint)crop->h;
    }
    gst_convnext_detections_find(found, buffer, &caps, &selection);
    fail_unless(found->len <= 1);
    return found->len > 0 ? &g_array_index(found, GstConvnextDetection, 0) : NULL;
}

static void expect_place(const GstConvnextDetection *d, int x, int y, int w, int h)
{
    const GstConvnextRect *place = &d->place;

    fail_unless(place->x == x && place->y == y && place->w == w && place->h == h,
                "%d,%d %dx%d, expected %d,%d %dx%d", place->x, place->y, place->w, place->h, x, y,
                w, h);
}

/* The shorter side, without the margin, must be at least the limit. */
GST_START_TEST(test_size)
{
    selection.min_size = 20;
    fail_unless(find(10, 10, 20, 30, 0, NULL) != NULL);
    fail_unless(find(10, 10, 30, 20, 0, NULL) != NULL);
    fail_unless(find(10, 10, 19, 30, 0, NULL) == NULL);
    fail_unless(find(630, 10, 20, 30, 0, NULL) == NULL); /* 10 of its columns are visible */
    selection.margin = 1;
    fail_unless(find(10, 10, 19, 30, 0, NULL) == NULL);
}
GST_END_TEST;

/* A margin is rounded to the nearest pixel. */
GST_START_TEST(test_margin)
{
    selection.margin = 0.25;
    expect_place(find(100, 100, 10, 9, 0, NULL), 97, 98, 16, 13); /* 2.5, 2.25 */
    expect_place(find(0, 470, 10, 20, 0, NULL), 0, 465, 13, 15);
}
GST_END_TEST;

/* A displayed aspect ratio of 64 is too thin. */
GST_START_TEST(test_thin)
{
    fail_unless(find(0, 0, 639, 10, 0, NULL) != NULL);
    fail_unless(find(0, 0, 640, 10, 0, NULL) == NULL);
    GST_VIDEO_INFO_PAR_D(&caps) = 2; /* half as wide */
    fail_unless(find(0, 0, 640, 10, 0, NULL) != NULL);
    fail_unless(find(0, 0, 640, 5, 0, NULL) == NULL);
    fail_unless(find(0, 0, 4, 127, 0, NULL) != NULL);
    fail_unless(find(0, 0, 4, 128, 0, NULL) == NULL);
    fail_unless(find(0, 0, 1, 20, 0, NULL) == NULL);
}
GST_END_TEST;

/* An id of 0 may be unset. */
GST_START_TEST(test_ids)
{
    const GstConvnextDetection *d = find(10, 10, 20, 30, 0, NULL);

    fail_unless(d->tracker == GST_CONVNEXT_TRACKER_NONE);
    fail_unless_equals_int(d->object.id, -1);
    d = find(10, 10, 20, 30, 1, NULL);
    fail_unless(d->tracker == GST_CONVNEXT_TRACKER_REGION);
    fail_unless_equals_int(d->object.id, 1);
    fail_unless_equals_uint64(d->tracking_id, 1);
}
GST_END_TEST;

/* The visible part of the picture limits objects; a part that lies outside it is ignored. */
GST_START_TEST(test_crop)
{
    const GstConvnextRect right = {600, 0, 100, 480}, outside = {640, 0, 10, 10};
    const GstConvnextDetection *d = find(590, 10, 100, 100, 0, &right);

    expect_place(d, 600, 10, 40, 100);
    fail_unless_equals_int(d->object.rect.x, 0);
    fail_unless_equals_int(d->object.rect.w, 640);
    expect_place(find(590, 10, 100, 100, 0, &outside), 590, 10, 50, 100);
}
GST_END_TEST;

static Suite *detections_suite(void)
{
    Suite *suite = suite_create("detections");
    TCase *tc = tcase_create("all");

    suite_add_tcase(suite, tc);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_size);
    tcase_add_test(tc, test_margin);
    tcase_add_test(tc, test_thin);
    tcase_add_test(tc, test_ids);
    tcase_add_test(tc, test_crop);
    return suite;
}
GST_CHECK_MAIN(detections);
