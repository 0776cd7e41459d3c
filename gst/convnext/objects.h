/* GstConvnextDetectedObject: an object that a network has detected in a frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/legend.h>
#include <gst/convnext/rect.h>
#include <gst/convnext/result.h>

G_BEGIN_DECLS

/**
 * GstConvnextDetectedObject:
 * @index: index of the class, from 0, without the background
 * @label: (nullable): the label, UTF-8, or %NULL if the model has no labels
 * @score: the score, 0 to 1
 * @x: left edge of the box, in pixels of the frame that the result was computed on
 * @y: top edge of the box, in pixels
 * @width: width of the box, in pixels
 * @height: height of the box, in pixels
 *
 * An object that a network has detected in a frame.
 *
 * The edges are fractions of pixels: 0 is the left edge of the first pixel, and 1 its right edge.
 * gst_buffer_locate_convnext_box() moves the box to the frame of a buffer.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextDetectedObject GstConvnextDetectedObject;
struct _GstConvnextDetectedObject {
    guint index;
    const char *label;
    float score;
    float x;
    float y;
    float width;
    float height;
};

#define GST_TYPE_CONVNEXT_DETECTED_OBJECT (gst_convnext_detected_object_get_type())

GST_CONVNEXT_API
GType gst_convnext_detected_object_get_type(void);

/**
 * gst_convnext_detected_object_copy: (skip)
 * @object: an object
 *
 * Copies an object, including its label.
 *
 * Returns: (transfer full): a copy that is independent of the result; free it with
 *   gst_convnext_detected_object_free()
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextDetectedObject *gst_convnext_detected_object_copy(
    const GstConvnextDetectedObject *object) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_detected_object_free: (skip)
 * @object: (transfer full): a copy made by gst_convnext_detected_object_copy()
 *
 * Frees a copy of an object.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_detected_object_free(GstConvnextDetectedObject *object);

/* Objects of a result */

/**
 * GST_CONVNEXT_TENSOR_OBJECT_MASKS:
 *
 * Name of the tensor with the masks of the objects as the network computes them.
 *
 * Its shape is [objects, side, side], for example [7, 28, 28]: for each object the probability
 * that a point of its box belongs to it.
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_OBJECT_MASKS "object-masks"

/**
 * GST_CONVNEXT_OBJECT_MASK_VALUE:
 * @i: number of an object, from 0
 *
 * The value of the object's pixels in its mask at the size of the frame: @i + 1, which wraps to 1
 * after 255.
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_OBJECT_MASK_VALUE(i) ((i) % 255 + 1)

/**
 * gst_convnext_result_set_objects:
 * @result: a result to which the caller holds the only reference
 * @legend: (transfer none): the classes, without the background
 * @n_objects: the number of objects; with 0 the result says that there are none
 * @objects: (array length=n_objects) (nullable): the objects, best first; their labels are ignored
 *
 * Sets the objects that the network has detected in the frame. Their labels are those of @legend.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_objects(GstConvnextResult *result, GstConvnextLegend *legend,
                                     guint n_objects, const GstConvnextDetectedObject *objects);

/**
 * gst_convnext_result_set_object_mask:
 * @result: a result to which the caller holds the only reference, with objects
 * @i: number of an object, from 0
 * @mask: (transfer full): one byte for each pixel of @rect, in row-major order without padding:
 *   GST_CONVNEXT_OBJECT_MASK_VALUE() for the object, 0 for everything else
 * @rect: the rectangle that the mask covers, in pixels of the frame
 *
 * Sets the mask of an object at the size of the frame.
 *
 * Returns: %TRUE, or %FALSE if the size of the memory is not that of @rect or @rect is empty, which
 *   also releases @mask
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_set_object_mask(GstConvnextResult *result, guint i, GstMemory *mask,
                                             const GstConvnextRect *rect);

/**
 * gst_convnext_result_has_objects:
 * @result: a result
 *
 * Tells whether the network detects objects.
 *
 * Returns: %TRUE if it does, even if it has found none; %FALSE if it does something else
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_has_objects(GstConvnextResult *result);

/**
 * gst_convnext_result_get_objects: (skip)
 * @result: a result
 * @n_objects: (out) (optional): the number of objects
 *
 * Gets the objects that the network has detected in the frame. Language bindings use
 * gst_convnext_result_list_objects().
 *
 * Not to be confused with gst_convnext_result_get_object(), the object of another detector that a
 * result of the element `convnext` is about.
 *
 * Returns: (transfer none) (array length=n_objects) (nullable): the objects, best first, owned by
 *   @result, or %NULL if it has none
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const GstConvnextDetectedObject *gst_convnext_result_get_objects(GstConvnextResult *result,
                                                                 guint *n_objects);

/**
 * gst_convnext_result_list_objects:
 * @result: a result
 *
 * Lists copies of the objects that the network has detected, for language bindings.
 *
 * C code uses gst_convnext_result_get_objects(), which copies nothing.
 *
 * Returns: (transfer full) (element-type GstConvnextDetectedObject): the objects, best first
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_convnext_result_list_objects(GstConvnextResult *result) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_get_object_legend:
 * @result: a result
 *
 * Gets the labels and colours of the objects' classes.
 *
 * Returns: (transfer none) (nullable): the legend, owned by @result, or %NULL if the network does
 *   not detect objects
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextLegend *gst_convnext_result_get_object_legend(GstConvnextResult *result);

/**
 * gst_convnext_result_has_object_masks:
 * @result: a result
 *
 * Tells whether objects have masks at the size of the frame.
 *
 * Returns: %TRUE if at least one object has
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_has_object_masks(GstConvnextResult *result);

/**
 * gst_convnext_result_get_object_mask:
 * @result: a result
 * @i: number of an object, from 0
 * @rect: (out caller-allocates) (optional): the rectangle that the mask covers, in pixels of the
 *   frame that the result was computed on
 *
 * Gets the mask of an object at the size of the frame: one byte for each pixel of the rectangle, in
 * row-major order without padding. It is 0 outside the object and any other value inside.
 *
 * Returns: (transfer none) (nullable): the memory, owned by @result, or %NULL if the object has no
 *   mask
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstMemory *gst_convnext_result_get_object_mask(GstConvnextResult *result, guint i,
                                               GstConvnextRect *rect);

G_END_DECLS
