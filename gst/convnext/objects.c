/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/objects.h"

#include "gst/convnext/legendprivate.h"
#include "gst/convnext/resultprivate.h"

/* The mask of an object at the size of the frame. */
typedef struct ObjectMask {
    GstMemory *memory; /* [rect.h, rect.w] bytes; NULL without one */
    GstConvnextRect rect;
} ObjectMask;

G_DEFINE_BOXED_TYPE(GstConvnextDetectedObject, gst_convnext_detected_object,
                    gst_convnext_detected_object_copy, gst_convnext_detected_object_free)

GstConvnextDetectedObject *
gst_convnext_detected_object_copy(const GstConvnextDetectedObject *object)
{
    GstConvnextDetectedObject *copy;

    g_return_val_if_fail(object, NULL);
    copy = g_new(GstConvnextDetectedObject, 1);
    *copy = *object;
    copy->label = g_strdup(object->label);
    return copy;
}

void gst_convnext_detected_object_free(GstConvnextDetectedObject *object)
{
    g_return_if_fail(object);
    g_free((char *)object->label);
    g_free(object);
}

static void clear_mask(ObjectMask *mask)
{
    g_clear_pointer(&mask->memory, gst_memory_unref);
}

void gst_convnext_result_clear_objects(GstConvnextResult *result)
{
    GstConvnextLegend *legend = g_steal_pointer(&result->object_legend);

    if (!legend)
        return;
    gst_convnext_legend_leave_spare(legend, GST_CONVNEXT_SPARE_OBJECTS,
                                    g_steal_pointer(&result->objects));
    if (result->object_masks)
        gst_convnext_legend_leave_spare(legend, GST_CONVNEXT_SPARE_MASKS,
                                        g_steal_pointer(&result->object_masks));
    gst_convnext_legend_unref(legend);
}

void gst_convnext_result_set_objects(GstConvnextResult *result, GstConvnextLegend *legend,
                                     guint n_objects, const GstConvnextDetectedObject *objects)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    g_return_if_fail(GST_IS_CONVNEXT_LEGEND(legend));
    g_return_if_fail(objects || n_objects == 0);

    gst_convnext_result_clear_objects(result);
    result->object_legend = gst_convnext_legend_ref(legend);
    result->objects = gst_convnext_legend_take_spare(legend, GST_CONVNEXT_SPARE_OBJECTS);
    if (!result->objects)
        result->objects = g_array_new(FALSE, FALSE, sizeof(GstConvnextDetectedObject));
    for (guint i = 0; i < n_objects; i++) {
        GstConvnextDetectedObject object = objects[i];

        object.label = gst_convnext_legend_get_label(legend, object.index);
        g_array_append_val(result->objects, object);
    }
}

/* An array without masks for the result's objects. */
static GArray *take_masks(const GstConvnextResult *result)
{
    GArray *masks = gst_convnext_legend_take_spare(result->object_legend, GST_CONVNEXT_SPARE_MASKS);

    if (!masks) {
        masks = g_array_new(FALSE, TRUE, sizeof(ObjectMask));
        g_array_set_clear_func(masks, (GDestroyNotify)clear_mask);
    }
    return g_array_set_size(masks, result->objects->len);
}

gboolean gst_convnext_result_set_object_mask(GstConvnextResult *result, guint i, GstMemory *mask,
                                             const GstConvnextRect *rect)
{
    g_autoptr(GstMemory) memory = mask;
    ObjectMask *entry;

    g_return_val_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result), FALSE);
    g_return_val_if_fail(result->objects && i < result->objects->len, FALSE);
    g_return_val_if_fail(mask && rect, FALSE);

    if (rect->w < 1 || rect->h < 1 ||
        gst_memory_get_sizes(memory, NULL, NULL) != (gsize)rect->w * (gsize)rect->h)
        return FALSE;
    if (!result->object_masks)
        result->object_masks = take_masks(result);
    entry = &g_array_index(result->object_masks, ObjectMask, i);
    clear_mask(entry);
    *entry = (ObjectMask){g_steal_pointer(&memory), *rect};
    return TRUE;
}

const GstConvnextDetectedObject *gst_convnext_result_get_objects(GstConvnextResult *result,
                                                                 guint *n_objects)
{
    const GArray *objects;

    if (n_objects)
        *n_objects = 0;
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    objects = result->objects;
    if (!objects || objects->len == 0)
        return NULL;
    if (n_objects)
        *n_objects = objects->len;
    return (const GstConvnextDetectedObject *)objects->data;
}

GList *gst_convnext_result_list_objects(GstConvnextResult *result)
{
    GList *list = NULL;
    guint n;
    const GstConvnextDetectedObject *objects = gst_convnext_result_get_objects(result, &n);

    for (guint i = n; i > 0; i--)
        list = g_list_prepend(list, gst_convnext_detected_object_copy(&objects[i - 1]));
    return list;
}

GstConvnextLegend *gst_convnext_result_get_object_legend(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    return result->object_legend;
}

gboolean gst_convnext_result_has_object_masks(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), FALSE);
    return result->object_masks != NULL;
}

GstMemory *gst_convnext_result_get_object_mask(GstConvnextResult *result, guint i,
                                               GstConvnextRect *rect)
{
    const ObjectMask *mask;

    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    g_return_val_if_fail(result->objects && i < result->objects->len, NULL);
    if (rect)
        *rect = (GstConvnextRect){0};
    if (!result->object_masks)
        return NULL;
    mask = &g_array_index(result->object_masks, ObjectMask, i);
    if (rect)
        *rect = mask->rect;
    return mask->memory;
}
