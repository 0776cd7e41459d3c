/* GstConvnextMeta: a result attached to a buffer.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/prelude.h>
#include <gst/convnext/result.h>

G_BEGIN_DECLS

/**
 * GstConvnextMeta:
 * @meta: parent
 * @result: (transfer none): the result; the metadata owns a reference to it
 * @age: the time between the frame that the result was computed on and this buffer, in nanoseconds;
 *   also positive in reverse playback; 0 if the result is this buffer's own, or if the age is
 *   unknown
 * @x: left edge of the region that the network saw, in pixels of this buffer's frame
 * @y: top edge of that region, in pixels
 * @width: width of that region, in pixels
 * @height: height of that region, in pixels
 *
 * Attaches a result of the element `convnext` to a buffer.
 *
 * A buffer may carry several results, from several models or for several regions. The metadata is
 * kept when a buffer is copied and by elements that convert the format or the size of video; the
 * region is scaled with the frame. Elements that drop all metadata about the frame's size or
 * orientation, such as `videoflip`, drop it too.
 *
 * The fields are read-only.
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

/**
 * gst_convnext_meta_api_get_type:
 *
 * Gets the type of the metadata API, for gst_buffer_get_meta().
 *
 * Returns: the type, with the tags for metadata that depends on the frame's size and orientation
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GType gst_convnext_meta_api_get_type(void);

/**
 * gst_convnext_meta_get_info:
 *
 * Gets the description of the metadata and registers it on the first call.
 *
 * Returns: (transfer none): the description of #GstConvnextMeta, which is never freed
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
const GstMetaInfo *gst_convnext_meta_get_info(void);

/**
 * gst_buffer_add_convnext_meta:
 * @buffer: a writable buffer
 * @result: (transfer none): a result; the metadata takes its own reference
 * @age: nanoseconds between the result's frame and this one; %GST_CLOCK_TIME_NONE counts as 0
 *
 * Attaches @result to @buffer, after the results that the buffer already carries.
 *
 * The metadata's region is that of @result, which is immutable from now on.
 *
 * Returns: (transfer none) (nullable): the metadata, owned by @buffer, or %NULL if @buffer is not
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
 * Gets the first result on @buffer.
 *
 * Returns: (transfer none) (nullable): the metadata, owned by @buffer, or %NULL if the buffer
 *   carries no result
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextMeta *gst_buffer_get_convnext_meta(GstBuffer *buffer);

/**
 * gst_buffer_iterate_convnext_meta: (skip)
 * @buffer: a buffer
 * @state: (inout): the position; set it to %NULL before the first call
 *
 * Iterates over all results on @buffer, in the order in which they were attached.
 *
 * |[<!-- language="C" -->
 * gpointer state = NULL;
 * GstConvnextMeta *meta;
 *
 * while ((meta = gst_buffer_iterate_convnext_meta(buffer, &state)))
 *     g_print("%s\n", gst_convnext_result_get_model(meta->result));
 * ]|
 *
 * Language bindings use gst_buffer_list_convnext_metas().
 *
 * Returns: (transfer none) (nullable): the next metadata, owned by @buffer, or %NULL after the last
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextMeta *gst_buffer_iterate_convnext_meta(GstBuffer *buffer, gpointer *state);

/**
 * gst_buffer_list_convnext_metas:
 * @buffer: a buffer
 *
 * Lists all results on @buffer, for language bindings.
 *
 * C code uses gst_buffer_iterate_convnext_meta(), which allocates nothing.
 *
 * Returns: (transfer container) (element-type GstConvnextMeta): the metadata in the order in which
 *   it was attached; @buffer owns the elements
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GList *gst_buffer_list_convnext_metas(GstBuffer *buffer) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_convnext_meta_get_result:
 * @meta: metadata of a buffer
 *
 * Gets the result, for language bindings. C code reads the field `result`.
 *
 * Returns: (transfer full): a new reference to the result, which may outlive the buffer
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
GstConvnextResult *gst_convnext_meta_get_result(GstConvnextMeta *meta) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
