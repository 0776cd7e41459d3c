/* What a result adds to a buffer besides the GstConvnextMeta, with the GStreamer that runs: the
 * table in gst/README.md, and the contents of each entry.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/mirror.h"

#include <string.h>

#include <gst/check/gstcheck.h>
#ifdef HAVE_GST_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#include "gst/objects/attach.h"
#include "tests/gst/support/findings.h"

/* A segmented frame with objects, classes and a tensor, attached to a new buffer. */
static GstBuffer *new_buffer(void)
{
    g_autoptr(GstConvnextResult) result = findings_new();
    const gsize dims[] = {1, 2, 3};
    const float values[] = {1, 2, 3, 4, 5, 6};
    GstBuffer *buffer = gst_buffer_new();

    findings_segment(result);
    findings_detect(result);
    gst_convnext_result_add_class(result, 1, "street", 0.5f);
    gst_convnext_result_take_tensor(
        result,
        gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS, 3, dims, values));
    gst_convnext_attach(buffer, result, NULL);
    return buffer;
}

static GstVideoRegionOfInterestMeta *get_roi(GstBuffer *buffer, guint i)
{
    gpointer state = NULL;
    GstMeta *meta = NULL;

    for (guint n = 0; n <= i; n++)
        meta = gst_buffer_iterate_meta_filtered(buffer, &state,
                                                GST_VIDEO_REGION_OF_INTEREST_META_API_TYPE);
    return (GstVideoRegionOfInterestMeta *)meta;
}

/* Adds what `convnext region=objects` adds to the objects that it finds. Returns their number. */
static guint classify_objects(GstBuffer *buffer)
{
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(GstConvnextDetection));
    const GstConvnextSelection selection = {.interval = 1};
    GstVideoInfo caps;

    gst_video_info_set_format(&caps, GST_VIDEO_FORMAT_GRAY8, 400, 300);
    gst_convnext_detections_find(found, buffer, &caps, &selection);
    for (guint i = 0; i < found->len; i++) {
        g_autoptr(GstConvnextResult) result = gst_convnext_result_new("colours", 0);

        gst_convnext_result_add_class(result, i, i ? "blue" : "red", 0.75f);
        gst_convnext_attach(buffer, result, &g_array_index(found, GstConvnextDetection, i));
    }
    return found->len;
}

/* The table */

static gboolean has_result(GstBuffer *buffer)
{
    return gst_buffer_get_convnext_meta(buffer) != NULL;
}

static gboolean has_region(GstBuffer *buffer)
{
    return get_roi(buffer, 0) &&
           gst_video_region_of_interest_meta_get_param(get_roi(buffer, 0), "detection");
}

static gboolean has_classification(GstBuffer *buffer)
{
    classify_objects(buffer);
    return get_roi(buffer, 0) &&
           gst_video_region_of_interest_meta_get_param(get_roi(buffer, 0), "classification");
}

#ifdef HAVE_GST_ANALYTICS

static gboolean get_mtd(GstBuffer *buffer, GstAnalyticsMtdType type, guint i, GstAnalyticsMtd *mtd)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    gpointer state = NULL;
    gboolean is_found = relations != NULL;

    for (guint n = 0; is_found && n <= i; n++)
        is_found = gst_analytics_relation_meta_iterate(relations, &state, type, mtd);
    return is_found;
}

static gboolean has_classes(GstBuffer *buffer)
{
    GstAnalyticsMtd mtd;

    return get_mtd(buffer, gst_analytics_cls_mtd_get_mtd_type(), 0, &mtd);
}

static gboolean has_object(GstBuffer *buffer)
{
    GstAnalyticsMtd mtd;

    return get_mtd(buffer, gst_analytics_od_mtd_get_mtd_type(), 0, &mtd);
}

#else

static gboolean has_classes(GstBuffer *buffer)
{
    return FALSE;
}

static gboolean has_object(GstBuffer *buffer)
{
    return FALSE;
}

#endif

#if defined(HAVE_GST_ANALYTICS) && GST_CHECK_VERSION(1, 26, 0)

/* The mask of a frame has three regions (and no value has more), that of an object one. */
static gboolean has_mask(GstBuffer *buffer, gsize n_regions)
{
    GstAnalyticsMtd mtd;

    for (guint i = 0; get_mtd(buffer, gst_analytics_segmentation_mtd_get_mtd_type(), i, &mtd); i++)
        if (gst_analytics_segmentation_mtd_get_region_count(&mtd) == n_regions)
            return TRUE;
    return FALSE;
}

static gboolean has_tensors(GstBuffer *buffer)
{
    return gst_buffer_get_tensor_meta(buffer) != NULL;
}

