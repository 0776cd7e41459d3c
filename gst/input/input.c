/* Turns frames of given caps into the inputs of an engine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/input.h"

#include "gst/input/bounds.h"
#include "gst/input/colours.h"
#include "model/base/isa.h"
#include "model/preprocess/preprocess.h"

struct GstConvnextInput {
    GstConvnextEngine *engine;
    GstVideoInfo caps;
    GstConvnextOrientation orientation;
    GstConvnextRoi roi;
    GstConvnextRect roi_rect;          /* in pixels of the caps, if roi is set */
    guint memory_width, memory_height; /* of the picture in memory */
    GstConvnextRect visible;           /* part of it */
    GstConvnextFrame *frame;           /* NULL, like preprocess, if preparing a picture failed */
    CnxPreprocess *preprocess;
    guint width, height; /* of the input, pixels */
    CnxIsa isa;
    GstBuffer *mapped; /* the buffer that is mapped; NULL if none is */
    CnxImage image;    /* its picture */
};

static void drop_picture(GstConvnextInput *self)
{
    g_clear_pointer(&self->preprocess, cnx_preprocess_free);
    g_clear_pointer(&self->frame, gst_convnext_frame_free);
}

G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_90R == (int)CNX_ORIENTATION_90R);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_180 == (int)CNX_ORIENTATION_180);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_90L == (int)CNX_ORIENTATION_90L);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_HORIZ == (int)CNX_ORIENTATION_HORIZ);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_VERT == (int)CNX_ORIENTATION_VERT);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_UL_LR == (int)CNX_ORIENTATION_UL_LR);
G_STATIC_ASSERT((int)GST_CONVNEXT_ORIENTATION_UR_LL == (int)CNX_ORIENTATION_UR_LL);

/* This region of the picture. */
static CnxImageInfo describe_region(const GstConvnextInput *self, const GstConvnextRect *region)
{
    CnxImageInfo info = *gst_convnext_frame_info(self->frame);

    info.x = (guint)region->x;
    info.y = (guint)region->y;
    info.w = (guint)region->w;
    info.h = (guint)region->h;
    info.orientation = (CnxOrientation)self->orientation;
    return info;
}

/* From this region of the picture to an input. */
static CnxPreprocess *new_preprocess(const GstConvnextInput *self, const GstConvnextRect *region,
                                     GError **error)
{
    const CnxImageInfo info = describe_region(self, region);

    return cnx_preprocess_new(gst_convnext_engine_recipe(self->engine), &info, error);
}

/* Downstream knows the frame that the caps describe, not the picture in memory. */
static GstConvnextView view_in_frame(const GstConvnextInput *self, const CnxView *view)
{
    const double x_scale = (double)GST_VIDEO_INFO_WIDTH(&self->caps) / self->visible.w;
    const double y_scale = (double)GST_VIDEO_INFO_HEIGHT(&self->caps) / self->visible.h;
    GstConvnextView seen = gst_convnext_view_of(view, self->orientation);

    seen.x = (seen.x - self->visible.x) * x_scale;
    seen.y = (seen.y - self->visible.y) * y_scale;
    seen.width *= x_scale;
    seen.height *= y_scale;
    return seen;
}

/* Before anything is allocated for frames of this size. */
static gboolean check_memory(const GstConvnextInput *self, const GstConvnextRect *visible,
                             GError **error)
{
    const CnxImageInfo info = describe_region(self, visible);
    CnxPreprocessSize size;

    if (!cnx_preprocess_measure(gst_convnext_engine_recipe(self->engine), &info, &size, error))
        return FALSE;
    const GstConvnextSizes sizes = {
        .view = view_in_frame(self, &size.view),
        .preprocessing = size.bytes,
        .frame_width = (guint)GST_VIDEO_INFO_WIDTH(&self->caps),
        .frame_height = (guint)GST_VIDEO_INFO_HEIGHT(&self->caps),
    };
    return gst_convnext_engine_allow(self->engine, &sizes, error);
}

/* The part of the picture that runs: all that is visible, or the ROI. */
static GstConvnextRect running_part(const GstConvnextInput *self, const GstConvnextRect *visible)
{
    return gst_convnext_roi_is_set(&self->roi)
               ? gst_convnext_frame_part(&self->caps, visible, &self->roi_rect)
               : *visible;
}

