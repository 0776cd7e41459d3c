/* Maps buffers of raw video as pictures that preprocessing can read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/frame.h"

#include "gst/input/bounds.h"
#include "gst/input/colours.h"
#include "model/base/error.h"

struct GstConvnextFrame {
    CnxImageInfo info;
    CnxColours *colours;        /* info refers to them; NULL if they need no conversion */
    GstVideoInfo source;        /* the caps, with the size of the picture in memory */
    GstVideoFrame mapped;       /* the buffer, between map and unmap */
    GstVideoConverter *convert; /* NULL for a native format */
    GstVideoFrame converted;    /* its output, mapped until free */
};

static const struct {
    GstVideoFormat format;
    CnxPixels pixels;
} native_formats[] = {
    {GST_VIDEO_FORMAT_I420, CNX_PIXELS_I420},  {GST_VIDEO_FORMAT_NV12, CNX_PIXELS_NV12},
    {GST_VIDEO_FORMAT_YV12, CNX_PIXELS_YV12},  {GST_VIDEO_FORMAT_NV21, CNX_PIXELS_NV21},
    {GST_VIDEO_FORMAT_YUY2, CNX_PIXELS_YUY2},  {GST_VIDEO_FORMAT_UYVY, CNX_PIXELS_UYVY},
    {GST_VIDEO_FORMAT_RGB, CNX_PIXELS_RGB},    {GST_VIDEO_FORMAT_BGR, CNX_PIXELS_BGR},
    {GST_VIDEO_FORMAT_RGBx, CNX_PIXELS_RGBX},  {GST_VIDEO_FORMAT_RGBA, CNX_PIXELS_RGBX},
    {GST_VIDEO_FORMAT_BGRx, CNX_PIXELS_BGRX},  {GST_VIDEO_FORMAT_BGRA, CNX_PIXELS_BGRX},
    {GST_VIDEO_FORMAT_xRGB, CNX_PIXELS_XRGB},  {GST_VIDEO_FORMAT_ARGB, CNX_PIXELS_XRGB},
    {GST_VIDEO_FORMAT_xBGR, CNX_PIXELS_XBGR},  {GST_VIDEO_FORMAT_ABGR, CNX_PIXELS_XBGR},
    {GST_VIDEO_FORMAT_GRAY8, CNX_PIXELS_GRAY},
};

/* The formats that preprocessing reads if it converts the tone, which 8 bits are too few for. */
static const struct {
    GstVideoFormat format;
    CnxPixels pixels;
} deep_formats[] = {
    {GST_VIDEO_FORMAT_I420_10LE, CNX_PIXELS_I420_16},
    {GST_VIDEO_FORMAT_I420_12LE, CNX_PIXELS_I420_16},
    {GST_VIDEO_FORMAT_I422_10LE, CNX_PIXELS_I422_16},
    {GST_VIDEO_FORMAT_I422_12LE, CNX_PIXELS_I422_16},
    {GST_VIDEO_FORMAT_P010_10LE, CNX_PIXELS_NV12_16},
    {GST_VIDEO_FORMAT_P012_LE, CNX_PIXELS_NV12_16},
    {GST_VIDEO_FORMAT_P016_LE, CNX_PIXELS_NV12_16},
    {GST_VIDEO_FORMAT_ARGB64, CNX_PIXELS_XRGB64},
};

static gboolean find_pixels(GstVideoFormat format, gboolean has_tone, CnxPixels *pixels)
{
    for (guint i = 0; i < G_N_ELEMENTS(native_formats); i++)
        if (native_formats[i].format == format) {
            *pixels = native_formats[i].pixels;
            return TRUE;
        }
    for (guint i = 0; has_tone && i < G_N_ELEMENTS(deep_formats); i++)
        if (deep_formats[i].format == format) {
            *pixels = deep_formats[i].pixels;
            return TRUE;
        }
    return FALSE;
}

/* FALSE for a matrix that preprocessing does not support. If the matrix is unknown, it is that of
 * BT.2100 for HDR; otherwise the height decides, as in GStreamer for caps without colorimetry. */