#else

static gboolean has_mask(GstBuffer *buffer, gsize n_regions)
{
    return FALSE;
}

static gboolean has_tensors(GstBuffer *buffer)
{
    return FALSE;
}

#endif

#if defined(HAVE_GST_ANALYTICS) && GST_CHECK_VERSION(1, 28, 0)

static gboolean has_tensor_mtd(GstBuffer *buffer)
{
    GstAnalyticsMtd mtd;

    return get_mtd(buffer, gst_analytics_tensor_mtd_get_mtd_type(), 0, &mtd);
}

#else

static gboolean has_tensor_mtd(GstBuffer *buffer)
{
    return FALSE;
}

#endif

static gboolean has_frame_mask(GstBuffer *buffer)
{
    return has_mask(buffer, 3);
}

static gboolean has_object_mask(GstBuffer *buffer)
{
    return has_mask(buffer, 1);
}

static const struct {
    const char *metadata; /* as in the table */
    gboolean (*is_attached)(GstBuffer *buffer);
} entries[] = {
    {"`GstConvnextMeta`", has_result},
    {"`GstVideoRegionOfInterestMeta`", has_region},
    {"`classification` on the detector's `GstVideoRegionOfInterestMeta`", has_classification},
    {"`GstAnalyticsClsMtd`", has_classes},
    {"`GstAnalyticsODMtd`", has_object},
    {"`GstAnalyticsSegmentationMtd`, semantic", has_frame_mask},
    {"`GstAnalyticsSegmentationMtd`, instance", has_object_mask},
    {"`GstTensorMeta`", has_tensors},
    {"`GstAnalyticsTensorMtd`", has_tensor_mtd},
};

/* The rows of the table, from its heading on. */
static char **read_table(void)
{
    g_autofree char *text = NULL;

    fail_unless(g_file_get_contents(README, &text, NULL, NULL));
    const char *table = strstr(text, "| metadata | GStreamer | carries |\n");
    fail_unless(table, "no table in %s", README);
    char *end = strstr(table, "\n\n");
    if (end)
        *end = '\0';
    return g_strsplit(table, "\n", -1);
}

/* Each row says from which release on its metadata is attached. */
GST_START_TEST(test_table)
{
    g_auto(GStrv) rows = read_table();
    g_autoptr(GstBuffer) buffer = new_buffer();
    guint major, minor, micro, nano;

    gst_version(&major, &minor, &micro, &nano);
    fail_unless_equals_int(g_strv_length(rows), G_N_ELEMENTS(entries) + 2);
    for (guint i = 0; i < G_N_ELEMENTS(entries); i++) {
        g_auto(GStrv) cells = g_strsplit(rows[i + 2], " | ", -1);
        const double since = g_ascii_strtod(cells[1], NULL);
        const gboolean expected = major + minor / 100. >= since;

        fail_unless(since >= 1.22);
        fail_unless_equals_string(cells[0] + strlen("| "), entries[i].metadata);
        fail_unless(entries[i].is_attached(buffer) == expected, "%s with GStreamer 1.%u",
                    entries[i].metadata, minor);
    }
}
GST_END_TEST;

/* Regions of interest */

static void check_region(GstBuffer *buffer, guint i, const char *type, guint x, guint y, guint w,
                         guint h)
{
    const GstVideoRegionOfInterestMeta *roi = get_roi(buffer, i);

    fail_unless(roi);
    fail_unless_equals_string(g_quark_to_string(roi->roi_type), type);
    fail_unless(roi->x == x && roi->y == y && roi->w == w && roi->h == h, "%u,%u %ux%u", roi->x,
                roi->y, roi->w, roi->h);
}

/* Rounded outward and clipped; the structure has what the network said. */
GST_START_TEST(test_regions)
{
    g_autoptr(GstBuffer) buffer = new_buffer();
    double confidence, x_min, y_min, x_max, y_max;
    int label_id;

    check_region(buffer, 0, "car", 10, 20, 31, 41);
    check_region(buffer, 1, "7", 0, 290, 17, 10);
    fail_unless(!get_roi(buffer, 2));
    const GstStructure *s =
        gst_video_region_of_interest_meta_get_param(get_roi(buffer, 1), "detection");
    fail_unless(gst_structure_get(s, "confidence", G_TYPE_DOUBLE, &confidence, "label_id",
                                  G_TYPE_INT, &label_id, "x_min", G_TYPE_DOUBLE, &x_min, "y_min",
                                  G_TYPE_DOUBLE, &y_min, "x_max", G_TYPE_DOUBLE, &x_max, "y_max",
                                  G_TYPE_DOUBLE, &y_max, NULL));
    fail_unless(confidence == 0.5 && label_id == 7);
    fail_unless(x_min == -3 / 400. && y_min == 290 / 300. && x_max == 17 / 400. &&
                y_max == 320 / 300.);
}
GST_END_TEST;

