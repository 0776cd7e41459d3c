/* A tensor keeps its memory mapped for reading all its life, so the address of its values is
 * constant and no other code can write to them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/tensor.h"

#include <string.h>

struct _GstConvnextTensor {
    GstMiniObject mini_object;
    char *name;
    gsize *dims; /* [n_dims] */
    guint n_dims;
    gsize n_values;
    GstMemory *memory;
    GstMapInfo map; /* of memory, READ */
};

GST_DEFINE_MINI_OBJECT_TYPE(GstConvnextTensor, gst_convnext_tensor);

static void tensor_free(GstConvnextTensor *tensor)
{
    gst_memory_unmap(tensor->memory, &tensor->map);
    gst_memory_unref(tensor->memory);
    g_free(tensor->dims);
    g_free(tensor->name);
    g_free(tensor);
}

/* Returns FALSE if the number of bytes exceeds the range of gsize. */
static gboolean count_values(guint n_dims, const gsize *dims, gsize *n_values)
{
    gsize n = 1, bytes;

    for (guint i = 0; i < n_dims; i++) {
        if (!g_size_checked_mul(&n, n, dims[i]))
            return FALSE;
    }
    *n_values = n;
    return g_size_checked_mul(&bytes, n, sizeof(float));
}

GstConvnextTensor *gst_convnext_tensor_new(const char *name, guint n_dims, const gsize *dims,
                                           GstMemory *memory)
{
    GstConvnextTensor *tensor;
    GstMapInfo map;
    gsize n_values;

    g_return_val_if_fail(name && dims && memory, NULL);
    g_return_val_if_fail(n_dims > 0, NULL);

    if (!gst_memory_map(memory, &map, GST_MAP_READ))
        goto unmapped;
    if (!count_values(n_dims, dims, &n_values) || map.size != n_values * sizeof(float) ||
        (gsize)map.data % sizeof(float))
        goto mismatch;

    tensor = g_new0(GstConvnextTensor, 1);
    gst_mini_object_init(GST_MINI_OBJECT_CAST(tensor), 0, gst_convnext_tensor_get_type(), NULL,
                         NULL, (GstMiniObjectFreeFunction)tensor_free);
    tensor->name = g_strdup(name);
    tensor->dims = g_memdup2(dims, n_dims * sizeof(*dims));
    tensor->n_dims = n_dims;
    tensor->n_values = n_values;
    tensor->memory = memory;
    tensor->map = map;
    return tensor;

mismatch:
    gst_memory_unmap(memory, &map);
unmapped:
    gst_memory_unref(memory);
    return NULL;
}

GstConvnextTensor *gst_convnext_tensor_new_copy(const char *name, guint n_dims, const gsize *dims,
                                                const float *values)
{
    GstAllocationParams params = {.align = 63};
    g_autoptr(GstMemory) memory = NULL;
    GstMapInfo map;
    gsize n_values;

    g_return_val_if_fail(name && dims && values, NULL);
    g_return_val_if_fail(n_dims > 0, NULL);

    if (!count_values(n_dims, dims, &n_values))
        return NULL;
    memory = gst_allocator_alloc(NULL, n_values * sizeof(float), &params);
    if (!memory)
        return NULL;
    if (!gst_memory_map(memory, &map, GST_MAP_WRITE))
        return NULL;
    memcpy(map.data, values, map.size);
    gst_memory_unmap(memory, &map);
    return gst_convnext_tensor_new(name, n_dims, dims, g_steal_pointer(&memory));
}

const char *gst_convnext_tensor_get_name(GstConvnextTensor *tensor)
{
    g_return_val_if_fail(tensor, NULL);
    return tensor->name;
}

const gsize *gst_convnext_tensor_get_shape(GstConvnextTensor *tensor, guint *n_dims)
{
    if (n_dims)
        *n_dims = 0;
    g_return_val_if_fail(tensor, NULL);
    if (n_dims)
        *n_dims = tensor->n_dims;
    return tensor->dims;
}

const float *gst_convnext_tensor_get_values(GstConvnextTensor *tensor, gsize *n_values)
{
    if (n_values)
        *n_values = 0;
    g_return_val_if_fail(tensor, NULL);
    if (n_values)
        *n_values = tensor->n_values;
    return (const float *)tensor->map.data;
}

GBytes *gst_convnext_tensor_get_bytes(GstConvnextTensor *tensor)
{
    g_return_val_if_fail(tensor, NULL);
    return g_bytes_new_with_free_func(tensor->map.data, tensor->map.size,
                                      (GDestroyNotify)gst_mini_object_unref,
                                      gst_convnext_tensor_ref(tensor));
}

GstMemory *gst_convnext_tensor_get_memory(GstConvnextTensor *tensor)
{
    g_return_val_if_fail(tensor, NULL);
    return tensor->memory;
}
