/* GstConvnextResult: the output of one run of a network on one frame or on one region of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>
#include <gst/convnext/tensor.h>
#include <gst/convnext/view.h>

G_BEGIN_DECLS

/**
 * GstConvnextActivation:
 * @GST_CONVNEXT_ACTIVATION_AUTO: as a value of the element's property, the activation in the
 *   model's config, or softmax; in a result, classes were not requested
 * @GST_CONVNEXT_ACTIVATION_SOFTMAX: classes are mutually exclusive: exp(x_i) / sum(exp(x_j)); the
 *   scores of all classes sum to 1
 * @GST_CONVNEXT_ACTIVATION_SIGMOID: classes are independent: 1 / (1 + exp(-x_i)); each score is
 *   between 0 and 1
 * @GST_CONVNEXT_ACTIVATION_NONE: the scores are the network's logits
 *
 * The function that turns the network's logits x into class scores.
 *
 * Since: 0.1
 */
typedef enum {
    GST_CONVNEXT_ACTIVATION_AUTO,
    GST_CONVNEXT_ACTIVATION_SOFTMAX,
    GST_CONVNEXT_ACTIVATION_SIGMOID,
    GST_CONVNEXT_ACTIVATION_NONE
} GstConvnextActivation;

#define GST_TYPE_CONVNEXT_ACTIVATION (gst_convnext_activation_get_type())

GST_CONVNEXT_API
GType gst_convnext_activation_get_type(void);

/**
 * GstConvnextClass:
 * @index: index among the network's outputs, from 0
 * @label: (nullable): the label, UTF-8, or %NULL if the model has no labels
 * @score: the score after the activation; see gst_convnext_result_get_activation()
 *
 * A class and its score.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextClass GstConvnextClass;
struct _GstConvnextClass {
    guint index;
    const char *label;
    float score;
};

#define GST_TYPE_CONVNEXT_CLASS (gst_convnext_class_get_type())

GST_CONVNEXT_API
GType gst_convnext_class_get_type(void);

/**
 * gst_convnext_class_copy: (skip)
 * @klass: a class
 *
 * Copies a class, including its label.
 *
 * Returns: (transfer full): a copy that is independent of the result; free it with
 *   gst_convnext_class_free()
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextClass *gst_convnext_class_copy(const GstConvnextClass *klass) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_class_free: (skip)
 * @klass: (transfer full): a copy made by gst_convnext_class_copy()
 *
 * Frees a copy of a class.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_class_free(GstConvnextClass *klass);

/**
 * GstConvnextResult:
 *
 * The output of one run of a network on one frame or on one region of it.
 *
 * A result is a reference counted #GstMiniObject. The functions that set or add something require
 * that the caller holds the only reference. Once a result is attached to a buffer or referenced
 * again, it is immutable, and any number of threads may read it. The result owns the values that
 * its getters return, unless their documentation says otherwise; they are valid as long as the
 * result lives.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextResult GstConvnextResult;

#define GST_TYPE_CONVNEXT_RESULT (gst_convnext_result_get_type())
#define GST_CONVNEXT_RESULT(obj) ((GstConvnextResult *)(obj))
#define GST_IS_CONVNEXT_RESULT(obj) (GST_IS_MINI_OBJECT_TYPE(obj, GST_TYPE_CONVNEXT_RESULT))

GST_CONVNEXT_API
GType gst_convnext_result_get_type(void);

/* Building a result */