/* Objects outside the frame, and with boxes that are no numbers, are left out. */
GST_START_TEST(test_impossible_objects)
{
    const GstConvnextDetectedObject objects[] = {
        {0, NULL, 0.9f, 400, 10, 5, 5}, {0, NULL, 0.8f, 1e30f, -1e30f, 5, 5},
        {0, NULL, 0.7f, NAN, 10, 5, 5}, {0, NULL, 0.6f, 10, 10, INFINITY, 5},
        {0, NULL, 0.5f, 10, 10, -4, 5}, {0, NULL, 0.4f, -1e9f, -1e9f, 2e9f, 2e9f},
    };
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(3, findings_labels, NULL);
    g_autoptr(GstConvnextResult) result = findings_new();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();

    gst_convnext_result_set_objects(result, legend, G_N_ELEMENTS(objects), objects);
    gst_convnext_attach(buffer, result, NULL);
    check_region(buffer, 0, "road", 0, 0, 400, 300);
    fail_unless(!get_roi(buffer, 1));
}
GST_END_TEST;

/* Where a crop says which part of the picture is the frame, regions are those of the picture, as
 * other detectors' are. */
GST_START_TEST(test_crop)
{
    g_autoptr(GstConvnextResult) result = findings_new();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);

    crop->x = 100;
    crop->y = 50;
    crop->width = 400;
    crop->height = 300;
    findings_detect(result);
    gst_convnext_attach(buffer, result, NULL);
    check_region(buffer, 0, "car", 110, 70, 31, 41);
    check_region(buffer, 1, "7", 100, 340, 17, 10);
}
GST_END_TEST;

/* A second network classifies each object once; others' regions stay, and are classified too. */
GST_START_TEST(test_classified_objects)
{
    g_autoptr(GstConvnextResult) result = findings_new();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();

    gst_buffer_add_video_region_of_interest_meta(buffer, "face", 200, 100, 40, 60);
    findings_detect(result);
    gst_convnext_attach(buffer, result, NULL);
    fail_unless_equals_int(classify_objects(buffer), 3);
    check_region(buffer, 0, "face", 200, 100, 40, 60);
    check_region(buffer, 1, "car", 10, 20, 31, 41);
    fail_unless(!get_roi(buffer, 3));
    for (guint i = 0; i < 3; i++) {
        const GstVideoRegionOfInterestMeta *roi = get_roi(buffer, i);
        gboolean is_ours = gst_video_region_of_interest_meta_get_param(
                               (GstVideoRegionOfInterestMeta *)roi, "detection") != NULL;

        fail_unless(is_ours == (i > 0));
        fail_unless_equals_int(g_list_length(roi->params), is_ours ? 2 : 1);
    }
}
GST_END_TEST;

#ifdef HAVE_GST_ANALYTICS

/* One object in each kind of metadata: the same box, linked by the id. */
GST_START_TEST(test_analytics_objects)
{
    g_autoptr(GstBuffer) buffer = new_buffer();
    GstAnalyticsMtd mtd;
    int x, y, w, h;
    float confidence;

    for (guint i = 0; i < 2; i++) {
        const GstVideoRegionOfInterestMeta *roi = get_roi(buffer, i);

        fail_unless(get_mtd(buffer, gst_analytics_od_mtd_get_mtd_type(), i, &mtd));
        fail_unless_equals_int(mtd.id, roi->id);
        fail_unless_equals_int(gst_analytics_od_mtd_get_obj_type(&mtd), roi->roi_type);
        fail_unless(gst_analytics_od_mtd_get_location(&mtd, &x, &y, &w, &h, &confidence));
        fail_unless(x == (int)roi->x && y == (int)roi->y && w == (int)roi->w && h == (int)roi->h);
        fail_unless(confidence == findings_objects[i].score);
    }
    fail_if(get_mtd(buffer, gst_analytics_od_mtd_get_mtd_type(), 2, &mtd));
    fail_unless_equals_int(classify_objects(buffer), 2);
}
GST_END_TEST;

#if GST_CHECK_VERSION(1, 26, 0)

