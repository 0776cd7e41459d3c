/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/element/tensorcaps.h"

#if !GST_CHECK_VERSION(1, 28, 0)

GstCaps *gst_convnext_tensor_caps(const GstConvnextEngine *engine, GstPadDirection direction,
                                  GstCaps *caps)
{
    return gst_caps_ref(caps);
}

#else

#define FIELD "tensors"
#define GROUP "convnext-backbone-out"

/* A dimension of 0 depends on the frame. */
static void set_dims(GstStructure *tensor, const CnxMap *map)
{
    const guint sizes[] = {1, map->height, map->width, map->channels};
    GValue dims = G_VALUE_INIT;

    gst_value_array_init(&dims, G_N_ELEMENTS(sizes));
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        GValue size = G_VALUE_INIT;

        g_value_init(&size, G_TYPE_INT);
        g_value_set_int(&size, (int)sizes[i]);
        gst_value_array_append_and_take_value(&dims, &size);
    }
    gst_structure_take_value(tensor, "dims", &dims);
}

static void append_stage(GValue *group, guint stage, const CnxMap *map)
{
    g_autofree char *id = g_strdup_printf("convnext-stage%u-out", stage + 1);
    GstStructure *tensor =
        gst_structure_new("tensor/strided", "tensor-id", G_TYPE_STRING, id, "dims-order",
                          G_TYPE_STRING, "row-major", "type", G_TYPE_STRING, "float32", NULL);
    GValue caps = G_VALUE_INIT;

    set_dims(tensor, map);
    g_value_init(&caps, GST_TYPE_CAPS);
    g_value_take_boxed(&caps, gst_caps_new_full(tensor, NULL));
    gst_value_unique_list_append_and_take_value(group, &caps);
}

/* FALSE if the engine attaches no maps. */
static gboolean make_group(const GstConvnextEngine *engine, GValue *group)
{
    CnxMap stages[CNX_STAGES];

    if (!engine || !gst_convnext_engine_stages(engine, stages))
        return FALSE;
    g_value_init(group, GST_TYPE_UNIQUE_LIST);
    for (guint i = 0; i < CNX_STAGES; i++)
        if (stages[i].channels > 0)
            append_stage(group, i, &stages[i]);
    return TRUE;
}

static void add_group(GstStructure *video, const GValue *group)
{
    const GValue *value = gst_structure_get_value(video, FIELD);
    g_autoptr(GstStructure) groups = value && GST_VALUE_HOLDS_STRUCTURE(value)
                                         ? gst_structure_copy(gst_value_get_structure(value))
                                         : gst_structure_new_empty("tensorgroups");

    gst_structure_set_value(groups, GROUP, group);
    gst_structure_set(video, FIELD, GST_TYPE_STRUCTURE, groups, NULL);
}

GstCaps *gst_convnext_tensor_caps(const GstConvnextEngine *engine, GstPadDirection direction,
                                  GstCaps *caps)
{
    GValue group = G_VALUE_INIT;
    GstCaps *changed;

    if (direction == GST_PAD_SINK && !make_group(engine, &group))
        return gst_caps_ref(caps);
    changed = gst_caps_copy(caps);
    for (guint i = 0; i < gst_caps_get_size(changed); i++) {
        GstStructure *video = gst_caps_get_structure(changed, i);

        if (direction == GST_PAD_SINK)
            add_group(video, &group);
        else
            gst_structure_remove_field(video, FIELD);
    }
    if (direction == GST_PAD_SINK)
        g_value_unset(&group);
    return changed;
}

#endif

gboolean gst_convnext_tensor_caps_equal(const GstConvnextEngine *a, const GstConvnextEngine *b)
{
    g_autoptr(GstCaps) video = gst_caps_new_empty_simple("video/x-raw");
    g_autoptr(GstCaps) caps_a = gst_convnext_tensor_caps(a, GST_PAD_SINK, video);
    g_autoptr(GstCaps) caps_b = gst_convnext_tensor_caps(b, GST_PAD_SINK, video);

    return gst_caps_is_strictly_equal(caps_a, caps_b);
}