/**
 * gst_convnext_result_new:
 * @model: name of the model, for display and to distinguish the results of several models; it is
 *   copied
 * @pts: presentation time of the frame, in nanoseconds, or %GST_CLOCK_TIME_NONE
 *
 * Creates a result without classes, tensors, region or times.
 *
 * Returns: (transfer full): a new result
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextResult *gst_convnext_result_new(const char *model,
                                           GstClockTime pts) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_set_frame_size:
 * @result: a result to which the caller holds the only reference
 * @width: width of the frame in pixels
 * @height: height of the frame in pixels
 *
 * Sets the size of the frame that the result is computed on.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_frame_size(GstConvnextResult *result, guint width, guint height);

/**
 * gst_convnext_result_set_region:
 * @result: a result to which the caller holds the only reference
 * @x: left edge in pixels of the frame
 * @y: top edge in pixels of the frame
 * @width: width in pixels
 * @height: height in pixels
 *
 * Sets the part of the frame that the network saw.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_region(GstConvnextResult *result, guint x, guint y, guint width,
                                    guint height);

/**
 * gst_convnext_result_set_orientation:
 * @result: a result to which the caller holds the only reference
 * @orientation: how the region is turned for the network
 *
 * Sets the orientation, which is %GST_CONVNEXT_ORIENTATION_IDENTITY in a new result.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_orientation(GstConvnextResult *result,
                                         GstConvnextOrientation orientation);

/**
 * gst_convnext_result_set_view:
 * @result: a result to which the caller holds the only reference
 * @view: how the network saw the frame; it is copied
 *
 * Sets the view.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_view(GstConvnextResult *result, const GstConvnextView *view);

/**
 * gst_convnext_result_set_activation:
 * @result: a result to which the caller holds the only reference
 * @activation: the activation that the scores come from
 *
 * Sets the activation.
 *
 * Call it whenever classes were requested, even if none reached the threshold: it distinguishes a
 * result without classes above the threshold from one for which classes were not requested.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_activation(GstConvnextResult *result,
                                        GstConvnextActivation activation);

/**
 * gst_convnext_result_set_times:
 * @result: a result to which the caller holds the only reference
 * @preprocess: duration of the preprocessing, from the mapped frame to the input tensor, in
 *   nanoseconds, or %GST_CLOCK_TIME_NONE
 * @inference: duration of the forward pass in nanoseconds, or %GST_CLOCK_TIME_NONE
 *
 * Sets the measured times.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_times(GstConvnextResult *result, GstClockTime preprocess,
                                   GstClockTime inference);

/**
 * gst_convnext_result_set_object:
 * @result: a result to which the caller holds the only reference
 * @id: the object's id, as its detector or tracker assigned it, or -1
 * @label: (nullable): the detector's label, or %NULL; it is copied
 *
 * Sets the detected object that the region belongs to. Do not call it for whole frames.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_object(GstConvnextResult *result, int id, const char *label);

/**
 * gst_convnext_result_add_class:
 * @result: a result to which the caller holds the only reference
 * @index: index among the network's outputs, from 0
 * @label: (nullable): the label, UTF-8, or %NULL if the model has no labels; it is copied
 * @score: the score after the activation
 *
 * Appends a class. Add the best class first.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_add_class(GstConvnextResult *result, guint index, const char *label,
                                   float score);

/**
 * gst_convnext_result_take_tensor:
 * @result: a result to which the caller holds the only reference
 * @tensor: (transfer full): a tensor whose name is not in the result yet
 *
 * Appends a tensor.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_take_tensor(GstConvnextResult *result, GstConvnextTensor *tensor);

/* Reading a result */