static gboolean find_matrix(const GstVideoInfo *info, CnxMatrix *matrix)
{
    switch (info->colorimetry.matrix) {
    case GST_VIDEO_COLOR_MATRIX_BT601:
        *matrix = CNX_MATRIX_BT601;
        return TRUE;
    case GST_VIDEO_COLOR_MATRIX_BT709:
        *matrix = CNX_MATRIX_BT709;
        return TRUE;
    case GST_VIDEO_COLOR_MATRIX_BT2020:
        *matrix = CNX_MATRIX_BT2020;
        return TRUE;
    case GST_VIDEO_COLOR_MATRIX_UNKNOWN:
        *matrix = gst_convnext_colours_are_hdr(&info->colorimetry) ? CNX_MATRIX_BT2020
                  : GST_VIDEO_INFO_HEIGHT(info) > 576              ? CNX_MATRIX_BT709
                                                                   : CNX_MATRIX_BT601;
        return TRUE;
    default:
        return FALSE;
    }
}

/* FALSE if preprocessing cannot read these pictures. It expects RGB and gray in full range. */
static gboolean read_natively(const GstVideoInfo *info, CnxImageInfo *image)
{
    if (!find_pixels(GST_VIDEO_INFO_FORMAT(info), image->colours && image->colours->has_tone,
                     &image->pixels))
        return FALSE;
    image->depth = (guint)GST_VIDEO_INFO_COMP_DEPTH(info, 0);
    image->full_range = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255;
    if (GST_VIDEO_INFO_IS_YUV(info))
        return find_matrix(info, &image->matrix);
    return info->colorimetry.range != GST_VIDEO_COLOR_RANGE_16_235;
}

/* Of the formats with more than 8 bits, for tones. Gray and 4:4:4 are rare enough for RGB. */
static GstVideoFormat nearest_deep(const GstVideoInfo *info)
{
    CnxMatrix matrix;

    if (!GST_VIDEO_INFO_IS_YUV(info) || !find_matrix(info, &matrix) ||
        GST_VIDEO_FORMAT_INFO_W_SUB(info->finfo, 1) != 1)
        return GST_VIDEO_FORMAT_ARGB64;
    switch (GST_VIDEO_FORMAT_INFO_H_SUB(info->finfo, 1)) {
    case 0:
        return GST_VIDEO_FORMAT_I422_12LE;
    case 1:
        return GST_VIDEO_FORMAT_I420_12LE;
    default:
        return GST_VIDEO_FORMAT_ARGB64;
    }
}

static GstVideoFormat nearest_native(const GstVideoInfo *info, const CnxColours *colours)
{
    CnxMatrix matrix;

    if (colours && colours->has_tone && GST_VIDEO_INFO_COMP_DEPTH(info, 0) > 8)
        return nearest_deep(info);
    if (GST_VIDEO_INFO_IS_GRAY(info) && info->colorimetry.range != GST_VIDEO_COLOR_RANGE_16_235)
        return GST_VIDEO_FORMAT_GRAY8;
    if (!GST_VIDEO_INFO_IS_YUV(info) || !find_matrix(info, &matrix))
        return GST_VIDEO_FORMAT_RGB;
    if (GST_VIDEO_FORMAT_INFO_W_SUB(info->finfo, 1) != 1)
        return GST_VIDEO_FORMAT_RGB;
    switch (GST_VIDEO_FORMAT_INFO_H_SUB(info->finfo, 1)) {
    case 0:
        return GST_VIDEO_FORMAT_YUY2;
    case 1:
        return GST_VIDEO_FORMAT_I420;
    default:
        return GST_VIDEO_FORMAT_RGB;
    }
}

/* Chroma on the same grid on both sides needs no resampling. Interlaced pictures are not
 * deinterlaced. */
static GstStructure *converter_options(const GstVideoInfo *to)
{
    gboolean same_grid = GST_VIDEO_INFO_IS_YUV(to) || GST_VIDEO_INFO_IS_GRAY(to);

    return gst_structure_new(
        "convnext", GST_VIDEO_CONVERTER_OPT_CHROMA_MODE, GST_TYPE_VIDEO_CHROMA_MODE,
        same_grid ? GST_VIDEO_CHROMA_MODE_NONE : GST_VIDEO_CHROMA_MODE_FULL, NULL);
}

