/* The element `convnextsegment`: gives each pixel of raw video a class.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnextsegment
 * @title: convnextsegment
 * @short_description: semantic segmentation of video with heads on ConvNeXt
 *
 * Runs a semantic segmenter with a ConvNeXt backbone (V1 or V2) on the CPU: UPerNet of
 * transformers, mmsegmentation and facebookresearch, or a model of segmentation_models_pytorch.
 * Each buffer gets a #GstConvnextMeta with a #GstConvnextSegmentation: a mask with the class of
 * each pixel, the names of the classes, and the share of the frame and the bounding rectangle of
 * each. From GStreamer 1.26 the mask is also attached as a `GstAnalyticsSegmentationMtd`. Pixels
 * change only if #convnextsegment:paint is set.
 *
 * The mask has the size of the network's input, as the logits of the libraries have. With
 * #convnextsegment:mask-size `stride` it has the size of the head's last layer, which is cheapest;
 * with `frame` it has the size of the frame, computed as the library's post-processing does. The
 * padding of the input is not part of the mask. Value 0 is none, value i + 1 is class i.
 *
 * With #convnextsegment:slide the network runs on overlapping windows of the input, as
 * mmsegmentation does, and the mask is computed from the mean of their logits.
 *
 * #convnextsegment:model must name a checkpoint with a segmentation head. A file without one is
 * refused in the transition to READY; a classifier runs in #convnext.
 *
 * When it runs, what frames in between carry, changes of the model while playing, latency and QoS
 * are as in #convnext. Elements of one process that name the same model, precision and input size
 * share one run.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin !
 * convnextsegment model=upernet-convnext-tiny mode=latest paint=true ! videoconvert !
 * autovideosink
 * ]| Paints the classes of ADE20K over a film, at the rate that the processor allows.
 */

#include "gst/segment/gstconvnextsegment.h"

#include "gst/element/element.h"

GST_ELEMENT_REGISTER_DEFINE(convnextsegment, "convnextsegment", GST_RANK_NONE,
                            GST_TYPE_CONVNEXT_SEGMENTER)

GType gst_convnext_segmenter_get_type(void)
{
    static const GstConvnextElementInfo info = {
        GST_CONVNEXT_TASK_SEGMENT, "ConvNeXt segmenter",
        "Gives each pixel of a video frame a class, with a segmentation head on a ConvNeXt, on the "
        "CPU"};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, gst_convnext_element_register("GstConvnextSegmenter", &info));
    return type;
}
