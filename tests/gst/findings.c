/* The public library: segmentation and detected objects of a result, and their legend.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <gst/video/video.h>

#include "tests/gst/support/findings.h"
#include "tests/gst/support/metas.h"

/* A result with the segmentation of the support. */
static GstConvnextResult *make_segmented(void)
{
    GstConvnextResult *result = findings_new();

    findings_segment(result);
    return result;
}

static void check_rect(const GstConvnextRect *rect, int x, int y, int w, int h)
{
    fail_unless(rect->x == x && rect->y == y && rect->w == w && rect->h == h,
                "found %d,%d %dx%d, expected %d,%d %dx%d", rect->x, rect->y, rect->w, rect->h, x, y,
                w, h);
}

/* Labels and colours: ADE20K's with 150 classes, the model's if it has some, else VOC's. */
GST_START_TEST(test_legend)
{
    const guint8 own[] = {1, 2, 3, 250, 251, 252};
    g_autoptr(GstConvnextLegend) voc = gst_convnext_legend_new(3, findings_labels, NULL);
    g_autoptr(GstConvnextLegend) ade = gst_convnext_legend_new(150, NULL, NULL);
    g_autoptr(GstConvnextLegend) model = gst_convnext_legend_new(2, NULL, own);
    const GQuark *quarks = gst_convnext_legend_get_quarks(voc);

    fail_unless_equals_int(gst_convnext_legend_get_n_classes(voc), 3);
    fail_unless_equals_string(gst_convnext_legend_get_label(voc, 2), "car");
    fail_unless(!gst_convnext_legend_get_label(voc, 3));
    fail_unless(!gst_convnext_legend_get_label(ade, 0));
    fail_unless_equals_string(g_quark_to_string(quarks[0]), "background");
    fail_unless_equals_string(g_quark_to_string(quarks[3]), "car");
    fail_unless_equals_string(g_quark_to_string(gst_convnext_legend_get_quarks(ade)[150]), "149");

    /* The VOC palette begins with aeroplane, bicycle, bird. */
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(voc, 0), 0x800000);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(voc, 1), 0x008000);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(voc, 2), 0x808000);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(voc, 3), 0);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(ade, 0), 0x787878);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(ade, 12), 0x96053d);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(ade, 149), 0x5c00ff);
    fail_unless_equals_int_hex(gst_convnext_legend_get_colour(model, 1), 0xfafbfc);
    GstConvnextLegend *refused = model;
    ASSERT_CRITICAL(refused = gst_convnext_legend_new(0, NULL, NULL));
    fail_unless(!refused);
    ASSERT_CRITICAL(refused = gst_convnext_legend_new(65536, NULL, NULL));
    fail_unless(!refused);
}
GST_END_TEST;

/* Segments are found in the mask: shares of the frame, boxes in its pixels, largest first. */
GST_START_TEST(test_segmentation)
{
    g_autoptr(GstConvnextResult) result = make_segmented();
    GstConvnextSegmentation *s = gst_convnext_result_get_segmentation(result);
    guint width, height, bits, n;
    GstConvnextRect rect;

    gst_convnext_segmentation_get_size(s, &width, &height, &bits);
    fail_unless(width == FINDINGS_WIDTH && height == FINDINGS_HEIGHT && bits == 8);
    gst_convnext_segmentation_get_rect(s, &rect);
    check_rect(&rect, 20, 30, 300, 200);
    fail_unless(
        memcmp(gst_convnext_segmentation_get_data(s), findings_mask, sizeof(findings_mask)) == 0);
    fail_unless_equals_int(gst_convnext_segmentation_get_value(s, 5, 2), 2);
    ASSERT_CRITICAL(gst_convnext_segmentation_get_value(s, 6, 2));
    fail_unless_equals_string(gst_convnext_segmentation_get_label(s, 2), "sky");
    fail_unless(!gst_convnext_segmentation_get_label(s, 0));

    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(s, &n);
    fail_unless_equals_int(n, 2);
    fail_unless_equals_int(segments[0].index, 1);
    fail_unless_equals_string(segments[0].label, "sky");
    fail_unless(segments[0].share == 9 * 2500 / (400.f * 300)); /* not of the mask */
    check_rect(&segments[0].box, 120, 30, 200, 150);
    fail_unless_equals_int(segments[1].index, 0);
    fail_unless(segments[1].share == 2 * 2500 / (400.f * 300));
    check_rect(&segments[1].box, 70, 130, 100, 50);

    g_autoptr(GBytes) bytes = gst_convnext_segmentation_get_bytes(s);
    GList *list = gst_convnext_segmentation_list_segments(s);
    g_clear_pointer(&result, gst_convnext_result_unref);
    fail_unless(memcmp(g_bytes_get_data(bytes, NULL), findings_mask, sizeof(findings_mask)) == 0);
    fail_unless_equals_string(((GstConvnextSegment *)list->next->data)->label, "road");
    g_list_free_full(list, (GDestroyNotify)gst_convnext_segment_free);
}
GST_END_TEST;