/* Describes a picture of another format or size with the pixel aspect ratio and frame rate of the
 * caps, and with their colorimetry if the colour model is the same. interlacing matters because
 * some planes of an interlaced picture have an additional row. FALSE for a size that GStreamer
 * cannot address. */
static gboolean describe_picture(GstVideoInfo *info, GstVideoFormat format,
                                 GstVideoInterlaceMode interlacing, guint width, guint height,
                                 const GstVideoInfo *caps)
{
    if (!gst_video_info_set_interlaced_format(info, format, interlacing, width, height))
        return FALSE;
    info->interlace_mode = GST_VIDEO_INTERLACE_MODE_PROGRESSIVE; /* fields are not separated */
    if (GST_VIDEO_INFO_IS_RGB(info) == GST_VIDEO_INFO_IS_RGB(caps)) {
        info->colorimetry = caps->colorimetry;
        info->chroma_site = caps->chroma_site;
    }
    info->par_n = caps->par_n;
    info->par_d = caps->par_d;
    info->fps_n = caps->fps_n;
    info->fps_d = caps->fps_d;
    return TRUE;
}

static gboolean make_converter(GstConvnextFrame *self, GError **error)
{
    GstVideoFormat format = nearest_native(&self->source, self->colours);
    GstVideoInfo info;

    if (describe_picture(&info, format, GST_VIDEO_INTERLACE_MODE_PROGRESSIVE, self->info.width,
                         self->info.height, &self->source)) {
        if (GST_VIDEO_INFO_IS_RGB(&info))
            info.colorimetry.range = GST_VIDEO_COLOR_RANGE_0_255;
        self->convert = gst_video_converter_new(&self->source, &info, converter_options(&info));
    }
    if (!self->convert || !read_natively(&info, &self->info)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "video format %s: GStreamer cannot convert it to %s",
                    GST_VIDEO_INFO_NAME(&self->source), gst_video_format_to_string(format));
        return FALSE;
    }
    g_autoptr(GstBuffer) buffer = gst_buffer_new_allocate(NULL, GST_VIDEO_INFO_SIZE(&info), NULL);
    /* The mapping holds its own reference to the buffer. */
    if (buffer && gst_video_frame_map(&self->converted, &info, buffer, GST_MAP_READWRITE))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "no memory for a picture of %d x %d %s",
                info.width, info.height, GST_VIDEO_INFO_NAME(&info));
    return FALSE;
}

void gst_convnext_frame_locate(const GstVideoInfo *caps, GstBuffer *buffer, guint *width,
                               guint *height, GstConvnextRect *visible)
{
    const GstVideoMeta *video = gst_buffer_get_video_meta(buffer);
    const GstVideoCropMeta *crop = gst_buffer_get_video_crop_meta(buffer);

    *width = video ? MIN(video->width, G_MAXINT) : (guint)GST_VIDEO_INFO_WIDTH(caps);
    *height = video ? MIN(video->height, G_MAXINT) : (guint)GST_VIDEO_INFO_HEIGHT(caps);
    *visible = (GstConvnextRect){0, 0, (int)*width, (int)*height};
    if (!crop || crop->x >= *width || crop->y >= *height || !crop->width || !crop->height)
        return;
    visible->x = (int)crop->x;
    visible->y = (int)crop->y;
    visible->w = (int)MIN(crop->width, *width - crop->x);
    visible->h = (int)MIN(crop->height, *height - crop->y);
}

/* Rounds both edges, so adjacent spans stay adjacent; at least one pixel remains. */
static void scale_span(int start, int length, int from, int to, int *first, int *pixels)
{
    const int begin = (int)gst_util_uint64_scale_int_round((guint64)start, to, from);
    const int end = (int)gst_util_uint64_scale_int_round((guint64)start + length, to, from);

    *first = MIN(begin, to - 1);
    *pixels = MAX(end - *first, 1);
}

