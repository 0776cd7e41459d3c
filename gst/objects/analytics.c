/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/analytics.h"

#ifndef HAVE_GST_ANALYTICS

void gst_convnext_analytics_mirror(GstBuffer *buffer, GstConvnextResult *result) {}

void gst_convnext_analytics_find_objects(GArray *detections, GstBuffer *buffer) {}

void gst_convnext_analytics_mirror_object(GstBuffer *buffer, guint mtd, GstConvnextResult *result)
{
}

int gst_convnext_analytics_add_object(GstBuffer *buffer, GQuark type, const GstConvnextRect *box,
                                      float score)
{
    return -1;
}

#else

#include <string.h>

#include <gst/analytics/analytics.h>

#define COARSE_THRESHOLD 0.5f

/* Quarks are never freed, but there are no more of them than classes in this process's models. */
static GQuark class_quark(const GstConvnextClass *klass)
{
    char name[16];

    if (klass->label)
        return g_quark_from_string(klass->label);
    g_snprintf(name, sizeof(name), "%u", klass->index);
    return g_quark_from_string(name);
}

/* Adds the metadata that holds all others, unless it is there already. NULL if that fails. */
static GstAnalyticsRelationMeta *get_relations(GstBuffer *buffer)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);

    return relations ? relations : gst_buffer_add_analytics_relation_meta(buffer);
}

/* FALSE if there are no classes, or no room for them. */
static gboolean mirror_classes(GstBuffer *buffer, GstConvnextResult *result,
                               GstAnalyticsClsMtd *mtd)
{
    guint n;
    const GstConvnextClass *classes = gst_convnext_result_get_classes(result, &n);
    g_autofree float *scores = g_new(float, n);
    g_autofree GQuark *quarks = g_new(GQuark, n);
    GstAnalyticsRelationMeta *relations;

    if (!n)
        return FALSE;
    for (guint i = 0; i < n; i++) {
        scores[i] = classes[i].score;
        quarks[i] = class_quark(&classes[i]);
    }
    relations = get_relations(buffer);
    if (relations && gst_analytics_relation_meta_add_cls_mtd(relations, n, scores, quarks, mtd))
        return TRUE;
    GST_WARNING("could not mirror %u classes as GstAnalyticsClsMtd", n);
    return FALSE;
}

#if GST_CHECK_VERSION(1, 26, 0)

/* Names whose ids do not follow from them. */
static const struct {
    const char *name, *id;
} tensor_ids[] = {
    {GST_CONVNEXT_TENSOR_LOGITS, "classification-generic-out"},
    {GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS, "convnext-semantic-segmentation-out-logits"},
    {GST_CONVNEXT_TENSOR_OBJECT_MASKS, "convnext-instance-out-masks"},
};

static GQuark tensor_quark(const char *name)
{
    g_autofree char *id = g_strdup_printf("convnext-%s-out", name);

    for (guint i = 0; i < G_N_ELEMENTS(tensor_ids); i++)
        if (g_str_equal(name, tensor_ids[i].name))
            return g_quark_from_static_string(tensor_ids[i].id);
    return g_quark_from_string(id);
}

static gboolean is_map(const char *name)
{
    return g_str_has_prefix(name, "stage") || g_str_equal(name, GST_CONVNEXT_TENSOR_CAM);
}

/* Vectors drop their height and width of 1: [n, 1, 1, c] becomes [n, c]. The logits of a
 * segmentation get their batch: [h, w, c] becomes [1, h, w, c]. */
