/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/segmentation.h"

#include "gst/convnext/maskrow.h"
#include "gst/convnext/resultprivate.h"

struct _GstConvnextSegmentation {
    GstMiniObject mini_object;
    GstMemory *memory;
    GstMapInfo map;       /* of memory, READ: [height, width] of bits / 8 bytes */
    guint width, height;  /* of the mask */
    guint bits;           /* 8 or 16 */
    GstConvnextRect rect; /* in pixels of the frame */
    GstConvnextLegend *legend;
    GArray *segments; /* GstConvnextSegment, largest share first; the legend owns the labels */
};

/* The pixels of one value; column_end and row_end are behind the last. */
typedef struct Extent {
    guint64 n;
    guint column, row, column_end, row_end;
} Extent;

GST_DEFINE_MINI_OBJECT_TYPE(GstConvnextSegmentation, gst_convnext_segmentation);

G_DEFINE_BOXED_TYPE(GstConvnextSegment, gst_convnext_segment, gst_convnext_segment_copy,
                    gst_convnext_segment_free)

GstConvnextSegment *gst_convnext_segment_copy(const GstConvnextSegment *segment)
{
    GstConvnextSegment *copy;

    g_return_val_if_fail(segment, NULL);
    copy = g_new(GstConvnextSegment, 1);
    *copy = *segment;
    copy->label = g_strdup(segment->label);
    return copy;
}

void gst_convnext_segment_free(GstConvnextSegment *segment)
{
    g_return_if_fail(segment);
    g_free((char *)segment->label);
    g_free(segment);
}

static void segmentation_free(GstConvnextSegmentation *self)
{
    gst_memory_unmap(self->memory, &self->map);
    gst_memory_unref(self->memory);
    gst_convnext_legend_unref(self->legend);
    g_array_unref(self->segments);
    g_free(self);
}

/* Segments */

static void add_run(Extent *extent, guint row, guint column, guint end)
{
    if (extent->n == 0)
        *extent = (Extent){0, column, row, end, row};
    extent->n += end - column;
    extent->column = MIN(extent->column, column);
    extent->column_end = MAX(extent->column_end, end);
    extent->row_end = row + 1;
}

/* extents: [n_classes + 1]. FALSE if a value is larger than the number of classes. */
static gboolean measure(const GstConvnextSegmentation *self, Extent *extents, guint n_classes)
{
    const gsize stride = (gsize)self->width * self->bits / 8;

    for (guint row = 0; row < self->height; row++) {
        const guint8 *line = self->map.data + row * stride;

        for (guint column = 0, end; column < self->width; column = end) {
            const guint value = gst_convnext_mask_value(line, column, self->bits);

            end = gst_convnext_mask_run_end(line, column, self->width, self->bits);
            if (value > n_classes)
                return FALSE;
            add_run(&extents[value], row, column, end);
        }
    }
    return TRUE;
}

/* Places mask pixels first..end of n in the frame, rounded outward and clipped to its length, which
 * is 0 if it is unknown. */
static void place_span(guint first, guint end, guint n, int from, int size, guint length,
                       int *start, int *placed)
{
    gint64 low = from + (gint64)first * size / n;
    gint64 high = from + ((gint64)end * size + n - 1) / n;

    if (length > 0) {
        low = CLAMP(low, 0, (gint64)length);
        high = CLAMP(high, 0, (gint64)length);
    }
    *start = (int)low;
    *placed = (int)(high - low);
}

static GstConvnextSegment make_segment(const GstConvnextSegmentation *self, guint index,
                                       const Extent *extent, guint frame_width, guint frame_height)
{
    const GstConvnextRect *rect = &self->rect;
    GstConvnextSegment segment = {
        index, gst_convnext_legend_get_label(self->legend, index), 0, {0}};
    double share = (double)extent->n / ((double)self->width * self->height);

    if (frame_width && frame_height)
        share *= (double)rect->w * rect->h / ((double)frame_width * frame_height);
    segment.share = (float)MIN(share, 1);
    place_span(extent->column, extent->column_end, self->width, rect->x, rect->w, frame_width,
               &segment.box.x, &segment.box.w);
    place_span(extent->row, extent->row_end, self->height, rect->y, rect->h, frame_height,
               &segment.box.y, &segment.box.h);
    return segment;
}

static int compare_segments(gconstpointer a, gconstpointer b)
{
    const GstConvnextSegment *p = a, *q = b;

    if (p->share != q->share)
        return p->share < q->share ? 1 : -1;
    return p->index < q->index ? -1 : 1;
}

static gboolean find_segments(GstConvnextSegmentation *self, guint frame_width, guint frame_height)
{
    const guint n = gst_convnext_legend_get_n_classes(self->legend);
    g_autofree Extent *extents = g_new0(Extent, n + 1);

    if (!measure(self, extents, n))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        if (extents[i + 1].n > 0) {
            GstConvnextSegment segment =
                make_segment(self, i, &extents[i + 1], frame_width, frame_height);

            g_array_append_val(self->segments, segment);
        }
    }
    g_array_sort(self->segments, compare_segments);
    return TRUE;
}

/* Segmentation of a result */

