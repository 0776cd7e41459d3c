/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/region.h"

/* Scales and rounds both edges instead of the size, so adjacent regions stay adjacent and the whole
 * frame stays the whole frame. A span that was not empty keeps at least one pixel. `from` must not
 * be 0. */
static void scale_span(int *start, int *size, int from, int to)
{
    guint64 first = gst_util_uint64_scale_int_round((guint64)*start, to, from);
    guint64 end = gst_util_uint64_scale_int_round((guint64)*start + (guint64)*size, to, from);

    if (*size && first == end)
        first = MIN(first, (guint64)to - 1);
    *size = *size ? (int)MAX(end - first, 1) : 0;
    *start = (int)first;
}

static void clip_span(int *start, int *size, int from, int to)
{
    int end = (int)CLAMP((gint64)*start + *size, from, to);

    *start = CLAMP(*start, from, to);
    *size = end - *start;
}

/* FALSE if nothing is left. */
static gboolean clip_region(GstVideoRectangle *region, const GstVideoRectangle *frame)
{
    clip_span(&region->x, &region->w, frame->x, frame->x + frame->w);
    clip_span(&region->y, &region->h, frame->y, frame->y + frame->h);
    return region->w > 0 && region->h > 0;
}

static gboolean is_frame_size(const GstConvnextRegion *self, int width, int height)
{
    return !self->width || !self->height || width < 1 || height < 1 ||
           ((guint)width == self->width && (guint)height == self->height);
}

/* The size of the borders that keep the aspect ratio of the picture; the sum of both sides. */
static int border_size(const GstVideoInfo *in, const GstVideoInfo *out)
{
    int n, d, scaled;

    if (in->width < 1 || in->height < 1 ||
        !gst_util_fraction_multiply(in->width, in->height, in->par_n, in->par_d, &n, &d) ||
        !gst_util_fraction_multiply(n, d, out->par_d, out->par_n, &n, &d))
        return G_MAXINT;
    scaled = (int)gst_util_uint64_scale_int((guint64)out->width, d, n);
    if (scaled <= out->height)
        return out->height - scaled;
    return out->width - (int)gst_util_uint64_scale_int((guint64)out->height, n, d);
}

/* Applies next after what the map does. */
static void append_affine(GstConvnextAffine *map, const GstConvnextAffine *next)
{
    const GstConvnextAffine m = *map;

    map->xx = next->xx * m.xx + next->xy * m.yx;
    map->xy = next->xx * m.xy + next->xy * m.yy;
    map->x0 = next->xx * m.x0 + next->xy * m.y0 + next->x0;
    map->yx = next->yx * m.xx + next->yy * m.yx;
    map->yy = next->yx * m.xy + next->yy * m.yy;
    map->y0 = next->yx * m.x0 + next->yy * m.y0 + next->y0;
}

/* Elements that scale may add borders, and do not tell, if the aspect ratio changes. A border of
 * one pixel comes from rounding. */
static gboolean scale_region(GstConvnextRegion *self, const GstVideoMetaTransform *scale)
{
    const GstVideoInfo *in = scale->in_info, *out = scale->out_info;

    if (!is_frame_size(self, in->width, in->height) || border_size(in, out) > 1)
        return FALSE;
    scale_span(&self->rect.x, &self->rect.w, in->width, out->width);
    scale_span(&self->rect.y, &self->rect.h, in->height, out->height);
    append_affine(&self->map, &(GstConvnextAffine){.xx = (double)out->width / in->width,
                                                   .yy = (double)out->height / in->height});
    self->width = (guint)out->width;
    self->height = (guint)out->height;
    return TRUE;
}

#if GST_CHECK_VERSION(1, 28, 0)

/* The matrix maps points relative to two rectangles' corners. */
static GstConvnextAffine affine_of_matrix(const GstVideoMetaTransformMatrix *matrix)
{
    const float(*m)[3] = matrix->matrix;
    const GstVideoRectangle *in = &matrix->in_rectangle, *out = &matrix->out_rectangle;

    return (GstConvnextAffine){.xx = m[0][0],
                               .xy = m[0][1],
                               .x0 = m[0][2] + out->x - m[0][0] * in->x - m[0][1] * in->y,
                               .yx = m[1][0],
                               .yy = m[1][1],
                               .y0 = m[1][2] + out->y - m[1][0] * in->x - m[1][1] * in->y};
}

static gboolean turn_region(GstConvnextRegion *self, const GstVideoMetaTransformMatrix *matrix)
{
    if (!is_frame_size(self, matrix->in_info->width, matrix->in_info->height) ||
        !gst_video_meta_transform_matrix_rectangle(matrix, &self->rect) ||
        !clip_region(&self->rect, &matrix->out_rectangle))
        return FALSE;
    const GstConvnextAffine step = affine_of_matrix(matrix);

    append_affine(&self->map, &step);
    self->width = (guint)matrix->out_info->width;
    self->height = (guint)matrix->out_info->height;
    return TRUE;
}

#endif

/* Scaling and a matrix refer to the frame of the caps; where a GstVideoCropMeta says which part of
 * the picture that is, only a copy, which keeps it, is certain. */
gboolean gst_convnext_region_transform(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                       GQuark type, gpointer data)
{
    if (GST_META_TRANSFORM_IS_COPY(type))
        return TRUE;
    if (crop->w > 0)
        return FALSE;
#if GST_CHECK_VERSION(1, 28, 0)
    if (GST_VIDEO_META_TRANSFORM_IS_MATRIX(type))
        return turn_region(self, data);
#endif
    return GST_VIDEO_META_TRANSFORM_IS_SCALE(type) && scale_region(self, data);
}

static gboolean is_same_crop(const GstVideoRectangle *a, const GstVideoRectangle *b)
{
    return a->x == b->x && a->y == b->y && a->w == b->w && a->h == b->h;
}

/* Moves a region from the frame that one crop makes visible to that of another. FALSE if it is
 * outside. */
static gboolean follow_crop(GstVideoRectangle *region, const GstVideoRectangle *from,
                            const GstVideoRectangle *to)
{
    const GstVideoRectangle frame = {0, 0, to->w, to->h};

    region->x += from->x - to->x;
    region->y += from->y - to->y;
    return clip_region(region, &frame);
}

gboolean gst_convnext_region_locate(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                    int width, int height)
{
    if (is_same_crop(crop, &self->crop))
        return is_frame_size(self, width, height);
    /* An element that has removed a crop has also changed the picture. */
    if (crop->w == 0 || !follow_crop(&self->rect, &self->crop, crop))
        return FALSE;
    self->map.x0 += self->crop.x - crop->x;
    self->map.y0 += self->crop.y - crop->y;
    return width == 0 || height == 0 || (width == crop->w && height == crop->h);
}

void gst_convnext_affine_map_box(const GstConvnextAffine *map, double *x, double *y, double *width,
                                 double *height)
{
    const double right = *x + *width, bottom = *y + *height;
    const double x1 = map->xx * *x + map->xy * *y + map->x0;
    const double y1 = map->yx * *x + map->yy * *y + map->y0;
    const double x2 = map->xx * right + map->xy * bottom + map->x0;
    const double y2 = map->yx * right + map->yy * bottom + map->y0;

    *x = MIN(x1, x2);
    *y = MIN(y1, y2);
    *width = MAX(x1, x2) - *x;
    *height = MAX(y1, y2) - *y;
}