static GstTensor *mirror_tensor(GstConvnextTensor *tensor)
{
    const char *name = gst_convnext_tensor_get_name(tensor);
    guint n_dims;
    const gsize *shape = gst_convnext_tensor_get_shape(tensor, &n_dims);
    GstMemory *memory = gst_convnext_tensor_get_memory(tensor);
    GstBuffer *data = gst_buffer_new();
    gsize changed[4];
    gsize *dims = (gsize *)shape;

    if (n_dims == 4 && shape[1] == 1 && shape[2] == 1 && !is_map(name)) {
        changed[0] = shape[0];
        changed[1] = shape[3];
        dims = changed;
        n_dims = 2;
    }
    if (n_dims == 3 && g_str_equal(name, GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS)) {
        changed[0] = 1;
        memcpy(&changed[1], shape, n_dims * sizeof(*shape));
        dims = changed;
        n_dims = 4;
    }
    gst_buffer_append_memory(data, gst_memory_ref(memory));
    return gst_tensor_new_simple(tensor_quark(name), GST_TENSOR_DATA_TYPE_FLOAT32, data,
                                 GST_TENSOR_DIM_ORDER_ROW_MAJOR, n_dims, dims);
}

#if GST_CHECK_VERSION(1, 28, 0)

/* The same tensors once more: these survive elements that copy the frame, and can be related. */
static void add_tensor_mtds(GstBuffer *buffer, GstTensor *const *tensors, guint n)
{
    GstAnalyticsRelationMeta *relations = get_relations(buffer);

    for (guint i = 0; i < n; i++) {
        GstTensor *tensor = tensors[i];
        GstAnalyticsTensorMtd mtd;

        if (!relations ||
            !gst_analytics_relation_meta_add_tensor_mtd_simple(
                relations, tensor->id, tensor->data_type, gst_buffer_ref(tensor->data),
                tensor->dims_order, tensor->num_dims, tensor->dims, &mtd))
            GST_WARNING("could not mirror %s as GstAnalyticsTensorMtd",
                        g_quark_to_string(tensor->id));
    }
}

#else

static void add_tensor_mtds(GstBuffer *buffer, GstTensor *const *tensors, guint n) {}

#endif

/* Up to GStreamer 1.26.5 a buffer has at most one GstTensorMeta, and setting its tensors frees
 * those of an earlier element, so the latter are copied in front of ours. */
static void mirror_tensors(GstBuffer *buffer, GstConvnextResult *result)
{
    guint n = gst_convnext_result_get_n_tensors(result), kept;
    GstTensorMeta *meta;
    GstTensor **tensors;

    if (!n)
        return;

    meta = gst_buffer_get_tensor_meta(buffer);
    if (!meta)
        meta = gst_buffer_add_tensor_meta(buffer);
    kept = meta->num_tensors;
    tensors = g_new(GstTensor *, kept + n);
    for (guint i = 0; i < kept; i++)
        tensors[i] = gst_tensor_copy(meta->tensors[i]);
    for (guint i = 0; i < n; i++)
        tensors[kept + i] = mirror_tensor(gst_convnext_result_peek_tensor(result, i));
    add_tensor_mtds(buffer, tensors + kept, n);
    gst_tensor_meta_set(meta, kept + n, tensors);
}

/* A buffer with a mask in this memory, whose rows follow each other without padding. */
static GstBuffer *new_mask(GstMemory *memory, guint width, guint height, guint bits)
{
    const gsize offset[GST_VIDEO_MAX_PLANES] = {0};
    const int stride[GST_VIDEO_MAX_PLANES] = {(int)(width * bits / 8)};
    GstBuffer *mask = gst_buffer_new();

    gst_buffer_append_memory(mask, gst_memory_ref(memory));
    gst_buffer_add_video_meta_full(mask, GST_VIDEO_FRAME_FLAG_NONE,
                                   bits == 8 ? GST_VIDEO_FORMAT_GRAY8 : GST_VIDEO_FORMAT_GRAY16_LE,
                                   width, height, 1, offset, stride);
    return mask;
}

/* A mask of width x height pixels that covers rect. */
static void add_instance(GstBuffer *buffer, guint mtd, GstMemory *mask, guint width, guint height,
                         const GstConvnextRect *rect, guint value)
{
    GstAnalyticsRelationMeta *relations = get_relations(buffer);
    GstAnalyticsSegmentationMtd segmentation;

    if (!gst_analytics_relation_meta_add_segmentation_mtd(
            relations, new_mask(mask, width, height, 8), GST_SEGMENTATION_TYPE_INSTANCE, 1, &value,
            rect->x, rect->y, (guint)rect->w, (guint)rect->h, &segmentation))
        return;
    gst_analytics_relation_meta_set_relation(relations, GST_ANALYTICS_REL_TYPE_RELATE_TO, mtd,
                                             segmentation.id);
    gst_analytics_relation_meta_set_relation(relations, GST_ANALYTICS_REL_TYPE_RELATE_TO,
                                             segmentation.id, mtd);
}