static gboolean is_mask_size(gsize size, guint width, guint height, guint bits,
                             GstConvnextLegend *legend)
{
    const guint expected_bits = gst_convnext_legend_get_n_classes(legend) > G_MAXUINT8 ? 16 : 8;
    gsize expected;

    return bits == expected_bits && width > 0 && height > 0 &&
           g_size_checked_mul(&expected, width, height) &&
           g_size_checked_mul(&expected, expected, bits / 8) && size == expected;
}

/* Not empty, and near enough for arithmetic with int. */
static gboolean is_possible(const GstConvnextRect *rect)
{
    const int most = G_MAXINT / 4;

    return rect->w > 0 && rect->h > 0 && rect->w <= most && rect->h <= most && rect->x >= -most &&
           rect->x <= most && rect->y >= -most && rect->y <= most;
}

gboolean gst_convnext_result_set_segmentation(GstConvnextResult *result, GstMemory *mask,
                                              guint width, guint height, guint bits,
                                              const GstConvnextRect *rect,
                                              GstConvnextLegend *legend)
{
    g_autoptr(GstConvnextSegmentation) self = NULL;
    g_autoptr(GstMemory) memory = mask;
    GstMapInfo map;

    g_return_val_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result), FALSE);
    g_return_val_if_fail(mask && rect, FALSE);
    g_return_val_if_fail(GST_IS_CONVNEXT_LEGEND(legend), FALSE);

    g_clear_pointer(&result->segmentation, gst_convnext_segmentation_unref);
    if (!is_possible(rect) || !gst_memory_map(memory, &map, GST_MAP_READ))
        return FALSE;
    if (!is_mask_size(map.size, width, height, bits, legend)) {
        gst_memory_unmap(memory, &map);
        return FALSE;
    }
    self = g_new0(GstConvnextSegmentation, 1);
    gst_mini_object_init(GST_MINI_OBJECT_CAST(self), 0, gst_convnext_segmentation_get_type(), NULL,
                         NULL, (GstMiniObjectFreeFunction)segmentation_free);
    self->memory = g_steal_pointer(&memory);
    self->map = map;
    self->width = width;
    self->height = height;
    self->bits = bits;
    self->rect = *rect;
    self->legend = gst_convnext_legend_ref(legend);
    self->segments = g_array_new(FALSE, FALSE, sizeof(GstConvnextSegment));
    if (!find_segments(self, result->width, result->height))
        return FALSE;
    result->segmentation = g_steal_pointer(&self);
    return TRUE;
}

/* Reading a segmentation */

void gst_convnext_segmentation_get_size(GstConvnextSegmentation *segmentation, guint *width,
                                        guint *height, guint *bits)
{
    g_return_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation));
    if (width)
        *width = segmentation->width;
    if (height)
        *height = segmentation->height;
    if (bits)
        *bits = segmentation->bits;
}

void gst_convnext_segmentation_get_rect(GstConvnextSegmentation *segmentation,
                                        GstConvnextRect *rect)
{
    g_return_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation));
    g_return_if_fail(rect);
    *rect = segmentation->rect;
}

GstConvnextLegend *gst_convnext_segmentation_get_legend(GstConvnextSegmentation *segmentation)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), NULL);
    return segmentation->legend;
}

guint gst_convnext_segmentation_get_value(GstConvnextSegmentation *segmentation, guint column,
                                          guint row)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), 0);
    g_return_val_if_fail(column < segmentation->width && row < segmentation->height, 0);
    return gst_convnext_mask_value(segmentation->map.data +
                                       (gsize)row * segmentation->width * segmentation->bits / 8,
                                   column, segmentation->bits);
}

const char *gst_convnext_segmentation_get_label(GstConvnextSegmentation *segmentation, guint value)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), NULL);
    return value > 0 ? gst_convnext_legend_get_label(segmentation->legend, value - 1) : NULL;
}

const GstConvnextSegment *
gst_convnext_segmentation_get_segments(GstConvnextSegmentation *segmentation, guint *n_segments)
{
    if (n_segments)
        *n_segments = 0;
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), NULL);
    if (n_segments)
        *n_segments = segmentation->segments->len;
    return segmentation->segments->len ? (const GstConvnextSegment *)segmentation->segments->data
                                       : NULL;
}

GList *gst_convnext_segmentation_list_segments(GstConvnextSegmentation *segmentation)
{
    GList *list = NULL;
    guint n;
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(segmentation, &n);

    for (guint i = n; i > 0; i--)
        list = g_list_prepend(list, gst_convnext_segment_copy(&segments[i - 1]));
    return list;
}

const guint8 *gst_convnext_segmentation_get_data(GstConvnextSegmentation *segmentation)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), NULL);
    return segmentation->map.data;
}

GBytes *gst_convnext_segmentation_get_bytes(GstConvnextSegmentation *segmentation)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), NULL);
    return g_bytes_new_with_free_func(segmentation->map.data, segmentation->map.size,
                                      (GDestroyNotify)gst_mini_object_unref,
                                      gst_convnext_segmentation_ref(segmentation));
}

GstMemory *gst_convnext_segmentation_get_memory(GstConvnextSegmentation *segmentation)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_SEGMENTATION(segmentation), NULL);
    return segmentation->memory;
}
