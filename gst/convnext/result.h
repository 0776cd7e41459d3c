/* GstConvnextResult: what one run of a network found in one frame, or in one region of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>
#include <gst/convnext/tensor.h>

G_BEGIN_DECLS

/**
 * GstConvnextActivation:
 * @GST_CONVNEXT_ACTIVATION_AUTO: as the element's property: what the model's files say, or
 *   softmax; in a result: no classes were asked for
 * @GST_CONVNEXT_ACTIVATION_SOFTMAX: exactly one class is true; the scores of all classes sum to 1
 * @GST_CONVNEXT_ACTIVATION_SIGMOID: any number of classes is true; each score is in 0 to 1
 * @GST_CONVNEXT_ACTIVATION_NONE: the scores are the network's logits
 *
 * How the network's logits become the scores of classes.
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
 * @index: position among the network's outputs, from 0
 * @label: (nullable): its name, UTF-8, or %NULL when the model has no labels
 * @score: after the activation; see gst_convnext_result_get_activation()
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
 * Returns: (transfer full): a copy that does not depend on the result
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextClass *gst_convnext_class_copy(const GstConvnextClass *klass) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_class_free: (skip)
 * @klass: (transfer full): what gst_convnext_class_copy() returned
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_class_free(GstConvnextClass *klass);

/**
 * GstConvnextResult:
 *
 * What one run of a network found. It is a reference counted #GstMiniObject and is built by the one
 * who makes it: the functions that set and add need the only reference to it. From the moment when
 * it is on a buffer or has been referenced again it is immutable, and any number of threads may
 * read it. What the getters return belongs to the result and is valid as long as it lives, except
 * where they say otherwise.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextResult GstConvnextResult;

#define GST_TYPE_CONVNEXT_RESULT (gst_convnext_result_get_type())
#define GST_CONVNEXT_RESULT(obj) ((GstConvnextResult *)(obj))
#define GST_IS_CONVNEXT_RESULT(obj) (GST_IS_MINI_OBJECT_TYPE(obj, GST_TYPE_CONVNEXT_RESULT))

GST_CONVNEXT_API
GType gst_convnext_result_get_type(void);

/* Building one */

/**
 * gst_convnext_result_new:
 * @model: name of the model, for people and for telling several models' results apart
 * @pts: presentation time of the frame that it is computed on, or %GST_CLOCK_TIME_NONE
 *
 * Returns: (transfer full): a new result without classes, tensors, region or times
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextResult *gst_convnext_result_new(const char *model,
                                           GstClockTime pts) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_set_frame_size:
 * @result: a result that nobody else holds
 * @width: of the frame, pixels
 * @height: of the frame, pixels
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_frame_size(GstConvnextResult *result, guint width, guint height);

/**
 * gst_convnext_result_set_region:
 * @result: a result that nobody else holds
 * @x: left edge, pixels of the frame
 * @y: top edge
 * @width: pixels
 * @height: pixels
 *
 * Says which part of the frame the network saw.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_region(GstConvnextResult *result, guint x, guint y, guint width,
                                    guint height);

/**
 * gst_convnext_result_set_activation:
 * @result: a result that nobody else holds
 * @activation: how the scores were made
 *
 * To be called whenever classes were asked for, even if the threshold left none: it tells "no class
 * is above the threshold" from "no classes were asked for".
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_activation(GstConvnextResult *result,
                                        GstConvnextActivation activation);

/**
 * gst_convnext_result_set_times:
 * @result: a result that nobody else holds
 * @preprocess: nanoseconds from the mapped frame to the network's input
 * @inference: nanoseconds of the forward pass
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_times(GstConvnextResult *result, GstClockTime preprocess,
                                   GstClockTime inference);

/**
 * gst_convnext_result_set_object:
 * @result: a result that nobody else holds
 * @id: the object's id as its detector gave it, or -1
 * @label: (nullable): what the detector called it, or %NULL
 *
 * Says which detected object the region belongs to. Not called for whole frames.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_set_object(GstConvnextResult *result, int id, const char *label);

/**
 * gst_convnext_result_add_class:
 * @result: a result that nobody else holds
 * @index: position among the network's outputs
 * @label: (nullable): its name, copied; or %NULL when the model has no labels
 * @score: after the activation
 *
 * Adds a class at the end. Classes are to be added best first.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_add_class(GstConvnextResult *result, guint index, const char *label,
                                   float score);

/**
 * gst_convnext_result_take_tensor:
 * @result: a result that nobody else holds
 * @tensor: (transfer full): a tensor with a name that the result does not have yet
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_take_tensor(GstConvnextResult *result, GstConvnextTensor *tensor);

/* Reading one */