/* A mask of 16 bits; boxes are rounded outward and clipped to the frame. */
GST_START_TEST(test_wide_mask)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(300, NULL, NULL);
    g_autoptr(GstConvnextResult) result = findings_new();
    const guint16 values[] = {GUINT16_TO_LE(300), 0, GUINT16_TO_LE(300), GUINT16_TO_LE(44)};
    const GstConvnextRect rect = {-2, 1, 13, 7};
    guint n;

    gst_convnext_result_set_frame_size(result, 10, 8);
    fail_unless(gst_convnext_result_set_segmentation(
        result, findings_memory(values, sizeof(values)), 2, 2, 16, &rect, legend));
    GstConvnextSegmentation *s = gst_convnext_result_get_segmentation(result);
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(s, &n);
    fail_unless_equals_int(n, 2);
    fail_unless_equals_int(segments[0].index, 299);
    check_rect(&segments[0].box, 0, 1, 5, 7);
    fail_unless_equals_int(segments[1].index, 43);
    check_rect(&segments[1].box, 4, 4, 6, 4);
    fail_unless_equals_int(gst_convnext_segmentation_get_value(s, 0, 1), 300);
}
GST_END_TEST;

/* A mask that is not what it is said to be is refused, and released. */
GST_START_TEST(test_refused_masks)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    g_autoptr(GstConvnextResult) result = make_segmented();
    const GstConvnextRect rect = {0, 0, 4, 4}, empty = {0, 0, 0, 4};
    const guint8 values[] = {0, 1, 2, 3, 3, 2}, beyond[] = {0, 1, 2, 3, 4, 0};
    GstMemory *memory = findings_memory(beyond, 6);

    fail_unless(gst_convnext_result_set_segmentation(result, findings_memory(values, 6), 3, 2, 8,
                                                     &rect, legend));
    fail_if(gst_convnext_result_set_segmentation(result, gst_memory_ref(memory), 3, 2, 8, &rect,
                                                 legend));
    fail_unless(!gst_convnext_result_get_segmentation(result));
    ASSERT_MINI_OBJECT_REFCOUNT(memory, "mask", 1);
    gst_memory_unref(memory);
    fail_if(gst_convnext_result_set_segmentation(result, findings_memory(values, 6), 3, 3, 8, &rect,
                                                 legend));
    fail_if(gst_convnext_result_set_segmentation(result, findings_memory(values, 6), 3, 2, 16,
                                                 &rect, legend));
    fail_if(gst_convnext_result_set_segmentation(result, findings_memory(values, 0), 0, 2, 8, &rect,
                                                 legend));
    fail_if(gst_convnext_result_set_segmentation(result, findings_memory(values, 6), G_MAXUINT,
                                                 G_MAXUINT, 16, &rect, legend));
    fail_if(gst_convnext_result_set_segmentation(result, findings_memory(values, 6), 3, 2, 8,
                                                 &empty, legend));
}
GST_END_TEST;

