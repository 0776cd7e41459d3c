/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/input/bounds.h"

#include "model/base/error.h"

/* The part of a plane that readers touch: rows of bytes, the stride apart. */
typedef struct Extent {
    guint64 rows, bytes;
} Extent;

static guint64 default_size(const GstVideoInfo *layout, guint plane)
{
    const gsize end = plane + 1 < GST_VIDEO_INFO_N_PLANES(layout)
                          ? GST_VIDEO_INFO_PLANE_OFFSET(layout, plane + 1)
                          : GST_VIDEO_INFO_SIZE(layout);

    return end - GST_VIDEO_INFO_PLANE_OFFSET(layout, plane);
}

static guint64 tiles_of(int stride)
{
    return (guint64)GST_VIDEO_TILE_X_TILES(stride) * GST_VIDEO_TILE_Y_TILES(stride);
}

/* The stride of a tiled plane holds its numbers of tiles. FALSE if they are smaller than the
 * picture. */
static gboolean measure_tiles(Extent *extent, const GstVideoInfo *layout, guint plane, int stride)
{
    const int least = GST_VIDEO_INFO_PLANE_STRIDE(layout, plane);

    if (GST_VIDEO_TILE_X_TILES(stride) < GST_VIDEO_TILE_X_TILES(least) ||
        GST_VIDEO_TILE_Y_TILES(stride) < GST_VIDEO_TILE_Y_TILES(least))
        return FALSE;
    *extent = (Extent){1, default_size(layout, plane) / tiles_of(least) * tiles_of(stride)};
    return TRUE;
}

/* layout: the default layout of the picture. A row of a format whose pixels share bytes is read up
 * to its default stride. A palette has no rows. */
static gboolean measure_plane(Extent *extent, const GstVideoInfo *layout, guint plane, int stride)
{
    const GstVideoFormatInfo *format = layout->finfo;

    if (GST_VIDEO_FORMAT_INFO_IS_TILED(format))
        return measure_tiles(extent, layout, plane, stride);
    if (GST_VIDEO_FORMAT_INFO_HAS_PALETTE(format) && plane == GST_VIDEO_COMP_PALETTE) {
        *extent = (Extent){1, default_size(layout, plane)};
        return TRUE;
    }
    *extent = (Extent){0, 0};
    for (guint c = 0; c < GST_VIDEO_FORMAT_INFO_N_COMPONENTS(format); c++) {
        const guint64 rows =
            GST_VIDEO_FORMAT_INFO_SCALE_HEIGHT(format, c, GST_VIDEO_INFO_HEIGHT(layout));
        guint64 bytes = (guint64)GST_VIDEO_FORMAT_INFO_PSTRIDE(format, c) *
                        GST_VIDEO_FORMAT_INFO_SCALE_WIDTH(format, c, GST_VIDEO_INFO_WIDTH(layout));

        if (GST_VIDEO_FORMAT_INFO_PLANE(format, c) != plane)
            continue;
        if (GST_VIDEO_FORMAT_INFO_IS_COMPLEX(format) || bytes == 0)
            bytes = (guint64)GST_VIDEO_INFO_PLANE_STRIDE(layout, plane);
        extent->rows = MAX(extent->rows, rows);
        extent->bytes = MAX(extent->bytes, bytes);
    }
    return extent->rows > 0;
}

static gboolean refuse_plane(guint plane, gsize offset, int stride, const GstVideoInfo *layout,
                             gsize size, GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                "the GstVideoMeta of a buffer places plane %u of its picture of %d x %d %s at byte "
                "%" G_GSIZE_FORMAT " with a stride of %d, but the memory there has %" G_GSIZE_FORMAT
                " bytes and does not hold it",
                plane, GST_VIDEO_INFO_WIDTH(layout), GST_VIDEO_INFO_HEIGHT(layout),
                GST_VIDEO_INFO_NAME(layout), offset, stride, size);
    return FALSE;
}

gboolean gst_convnext_bounds_check_meta(const GstVideoInfo *caps, const GstVideoMeta *meta,
                                        GError **error)
{
    const gsize size = gst_buffer_get_size(meta->buffer);
    GstVideoInfo layout;
    Extent extent;

    if (meta->format != GST_VIDEO_INFO_FORMAT(caps) || meta->width == 0 || meta->height == 0 ||
        meta->width > G_MAXINT || meta->height > G_MAXINT ||
        meta->n_planes != GST_VIDEO_INFO_N_PLANES(caps) ||
        !gst_video_info_set_format(&layout, meta->format, meta->width, meta->height)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                    "the GstVideoMeta of a buffer describes a picture of %u x %u in format number "
                    "%u with %u planes, expected number %u (%s) with %u planes",
                    meta->width, meta->height, (guint)meta->format, meta->n_planes,
                    (guint)GST_VIDEO_INFO_FORMAT(caps), GST_VIDEO_INFO_NAME(caps),
                    GST_VIDEO_INFO_N_PLANES(caps));
        return FALSE;
    }
    for (guint i = 0; i < meta->n_planes; i++)
        if (!measure_plane(&extent, &layout, i, meta->stride[i]) ||
            extent.bytes > size / extent.rows)
            return refuse_plane(i, meta->offset[i], meta->stride[i], &layout, size, error);
    return TRUE;
}

/* data: the first byte of the first row. */
static gboolean is_inside(const GstMapInfo *map, const guint8 *data, int stride,
                          const Extent *extent)
{
    const gint64 first = (gint64)((guintptr)data - (guintptr)map->data);
    const gint64 last = first + (gint64)(extent->rows - 1) * stride;

    if (extent->rows > 1 && (guint64)ABS((gint64)stride) < extent->bytes)
        return FALSE;
    return MIN(first, last) >= 0 && extent->bytes <= map->size &&
           MAX(first, last) <= (gint64)(map->size - extent->bytes);
}

gboolean gst_convnext_bounds_check_planes(const GstVideoFrame *mapped, GError **error)
{
    GstVideoInfo layout;
    Extent extent;

    gst_video_info_set_format(&layout, GST_VIDEO_FRAME_FORMAT(mapped),
                              (guint)GST_VIDEO_FRAME_WIDTH(mapped),
                              (guint)GST_VIDEO_FRAME_HEIGHT(mapped));
    for (guint i = 0; i < GST_VIDEO_FRAME_N_PLANES(mapped); i++) {
        const GstVideoMeta *meta = mapped->meta;
        const int stride = GST_VIDEO_FRAME_PLANE_STRIDE(mapped, i);

        if (!mapped->map[i].memory) /* mapped by the meta's own function */
            continue;
        if (!measure_plane(&extent, &layout, i, stride) ||
            !is_inside(&mapped->map[i], mapped->data[i], stride, &extent))
            return refuse_plane(i, meta->offset[i], stride, &layout, mapped->map[i].size, error);
    }
    return TRUE;
}