/**
 * gst_convnext_result_get_model:
 * @result: a result
 *
 * Returns: (transfer none): name of the model
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const char *gst_convnext_result_get_model(GstConvnextResult *result);

/**
 * gst_convnext_result_get_pts:
 * @result: a result
 *
 * Returns: presentation time of the frame that it was computed on, or %GST_CLOCK_TIME_NONE. A
 *   buffer that carries an older result says in #GstConvnextMeta how old it is
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstClockTime gst_convnext_result_get_pts(GstConvnextResult *result);

/**
 * gst_convnext_result_get_frame_size:
 * @result: a result
 * @width: (out) (optional): width in pixels of the frame that it was computed on
 * @height: (out) (optional): its height in pixels
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_get_frame_size(GstConvnextResult *result, guint *width, guint *height);

/**
 * gst_convnext_result_get_region:
 * @result: a result
 * @x: (out) (optional): left edge, pixels of the frame that it was computed on
 * @y: (out) (optional): top edge
 * @width: (out) (optional): pixels
 * @height: (out) (optional): pixels
 *
 * The part of the frame that the network saw. On a buffer that was scaled since, the region in
 * #GstConvnextMeta is the one in pixels of that buffer.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_result_get_region(GstConvnextResult *result, guint *x, guint *y, guint *width,
                                    guint *height);

/**
 * gst_convnext_result_get_activation:
 * @result: a result
 *
 * Returns: how the scores were made; %GST_CONVNEXT_ACTIVATION_AUTO when no classes were asked for
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextActivation gst_convnext_result_get_activation(GstConvnextResult *result);

/**
 * gst_convnext_result_get_preprocess_time:
 * @result: a result
 *
 * Returns: nanoseconds from the mapped frame to the network's input
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstClockTime gst_convnext_result_get_preprocess_time(GstConvnextResult *result);

/**
 * gst_convnext_result_get_inference_time:
 * @result: a result
 *
 * Returns: nanoseconds of the forward pass
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstClockTime gst_convnext_result_get_inference_time(GstConvnextResult *result);

/**
 * gst_convnext_result_get_object:
 * @result: a result
 * @id: (out) (optional): the object's id as its detector gave it, or -1
 * @label: (out) (optional) (nullable) (transfer none): what the detector called it, or %NULL
 *
 * Returns: whether the result is about a detected object; %FALSE when it is about a whole frame
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_result_get_object(GstConvnextResult *result, int *id, const char **label);

/**
 * gst_convnext_result_get_classes: (skip)
 * @result: a result
 * @n_classes: (out) (optional): where to put their number, or %NULL
 *
 * Returns: (transfer none) (array length=n_classes) (nullable): the classes, best first; %NULL when
 *   there are none. For bindings see gst_convnext_result_list_classes()
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
 * The same as gst_convnext_result_get_classes(), as copies in a list, for language bindings.
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
 * Returns: number of tensors
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
guint gst_convnext_result_get_n_tensors(GstConvnextResult *result);

/**
 * gst_convnext_result_peek_tensor: (skip)
 * @result: a result
 * @i: which one, below gst_convnext_result_get_n_tensors()
 *
 * Returns: (transfer none): the tensor, in the order in which they were attached
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextTensor *gst_convnext_result_peek_tensor(GstConvnextResult *result, guint i);

/**
 * gst_convnext_result_get_tensor:
 * @result: a result
 * @name: for example %GST_CONVNEXT_TENSOR_EMBEDDING or `stage3`
 *
 * Returns: (transfer full) (nullable): a new reference to the tensor with that name, or %NULL
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
 * Returns: (transfer full) (element-type GstConvnextTensor): new references to all tensors
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_convnext_result_list_tensors(GstConvnextResult *result) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_result_to_structure:
 * @result: a result
 *
 * Makes the structure that the element convnext posts in messages. It is named `convnext` and has
 * the fields
 *
 * - `model`: string
 * - `pts`: #guint64, nanoseconds; absent when unknown
 * - `width`, `height`: #guint, the frame's size; absent when unknown
 * - `region`: #GstValueArray of four #guint: x, y, width, height; absent when unknown
 * - `object-id`: #int, `object-label`: string; each absent when unknown
 * - `activation`: #GstConvnextActivation; absent when no classes were asked for
 * - `classes`: #GstValueArray, best first, of #GstStructure `class` with `index` (#guint), `label`
 *   (string, absent when the model has no labels) and `score` (#float); absent when no classes
 *   were asked for
 * - `tensors`: #GstValueArray of strings, the names of the tensors; absent when there are none.
 *   Their values are on the buffer only
 * - `preprocess-time`, `inference-time`: #guint64, nanoseconds; absent when unknown
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
 * Returns: (transfer full): @result, with one more reference
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
 * Gives up one reference; the last one frees the result.
 *
 * Since: 0.1
 */
static inline void gst_convnext_result_unref(GstConvnextResult *result)
{
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(result));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextResult, gst_convnext_result_unref)

G_END_DECLS
