/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/convnext/meta.h"

#include <gst/video/gstvideometa.h>

GType gst_convnext_meta_api_get_type(void)
{
    /* The region depends on the size and orientation of the frame. These tags make elements such as
     * videoscale call the transform function, and elements that rotate drop the metadata. */
    static const char *tags[] = {GST_META_TAG_VIDEO_STR, GST_META_TAG_VIDEO_SIZE_STR,
                                 GST_META_TAG_VIDEO_ORIENTATION_STR, NULL};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, gst_meta_api_type_register("GstConvnextMetaAPI", tags));
    return type;
}

static gboolean meta_init(GstMeta *meta, gpointer params, GstBuffer *buffer)
{
    GstConvnextMeta *self = (GstConvnextMeta *)meta;

    self->result = NULL;
    self->age = 0;
    self->x = self->y = self->width = self->height = 0;
    return TRUE;
}

static void meta_free(GstMeta *meta, GstBuffer *buffer)
{
    GstConvnextMeta *self = (GstConvnextMeta *)meta;

    g_clear_pointer(&self->result, gst_convnext_result_unref);
}

/* Scales and rounds both edges instead of the size, so adjacent regions stay adjacent and the whole
 * frame stays the whole frame. A span that was not empty keeps at least one pixel. `from` must not
 * be 0. */
static void scale_span(guint *start, guint *size, int from, int to)
{
    guint64 first = gst_util_uint64_scale_int_round(*start, to, from);
    guint64 end = gst_util_uint64_scale_int_round((guint64)*start + *size, to, from);

    if (*size && first == end)
        first = MIN(first, (guint64)to - 1);
    *size = *size ? MAX(end - first, 1) : 0;
    *start = first;
}

static gboolean meta_transform(GstBuffer *dest, GstMeta *meta, GstBuffer *buffer, GQuark type,
                               gpointer data)
{
    GstConvnextMeta *self = (GstConvnextMeta *)meta, *copy;
    GstVideoMetaTransform *scale = NULL;

    if (GST_VIDEO_META_TRANSFORM_IS_SCALE(type))
        scale = data;
    else if (!GST_META_TRANSFORM_IS_COPY(type))
        return FALSE;

    copy = gst_buffer_add_convnext_meta(dest, self->result, self->age);
    if (!copy)
        return FALSE;
    copy->x = self->x;
    copy->y = self->y;
    copy->width = self->width;
    copy->height = self->height;
    if (scale) {
        scale_span(&copy->x, &copy->width, GST_VIDEO_INFO_WIDTH(scale->in_info),
                   GST_VIDEO_INFO_WIDTH(scale->out_info));
        scale_span(&copy->y, &copy->height, GST_VIDEO_INFO_HEIGHT(scale->in_info),
                   GST_VIDEO_INFO_HEIGHT(scale->out_info));
    }
    return TRUE;
}

const GstMetaInfo *gst_convnext_meta_get_info(void)
{
    static gsize info;

    if (g_once_init_enter(&info))
        g_once_init_leave(&info,
                          (gsize)gst_meta_register(GST_CONVNEXT_META_API_TYPE, "GstConvnextMeta",
                                                   sizeof(GstConvnextMeta), meta_init, meta_free,
                                                   meta_transform));
    return (const GstMetaInfo *)info;
}

GstConvnextMeta *gst_buffer_add_convnext_meta(GstBuffer *buffer, GstConvnextResult *result,
                                              GstClockTime age)
{
    GstConvnextMeta *meta;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    g_return_val_if_fail(GST_IS_CONVNEXT_RESULT(result), NULL);

    meta = (GstConvnextMeta *)gst_buffer_add_meta(buffer, GST_CONVNEXT_META_INFO, NULL);
    if (!meta)
        return NULL;
    meta->result = gst_convnext_result_ref(result);
    meta->age = GST_CLOCK_TIME_IS_VALID(age) ? age : 0;
    gst_convnext_result_get_region(result, &meta->x, &meta->y, &meta->width, &meta->height);
    return meta;
}

GstConvnextMeta *gst_buffer_get_convnext_meta(GstBuffer *buffer)
{
    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    return (GstConvnextMeta *)gst_buffer_get_meta(buffer, GST_CONVNEXT_META_API_TYPE);
}

GstConvnextMeta *gst_buffer_iterate_convnext_meta(GstBuffer *buffer, gpointer *state)
{
    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    return (GstConvnextMeta *)gst_buffer_iterate_meta_filtered(buffer, state,
                                                               GST_CONVNEXT_META_API_TYPE);
}

GList *gst_buffer_list_convnext_metas(GstBuffer *buffer)
{
    GList *list = NULL;
    gpointer state = NULL;
    GstConvnextMeta *meta;

    g_return_val_if_fail(GST_IS_BUFFER(buffer), NULL);
    while ((meta = gst_buffer_iterate_convnext_meta(buffer, &state)))
        list = g_list_prepend(list, meta);
    return g_list_reverse(list);
}

GstConvnextResult *gst_convnext_meta_get_result(GstConvnextMeta *meta)
{
    g_return_val_if_fail(meta, NULL);
    return gst_convnext_result_ref(meta->result);
}