void gst_convnext_analytics_add_object_mask(GstBuffer *buffer, guint mtd, GstMemory *mask,
                                            const GstConvnextRect *rect, guint value)
{
    add_instance(buffer, mtd, mask, (guint)rect->w, (guint)rect->h, rect, value);
}

void gst_convnext_analytics_add_coarse_mask(GstBuffer *buffer, guint mtd, const float *mask,
                                            guint side, const GstConvnextRect *rect, guint value)
{
    const gsize n = (gsize)side * side;
    guint8 *pixels = g_malloc(n);
    g_autoptr(GstMemory) memory = gst_memory_new_wrapped(0, pixels, n, 0, n, pixels, g_free);

    for (gsize i = 0; i < n; i++)
        pixels[i] = mask[i] > COARSE_THRESHOLD ? (guint8)value : 0;
    add_instance(buffer, mtd, memory, side, side, rect, value);
}

static guint largest_value(GstConvnextSegmentation *segmentation)
{
    guint n, largest = 0;
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(segmentation, &n);

    for (guint i = 0; i < n; i++)
        largest = MAX(largest, segments[i].index + 1);
    return largest;
}

/* The names of the values 0 to n - 1. GStreamer copies both arrays. */
static gboolean add_names(GstAnalyticsRelationMeta *relations, GstConvnextLegend *legend, guint n,
                          GstAnalyticsClsMtd *mtd)
{
    g_autofree float *levels = g_new(float, n);

    for (guint i = 0; i < n; i++)
        levels[i] = -1;
    return gst_analytics_relation_meta_add_cls_mtd(
        relations, n, levels, (GQuark *)gst_convnext_legend_get_quarks(legend), mtd);
}

void gst_convnext_analytics_add_segmentation(GstBuffer *buffer,
                                             GstConvnextSegmentation *segmentation,
                                             const GstConvnextRect *rect)
{
    const guint n = largest_value(segmentation) + 1;
    g_autofree guint *values = g_new(guint, n);
    GstAnalyticsRelationMeta *relations = get_relations(buffer);
    GstAnalyticsSegmentationMtd mask;
    GstAnalyticsClsMtd names;
    guint width, height, bits;

    for (guint i = 0; i < n; i++)
        values[i] = i;
    gst_convnext_segmentation_get_size(segmentation, &width, &height, &bits);
    if (gst_analytics_relation_meta_add_segmentation_mtd(
            relations,
            new_mask(gst_convnext_segmentation_get_memory(segmentation), width, height, bits),
            GST_SEGMENTATION_TYPE_SEMANTIC, n, values, rect->x, rect->y, (guint)rect->w,
            (guint)rect->h, &mask) &&
        add_names(relations, gst_convnext_segmentation_get_legend(segmentation), n, &names))
        gst_analytics_relation_meta_set_relation(
            relations, GST_ANALYTICS_REL_TYPE_N_TO_N | GST_ANALYTICS_REL_TYPE_RELATE_TO, mask.id,
            names.id);
}

#else

static void mirror_tensors(GstBuffer *buffer, GstConvnextResult *result) {}

#endif

void gst_convnext_analytics_mirror(GstBuffer *buffer, GstConvnextResult *result)
{
    GstAnalyticsClsMtd mtd;

    mirror_classes(buffer, result, &mtd);
    mirror_tensors(buffer, result);
}