/**
 * gst_convnext_result_get_model:
 * @result: a result
 *
 * Gets the name of the model.
 *
 * Returns: (transfer none): the name, owned by @result
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const char *gst_convnext_result_get_model(GstConvnextResult *result);

/**
 * gst_convnext_result_get_pts:
 * @result: a result
 *
 * Gets the presentation time of the frame that the result was computed on.
 *
 * If a buffer carries an older result, its #GstConvnextMeta has the age.
 *
 * Returns: the time in nanoseconds, or %GST_CLOCK_TIME_NONE
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstClockTime gst_convnext_result_get_pts(GstConvnextResult *result);

/**
 * gst_convnext_result_get_frame_size:
 * @result: a result
 * @width: (out) (optional): width in pixels, or 0 if it is unknown
 * @height: (out) (optional): height in pixels, or 0 if it is unknown
 *
 * Gets the size of the frame that the result was computed on.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_get_frame_size(GstConvnextResult *result, guint *width, guint *height);

/**
 * gst_convnext_result_get_region:
 * @result: a result
 * @x: (out) (optional): left edge in pixels of the frame that the result was computed on
 * @y: (out) (optional): top edge in pixels
 * @width: (out) (optional): width in pixels, or 0 if the region is unknown
 * @height: (out) (optional): height in pixels, or 0 if the region is unknown
 *
 * Gets the part of the frame that the network saw.
 *
 * If the buffer was scaled since, #GstConvnextMeta has the region in pixels of the scaled frame.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_get_region(GstConvnextResult *result, guint *x, guint *y, guint *width,
                                    guint *height);

/**
 * gst_convnext_result_get_orientation:
 * @result: a result
 *
 * Gets how the region was turned for the network.
 *
 * The frame size and the region are those of the frame as it is stored. The feature maps are those
 * of the region as it was turned.
 *
 * Returns: the orientation
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextOrientation gst_convnext_result_get_orientation(GstConvnextResult *result);

/**
 * gst_convnext_result_get_view:
 * @result: a result
 * @view: (out caller-allocates): how the network saw the frame that the result was computed on
 *
 * Gets the view, in pixels of the frame that the result was computed on. For a buffer that elements
 * behind have scaled, use gst_buffer_get_convnext_view().
 *
 * Returns: %TRUE if the result has a view, otherwise %FALSE, and @view is not changed
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_get_view(GstConvnextResult *result, GstConvnextView *view);

/**
 * gst_convnext_result_get_activation:
 * @result: a result
 *
 * Gets the activation that the scores come from.
 *
 * Returns: the activation, or %GST_CONVNEXT_ACTIVATION_AUTO if classes were not requested
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextActivation gst_convnext_result_get_activation(GstConvnextResult *result);

/**
 * gst_convnext_result_get_preprocess_time:
 * @result: a result
 *
 * Gets the duration of the preprocessing, from the mapped frame to the input tensor.
 *
 * Returns: the duration in nanoseconds, or %GST_CLOCK_TIME_NONE if it is unknown
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstClockTime gst_convnext_result_get_preprocess_time(GstConvnextResult *result);

/**
 * gst_convnext_result_get_inference_time:
 * @result: a result
 *
 * Gets the duration of the forward pass.
 *
 * Returns: the duration in nanoseconds, or %GST_CLOCK_TIME_NONE if it is unknown
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstClockTime gst_convnext_result_get_inference_time(GstConvnextResult *result);

/**
 * gst_convnext_result_get_object:
 * @result: a result
 * @id: (out) (optional): the object's id, as its detector or tracker assigned it, or -1
 * @label: (out) (optional) (nullable) (transfer none): the detector's label, owned by @result, or
 *   %NULL
 *
 * Gets the detected object that the result describes.
 *
 * Returns: %TRUE if the result describes a detected object, %FALSE if it describes a whole frame
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_get_object(GstConvnextResult *result, int *id, const char **label);

/**
 * gst_convnext_result_get_classes: (skip)
 * @result: a result
 * @n_classes: (out) (optional): the number of classes
 *
 * Gets the classes. Language bindings use gst_convnext_result_list_classes().
 *
 * Returns: (transfer none) (array length=n_classes) (nullable): the classes, best first, owned by
 *   @result, or %NULL if it has none
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const GstConvnextClass *gst_convnext_result_get_classes(GstConvnextResult *result,
                                                        guint *n_classes);

/**
 * gst_convnext_result_list_classes:
 * @result: a result
 *
 * Lists copies of the classes, for language bindings.
 *
 * C code uses gst_convnext_result_get_classes(), which copies nothing.
 *
 * Returns: (transfer full) (element-type GstConvnextClass): the classes, best first
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_convnext_result_list_classes(GstConvnextResult *result) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_get_n_tensors:
 * @result: a result
 *
 * Gets the number of tensors.
 *
 * Returns: the number of tensors
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
guint gst_convnext_result_get_n_tensors(GstConvnextResult *result);

/**
 * gst_convnext_result_peek_tensor: (skip)
 * @result: a result
 * @i: index of the tensor, below gst_convnext_result_get_n_tensors()
 *
 * Gets a tensor by its index; tensors are in the order in which they were added.
 *
 * Returns: (transfer none): the tensor, owned by @result
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextTensor *gst_convnext_result_peek_tensor(GstConvnextResult *result, guint i);

/**
 * gst_convnext_result_get_tensor:
 * @result: a result
 * @name: a name, for example %GST_CONVNEXT_TENSOR_EMBEDDING or `stage3`
 *
 * Gets a tensor by its name.
 *
 * Returns: (transfer full) (nullable): a new reference to the tensor, or %NULL if the result has no
 *   tensor of that name
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextTensor *gst_convnext_result_get_tensor(GstConvnextResult *result,
                                                  const char *name) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_list_tensors:
 * @result: a result
 *
 * Lists all tensors, in the order in which they were added.
 *
 * Returns: (transfer full) (element-type GstConvnextTensor): new references to the tensors
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_convnext_result_list_tensors(GstConvnextResult *result) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_to_structure:
 * @result: a result
 *
 * Creates the structure that the elements post in element messages.
 *
 * It is named `convnext`; fields without a value are absent:
 *
 * - `model`: string
 * - `pts`: guint64, nanoseconds
 * - `width`, `height`: guint, the size of the frame in pixels
 * - `region`: #GstValueArray of four guint, in pixels: x, y, width, height
 * - `orientation`: #GstConvnextOrientation; absent if the region was not turned
 * - `object-id`: int
 * - `object-label`: string
 * - `activation`: #GstConvnextActivation; absent if classes were not requested
 * - `index` (guint), `label` (string) and `score` (float) of the best class
 * - `classes`: #GstValueArray, best first, of #GstStructure `class` with the fields `index`
 *   (guint), `label` (string; absent if the model has no labels) and `score` (float); absent if
 *   classes were not requested
 * - `segmentation`: #GstStructure `segmentation` with `width` and `height` of the mask (guint) and
 *   `classes`: #GstValueArray, largest share first, of #GstStructure `segment` with the fields
 *   `index` (guint), `label` (string; absent if the model has no labels), `share` of the frame
 *   (float, 0 to 1) and `box` (#GstValueArray of four int: x, y, width, height in pixels of the
 *   frame); absent if the network does not segment the frame
 * - `objects`: #GstValueArray, best first, of #GstStructure `object` with the fields `index`,
 *   `label`, `score` (float) and `box` (#GstValueArray of four float, in pixels of the frame);
 *   absent if the network does not detect objects
 * - `tensors`: #GstValueArray of strings, the names of the tensors, whose values are on the buffer
 *   only
 * - `preprocess-time`, `inference-time`: guint64, nanoseconds
 *
 * Returns: (transfer full): a new structure
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstStructure *gst_convnext_result_to_structure(GstConvnextResult *result) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_ref: (skip)
 * @result: a result
 *
 * Adds a reference.
 *
 * Returns: (transfer full): @result
 *
 * Since: 0.1
 */
static inline GstConvnextResult *gst_convnext_result_ref(GstConvnextResult *result)
{
    return GST_CONVNEXT_RESULT(gst_mini_object_ref(GST_MINI_OBJECT_CAST(result)));
}

/**
 * gst_convnext_result_unref: (skip)
 * @result: (transfer full): a result
 *
 * Releases a reference; releasing the last one frees the result.
 *
 * Since: 0.1
 */
static inline void gst_convnext_result_unref(GstConvnextResult *result)
{
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(result));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextResult, gst_convnext_result_unref)

G_END_DECLS
