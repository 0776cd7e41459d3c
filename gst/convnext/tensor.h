/* GstConvnextTensor: a named, dense array of float32 that a network put out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>

G_BEGIN_DECLS

/**
 * GST_CONVNEXT_TENSOR_LOGITS:
 *
 * Name of the tensor with the head's raw outputs, before softmax or sigmoid. Shape
 * [n, 1, 1, classes]. The names of the feature maps are `stage1` to `stage4`: the map after the
 * last block of that stage, before any pooling, shape [n, height, width, channels].
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_LOGITS "logits"

/**
 * GST_CONVNEXT_TENSOR_EMBEDDING:
 *
 * Name of the tensor that the last linear layer reads: pooled, after the head's normalisation and
 * its hidden layer where it has one. Shape [n, 1, 1, channels].
 *
 * Since: 0.1
 */
#define GST_CONVNEXT_TENSOR_EMBEDDING "embedding"

/**
 * GstConvnextTensor:
 *
 * A named, dense array of float32 in row-major order. The shape is NHWC: batch, height, width,
 * channels, channels next to each other in memory. It is immutable from the start, so any number of
 * threads may read it, and it is reference counted (a #GstMiniObject).
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
 * @name: what it is, for example `stage3`
 * @n_dims: number of dimensions, at least 1
 * @dims: (array length=n_dims): the shape, outermost dimension first
 * @memory: (transfer full): the values, float32 in native byte order; its size must be four times
 *   the product of @dims, its address a multiple of four
 *
 * Makes a tensor of existing memory, without a copy. The memory is mapped for reading as long as
 * the tensor lives, so nobody can map it for writing.
 *
 * Returns: (transfer full) (nullable): a new tensor, or %NULL when the size does not match the
 *   shape or the memory cannot be mapped
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextTensor *gst_convnext_tensor_new(const char *name, guint n_dims, const gsize *dims,
                                           GstMemory *memory) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_tensor_new_copy: (skip)
 * @name: what it is, for example `stage3`
 * @n_dims: number of dimensions, at least 1
 * @dims: (array length=n_dims): the shape, outermost dimension first
 * @values: as many values as the product of @dims
 *
 * Makes a tensor of a copy of @values, in memory aligned to 64 bytes.
 *
 * Returns: (transfer full) (nullable): a new tensor, or %NULL when there is no memory for it
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
 * Returns: (transfer none): its name, for example `logits`, `embedding` or `stage3`
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const char *gst_convnext_tensor_get_name(GstConvnextTensor *tensor);

/**
 * gst_convnext_tensor_get_shape:
 * @tensor: a tensor
 * @n_dims: (out) (optional): where to put the number of dimensions, or %NULL
 *
 * Returns: (transfer none) (array length=n_dims): the shape, outermost dimension first: batch,
 *   height, width, channels
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const gsize *gst_convnext_tensor_get_shape(GstConvnextTensor *tensor, guint *n_dims);

/**
 * gst_convnext_tensor_get_values:
 * @tensor: a tensor
 * @n_values: (out) (optional): where to put the number of values, or %NULL
 *
 * The values themselves, not a copy: they are valid as long as @tensor is. In Python this makes a
 * list; for large maps gst_convnext_tensor_get_bytes() with numpy.frombuffer() does without.
 *
 * Returns: (transfer none) (array length=n_values): the values, channels next to each other
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const float *gst_convnext_tensor_get_values(GstConvnextTensor *tensor, gsize *n_values);

/**
 * gst_convnext_tensor_get_bytes:
 * @tensor: a tensor
 *
 * The values as bytes, without a copy; the #GBytes keeps the tensor alive. In Python:
 * `numpy.frombuffer(tensor.get_bytes().get_data(), numpy.float32).reshape(tensor.get_shape())`.
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
 * For elements that hand the values on without a copy, for example as a #GstBuffer of their own.
 *
 * Returns: (transfer none): the memory with the values; it can be mapped for reading only
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstMemory *gst_convnext_tensor_get_memory(GstConvnextTensor *tensor);

/**
 * gst_convnext_tensor_ref: (skip)
 * @tensor: a tensor
 *
 * Returns: (transfer full): @tensor, with one more reference
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
 * Gives up one reference; the last one frees the tensor.
 *
 * Since: 0.1
 */
static inline void gst_convnext_tensor_unref(GstConvnextTensor *tensor)
{
    gst_mini_object_unref(GST_MINI_OBJECT_CAST(tensor));
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextTensor, gst_convnext_tensor_unref)

G_END_DECLS