/* Checks the mask's place in the frame and its pixels, and takes it. */
static void check_mask(GstBuffer *mask, const GstVideoInfo *info, gconstpointer values)
{
    GstVideoFrame frame;
    const gsize row = (gsize)GST_VIDEO_INFO_WIDTH(info) * GST_VIDEO_INFO_COMP_PSTRIDE(info, 0);

    fail_unless_equals_int(gst_buffer_get_video_meta(mask)->format, GST_VIDEO_INFO_FORMAT(info));
    fail_unless(gst_video_frame_map(&frame, (GstVideoInfo *)info, mask, GST_MAP_READ));
    fail_unless_equals_int(GST_VIDEO_FRAME_WIDTH(&frame), GST_VIDEO_INFO_WIDTH(info));
    fail_unless_equals_int(GST_VIDEO_FRAME_HEIGHT(&frame), GST_VIDEO_INFO_HEIGHT(info));
    for (int y = 0; y < GST_VIDEO_FRAME_HEIGHT(&frame); y++)
        fail_unless(memcmp((guint8 *)GST_VIDEO_FRAME_PLANE_DATA(&frame, 0) +
                               (gsize)y * GST_VIDEO_FRAME_PLANE_STRIDE(&frame, 0),
                           (const guint8 *)values + y * row, row) == 0,
                    "row %d", y);
    gst_video_frame_unmap(&frame);
    gst_buffer_unref(mask);
}

/* The mask as it is, without a copy, whose rows are not a multiple of four bytes; names of all
 * values up to the largest. */
GST_START_TEST(test_semantic)
{
    static const char *const names[] = {"background", "road", "sky"};
    g_autoptr(GstBuffer) buffer = new_buffer();
    g_autoptr(GstBuffer) copy = gst_buffer_copy(buffer);
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(copy);
    GstAnalyticsMtd mask, classes;
    GstVideoInfo info;
    int x, y;
    guint w, h;
    gsize index;

    fail_unless(get_mtd(copy, gst_analytics_segmentation_mtd_get_mtd_type(), 1, &mask));
    GstBuffer *pixels = gst_analytics_segmentation_mtd_get_mask(&mask, &x, &y, &w, &h);
    fail_unless(x == 20 && y == 30 && w == 300 && h == 200);
    fail_unless(gst_buffer_peek_memory(pixels, 0) ==
                gst_convnext_segmentation_get_memory(gst_convnext_result_get_segmentation(
                    gst_buffer_get_convnext_meta(buffer)->result)));
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, FINDINGS_WIDTH, FINDINGS_HEIGHT);
    check_mask(pixels, &info, findings_mask);

    fail_unless(gst_analytics_relation_meta_get_direct_related(
        relations, mask.id, GST_ANALYTICS_REL_TYPE_N_TO_N, gst_analytics_cls_mtd_get_mtd_type(),
        NULL, &classes));
    fail_unless_equals_int(gst_analytics_relation_meta_get_relation(relations, mask.id, classes.id),
                           GST_ANALYTICS_REL_TYPE_N_TO_N | GST_ANALYTICS_REL_TYPE_RELATE_TO);
    fail_unless_equals_int(gst_analytics_cls_mtd_get_length(&classes), G_N_ELEMENTS(names));
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        fail_unless_equals_string(g_quark_to_string(gst_analytics_cls_mtd_get_quark(&classes, i)),
                                  names[i]);
        fail_unless_equals_int(gst_analytics_segmentation_mtd_get_region_id(&mask, i), i);
        fail_unless(gst_analytics_segmentation_mtd_get_region_index(&mask, &index, i) &&
                    index == i);
    }
}
GST_END_TEST;

/* 16 bits, and a crop. */
GST_START_TEST(test_wide_mask)
{
    const guint16 values[] = {GUINT16_TO_LE(300), 0, GUINT16_TO_LE(2)};
    const GstConvnextRect rect = {0, 10, 400, 290};
    g_autoptr(GstConvnextLegend) legend = gst_convnext_legend_new(300, NULL, NULL);
    g_autoptr(GstConvnextResult) result = findings_new();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta(buffer);
    GstAnalyticsMtd mask;
    GstVideoInfo info;
    int x, y;
    guint w, h;

    crop->x = 100;
    crop->y = 50;
    fail_unless(gst_convnext_result_set_segmentation(
        result, findings_memory(values, sizeof(values)), 3, 1, 16, &rect, legend));
    gst_convnext_attach(buffer, result, NULL);
    fail_unless(get_mtd(buffer, gst_analytics_segmentation_mtd_get_mtd_type(), 0, &mask));
    fail_unless_equals_int(gst_analytics_segmentation_mtd_get_region_count(&mask), 301);
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY16_LE, 3, 1);
    check_mask(gst_analytics_segmentation_mtd_get_mask(&mask, &x, &y, &w, &h), &info, values);
    fail_unless(x == 100 && y == 60 && w == 400 && h == 290);
}
GST_END_TEST;

