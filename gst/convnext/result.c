/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/result.h"

typedef struct Region {
    guint x, y, width, height; /* pixels; width is 0 until the region is set */
} Region;

struct _GstConvnextResult {
    GstMiniObject mini_object;
    char *model;
    GstClockTime pts;
    guint width, height; /* of the frame, pixels; 0 until they are set */
    Region region;
    GstConvnextOrientation orientation;
    GstConvnextView view; /* network_width is 0 until it is set */
    GstConvnextActivation activation;
    GstClockTime preprocess, inference; /* nanoseconds, or GST_CLOCK_TIME_NONE */
    gboolean has_object;
    int object_id;
    char *object_label;
    GArray *classes;    /* GstConvnextClass; owns the labels */
    GPtrArray *tensors; /* GstConvnextTensor, owned */
};

GST_DEFINE_MINI_OBJECT_TYPE(GstConvnextResult, gst_convnext_result);

G_DEFINE_BOXED_TYPE(GstConvnextClass, gst_convnext_class, gst_convnext_class_copy,
                    gst_convnext_class_free)

#define WRITABLE(result) \
    (GST_IS_CONVNEXT_RESULT(result) && gst_mini_object_is_writable(GST_MINI_OBJECT_CAST(result)))

GType gst_convnext_activation_get_type(void)
{
    static const GEnumValue values[] = {
        {GST_CONVNEXT_ACTIVATION_AUTO, "Use the activation in the model's config, or softmax",
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
    g_return_if_fail(WRITABLE(result));
    result->width = width;
    result->height = height;
}

void gst_convnext_result_set_region(GstConvnextResult *result, guint x, guint y, guint width,
                                    guint height)
{
    g_return_if_fail(WRITABLE(result));
    result->region = (Region){x, y, width, height};
}

void gst_convnext_result_set_orientation(GstConvnextResult *result,
                                         GstConvnextOrientation orientation)
{
    g_return_if_fail(WRITABLE(result));
    g_return_if_fail(orientation < GST_CONVNEXT_ORIENTATION_AUTO);
    result->orientation = orientation;
}

void gst_convnext_result_set_view(GstConvnextResult *result, const GstConvnextView *view)
{
    g_return_if_fail(WRITABLE(result));
    g_return_if_fail(gst_convnext_view_is_valid(view));
    result->view = *view;
}

void gst_convnext_result_set_activation(GstConvnextResult *result, GstConvnextActivation activation)
{
    g_return_if_fail(WRITABLE(result));
    result->activation = activation;
}

void gst_convnext_result_set_times(GstConvnextResult *result, GstClockTime preprocess,
                                   GstClockTime inference)
{
    g_return_if_fail(WRITABLE(result));
    result->preprocess = preprocess;
    result->inference = inference;
}

void gst_convnext_result_set_object(GstConvnextResult *result, int id, const char *label)
{
    g_return_if_fail(WRITABLE(result));
    result->has_object = TRUE;
    result->object_id = id;
    g_free(result->object_label);
    result->object_label = g_strdup(label);
}

void gst_convnext_result_add_class(GstConvnextResult *result, guint index, const char *label,
                                   float score)
{
    GstConvnextClass klass = {index, NULL, score};

    g_return_if_fail(WRITABLE(result));
    klass.label = g_strdup(label);
    g_array_append_val(result->classes, klass);
}

void gst_convnext_result_take_tensor(GstConvnextResult *result, GstConvnextTensor *tensor)
{
    g_return_if_fail(WRITABLE(result));
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

static void set_region_field(GstStructure *structure, const Region *region)
{
    const guint fields[] = {region->x, region->y, region->width, region->height};
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, G_N_ELEMENTS(fields));
    for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
        GValue value = G_VALUE_INIT;

        g_value_init(&value, G_TYPE_UINT);
        g_value_set_uint(&value, fields[i]);
        gst_value_array_append_and_take_value(&array, &value);
    }
    gst_structure_take_value(structure, "region", &array);
}

static void set_classes_field(GstStructure *structure, const GArray *classes)
{
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, classes->len);
    for (guint i = 0; i < classes->len; i++) {
        const GstConvnextClass *klass = &g_array_index(classes, GstConvnextClass, i);
        GstStructure *entry = gst_structure_new("class", "index", G_TYPE_UINT, klass->index,
                                                "score", G_TYPE_FLOAT, klass->score, NULL);
        GValue value = G_VALUE_INIT;

        if (klass->label)
            gst_structure_set(entry, "label", G_TYPE_STRING, klass->label, NULL);
        g_value_init(&value, GST_TYPE_STRUCTURE);
        g_value_take_boxed(&value, entry);
        gst_value_array_append_and_take_value(&array, &value);
    }
    gst_structure_take_value(structure, "classes", &array);
}

static void set_tensors_field(GstStructure *structure, const GPtrArray *tensors)
{
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, tensors->len);
    for (guint i = 0; i < tensors->len; i++) {
        GValue value = G_VALUE_INIT;

        g_value_init(&value, G_TYPE_STRING);
        g_value_set_string(&value, gst_convnext_tensor_get_name(g_ptr_array_index(tensors, i)));
        gst_value_array_append_and_take_value(&array, &value);
    }
    gst_structure_take_value(structure, "tensors", &array);
}

static void set_time_field(GstStructure *structure, const char *field, GstClockTime time)
{
    if (GST_CLOCK_TIME_IS_VALID(time))
        gst_structure_set(structure, field, G_TYPE_UINT64, time, NULL);
}

GstStructure *gst_convnext_result_to_structure(GstConvnextResult *result)
{
    GstStructure *structure;

    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);

    structure = gst_structure_new("convnext", "model", G_TYPE_STRING, result->model, NULL);
    set_time_field(structure, "pts", result->pts);
    if (result->width)
        gst_structure_set(structure, "width", G_TYPE_UINT, result->width, "height", G_TYPE_UINT,
                          result->height, NULL);
    if (result->region.width)
        set_region_field(structure, &result->region);
    if (result->orientation != GST_CONVNEXT_ORIENTATION_IDENTITY)
        gst_structure_set(structure, "orientation", GST_TYPE_CONVNEXT_ORIENTATION,
                          result->orientation, NULL);
    if (result->object_id >= 0)
        gst_structure_set(structure, "object-id", G_TYPE_INT, result->object_id, NULL);
    if (result->object_label)
        gst_structure_set(structure, "object-label", G_TYPE_STRING, result->object_label, NULL);
    if (result->activation != GST_CONVNEXT_ACTIVATION_AUTO) {
        gst_structure_set(structure, "activation", GST_TYPE_CONVNEXT_ACTIVATION, result->activation,
                          NULL);
        set_classes_field(structure, result->classes);
    }
    if (result->tensors->len)
        set_tensors_field(structure, result->tensors);
    set_time_field(structure, "preprocess-time", result->preprocess);
    set_time_field(structure, "inference-time", result->inference);
    return structure;
}
