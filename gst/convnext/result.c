/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/result.h"

#include "gst/convnext/resultprivate.h"

GST_DEFINE_MINI_OBJECT_TYPE(GstConvnextResult, gst_convnext_result);

G_DEFINE_BOXED_TYPE(GstConvnextClass, gst_convnext_class, gst_convnext_class_copy,
                    gst_convnext_class_free)

GType gst_convnext_activation_get_type(void)
{
    static const GEnumValue values[] = {
        {GST_CONVNEXT_ACTIVATION_AUTO,
         "What the model's config says, or else sigmoid for one class and softmax for more",
         "auto"},
        {GST_CONVNEXT_ACTIVATION_SOFTMAX, "Classes are mutually exclusive; scores sum to 1",
         "softmax"},
        {GST_CONVNEXT_ACTIVATION_SIGMOID, "Classes are independent; each score is between 0 and 1",
         "sigmoid"},
        {GST_CONVNEXT_ACTIVATION_NONE, "Scores are the logits", "none"},
        {0, NULL, NULL}};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, g_enum_register_static("GstConvnextActivation", values));
    return type;
}

static void class_clear(GstConvnextClass *klass)
{
    g_free((char *)klass->label);
}

GstConvnextClass *gst_convnext_class_copy(const GstConvnextClass *klass)
{
    GstConvnextClass *copy;

    g_return_val_if_fail(klass, NULL);
    copy = g_new(GstConvnextClass, 1);
    *copy = (GstConvnextClass){klass->index, g_strdup(klass->label), klass->score};
    return copy;
}

void gst_convnext_class_free(GstConvnextClass *klass)
{
    g_return_if_fail(klass);
    class_clear(klass);
    g_free(klass);
}

static void result_free(GstConvnextResult *result)
{
    g_array_unref(result->classes);
    g_ptr_array_unref(result->tensors);
    g_clear_pointer(&result->segmentation, gst_convnext_segmentation_unref);
    gst_convnext_result_clear_objects(result);
    g_free(result->object_label);
    g_free(result->model);
    g_free(result);
}

GstConvnextResult *gst_convnext_result_new(const char *model, GstClockTime pts)
{
    GstConvnextResult *result;

    g_return_val_if_fail(model, NULL);

    result = g_new0(GstConvnextResult, 1);
    gst_mini_object_init(GST_MINI_OBJECT_CAST(result), 0, gst_convnext_result_get_type(), NULL,
                         NULL, (GstMiniObjectFreeFunction)result_free);
    result->model = g_strdup(model);
    result->pts = pts;
    result->preprocess = GST_CLOCK_TIME_NONE;
    result->inference = GST_CLOCK_TIME_NONE;
    result->object_id = -1;
    result->classes = g_array_new(FALSE, FALSE, sizeof(GstConvnextClass));
    g_array_set_clear_func(result->classes, (GDestroyNotify)class_clear);
    result->tensors = g_ptr_array_new_with_free_func((GDestroyNotify)gst_mini_object_unref);
    return result;
}

void gst_convnext_result_set_frame_size(GstConvnextResult *result, guint width, guint height)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    result->width = width;
    result->height = height;
}

void gst_convnext_result_set_region(GstConvnextResult *result, guint x, guint y, guint width,
                                    guint height)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    result->region = (Region){x, y, width, height};
}

void gst_convnext_result_set_orientation(GstConvnextResult *result,
                                         GstConvnextOrientation orientation)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    g_return_if_fail(orientation < GST_CONVNEXT_ORIENTATION_AUTO);
    result->orientation = orientation;
}

void gst_convnext_result_set_view(GstConvnextResult *result, const GstConvnextView *view)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    g_return_if_fail(gst_convnext_view_is_valid(view));
    result->view = *view;
}

void gst_convnext_result_set_activation(GstConvnextResult *result, GstConvnextActivation activation)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    result->activation = activation;
}

void gst_convnext_result_set_times(GstConvnextResult *result, GstClockTime preprocess,
                                   GstClockTime inference)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    result->preprocess = preprocess;
    result->inference = inference;
}

void gst_convnext_result_set_object(GstConvnextResult *result, int id, const char *label)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    result->has_object = TRUE;
    result->object_id = id;
    g_free(result->object_label);
    result->object_label = g_strdup(label);
}

