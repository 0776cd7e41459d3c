/* GstConvnextSegmentation: the class of each pixel of a frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/legend.h>
#include <gst/convnext/rect.h>
#include <gst/convnext/result.h>

G_BEGIN_DECLS

/**
 * GstConvnextSegment:
 * @index: index of the class, from 0; its value in the mask is @index + 1
 * @label: (nullable): the label, UTF-8, or %NULL if the model has no labels
 * @share: the share of the frame that the class covers, 0 to 1
 * @box: the smallest rectangle with all pixels of the class, in pixels of the frame that the
 *   result was computed on; gst_buffer_locate_convnext_box() moves it to that of a buffer
 *
 * A class that a mask shows.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextSegment GstConvnextSegment;
struct _GstConvnextSegment {
    guint index;
    const char *label;
    float share;
    GstConvnextRect box;
};

#define GST_TYPE_CONVNEXT_SEGMENT (gst_convnext_segment_get_type())

GST_CONVNEXT_API
GType gst_convnext_segment_get_type(void);

/**
 * gst_convnext_segment_copy: (skip)
 * @segment: a segment
 *
 * Copies a segment, including its label.
 *
 * Returns: (transfer full): a copy that is independent of the result; free it with
 *   gst_convnext_segment_free()
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextSegment *
gst_convnext_segment_copy(const GstConvnextSegment *segment) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_segment_free: (skip)
 * @segment: (transfer full): a copy made by gst_convnext_segment_copy()
 *
 * Frees a copy of a segment.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_segment_free(GstConvnextSegment *segment);

/**
 * GstConvnextSegmentation:
 *
 * The class of each pixel of a rectangle of a frame.
 *
 * The mask has a size of its own, which is usually not that of the frame. The pixel
 * (column, row) of the mask covers the part of the frame from
 * x + column * w / width, y + row * h / height on, with the rectangle's x, y, w and h and the
 * mask's width and height. Value 0 is none: the score is below the threshold, or the network did
 * not see that part. Value i + 1 is class i.
 *
 * A segmentation is immutable, so any number of threads may read it, and it is reference counted
 * (a #GstMiniObject). gst_convnext_result_set_segmentation() creates it.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextSegmentation GstConvnextSegmentation;

#define GST_TYPE_CONVNEXT_SEGMENTATION (gst_convnext_segmentation_get_type())
#define GST_CONVNEXT_SEGMENTATION(obj) ((GstConvnextSegmentation *)(obj))
#define GST_IS_CONVNEXT_SEGMENTATION(obj) \
    (GST_IS_MINI_OBJECT_TYPE(obj, GST_TYPE_CONVNEXT_SEGMENTATION))

GST_CONVNEXT_API
GType gst_convnext_segmentation_get_type(void);

/**
 * gst_convnext_segmentation_get_size:
 * @segmentation: a segmentation
 * @width: (out) (optional): width of the mask, in pixels of the mask
 * @height: (out) (optional): height of the mask, in pixels of the mask
 * @bits: (out) (optional): bits of a pixel: 8, or 16 if the model has more than 255 classes
 *
 * Gets the size of the mask. Rows follow each other without padding.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_segmentation_get_size(GstConvnextSegmentation *segmentation, guint *width,
                                        guint *height, guint *bits);

/**
 * gst_convnext_segmentation_get_rect:
 * @segmentation: a segmentation
 * @rect: (out caller-allocates): the rectangle, in pixels of the frame that the result was
 *   computed on
 *
 * Gets the part of the frame that the mask covers. gst_buffer_locate_convnext_box() moves it to
 * the frame of a buffer.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_segmentation_get_rect(GstConvnextSegmentation *segmentation,
                                        GstConvnextRect *rect);

/**
 * gst_convnext_segmentation_get_legend:
 * @segmentation: a segmentation
 *
 * Gets the labels and colours of the classes.
 *
 * Returns: (transfer none): the legend, owned by @segmentation
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextLegend *gst_convnext_segmentation_get_legend(GstConvnextSegmentation *segmentation);

/**
 * gst_convnext_segmentation_get_value:
 * @segmentation: a segmentation
 * @column: column of the mask, below its width
 * @row: row of the mask, below its height
 *
 * Gets one pixel of the mask.
 *
 * Returns: the value: 0 is none, i + 1 is class i
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
guint gst_convnext_segmentation_get_value(GstConvnextSegmentation *segmentation, guint column,
                                          guint row);

/**
 * gst_convnext_segmentation_get_label:
 * @segmentation: a segmentation
 * @value: a value of the mask
 *
 * Gets the label of a value.
 *
 * Returns: (transfer none) (nullable): the label of class @value - 1, owned by @segmentation, or
 *   %NULL if the value is none or the model has no labels
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const char *gst_convnext_segmentation_get_label(GstConvnextSegmentation *segmentation, guint value);

/**
 * gst_convnext_segmentation_get_segments: (skip)
 * @segmentation: a segmentation
 * @n_segments: (out) (optional): the number of classes
 *
 * Gets the classes that the mask shows. Language bindings use
 * gst_convnext_segmentation_list_segments().
 *
 * Returns: (transfer none) (array length=n_segments) (nullable): the classes, largest share first,
 *   owned by @segmentation, or %NULL if it shows none
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const GstConvnextSegment *
gst_convnext_segmentation_get_segments(GstConvnextSegmentation *segmentation, guint *n_segments);

/**
 * gst_convnext_segmentation_list_segments:
 * @segmentation: a segmentation
 *
 * Lists copies of the classes that the mask shows, for language bindings.
 *
 * C code uses gst_convnext_segmentation_get_segments(), which copies nothing.
 *
 * Returns: (transfer full) (element-type GstConvnextSegment): the classes, largest share first
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_convnext_segmentation_list_segments(GstConvnextSegmentation *segmentation)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_segmentation_get_data: (skip)
 * @segmentation: a segmentation
 *
 * Gets the mask itself, without a copy: guint8 or, with 16 bits, little-endian guint16.
 *
 * Returns: (transfer none): the values in row-major order, owned by @segmentation
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const guint8 *gst_convnext_segmentation_get_data(GstConvnextSegmentation *segmentation);

/**
 * gst_convnext_segmentation_get_bytes:
 * @segmentation: a segmentation
 *
 * Gets the mask as bytes, without a copy.
 *
 * The #GBytes holds a reference to the segmentation. In Python, with 8 bits:
 * `numpy.frombuffer(s.get_bytes().get_data(), numpy.uint8).reshape(height, width)`, which copies it
 * once, in PyGObject.
 *
 * Returns: (transfer full): the bytes
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GBytes *gst_convnext_segmentation_get_bytes(GstConvnextSegmentation *segmentation)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_segmentation_get_memory:
 * @segmentation: a segmentation
 *
 * Gets the memory that holds the mask.
 *
 * Elements use it to pass the mask on without a copy, for example in a #GstBuffer.
 *
 * Returns: (transfer none): the memory, owned by @segmentation; it can be mapped for reading only
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstMemory *gst_convnext_segmentation_get_memory(GstConvnextSegmentation *segmentation);

/**
 * gst_convnext_segmentation_ref: (skip)
 * @segmentation: a segmentation
 *
 * Adds a reference.
 *
 * Returns: (transfer full): @segmentation
 *
 * Since: 0.1
 */