/* Prepares for a picture of width x height in memory with this visible part. */
static gboolean prepare_picture(GstConvnextInput *self, guint width, guint height,
                                const GstConvnextRect *visible, GError **error)
{
    const GstConvnextRect part = running_part(self, visible);

    drop_picture(self);
    self->memory_width = width;
    self->memory_height = height;
    self->visible = *visible;
    self->frame = gst_convnext_frame_new(&self->caps, width, height, &part, error);
    if (self->frame && check_memory(self, &part, error))
        self->preprocess = new_preprocess(self, &part, error);
    if (self->preprocess) {
        cnx_preprocess_size(self->preprocess, &self->width, &self->height);
        if (gst_convnext_engine_make_ready(self->engine, self->width, self->height, error))
            return TRUE;
    }
    drop_picture(self);
    return FALSE;
}

GstConvnextInput *gst_convnext_input_new(GstConvnextEngine *engine, const GstVideoInfo *caps,
                                         GError **error)
{
    GstConvnextInput *self = g_new0(GstConvnextInput, 1);
    const GstConvnextRect whole = {0, 0, GST_VIDEO_INFO_WIDTH(caps), GST_VIDEO_INFO_HEIGHT(caps)};

    self->engine = gst_convnext_engine_ref(engine);
    self->caps = *caps;
    if (!cnx_isa_get(&self->isa, error) ||
        !prepare_picture(self, (guint)whole.w, (guint)whole.h, &whole, error)) {
        g_prefix_error(error, "frames of %d x %d pixels: ", whole.w, whole.h);
        g_clear_pointer(&self, gst_convnext_input_free);
    }
    return self;
}

void gst_convnext_input_free(GstConvnextInput *self)
{
    if (!self)
        return;
    drop_picture(self);
    gst_convnext_engine_unref(self->engine);
    g_free(self);
}

GstConvnextEngine *gst_convnext_input_engine(const GstConvnextInput *self)
{
    return self->engine;
}

const GstVideoInfo *gst_convnext_input_caps(const GstConvnextInput *self)
{
    return &self->caps;
}

char *gst_convnext_input_describe(const GstConvnextInput *self)
{
    static const char *const matrices[] = {
        [CNX_MATRIX_BT601] = "BT.601",
        [CNX_MATRIX_BT709] = "BT.709",
        [CNX_MATRIX_BT2020] = "BT.2020",
    };
    const CnxImageInfo *info = gst_convnext_frame_info(self->frame);
    g_autofree char *colours = gst_convnext_colours_describe(&self->caps.colorimetry);

    return g_strdup_printf("%ux%u %s read as %s (YUV as %s, %s range), pixel aspect ratio %u/%u, "
                           "region %u,%u %ux%u, to an input of %ux%u%s%s",
                           info->width, info->height, GST_VIDEO_INFO_NAME(&self->caps),
                           gst_convnext_frame_format(self->frame), matrices[info->matrix],
                           info->full_range ? "full" : "limited", info->par_n, info->par_d, info->x,
                           info->y, info->w, info->h, self->width, self->height,
                           colours ? "; " : "", colours ? colours : "");
}

void gst_convnext_input_set_orientation(GstConvnextInput *self, GstConvnextOrientation orientation)
{
    if (orientation == self->orientation)
        return;
    g_assert(!self->mapped);
    self->orientation = orientation;
    drop_picture(self); /* the next frame prepares it again */
}

gboolean gst_convnext_input_set_roi(GstConvnextInput *self, const GstConvnextRoi *roi,
                                    GError **error)
{
    GstConvnextRect rect = {0};

    if (gst_convnext_roi_equal(roi, &self->roi))
        return TRUE;
    if (gst_convnext_roi_is_set(roi) &&
        !gst_convnext_roi_locate(roi, GST_VIDEO_INFO_WIDTH(&self->caps),
                                 GST_VIDEO_INFO_HEIGHT(&self->caps), &rect, error))
        return FALSE;
    g_assert(!self->mapped);
    self->roi = *roi;
    self->roi_rect = rect;
    const GstConvnextRect visible = self->visible;
    return prepare_picture(self, self->memory_width, self->memory_height, &visible, error);
}

const GstConvnextRect *gst_convnext_input_roi(const GstConvnextInput *self)
{
    return gst_convnext_roi_is_set(&self->roi) ? &self->roi_rect : NULL;
}

