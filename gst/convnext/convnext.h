/* The public library: classification results as metadata on buffers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/**
 * SECTION:convnext
 * @title: gstconvnext-1.0
 * @short_description: results of the element convnext, as metadata on buffers
 *
 * The element `convnext` attaches a #GstConvnextMeta to each buffer, or one for each detected
 * object. The metadata holds a reference to an immutable #GstConvnextResult: the classes, best
 * first, and, if they are among the element's outputs, the logits, the embedding and the feature
 * maps of the network's stages, each as a #GstConvnextTensor. The results of segmentation have a
 * #GstConvnextSegmentation, those of detection a #GstConvnextDetectedObject for each object.
 *
 * In C, link with the output of `pkg-config --cflags --libs gstconvnext-1.0`, and read the metadata
 * in a pad probe or in an element:
 *
 * |[<!-- language="C" -->
 * #include <gst/convnext/convnext.h>
 *
 * static GstPadProbeReturn on_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
 * {
 *     GstConvnextMeta *meta = gst_buffer_get_convnext_meta(GST_PAD_PROBE_INFO_BUFFER(info));
 *     guint n_classes;
 *     const GstConvnextClass *classes;
 *
 *     if (!meta)
 *         return GST_PAD_PROBE_OK;
 *     classes = gst_convnext_result_get_classes(meta->result, &n_classes);
 *     for (guint i = 0; i < n_classes; i++)
 *         g_print("%s %.3f\n", classes[i].label, classes[i].score);
 *     return GST_PAD_PROBE_OK;
 * }
 * ]|
 *
 * The same in Python:
 *
 * |[<!-- language="Python" -->
 * gi.require_version('GstConvnext', '1.0')
 * from gi.repository import Gst, GstConvnext
 *
 * def on_buffer(pad, info):
 *     meta = GstConvnext.buffer_get_convnext_meta(info.get_buffer())
 *     if meta:
 *         for c in meta.get_result().list_classes():
 *             print(c.label, c.score)
 *     return Gst.PadProbeReturn.OK
 * ]|
 */

#include <gst/convnext/legend.h>
#include <gst/convnext/meta.h>
#include <gst/convnext/objects.h>
#include <gst/convnext/rect.h>
#include <gst/convnext/result.h>
#include <gst/convnext/segmentation.h>
#include <gst/convnext/tensor.h>
#include <gst/convnext/view.h>
