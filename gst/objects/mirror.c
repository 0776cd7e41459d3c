/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/objects/mirror.h"

#include <math.h>

#include <gst/video/video.h>

#include "gst/objects/analytics.h"

/* The frame of the result and where it is in the picture in memory. */
typedef struct Place {
    int x, y;          /* its corner */
    int width, height; /* pixels; 0 if unknown */
} Place;

static Place find_place(GstBuffer *buffer, GstConvnextResult *result)
{
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);
    guint width, height;

    gst_convnext_result_get_frame_size(result, &width, &height);
    return (Place){crop ? (int)crop->x : 0, crop ? (int)crop->y : 0, (int)MIN(width, G_MAXINT),
                   (int)MIN(height, G_MAXINT)};
}

/* Rounds a span outward and clips it to 0..length. */
static void round_span(double from, double size, int length, int *start, int *rounded)
{
    const double most = length > 0 ? length : G_MAXINT / 2;
    const double first = CLAMP(floor(from), 0, most), end = CLAMP(ceil(from + size), 0, most);

    *start = (int)first;
    *rounded = (int)(end - first);
}

/* In pixels of the frame. FALSE if nothing is left, and for a box that is not finite. */
static gboolean round_box(const GstConvnextDetectedObject *object, const Place *place,
                          GstConvnextRect *box)
{
    if (!isfinite(object->x) || !isfinite(object->y) || !isfinite(object->width) ||
        !isfinite(object->height))
        return FALSE;
    round_span(object->x, object->width, place->width, &box->x, &box->w);
    round_span(object->y, object->height, place->height, &box->y, &box->h);
    return box->w > 0 && box->h > 0;
}

static GstConvnextRect in_picture(const GstConvnextRect *rect, const Place *place)
{
    return (GstConvnextRect){rect->x + place->x, rect->y + place->y, rect->w, rect->h};
}

static GQuark object_quark(GstConvnextLegend *legend, guint index)
{
    char name[16];

    if (index < gst_convnext_legend_get_n_classes(legend))
        return gst_convnext_legend_get_quarks(legend)[index + 1];
    g_snprintf(name, sizeof(name), "%u", index);
    return g_quark_from_string(name);
}

/* id: that of the GstAnalyticsODMtd, or 0. */
static void add_region(GstBuffer *buffer, const GstConvnextDetectedObject *object, GQuark type,
                       const GstConvnextRect *box, const Place *place, int id)
{
    const GstConvnextRect rect = in_picture(box, place);
    GstVideoRegionOfInterestMeta *roi = gst_buffer_add_video_region_of_interest_meta_id(
        buffer, type, (guint)rect.x, (guint)rect.y, (guint)rect.w, (guint)rect.h);
    GstStructure *detection =
        gst_structure_new("detection", "confidence", G_TYPE_DOUBLE, (double)object->score,
                          "label_id", G_TYPE_INT, (int)object->index, NULL);

    if (place->width > 0 && place->height > 0)
        gst_structure_set(detection, "x_min", G_TYPE_DOUBLE, (double)object->x / place->width,
                          "y_min", G_TYPE_DOUBLE, (double)object->y / place->height, "x_max",
                          G_TYPE_DOUBLE, ((double)object->x + object->width) / place->width,
                          "y_max", G_TYPE_DOUBLE,
                          ((double)object->y + object->height) / place->height, NULL);
    roi->id = id;
    gst_video_region_of_interest_meta_add_param(roi, detection);
}

/* The masks as the network computes them, [objects, side, side]; NULL without any. */
static const float *get_coarse_masks(GstConvnextResult *result, guint n, guint *side)
{
    g_autoptr(GstConvnextTensor) tensor =
        gst_convnext_result_get_tensor(result, GST_CONVNEXT_TENSOR_OBJECT_MASKS);
    guint n_dims;
    const gsize *shape = tensor ? gst_convnext_tensor_get_shape(tensor, &n_dims) : NULL;

    if (!shape || n_dims != 3 || shape[0] != n || shape[1] == 0 || shape[1] != shape[2] ||
        shape[1] > G_MAXUINT16)
        return NULL;
    *side = (guint)shape[1];
    return gst_convnext_tensor_get_values(tensor, NULL); /* the result keeps the tensor */
}

/* The mask at the size of the frame, if the object has one, or else as the network computes it. */
static void mirror_mask(GstBuffer *buffer, GstConvnextResult *result, guint i, const float *coarse,
                        guint side, const GstConvnextRect *box, const Place *place, guint mtd)
{
    const guint value = GST_CONVNEXT_OBJECT_MASK_VALUE(i);
    GstConvnextRect rect;
    GstMemory *mask = gst_convnext_result_get_object_mask(result, i, &rect);

    if (mask) {
        rect = in_picture(&rect, place);
        gst_convnext_analytics_add_object_mask(buffer, mtd, mask, &rect, value);
    } else if (coarse) {
        rect = in_picture(box, place);
        gst_convnext_analytics_add_coarse_mask(buffer, mtd, coarse + (gsize)i * side * side, side,
                                               &rect, value);
    }
}

static void mirror_objects(GstBuffer *buffer, GstConvnextResult *result, const Place *place)
{
    guint n, side = 0;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(result, &n);
    const float *coarse = get_coarse_masks(result, n, &side);

    for (guint i = 0; i < n; i++) {
        const GQuark type =
            object_quark(gst_convnext_result_get_object_legend(result), objects[i].index);
        GstConvnextRect box, rect;

        if (!round_box(&objects[i], place, &box))
            continue;
        rect = in_picture(&box, place);
        const int mtd = gst_convnext_analytics_add_object(buffer, type, &rect, objects[i].score);
        add_region(buffer, &objects[i], type, &box, place, MAX(mtd, 0));
        if (mtd >= 0)
            mirror_mask(buffer, result, i, coarse, side, &box, place, (guint)mtd);
    }
}

void gst_convnext_mirror_findings(GstBuffer *buffer, GstConvnextResult *result)
{
    const Place place = find_place(buffer, result);
    GstConvnextSegmentation *segmentation = gst_convnext_result_get_segmentation(result);

    mirror_objects(buffer, result, &place);
    if (segmentation) {
        GstConvnextRect rect;

        gst_convnext_segmentation_get_rect(segmentation, &rect);
        rect = in_picture(&rect, &place);
        gst_convnext_analytics_add_segmentation(buffer, segmentation, &rect);
    }
}
