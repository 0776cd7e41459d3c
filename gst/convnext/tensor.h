/* GstConvnextTensor: a named, dense array of float32, one output of a network.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>

G_BEGIN_DECLS

/**
 * GST_CONVNEXT_TENSOR_LOGITS:
 *
 * Name of the tensor with the head's raw outputs, before softmax or sigmoid.
 *
 * Its shape is [n, 1, 1, classes]. The feature maps are named `stage1` to `stage4`: the map after
 * the last block of that stage, before any pooling, with the shape [n, height, width, channels].
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_LOGITS "logits"

/**
 * GST_CONVNEXT_TENSOR_EMBEDDING:
 *
 * Name of the tensor that is the input of the last linear layer.
 *
 * It is the pooled output of the last stage, normalised by the head and passed through the head's
 * hidden layer if there is one. Its shape is [n, 1, 1, channels].
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_EMBEDDING "embedding"

/**
 * GST_CONVNEXT_TENSOR_CAM:
 *
 * Name of the tensor with the class activation map: which places of the input the best class comes
 * from.
 *
 * Its shape is [1, height, width, 1], that of the last stage's map, see
 * %GST_CONVNEXT_TENSOR_LOGITS. A value is the logit of the class that the head computes from that
 * position alone, where the norm behind the pooling keeps the divisor of the pooled vector. In a
 * head without a hidden activation the mean of the map is the logit of the class; otherwise the map
 * is an approximation. The class is the first one of the result, or if it has none, that with the
 * highest logit.
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_CAM "cam"

/**
 * GstConvnextTensor:
 *
 * A named, dense array of float32 in row-major order.
 *
 * The shape is NHWC: batch, height, width, channels; the channels of one position are adjacent in
 * memory. A tensor is immutable, so any number of threads may read it, and it is reference counted
 * (a #GstMiniObject).
 *
 * Since: 0.1
 */
typedef struct _GstConvnextTensor GstConvnextTensor;

#define GST_TYPE_CONVNEXT_TENSOR (gst_convnext_tensor_get_type())
#define GST_CONVNEXT_TENSOR(obj) ((GstConvnextTensor *)(obj))

GST_CONVNEXT_API
GType gst_convnext_tensor_get_type(void);

/**
 * gst_convnext_tensor_new:
 * @name: the name, for example `stage3`; it is copied
 * @n_dims: the number of dimensions, at least 1
 * @dims: (array length=n_dims): the shape, outermost dimension first; it is copied
 * @memory: (transfer full): the values, float32 in native byte order; its size must be four times
 *   the product of @dims, and its address a multiple of four
 *
 * Creates a tensor from existing memory, without a copy.
 *
 * The memory stays mapped for reading during the life of the tensor, so it cannot be mapped for
 * writing.
 *
 * Returns: (transfer full) (nullable): a new tensor, or %NULL if the size does not match the shape
 *   or the memory cannot be mapped, which also releases @memory
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextTensor *gst_convnext_tensor_new(const char *name, guint n_dims, const gsize *dims,
                                           GstMemory *memory) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_tensor_new_copy: (skip)
 * @name: the name, for example `stage3`; it is copied
 * @n_dims: the number of dimensions, at least 1
 * @dims: (array length=n_dims): the shape, outermost dimension first; it is copied
 * @values: the values; their number is the product of @dims
 *
 * Creates a tensor from a copy of @values, in memory aligned to 64 bytes.
 *
 * Returns: (transfer full) (nullable): a new tensor, or %NULL if the allocation fails
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextTensor *gst_convnext_tensor_new_copy(const char *name, guint n_dims, const gsize *dims,
                                                const float *values) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_tensor_get_name:
 * @tensor: a tensor
 *
 * Gets the name, for example `logits`, `embedding` or `stage3`.
 *
 * Returns: (transfer none): the name, owned by @tensor
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const char *gst_convnext_tensor_get_name(GstConvnextTensor *tensor);

/**
 * gst_convnext_tensor_get_shape:
 * @tensor: a tensor
 * @n_dims: (out) (optional): the number of dimensions
 *
 * Gets the shape, outermost dimension first: batch, height, width, channels.
 *
 * Returns: (transfer none) (array length=n_dims): the shape, owned by @tensor
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const gsize *gst_convnext_tensor_get_shape(GstConvnextTensor *tensor, guint *n_dims);

/**
 * gst_convnext_tensor_get_values:
 * @tensor: a tensor
 * @n_values: (out) (optional): the number of values, the product of the shape
 *
 * Gets the values themselves, without a copy.
 *
 * Language bindings make a list of them. For large maps use gst_convnext_tensor_get_bytes() there.
 *
 * Returns: (transfer none) (array length=n_values): the values in row-major order, owned by @tensor
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const float *gst_convnext_tensor_get_values(GstConvnextTensor *tensor, gsize *n_values);

/**
 * gst_convnext_tensor_get_bytes:
 * @tensor: a tensor
 *
 * Gets the values as bytes, without a copy.
 *
 * The #GBytes holds a reference to the tensor. In Python:
 * `numpy.frombuffer(tensor.get_bytes().get_data(), numpy.float32).reshape(tensor.get_shape())`.
 * PyGObject copies what get_data() returns. get_region() returns the address, for an array that
 * shares the memory.
 *
 * Returns: (transfer full): the values, float32 in native byte order
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GBytes *gst_convnext_tensor_get_bytes(GstConvnextTensor *tensor) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_tensor_get_memory:
 * @tensor: a tensor
 *
 * Gets the memory that holds the values.
 *
 * Elements use it to pass the values on without a copy, for example in a #GstBuffer.
 *
 * Returns: (transfer none): the memory, owned by @tensor; it can be mapped for reading only
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstMemory *gst_convnext_tensor_get_memory(GstConvnextTensor *tensor);

/**
 * gst_convnext_tensor_ref: (skip)
 * @tensor: a tensor
 *
 * Adds a reference.
 *
 * Returns: (transfer full): @tensor
 *
 * Since: 0.1
 */
static inline GstConvnextTensor *gst_convnext_tensor_ref(GstConvnextTensor *tensor)
{
    return GST_CONVNEXT_TENSOR(gst_mini_object_ref(GST_MINI_OBJECT_CAST(tensor)));
}

/**
 * gst_convnext_tensor_unref: (skip)
 * @tensor: (transfer full): a tensor
 *
 * Releases a reference; releasing the last one frees the tensor.
 *
 * Since: 0.1
 */
static inline void gst_convnext_tensor_unref(GstConvnextTensor *tensor)
{
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(tensor));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextTensor, gst_convnext_tensor_unref)

G_END_DECLS