/* The mask of an object, related to it in both directions. */
GST_START_TEST(test_instance)
{
    const guint8 values[] = {0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 1, 0};
    g_autoptr(GstBuffer) buffer = new_buffer();
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsMtd object, mask;
    GstVideoInfo info;
    int x, y;
    guint w, h;

    fail_unless(get_mtd(buffer, gst_analytics_od_mtd_get_mtd_type(), 0, &object));
    fail_unless(gst_analytics_relation_meta_get_direct_related(
        relations, object.id, GST_ANALYTICS_REL_TYPE_RELATE_TO,
        gst_analytics_segmentation_mtd_get_mtd_type(), NULL, &mask));
    fail_unless_equals_int(gst_analytics_relation_meta_get_relation(relations, mask.id, object.id),
                           GST_ANALYTICS_REL_TYPE_RELATE_TO);
    fail_unless_equals_int(gst_analytics_segmentation_mtd_get_region_id(&mask, 0), 1);
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 4, 3);
    check_mask(gst_analytics_segmentation_mtd_get_mask(&mask, &x, &y, &w, &h), &info, values);
    fail_unless(x == 12 && y == 24 && w == 4 && h == 3);
}
GST_END_TEST;

/* An object without a mask at the size of the frame has that of the network, scaled to its box. */
GST_START_TEST(test_coarse)
{
    const gsize dims[] = {2, 3, 3};
    const float masks[2][9] = {{0}, {0.75f, 0.5f, 0.25f, 0.625f, 0.875f, 1, 0, 0.4f, 0.51f}};
    const guint8 values[] = {2, 0, 0, 2, 2, 2, 0, 0, 2};
    g_autoptr(GstConvnextResult) result = findings_new();
    g_autoptr(GstBuffer) buffer = gst_buffer_new();
    GstAnalyticsMtd mask;
    GstVideoInfo info;
    int x, y;
    guint w, h;

    findings_detect(result);
    gst_convnext_result_take_tensor(
        result, gst_convnext_tensor_new_copy(GST_CONVNEXT_TENSOR_OBJECT_MASKS, 3, dims, masks[0]));
    gst_convnext_attach(buffer, result, NULL);
    fail_unless(get_mtd(buffer, gst_analytics_segmentation_mtd_get_mtd_type(), 1, &mask));
    fail_unless_equals_int(gst_analytics_segmentation_mtd_get_region_id(&mask, 0), 2);
    gst_video_info_set_format(&info, GST_VIDEO_FORMAT_GRAY8, 3, 3);
    check_mask(gst_analytics_segmentation_mtd_get_mask(&mask, &x, &y, &w, &h), &info, values);
    fail_unless(x == 0 && y == 290 && w == 17 && h == 10);
}
GST_END_TEST;

/* The logits have their own id, and a batch of one. */
GST_START_TEST(test_logits)
{
    g_autoptr(GstBuffer) buffer = new_buffer();
    const GstTensorMeta *meta = gst_buffer_get_tensor_meta(buffer);

    fail_unless(meta && meta->num_tensors == 1);
    fail_unless_equals_string(g_quark_to_string(meta->tensors[0]->id),
                              "convnext-semantic-segmentation-out-logits");
    fail_unless_equals_int(meta->tensors[0]->num_dims, 4);
    fail_unless(meta->tensors[0]->dims[0] == 1 && meta->tensors[0]->dims[1] == 1 &&
                meta->tensors[0]->dims[2] == 2 && meta->tensors[0]->dims[3] == 3);
}
GST_END_TEST;

#endif
#endif

static Suite *mirror_suite(void)
{
    Suite *s = suite_create("mirror");
    TCase *tc = tcase_create("mirror");

    suite_add_tcase(s, tc);
    tcase_add_test(tc, test_table);
    tcase_add_test(tc, test_regions);
    tcase_add_test(tc, test_impossible_objects);
    tcase_add_test(tc, test_crop);
    tcase_add_test(tc, test_classified_objects);
#ifdef HAVE_GST_ANALYTICS
    tcase_add_test(tc, test_analytics_objects);
#if GST_CHECK_VERSION(1, 26, 0)
    tcase_add_test(tc, test_semantic);
    tcase_add_test(tc, test_wide_mask);
    tcase_add_test(tc, test_instance);
    tcase_add_test(tc, test_coarse);
    tcase_add_test(tc, test_logits);
#endif
#endif
    return s;
}

GST_CHECK_MAIN(mirror)