/* Readers test for one relation or the other with `&`, so both are set. */
void gst_convnext_analytics_mirror_object(GstBuffer *buffer, guint mtd, GstConvnextResult *result)
{
    GstAnalyticsRelationMeta *relations;
    GstAnalyticsClsMtd cls;

    if (!mirror_classes(buffer, result, &cls))
        return;
    relations = gst_buffer_get_analytics_relation_meta(buffer);
    gst_analytics_relation_meta_set_relation(
        relations, GST_ANALYTICS_REL_TYPE_RELATE_TO | GST_ANALYTICS_REL_TYPE_CONTAIN, mtd, cls.id);
    gst_analytics_relation_meta_set_relation(
        relations, GST_ANALYTICS_REL_TYPE_IS_PART_OF | GST_ANALYTICS_REL_TYPE_RELATE_TO, cls.id,
        mtd);
}

int gst_convnext_analytics_add_object(GstBuffer *buffer, GQuark type, const GstConvnextRect *box,
                                      float score)
{
    GstAnalyticsRelationMeta *relations = get_relations(buffer);
    GstAnalyticsODMtd mtd;

    if (relations && gst_analytics_relation_meta_add_od_mtd(relations, type, box->x, box->y, box->w,
                                                            box->h, score, &mtd))
        return (int)mtd.id;
    GST_WARNING("could not mirror an object as GstAnalyticsODMtd");
    return -1;
}

static gboolean are_related(GstAnalyticsRelationMeta *relations, guint a, guint b)
{
    return gst_analytics_relation_meta_get_relation(relations, a, b) !=
               GST_ANALYTICS_REL_TYPE_NONE ||
           gst_analytics_relation_meta_get_relation(relations, b, a) != GST_ANALYTICS_REL_TYPE_NONE;
}

static void find_tracking_id(GstAnalyticsRelationMeta *relations, GstConvnextDetection *detection)
{
    GstAnalyticsTrackingMtd mtd;
    gpointer state = NULL;

    while (!detection->tracker &&
           gst_analytics_relation_meta_iterate(relations, &state,
                                               gst_analytics_tracking_mtd_get_mtd_type(), &mtd)) {
        GstClockTime first, last;
        gboolean is_lost;

        if (!are_related(relations, (guint)detection->mtd, mtd.id) ||
            !gst_analytics_tracking_mtd_get_info(&mtd, &detection->tracking_id, &first, &last,
                                                 &is_lost) ||
            is_lost)
            continue;
        detection->tracker = GST_CONVNEXT_TRACKER_MTD;
        if (detection->tracking_id <= G_MAXINT)
            detection->object.id = (int)detection->tracking_id;
    }
}

void gst_convnext_analytics_find_objects(GArray *detections, GstBuffer *buffer)
{
    GstAnalyticsRelationMeta *relations = gst_buffer_get_analytics_relation_meta(buffer);
    GstAnalyticsODMtd mtd;
    gpointer state = NULL;

    if (!relations)
        return;
    while (gst_analytics_relation_meta_iterate(relations, &state,
                                               gst_analytics_od_mtd_get_mtd_type(), &mtd)) {
        GstConvnextDetection detection = {.mtd = (int)mtd.id, .object.id = -1};
        GstConvnextRect *box = &detection.box;
        float confidence;

        if (!gst_analytics_od_mtd_get_location(&mtd, &box->x, &box->y, &box->w, &box->h,
                                               &confidence))
            continue;
        detection.score = confidence;
        detection.object.type = gst_analytics_od_mtd_get_obj_type(&mtd);
        find_tracking_id(relations, &detection);
        g_array_append_val(detections, detection);
    }
}

#endif

#if !defined(HAVE_GST_ANALYTICS) || !GST_CHECK_VERSION(1, 26, 0)

void gst_convnext_analytics_add_object_mask(GstBuffer *buffer, guint mtd, GstMemory *mask,
                                            const GstConvnextRect *rect, guint value)
{
}

void gst_convnext_analytics_add_coarse_mask(GstBuffer *buffer, guint mtd, const float *mask,
                                            guint side, const GstConvnextRect *rect, guint value)
{
}

void gst_convnext_analytics_add_segmentation(GstBuffer *buffer,
                                             GstConvnextSegmentation *segmentation,
                                             const GstConvnextRect *rect)
{
}

#endif