/* For converted formats, mapping is most of the work. A frame that runs after its thumbnail was
 * made is therefore mapped only once. */
static gboolean map_buffer(GstConvnextInput *self, GstBuffer *buffer, GError **error)
{
    const GstVideoMeta *meta = gst_buffer_get_video_meta(buffer);
    guint width, height;
    GstConvnextRect visible;

    if (self->mapped == buffer)
        return TRUE;
    if (meta && !gst_convnext_bounds_check_meta(&self->caps, meta, error))
        return FALSE;
    gst_convnext_frame_locate(&self->caps, buffer, &width, &height, &visible);
    const GstConvnextRect part = running_part(self, &visible);
    if (!self->frame || !gst_convnext_frame_fits(self->frame, width, height, &part))
        if (!prepare_picture(self, width, height, &visible, error))
            return FALSE;
    if (!gst_convnext_frame_map(self->frame, buffer, &self->image, error))
        return FALSE;
    self->mapped = buffer;
    return TRUE;
}

void gst_convnext_input_release(GstConvnextInput *self)
{
    if (self->mapped)
        gst_convnext_frame_unmap(self->frame);
    self->mapped = NULL;
}

gboolean gst_convnext_input_thumbnail(GstConvnextInput *self, GstBuffer *buffer,
                                      CnxThumbnail *thumbnail)
{
    if (!map_buffer(self, buffer, NULL))
        return FALSE;
    cnx_thumbnail_make(thumbnail, self->isa, gst_convnext_frame_info(self->frame), &self->image);
    return TRUE;
}

static void add_view(const GstConvnextInput *self, const CnxPreprocess *preprocess,
                     GstConvnextJob *job)
{
    const CnxView view = cnx_preprocess_view(preprocess);
    const GstConvnextView seen = view_in_frame(self, &view);

    g_array_append_val(job->views, seen);
}

/* Places differ in size, so each needs its own preprocessing. */
static gboolean fill_place(GstConvnextInput *self, const GstConvnextRect *place,
                           GstConvnextJob *job, guint i, GError **error)
{
    g_autoptr(CnxPreprocess) preprocess = new_preprocess(self, place, error);

    if (!preprocess)
        return FALSE;
    cnx_preprocess_run(preprocess, &self->image, gst_convnext_job_input(job, i), NULL);
    add_view(self, preprocess, job);
    return TRUE;
}

static gboolean fill_places(GstConvnextInput *self, const GArray *places, GstConvnextJob *job,
                            GError **error)
{
    for (guint i = 0; i < places->len; i++)
        if (!fill_place(self, &g_array_index(places, GstConvnextRect, i), job, i, error))
            return FALSE;
    return TRUE;
}

static gboolean fill_mapped(GstConvnextInput *self, const GArray *places, GstConvnextJob *job,
                            GError **error)
{
    if (!gst_convnext_job_begin(job, self->engine, places ? places->len : 1, self->width,
                                self->height, error))
        return FALSE;
    if (places)
        return fill_places(self, places, job, error);
    cnx_preprocess_run(self->preprocess, &self->image, gst_convnext_job_input(job, 0), NULL);
    add_view(self, self->preprocess, job);
    return TRUE;
}

gboolean gst_convnext_input_fill(GstConvnextInput *self, GstBuffer *buffer, const GArray *places,
                                 GstConvnextJob *job, GError **error)
{
    const GstClockTime start = gst_util_get_timestamp();
    gboolean is_filled = map_buffer(self, buffer, error) && fill_mapped(self, places, job, error);

    gst_convnext_input_release(self);
    if (!is_filled) {
        gst_convnext_job_end(job);
        return FALSE;
    }
    job->frame_width = (guint)GST_VIDEO_INFO_WIDTH(&self->caps);
    job->frame_height = (guint)GST_VIDEO_INFO_HEIGHT(&self->caps);
    job->part = gst_convnext_roi_is_set(&self->roi)
                    ? self->roi_rect
                    : (GstConvnextRect){0, 0, (int)job->frame_width, (int)job->frame_height};
    job->orientation = self->orientation;
    job->times.pts = GST_BUFFER_PTS(buffer);
    job->preprocess_time = gst_util_get_timestamp() - start;
    return TRUE;
}
