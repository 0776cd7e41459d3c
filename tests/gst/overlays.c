/* GStreamer's own overlays paint what the elements find: objectdetectionoverlay (1.24) the boxes,
 * segmentationoverlay (1.28) the masks. Without these elements there is nothing to check.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "tests/gst/support/heads.h"

#define CAPS "video/x-raw,format=RGB,width=160,height=120,framerate=25/1"
#define DETECT                                                                             \
    "convnextdetect threads=1 min-size=64 max-size=96 score-threshold=0.02 max-objects=2 " \
    "model=" DETECTOR
/* The overlay has as many colours as its hint says. */
#define OVERLAY                                                  \
    "convnextsegment threads=1 mask-size=frame model=" SEGMENTER \
    " ! segmentationoverlay hint-maximum-segment-type=12"

/* Frames before and behind an overlay, and which pixels differ. */
typedef struct Painted {
    GstBuffer *out;
    guint8 changed[120][160];
} Painted;

static void painted_clear(Painted *painted)
{
    gst_clear_buffer(&painted->out);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Painted, painted_clear)

static void paint(Painted *painted, const char *launch)
{
    g_autoptr(GstHarness) h = heads_harness(launch, CAPS);
    GstBuffer *frame = frames_new(CAPS, FRAME_COLOURS, 0);
    g_autoptr(GstBuffer) before = gst_buffer_copy_deep(frame);
    GstMapInfo a, b;

    painted->out = frames_process(h, frame);
    fail_unless(gst_buffer_map(before, &a, GST_MAP_READ) &&
                gst_buffer_map(painted->out, &b, GST_MAP_READ) && a.size == b.size);
    for (guint y = 0; y < 120; y++)
        for (guint x = 0; x < 160; x++)
            painted->changed[y][x] =
                memcmp(a.data + 480 * y + 3 * x, b.data + 480 * y + 3 * x, 3) != 0;
    gst_buffer_unmap(before, &a);
    gst_buffer_unmap(painted->out, &b);
}

static gboolean has_element(const char *name)
{
    g_autoptr(GstElementFactory) factory = gst_element_factory_find(name);

    return factory != NULL;
}

/* The distance of a pixel's centre from the outline of a box, or more than that. */
static double distance(const GstConvnextDetectedObject *object, guint x, guint y)
{
    const double across = x + 0.5 - (double)object->x, down = y + 0.5 - (double)object->y;
    const double right = across - (double)object->width, bottom = down - (double)object->height;
    const double beside = MAX(MAX(-across, right), MAX(-down, bottom));

    if (beside > 0)
        return beside;
    return MIN(MIN(across, -right), MIN(down, -bottom));
}

/* An outline around each object, and nothing else. */
GST_START_TEST(test_boxes)
{
    g_auto(Painted) painted = {NULL};
    guint n;

    if (!has_element("objectdetectionoverlay"))
        return;
    paint(&painted, DETECT " ! objectdetectionoverlay draw-labels=false");
    const GstConvnextDetectedObject *objects =
        gst_convnext_result_get_objects(frames_result(painted.out), &n);
    fail_unless_equals_int(n, 2);
    for (guint i = 0; i < n; i++) {
        const GstConvnextDetectedObject *object = &objects[i];
        guint near = 0;

        for (guint y = 0; y < 120; y++)
            for (guint x = 0; x < 160; x++)
                near += painted.changed[y][x] && distance(object, x, y) < 4;
        fail_unless(near > object->width + object->height, "%u pixels around object %u", near, i);
    }
    for (guint y = 0; y < 120; y++)
        for (guint x = 0; x < 160; x++)
            fail_if(painted.changed[y][x] && distance(&objects[0], x, y) >= 4 &&
                        distance(&objects[1], x, y) >= 4,
                    "%u,%u is painted", x, y);
}
GST_END_TEST;

/* All classes, which cover the frame, or only the first one. */
GST_START_TEST(test_mask)
{
    g_auto(Painted) all = {NULL};
    g_auto(Painted) one = {NULL};
    guint n, wrong = 0;

    if (!has_element("segmentationoverlay"))
        return;
    paint(&all, OVERLAY);
    GstConvnextSegmentation *mask = gst_convnext_result_get_segmentation(frames_result(all.out));
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(mask, &n);
    g_autofree char *launch = g_strdup_printf(OVERLAY " selected-types=\"%s\"", segments[0].label);
    paint(&one, launch);
    fail_unless(n > 1, "one class only");
    for (guint y = 0; y < 120; y++)
        for (guint x = 0; x < 160; x++) {
            const guint value = gst_convnext_segmentation_get_value(mask, x, y);

            wrong += !all.changed[y][x];
            wrong += one.changed[y][x] != (value == segments[0].index + 1);
        }
    fail_unless(wrong < 160 * 120 / 100, "%u pixels", wrong); /* a colour may be the pixel's own */
}
GST_END_TEST;

static Suite *overlays_suite(void)
{
    Suite *s = suite_create("overlays");
    TCase *tc = tcase_create("all");

    suite_add_tcase(s, tc);
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, test_boxes);
    tcase_add_test(tc, test_mask);
    return s;
}

GST_CHECK_MAIN(overlays);