static inline GstConvnextSegmentation *
gst_convnext_segmentation_ref(GstConvnextSegmentation *segmentation)
{
    return GST_CONVNEXT_SEGMENTATION(gst_mini_object_ref(GST_MINI_OBJECT_CAST(segmentation)));
}

/**
 * gst_convnext_segmentation_unref: (skip)
 * @segmentation: (transfer full): a segmentation
 *
 * Releases a reference; releasing the last one frees the segmentation.
 *
 * Since: 0.1
 */
static inline void gst_convnext_segmentation_unref(GstConvnextSegmentation *segmentation)
{
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(segmentation));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextSegmentation, gst_convnext_segmentation_unref)

/* Segmentation of a result */

/**
 * GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS:
 *
 * Name of the tensor with the output of a segmentation head's last layer, before its final
 * upsampling.
 *
 * Its shape is [height, width, classes].
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_SEGMENTATION_LOGITS "segmentation-logits"

/**
 * gst_convnext_result_set_segmentation:
 * @result: a result to which the caller holds the only reference, with the size of its frame
 * @mask: (transfer full): the mask, guint8 or little-endian guint16, in row-major order without
 *   padding; 0 is none, i + 1 is class i
 * @width: width of the mask, in pixels of the mask
 * @height: height of the mask, in pixels of the mask
 * @bits: bits of a pixel: 8, or 16 if there are more than 255 classes
 * @rect: the part of the frame that the mask covers, in pixels of the frame; it may extend beyond
 *   the frame
 * @legend: (transfer none): the classes
 *
 * Sets the segmentation, without a copy of the mask.
 *
 * The memory stays mapped for reading during the life of the result, so it cannot be mapped for
 * writing. The segments are computed from the mask. A segment's box is rounded outward to whole
 * pixels of the frame, and clipped to it.
 *
 * Returns: %TRUE, or %FALSE if the memory cannot be mapped or its size is not that of the mask, if
 *   the mask or @rect is empty or @rect is more than 2^29 pixels away, if @bits does not match the
 *   number of classes, or if a value is larger than that number; the result then has no
 *   segmentation and @mask is released
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_set_segmentation(GstConvnextResult *result, GstMemory *mask,
                                              guint width, guint height, guint bits,
                                              const GstConvnextRect *rect,
                                              GstConvnextLegend *legend);

/**
 * gst_convnext_result_get_segmentation:
 * @result: a result
 *
 * Gets the class of each pixel.
 *
 * Returns: (transfer none) (nullable): the segmentation, owned by @result, or %NULL if the result
 *   has none
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextSegmentation *gst_convnext_result_get_segmentation(GstConvnextResult *result);

G_END_DECLS