/* No objects and no detector differ. Labels are the legend's, which lacks the second. */
GST_START_TEST(test_objects)
{
    g_autoptr(GstConvnextResult) result = findings_new();
    const GstConvnextRect rect = {10, 20, 3, 2};
    GstConvnextRect found;
    guint n;

    fail_if(gst_convnext_result_has_objects(result));
    {
        g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);

        gst_convnext_result_set_objects(result, legend, 0, NULL);
        fail_unless(gst_convnext_result_has_objects(result));
        fail_unless(!gst_convnext_result_get_objects(result, &n) && n == 0);
        gst_convnext_result_set_objects(result, legend, 2, findings_objects);
    }
    const GstConvnextDetectedObject *o = gst_convnext_result_get_objects(result, &n);
    fail_unless_equals_int(n, 2);
    fail_unless_equals_string(o[0].label, "car");
    fail_unless(o[0].y == 20.5f && o[0].width == 30.5f && o[1].index == 7 && !o[1].label);
    fail_unless_equals_string(
        gst_convnext_legend_get_label(gst_convnext_result_get_object_legend(result), 0), "road");

    fail_unless(!gst_convnext_result_get_object_mask(result, 1, &found));
    fail_if(gst_convnext_result_set_object_mask(result, 1, findings_memory("12345", 5), &rect));
    fail_unless(
        gst_convnext_result_set_object_mask(result, 1, findings_memory("123456", 6), &rect));
    fail_unless(gst_convnext_result_get_object_mask(result, 1, &found));
    check_rect(&found, 10, 20, 3, 2);
    fail_unless(!gst_convnext_result_get_object_mask(result, 0, NULL));

    GList *list = gst_convnext_result_list_objects(result);
    g_clear_pointer(&result, gst_convnext_result_unref);
    fail_unless_equals_string(((GstConvnextDetectedObject *)list->data)->label, "car");
    g_list_free_full(list, (GDestroyNotify)gst_convnext_detected_object_free);
}
GST_END_TEST;

/* What the element posts. */
GST_START_TEST(test_structure)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    g_autoptr(GstConvnextResult) result = make_segmented();

    gst_convnext_result_set_objects(result, legend, 2, findings_objects);
    g_autoptr(GstStructure) structure = gst_convnext_result_to_structure(result);
    g_autofree char *text = gst_structure_to_string(structure);

    fail_unless(strstr(text, "segmentation=(structure)\"segmentation\\,\\ width\\=\\(uint\\)6\\,\\ "
                             "height\\=\\(uint\\)4"),
                "%s", text);
    const GstStructure *field =
        gst_value_get_structure(gst_structure_get_value(structure, "segmentation"));
    const GValue *entries = gst_structure_get_value(field, "classes");
    fail_unless_equals_int(gst_value_array_get_size(entries), 2);
    const GstStructure *sky = gst_value_get_structure(gst_value_array_get_value(entries, 0));
    const GValue *box = gst_structure_get_value(sky, "box");
    fail_unless_equals_string(gst_structure_get_string(sky, "label"), "sky");
    fail_unless(g_value_get_float(gst_structure_get_value(sky, "share")) == 0.1875f);
    fail_unless_equals_int(g_value_get_int(gst_value_array_get_value(box, 2)), 200);

    entries = gst_structure_get_value(structure, "objects");
    fail_unless_equals_int(gst_value_array_get_size(entries), 2);
    const GstStructure *other = gst_value_get_structure(gst_value_array_get_value(entries, 1));
    box = gst_structure_get_value(other, "box");
    fail_if(gst_structure_has_field(other, "label"));
    fail_unless(g_value_get_float(gst_value_array_get_value(box, 1)) == 290);
}
GST_END_TEST;

