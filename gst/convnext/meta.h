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
 * @width: width of that region, in pixels, or 0 if the region is unknown
 * @height: height of that region, in pixels, or 0 if the region is unknown
 *
 * Attaches a result of the element `convnext` to a buffer.
 *
 * A buffer may carry several results, from several models or for several regions. The metadata has
 * no tags, so every element that copies metadata keeps it. The region follows the frame through
 * elements that tell metadata what they do to the frame, such as `videoscale`. Behind one that
 * changes the frame without telling, such as `videoflip` before GStreamer 1.28, the region is
 * unknown: all four fields are 0. gst_buffer_get_convnext_region() also takes a #GstVideoCropMeta
 * of the buffer into account.
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
    gsize id;
    gpointer state;
    gpointer _gst_reserved[GST_PADDING - 2];
};

#define GST_CONVNEXT_META_API_TYPE (gst_convnext_meta_api_get_type())
#define GST_CONVNEXT_META_INFO (gst_convnext_meta_get_info())

/**
 * gst_convnext_meta_api_get_type:
 *
 * Gets the type of the metadata API, for gst_buffer_get_meta().
 *
 * Returns: the type, without tags
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

/**
 * gst_convnext_meta_set_state:
 * @meta: metadata of a writable buffer
 * @label: (nullable): label of the state, UTF-8, or %NULL if no class is the state; it is copied
 * @score: the smoothed score that the label had when it became the state
 * @age: for how long it has been the state, in nanoseconds, or %GST_CLOCK_TIME_NONE
 *
 * Sets the state of the stream at this buffer: what smoothing made of the results so far.
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
void gst_convnext_meta_set_state(GstConvnextMeta *meta, const char *label, double score,
                                 GstClockTime age);

/**
 * gst_convnext_meta_get_state:
 * @meta: metadata of a buffer
 * @label: (out) (optional) (nullable) (transfer none): label of the state, owned by @meta, or %NULL
 *   if no class is the state
 * @score: (out) (optional): the smoothed score that the label had when it became the state
 * @age: (out) (optional): for how long it has been the state, in nanoseconds, or
 *   %GST_CLOCK_TIME_NONE
 *
 * Gets the state of the stream at this buffer. The element `convnext` sets it for results about
 * whole frames if its property `smoothing` is not `none`; elements that copy the metadata keep it.
 *
 * Returns: %TRUE if there is a state, or the state is that no class has prevailed; %FALSE, with
 * %NULL and 0, if results are not smoothed or there is no state yet
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_convnext_meta_get_state(GstConvnextMeta *meta, const char **label, double *score,
                                     GstClockTime *age);

/**
 * gst_buffer_get_convnext_region:
 * @buffer: a buffer
 * @meta: metadata of @buffer
 * @frame_width: width in the caps of @buffer, in pixels, or 0 if it is unknown
 * @frame_height: height in the caps of @buffer, in pixels, or 0 if it is unknown
 * @x: (out) (optional): left edge in pixels of the frame that the caps describe
 * @y: (out) (optional): top edge in pixels
 * @width: (out) (optional): width in pixels, or 0 if the region is unknown
 * @height: (out) (optional): height in pixels, or 0 if the region is unknown
 *
 * Gets the part of @buffer's frame that the network saw.
 *
 * In contrast to the fields of @meta, the region is clipped to the part of the picture that a
 * #GstVideoCropMeta makes visible, which `videocrop` adds instead of copying pixels if the elements
 * behind it can read one. The region is unknown if an element between has changed the frame without
 * telling metadata how, if the frame in the caps does not have the size that the region refers to,
 * and if the region is outside the frame.
 *
 * Returns: %TRUE if the region is known, otherwise %FALSE, with all four values 0
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_buffer_get_convnext_region(GstBuffer *buffer, GstConvnextMeta *meta, guint frame_width,
                                        guint frame_height, guint *x, guint *y, guint *width,
                                        guint *height);

/**
 * gst_buffer_get_convnext_view:
 * @buffer: a buffer
 * @meta: metadata of @buffer
 * @frame_width: width in the caps of @buffer, in pixels, or 0 if it is unknown
 * @frame_height: height in the caps of @buffer, in pixels, or 0 if it is unknown
 * @view: (out caller-allocates): how the network saw @buffer's frame
 *
 * Gets the mapping between the network's input and @buffer's frame.
 *
 * It follows the frame as the region does, see gst_buffer_get_convnext_region(), but without
 * rounding to whole pixels and without clipping. The view of a detected object moves with the
 * region of @meta.
 *
 * Returns: %TRUE if it is known, otherwise %FALSE, and @view is not changed
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_buffer_get_convnext_view(GstBuffer *buffer, GstConvnextMeta *meta, guint frame_width,
                                      guint frame_height, GstConvnextView *view);

/**
 * gst_buffer_locate_convnext_box:
 * @buffer: a buffer
 * @meta: metadata of @buffer
 * @frame_width: width in the caps of @buffer, in pixels, or 0 if it is unknown
 * @frame_height: height in the caps of @buffer, in pixels, or 0 if it is unknown
 * @x: (inout): left edge in pixels
 * @y: (inout): top edge in pixels
 * @width: (inout): width in pixels
 * @height: (inout): height in pixels
 *
 * Moves a box from the frame that the result was computed on to the frame of @buffer, which may
 * have been scaled since, or cropped as gst_buffer_get_convnext_region() describes.
 *
 * The rectangle of a segmentation, the boxes of its segments and those of detected objects are such
 * boxes. The result is neither rounded nor clipped to the frame.
 *
 * Returns: %TRUE if the region of @meta is known, otherwise %FALSE, with all four values unchanged
 *
 * Since: 0.1
 */
GST_CONVNEXT_API
gboolean gst_buffer_locate_convnext_box(GstBuffer *buffer, GstConvnextMeta *meta, guint frame_width,
                                        guint frame_height, double *x, double *y, double *width,
                                        double *height);

G_END_DECLS
