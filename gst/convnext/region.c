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

/* Adds a step to the change. */
static void change_further(GstConvnextChange *self, const GstConvnextChange *step)
{
    const GstConvnextChange before = *self;

    for (guint i = 0; i < 2; i++) {
        const double *row = step->matrix[i];

        for (guint j = 0; j < 3; j++)
            self->matrix[i][j] = row[0] * before.matrix[0][j] + row[1] * before.matrix[1][j];
        self->matrix[i][2] += row[2];
    }
}

/* Scales, then shifts. */
static void scale_further(GstConvnextChange *self, double x_scale, double y_scale, double x,
                          double y)
{
    const GstConvnextChange step = {{{x_scale, 0, x}, {0, y_scale, y}}};

    change_further(self, &step);
}

void gst_convnext_region_move(GstConvnextRegion *self, const GstVideoRectangle *rect)
{
    const GstVideoRectangle *from = &self->rect;

    if (from->w > 0 && from->h > 0) {
        const double x_scale = (double)rect->w / from->w, y_scale = (double)rect->h / from->h;

        scale_further(&self->change, x_scale, y_scale, rect->x - from->x * x_scale,
                      rect->y - from->y * y_scale);
    }
    self->rect = *rect;
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

/* Elements that scale may add borders, and do not tell, if the aspect ratio changes. A border of
 * one pixel comes from rounding. */
static gboolean scale_region(GstConvnextRegion *self, const GstVideoMetaTransform *scale)
{
    const GstVideoInfo *in = scale->in_info, *out = scale->out_info;

    if (!is_frame_size(self, in->width, in->height) || border_size(in, out) > 1)
        return FALSE;
    scale_further(&self->change, (double)out->width / in->width, (double)out->height / in->height,
                  0, 0);
    scale_span(&self->rect.x, &self->rect.w, in->width, out->width);
    scale_span(&self->rect.y, &self->rect.h, in->height, out->height);
    self->width = (guint)out->width;
    self->height = (guint)out->height;
    return TRUE;
}

#if GST_CHECK_VERSION(1, 28, 0)

/* The matrix of a rectangle that can be mapped keeps the axes, perhaps exchanged. Its coordinates
 * begin at the corners of in_rectangle and out_rectangle. Its numbers are floats, and elements that
 * mirror map the first pixel to the last one instead of edge to edge; so one that maps in_rectangle
 * to out_rectangle, but for a pixel, is taken to map their edges. */
static void turn_further(GstConvnextChange *self, const GstVideoMetaTransformMatrix *matrix)
{
    const GstVideoRectangle *in = &matrix->in_rectangle, *out = &matrix->out_rectangle;
    const double in_start[] = {in->x, in->y}, in_size[] = {in->w, in->h};
    const double out_start[] = {out->x, out->y}, out_size[] = {out->w, out->h};
    GstConvnextChange step = {0};

    for (guint i = 0; i < 2; i++) {
        const float *row = matrix->matrix[i];
        const guint j = row[0] == 0; /* the axis that it reads */
        double scale = row[j], first = row[2];
        const double last = first + scale * in_size[j];

        if (ABS(MIN(first, last)) <= 1 && ABS(MAX(first, last) - out_size[i]) <= 1) {
            first = scale < 0 ? out_size[i] : 0;
            scale = (scale < 0 ? -1 : 1) * out_size[i] / in_size[j];
        }
        step.matrix[i][j] = scale;
        step.matrix[i][2] = out_start[i] + first - scale * in_start[j];
    }
    change_further(self, &step);
}

static gboolean turn_region(GstConvnextRegion *self, const GstVideoMetaTransformMatrix *matrix)
{
    if (!is_frame_size(self, matrix->in_info->width, matrix->in_info->height) ||
        !gst_video_meta_transform_matrix_rectangle(matrix, &self->rect) ||
        !clip_region(&self->rect, &matrix->out_rectangle))
        return FALSE;
    turn_further(&self->change, matrix);
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

/* Moves a region to the frame that another crop makes visible. FALSE if it is outside. */
static gboolean follow_crop(GstConvnextRegion *self, const GstVideoRectangle *to)
{
    const GstVideoRectangle frame = {0, 0, to->w, to->h};
    const int x = self->crop.x - to->x, y = self->crop.y - to->y;

    scale_further(&self->change, 1, 1, x, y);
    self->rect.x += x;
    self->rect.y += y;
    return clip_region(&self->rect, &frame);
}

gboolean gst_convnext_region_locate(GstConvnextRegion *self, const GstVideoRectangle *crop,
                                    int width, int height)
{
    if (is_same_crop(crop, &self->crop))
        return is_frame_size(self, width, height);
    /* An element that has removed a crop has also changed the picture. */
    if (crop->w == 0 || !follow_crop(self, crop))
        return FALSE;
    return width == 0 || height == 0 || (width == crop->w && height == crop->h);
}