GstConvnextRect gst_convnext_frame_part(const GstVideoInfo *caps, const GstConvnextRect *visible,
                                        const GstConvnextRect *part)
{
    GstConvnextRect rect;

    scale_span(part->x, part->w, GST_VIDEO_INFO_WIDTH(caps), visible->w, &rect.x, &rect.w);
    scale_span(part->y, part->h, GST_VIDEO_INFO_HEIGHT(caps), visible->h, &rect.y, &rect.h);
    rect.x += visible->x;
    rect.y += visible->y;
    return rect;
}

GstConvnextFrame *gst_convnext_frame_new(const GstVideoInfo *caps, guint width, guint height,
                                         const GstConvnextRect *visible, GError **error)
{
    GstConvnextFrame *self = g_new0(GstConvnextFrame, 1);

    self->colours = gst_convnext_colours_new(&caps->colorimetry);
    self->info = (CnxImageInfo){
        .colours = self->colours,
        .width = width,
        .height = height,
        .par_n = MAX(caps->par_n, 1),
        .par_d = MAX(caps->par_d, 1),
        .x = (guint)visible->x,
        .y = (guint)visible->y,
        .w = (guint)visible->w,
        .h = (guint)visible->h,
    };
    if (!describe_picture(&self->source, GST_VIDEO_INFO_FORMAT(caps),
                          GST_VIDEO_INFO_INTERLACE_MODE(caps), width, height, caps))
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED, "a picture of %u x %u is too large",
                    width, height);
    else if (read_natively(&self->source, &self->info) || make_converter(self, error))
        return self;
    gst_convnext_frame_free(self);
    return NULL;
}

void gst_convnext_frame_free(GstConvnextFrame *self)
{
    if (!self)
        return;
    if (self->converted.buffer)
        gst_video_frame_unmap(&self->converted);
    if (self->convert)
        gst_video_converter_free(self->convert);
    cnx_colours_free(self->colours);
    g_free(self);
}

gboolean gst_convnext_frame_fits(const GstConvnextFrame *self, guint width, guint height,
                                 const GstConvnextRect *visible)
{
    const CnxImageInfo *info = &self->info;

    return info->width == width && info->height == height && info->x == (guint)visible->x &&
           info->y == (guint)visible->y && info->w == (guint)visible->w &&
           info->h == (guint)visible->h;
}

const CnxImageInfo *gst_convnext_frame_info(const GstConvnextFrame *self)
{
    return &self->info;
}

const char *gst_convnext_frame_format(const GstConvnextFrame *self)
{
    return GST_VIDEO_INFO_NAME(self->convert ? &self->converted.info : &self->source);
}

gboolean gst_convnext_frame_map(GstConvnextFrame *self, GstBuffer *buffer, CnxImage *image,
                                GError **error)
{
    if (!gst_video_frame_map(&self->mapped, &self->source, buffer,
                             GST_MAP_READ | GST_VIDEO_FRAME_MAP_FLAG_NO_REF)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                    "a buffer of %" G_GSIZE_FORMAT " bytes does not hold the picture of %u x %u %s "
                    "that its caps and metadata describe",
                    gst_buffer_get_size(buffer), self->info.width, self->info.height,
                    GST_VIDEO_INFO_NAME(&self->source));
        return FALSE;
    }
    if (self->mapped.meta && !gst_convnext_bounds_check_planes(&self->mapped, error)) {
        gst_video_frame_unmap(&self->mapped);
        return FALSE;
    }
    GstVideoFrame *picture = &self->mapped;
    if (self->convert) {
        gst_video_converter_frame(self->convert, &self->mapped, &self->converted);
        picture = &self->converted;
    }
    *image = (CnxImage){0};
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(picture); i++) {
        image->plane[i] = GST_VIDEO_FRAME_PLANE_DATA(picture, i);
        image->stride[i] = GST_VIDEO_FRAME_PLANE_STRIDE(picture, i);
    }
    return TRUE;
}

void gst_convnext_frame_unmap(GstConvnextFrame *self)
{
    gst_video_frame_unmap(&self->mapped);
}
