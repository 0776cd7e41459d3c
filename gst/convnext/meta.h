/* GstConvnextMeta: a result on a buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>
#include <gst/convnext/result.h>

G_BEGIN_DECLS

/**
 * GstConvnextMeta:
 * @meta: parent
 * @result: (transfer none): what was found; the metadata holds a reference to it
 * @age: nanoseconds between the frame that the result was computed on and this buffer, also when
 *   they are played backwards; 0 when the result is this buffer's own, or when it is not known
 * @x: left edge of the region that the network saw, pixels of this buffer's frame
 * @y: top edge of that region
 * @width: width of that region, pixels
 * @height: height of that region, pixels
 *
 * A result of the element convnext, on a buffer. A buffer may carry several, of several models or
 * regions. The metadata is kept when the buffer is copied, and by elements that convert the format
 * or the size of video; the region is scaled with the frame. It is dropped where GStreamer drops
 * all metadata that depends on the frame's size or orientation, for example by videoflip.
 *
 * The fields are to be read, not written.
 *
 * Since: 0.1
 */
typedef struct _GstConvnextMeta GstConvnextMeta;
struct _GstConvnextMeta {
    GstMeta meta;
    GstConvnextResult *result;
    GstClockTime age;
    guint x;
    guint y;
    guint width;
    guint height;

    /*< private >*/
    gpointer _gst_reserved[GST_PADDING];
};

#define GST_CONVNEXT_META_API_TYPE (gst_convnext_meta_api_get_type())
#define GST_CONVNEXT_META_INFO (gst_convnext_meta_get_info())

GST_CONVNEXT_API
GType gst_convnext_meta_api_get_type(void);

GST_CONVNEXT_API
const GstMetaInfo *gst_convnext_meta_get_info(void);

/**
 * gst_buffer_add_convnext_meta:
 * @buffer: a writable buffer
 * @result: (transfer none): what was found; the metadata takes a reference of its own
 * @age: nanoseconds between the result's frame and this one; %GST_CLOCK_TIME_NONE counts as 0
 *
 * Attaches @result to @buffer, after the results that it carries already. The metadata's region is
 * the result's. @result is immutable from now on.
 *
 * Returns: (transfer none) (nullable): the metadata, owned by @buffer, or %NULL when @buffer is not
 *   writable
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextMeta *gst_buffer_add_convnext_meta(GstBuffer *buffer, GstConvnextResult *result,
                                              GstClockTime age);

/**
 * gst_buffer_get_convnext_meta:
 * @buffer: a buffer
 *
 * Returns: (transfer none) (nullable): the first result on @buffer, or %NULL when there is none
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextMeta *gst_buffer_get_convnext_meta(GstBuffer *buffer);

/**
 * gst_buffer_iterate_convnext_meta: (skip)
 * @buffer: a buffer
 * @state: (inout): a #gpointer, %NULL before the first call
 *
 * Goes through all results on @buffer, in the order in which they were attached:
 *
 * |[<!-- language="C" -->
 * gpointer state = NULL;
 * GstConvnextMeta *meta;
 *
 * while ((meta = gst_buffer_iterate_convnext_meta(buffer, &state)))
 *     g_print("%s\n", gst_convnext_result_get_model(meta->result));
 * ]|
 *
 * Returns: (transfer none) (nullable): the next one, or %NULL after the last
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextMeta *gst_buffer_iterate_convnext_meta(GstBuffer *buffer, gpointer *state);

/**
 * gst_buffer_list_convnext_metas:
 * @buffer: a buffer
 *
 * The same as gst_buffer_iterate_convnext_meta(), as a list, for language bindings.
 *
 * Returns: (transfer container) (element-type GstConvnextMeta): all results on @buffer, in the
 *   order in which they were attached
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_buffer_list_convnext_metas(GstBuffer *buffer) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_meta_get_result:
 * @meta: metadata of a buffer
 *
 * For language bindings; C reads the field.
 *
 * Returns: (transfer full): a new reference to the result, which may outlive the buffer
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextResult *gst_convnext_meta_get_result(GstConvnextMeta *meta) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
