/* The element `convnextdetect`: finds objects in raw video.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnextdetect
 * @title: convnextdetect
 * @short_description: detection of objects and their masks in video with heads on ConvNeXt
 *
 * Runs Faster R-CNN or Mask R-CNN with a ConvNeXt backbone, as torchvision builds them, on the CPU.
 * Each buffer gets a #GstConvnextMeta with the objects: label, score, and a box in fractions of
 * pixels. Each object is also attached as a #GstVideoRegionOfInterestMeta with a structure
 * `detection` and, from GStreamer 1.24, as a `GstAnalyticsODMtd`, so that elements which read these
 * work behind it, #convnext with `region=objects` among them.
 *
 * #convnextdetect:model must name a checkpoint with a detection head. What its tensors do not say,
 * such as the sizes of the anchors, comes from a config.json beside it; model-info lists what was
 * assumed.
 *
 * The network sees the whole frame, scaled to #convnextdetect:min-size and
 * #convnextdetect:max-size. The time of a frame grows with the square of these and with
 * #convnextdetect:proposals.
 *
 * When it runs, what frames in between carry, changes of the model while playing, latency and QoS
 * are as in #convnext. Elements of one process that name the same model, precision and settings and
 * have frames of one size share one run.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin !
 * convnextdetect model=detector.pth min-size=320 max-size=576 mode=latest !
 * convnext model=car-makes region=objects object-class=car ! convnextpublish ! fakesink
 * ]| Detects objects at the rate that the processor allows, and classifies the make of each car.
 */

#include "gst/detect/gstconvnextdetect.h"

#include "gst/element/element.h"

GST_ELEMENT_REGISTER_DEFINE(convnextdetect, "convnextdetect", GST_RANK_NONE,
                            GST_TYPE_CONVNEXT_DETECTOR)

GType gst_convnext_detector_get_type(void)
{
    static const GstConvnextElementInfo info = {
        GST_CONVNEXT_TASK_DETECT, "ConvNeXt object detector",
        "Finds objects and their masks in video frames, with a detection head on a ConvNeXt, on "
        "the CPU"};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, gst_convnext_element_register("GstConvnextDetector", &info));
    return type;
}