void gst_convnext_result_add_class(GstConvnextResult *result, guint index, const char *label,
                                   float score)
{
    GstConvnextClass klass = {index, NULL, score};

    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    klass.label = g_strdup(label);
    g_array_append_val(result->classes, klass);
}

void gst_convnext_result_take_tensor(GstConvnextResult *result, GstConvnextTensor *tensor)
{
    g_return_if_fail(GST_CONVNEXT_RESULT_IS_WRITABLE(result));
    g_return_if_fail(tensor);
    g_ptr_array_add(result->tensors, tensor);
}

const char *gst_convnext_result_get_model(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    return result->model;
}

GstClockTime gst_convnext_result_get_pts(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), GST_CLOCK_TIME_NONE);
    return result->pts;
}

void gst_convnext_result_get_frame_size(GstConvnextResult *result, guint *width, guint *height)
{
    g_return_if_fail(GST_IS_CONVNEXT_RESULT(result));
    if (width)
        *width = result->width;
    if (height)
        *height = result->height;
}

void gst_convnext_result_get_region(GstConvnextResult *result, guint *x, guint *y, guint *width,
                                    guint *height)
{
    g_return_if_fail(GST_IS_CONVNEXT_RESULT(result));
    if (x)
        *x = result->region.x;
    if (y)
        *y = result->region.y;
    if (width)
        *width = result->region.width;
    if (height)
        *height = result->region.height;
}

GstConvnextOrientation gst_convnext_result_get_orientation(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), GST_CONVNEXT_ORIENTATION_IDENTITY);
    return result->orientation;
}

gboolean gst_convnext_result_get_view(GstConvnextResult *result, GstConvnextView *view)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), FALSE);
    g_return_val_if_fail(view, FALSE);
    if (result->view.network_width == 0)
        return FALSE;
    *view = result->view;
    return TRUE;
}

GstConvnextActivation gst_convnext_result_get_activation(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), GST_CONVNEXT_ACTIVATION_AUTO);
    return result->activation;
}

GstClockTime gst_convnext_result_get_preprocess_time(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), GST_CLOCK_TIME_NONE);
    return result->preprocess;
}

GstClockTime gst_convnext_result_get_inference_time(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), GST_CLOCK_TIME_NONE);
    return result->inference;
}

gboolean gst_convnext_result_get_object(GstConvnextResult *result, int *id, const char **label)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), FALSE);
    if (id)
        *id = result->object_id;
    if (label)
        *label = result->object_label;
    return result->has_object;
}

const GstConvnextClass *gst_convnext_result_get_classes(GstConvnextResult *result, guint *n_classes)
{
    if (n_classes)
        *n_classes = 0;
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    if (n_classes)
        *n_classes = result->classes->len;
    return result->classes->len ? (const GstConvnextClass *)result->classes->data : NULL;
}

GList *gst_convnext_result_list_classes(GstConvnextResult *result)
{
    GList *list = NULL;

    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    for (guint i = result->classes->len; i > 0; i--)
        list = g_list_prepend(list, gst_convnext_class_copy(
                                        &g_array_index(result->classes, GstConvnextClass, i - 1)));
    return list;
}

guint gst_convnext_result_get_n_tensors(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), 0);
    return result->tensors->len;
}

GstConvnextTensor *gst_convnext_result_peek_tensor(GstConvnextResult *result, guint i)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    g_return_val_if_fail(i < result->tensors->len, NULL);
    return g_ptr_array_index(result->tensors, i);
}

GstConvnextTensor *gst_convnext_result_get_tensor(GstConvnextResult *result, const char *name)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    g_return_val_if_fail(name, NULL);
    for (guint i = 0; i < result->tensors->len; i++) {
        GstConvnextTensor *tensor = g_ptr_array_index(result->tensors, i);

        if (g_str_equal(gst_convnext_tensor_get_name(tensor), name))
            return gst_convnext_tensor_ref(tensor);
    }
    return NULL;
}

GList *gst_convnext_result_list_tensors(GstConvnextResult *result)
{
    GList *list = NULL;

    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    for (guint i = result->tensors->len; i > 0; i--)
        list = g_list_prepend(list,
                              gst_convnext_tensor_ref(g_ptr_array_index(result->tensors, i - 1)));
    return list;
}

GstConvnextSegmentation *gst_convnext_result_get_segmentation(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);
    return result->segmentation;
}

gboolean gst_convnext_result_has_objects(GstConvnextResult *result)
{
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), FALSE);
    return result->objects != NULL;
}