static gboolean transform_meta(GstBuffer *buffer, GstMeta **meta, gpointer data)
{
    gpointer *arguments = data;

    if ((*meta)->info->transform_func)
        (*meta)->info->transform_func(arguments[0], *meta, buffer,
                                      gst_video_meta_transform_scale_get_quark(), arguments[1]);
    return TRUE;
}

static void check_located(GstBuffer *buffer, guint frame_width, guint frame_height, double x,
                          double y, double width, double height)
{
    GstConvnextMeta *meta = gst_buffer_get_convnext_meta(buffer);
    double box[] = {20, 30, 300, 200};

    fail_unless(gst_buffer_locate_convnext_box(buffer, meta, frame_width, frame_height, &box[0],
                                               &box[1], &box[2], &box[3]));
    fail_unless(ABS(box[0] - x) < 1e-9 && ABS(box[1] - y) < 1e-9 && ABS(box[2] - width) < 1e-9 &&
                    ABS(box[3] - height) < 1e-9,
                "found %g,%g %gx%g", box[0], box[1], box[2], box[3]);
}

/* Boxes follow the frame when it is scaled, twice without rounding, and when it is cropped. */
GST_START_TEST(test_boxes_follow)
{
    g_autoptr(GstConvnextResult) result = make_segmented();
    g_autoptr(GstBuffer) frame = gst_buffer_new(), half = gst_buffer_new(), back = gst_buffer_new();
    GstVideoInfo in, out;
    GstVideoMetaTransform down = {&in, &out}, up = {&out, &in};
    gpointer to_half[] = {half, &down}, to_back[] = {back, &up};
    double x = 1, y = 1, width = 1, height = 1;

    gst_video_info_set_format(&in, GST_VIDEO_FORMAT_I420, 400, 300);
    gst_video_info_set_format(&out, GST_VIDEO_FORMAT_I420, 133, 100);
    gst_buffer_add_convnext_meta(frame, result, 0);
    check_located(frame, 400, 300, 20, 30, 300, 200);
    gst_buffer_foreach_meta(frame, transform_meta, to_half);
    check_located(half, 133, 100, 6.65, 10, 99.75, 200 / 3.);
    gst_buffer_foreach_meta(half, transform_meta, to_back);
    check_located(back, 400, 300, 20, 30, 300, 200);
    fail_if(gst_buffer_locate_convnext_box(half, gst_buffer_get_convnext_meta(half), 400, 300, &x,
                                           &y, &width, &height));
    fail_unless(x == 1 && y == 1 && width == 1 && height == 1);

    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(frame);
    crop->x = 32;
    crop->y = 16;
    crop->width = 200;
    crop->height = 100;
    check_located(frame, 200, 100, -12, 14, 300, 200);
}
GST_END_TEST;

/* A shared result cannot be changed. */
GST_START_TEST(test_immutable)
{
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    g_autoptr(GstConvnextResult) result = make_segmented();
    g_autoptr(GstBuffer) frame = make_frame(result, 0);
    const GstConvnextRect rect = {0, 0, 3, 1};

    ASSERT_CRITICAL(gst_convnext_result_set_segmentation(result, findings_memory("\1\2\3", 3), 3, 1,
                                                         8, &rect, legend));
    ASSERT_CRITICAL(gst_convnext_result_set_objects(result, legend, 0, NULL));
    ASSERT_CRITICAL(
        gst_convnext_result_set_object_mask(result, 0, findings_memory("\1\2\3", 3), &rect));
    fail_unless(gst_convnext_result_get_segmentation(result));
}
GST_END_TEST;

static Suite *findings_suite(void)
{
    Suite *s = suite_create("findings");
    TCase *tc = tcase_create("findings");

    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_legend);
    tcase_add_test(tc, test_segmentation);
    tcase_add_test(tc, test_wide_mask);
    tcase_add_test(tc, test_refused_masks);
    tcase_add_test(tc, test_objects);
    tcase_add_test(tc, test_structure);
    tcase_add_test(tc, test_boxes_follow);
    tcase_add_test(tc, test_immutable);
    return s;
}

GST_CHECK_MAIN(findings)
