/* A result as a GstStructure, for element messages.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/resultprivate.h"

static void append_int(GValue *array, int number)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, G_TYPE_INT);
    g_value_set_int(&value, number);
    gst_value_array_append_and_take_value(array, &value);
}

static void append_uint(GValue *array, guint number)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, G_TYPE_UINT);
    g_value_set_uint(&value, number);
    gst_value_array_append_and_take_value(array, &value);
}

static void append_float(GValue *array, float number)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, G_TYPE_FLOAT);
    g_value_set_float(&value, number);
    gst_value_array_append_and_take_value(array, &value);
}

static void append_string(GValue *array, const char *text)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, G_TYPE_STRING);
    g_value_set_string(&value, text);
    gst_value_array_append_and_take_value(array, &value);
}

static void append_structure(GValue *array, GstStructure *structure)
{
    GValue value = G_VALUE_INIT;

    g_value_init(&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed(&value, structure);
    gst_value_array_append_and_take_value(array, &value);
}

/* A new structure with the fields index, field, which is value, and, if there is one, label. */
static GstStructure *new_entry(const char *name, guint index, const char *field, float value,
                               const char *label)
{
    GstStructure *entry =
        gst_structure_new(name, "index", G_TYPE_UINT, index, field, G_TYPE_FLOAT, value, NULL);

    if (label)
        gst_structure_set(entry, "label", G_TYPE_STRING, label, NULL);
    return entry;
}

static void set_region_field(GstStructure *structure, const Region *region)
{
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, 4);
    append_uint(&array, region->x);
    append_uint(&array, region->y);
    append_uint(&array, region->width);
    append_uint(&array, region->height);
    gst_structure_take_value(structure, "region", &array);
}

static void set_classes_field(GstStructure *structure, const GArray *classes)
{
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, classes->len);
    for (guint i = 0; i < classes->len; i++) {
        const GstConvnextClass *klass = &g_array_index(classes, GstConvnextClass, i);

        append_structure(&array,
                         new_entry("class", klass->index, "score", klass->score, klass->label));
    }
    gst_structure_take_value(structure, "classes", &array);
}

/* The best class once more, for those who do not read arrays. */
static void set_best_fields(GstStructure *structure, const GArray *classes)
{
    const GstConvnextClass *best = &g_array_index(classes, GstConvnextClass, 0);

    if (classes->len == 0)
        return;
    gst_structure_set(structure, "index", G_TYPE_UINT, best->index, "score", G_TYPE_FLOAT,
                      best->score, NULL);
    if (best->label)
        gst_structure_set(structure, "label", G_TYPE_STRING, best->label, NULL);
}

static GstStructure *segment_entry(const GstConvnextSegment *segment)
{
    GstStructure *entry =
        new_entry("segment", segment->index, "share", segment->share, segment->label);
    GValue box = G_VALUE_INIT;

    gst_value_array_init(&box, 4);
    append_int(&box, segment->box.x);
    append_int(&box, segment->box.y);
    append_int(&box, segment->box.w);
    append_int(&box, segment->box.h);
    gst_structure_take_value(entry, "box", &box);
    return entry;
}

static void set_segmentation_field(GstStructure *structure, GstConvnextSegmentation *segmentation)
{
    guint width, height, n;
    const GstConvnextSegment *segments = gst_convnext_segmentation_get_segments(segmentation, &n);
    g_autoptr(GstStructure) field = NULL;
    GValue array = G_VALUE_INIT;

    gst_convnext_segmentation_get_size(segmentation, &width, &height, NULL);
    field = gst_structure_new("segmentation", "width", G_TYPE_UINT, width, "height", G_TYPE_UINT,
                              height, NULL);
    gst_value_array_init(&array, n);
    for (guint i = 0; i < n; i++)
        append_structure(&array, segment_entry(&segments[i]));
    gst_structure_take_value(field, "classes", &array);
    gst_structure_set(structure, "segmentation", GST_TYPE_STRUCTURE, field, NULL);
}

static GstStructure *object_entry(const GstConvnextDetectedObject *object)
{
    GstStructure *entry = new_entry("object", object->index, "score", object->score, object->label);
    GValue box = G_VALUE_INIT;

    gst_value_array_init(&box, 4);
    append_float(&box, object->x);
    append_float(&box, object->y);
    append_float(&box, object->width);
    append_float(&box, object->height);
    gst_structure_take_value(entry, "box", &box);
    return entry;
}

static void set_objects_field(GstStructure *structure, const GArray *objects)
{
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, objects->len);
    for (guint i = 0; i < objects->len; i++)
        append_structure(&array,
                         object_entry(&g_array_index(objects, GstConvnextDetectedObject, i)));
    gst_structure_take_value(structure, "objects", &array);
}

static void set_tensors_field(GstStructure *structure, const GPtrArray *tensors)
{
    GValue array = G_VALUE_INIT;

    gst_value_array_init(&array, tensors->len);
    for (guint i = 0; i < tensors->len; i++)
        append_string(&array, gst_convnext_tensor_get_name(g_ptr_array_index(tensors, i)));
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
        set_best_fields(structure, result->classes);
        set_classes_field(structure, result->classes);
    }
    if (result->segmentation)
        set_segmentation_field(structure, result->segmentation);
    if (result->objects)
        set_objects_field(structure, result->objects);
    if (result->tensors->len)
        set_tensors_field(structure, result->tensors);
    set_time_field(structure, "preprocess-time", result->preprocess);
    set_time_field(structure, "inference-time", result->inference);
    return structure;
}
