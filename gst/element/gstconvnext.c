/* The element `convnext`: runs a ConvNeXt on the frames of raw video and attaches the results.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-convnext
 * @title: convnext
 * @short_description: classifies video with ConvNeXt and attaches its embedding and feature maps
 *
 * Runs a ConvNeXt (V1 or V2, any size) on the CPU and attaches the output to each buffer as
 * #GstConvnextMeta: the best classes with their scores and, on request, the logits, the embedding
 * and the feature maps of the stages. Pixels, timestamps and flags of the buffers do not change; a
 * buffer that is shared with another branch gets new metadata, not a copy of its pixels.
 *
 * The element accepts every raw video format in any size. It crops and resizes a copy of the frame
 * with the preprocessing that the checkpoint was evaluated with; the video itself keeps its size.
 * The colour matrix, range and pixel aspect ratio come from the caps, and the orientation from the
 * `image-orientation` tag, unless #convnext:orientation is set.
 *
 * Without #convnext:model it runs the bundled model, which detects the health of a camera.
 *
 * The model is loaded in the transition from NULL to READY. If the model, the labels or a property
 * are unusable, the element posts an error of one sentence. Elements of one process that use the
 * same file share its weights.
 *
 * Every writable property can be set while playing and takes effect at the next frame. A new model
 * is loaded in a separate thread while the current one keeps running; the element message
 * `convnext-model-updated` reports that it has taken over. If a model cannot be loaded, the element
 * posts a warning and keeps the current one. Set properties that depend on each other, such as a
 * model and its labels, with one call of g_object_set().
 *
 * With #convnext:mode `sync` each frame waits for its result. With `latest` frames never wait: each
 * carries the newest finished result with its age, and end of stream waits for the last one.
 *
 * With #convnext:interval N the network runs on the first frame and on every Nth after it;
 * #convnext:min-period limits the rate by time. The frames in between, and all buffers with
 * %GST_BUFFER_FLAG_GAP, carry the last result with its age unless #convnext:carry is `false`.
 *
 * With `sync`, a QoS event about a late frame makes the network skip frames until the stream has
 * caught up; frames are never dropped. A live pipeline learns the measured latency.
 *
 * With #convnext:region `objects` the network runs on each object that upstream elements describe
 * in a #GstVideoRegionOfInterestMeta or, from GStreamer 1.24, a #GstAnalyticsODMtd. Each object
 * gets a #GstConvnextMeta with its region, and its classes are added to the detector's metadata.
 *
 * With #convnext:post-messages each new result is also posted as an element message `convnext`.
 * With #convnext:smoothing the results are combined into a state, the label that currently holds,
 * and each change is posted as an element message `convnext-state-changed`. gst/README.md describes
 * messages with their fields, objects, states and metadata in full.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m videotestsrc num-buffers=30 pattern=smpte ! convnext post-messages=true !
 * fakesink
 * ]| Runs the bundled model on colour bars and posts an element message for each frame.
 * |[
 * gst-launch-1.0 filesrc location=street.mp4 ! decodebin ! gvadetect model=cars.xml ! gvatrack !
 * convnext model=car-makes region=objects object-class=car reclassify-interval=30 ! convnextpublish
 * ! fakesink
 * ]| Every 30 frames, classifies the make of each car that other elements detect and track.
 */

#include "gst/element/gstconvnext.h"

#include "gst/element/element.h"

GST_ELEMENT_REGISTER_DEFINE(convnext, "convnext", GST_RANK_NONE, GST_TYPE_CONVNEXT)

GType gst_convnext_get_type(void)
{
    static const GstConvnextElementInfo info = {
        GST_CONVNEXT_TASK_CLASSIFY, "ConvNeXt classifier and backbone",
        "Classifies video frames with a ConvNeXt on the CPU, or attaches its feature maps"};
    static gsize type;

    if (g_once_init_enter(&type))
        g_once_init_leave(&type, gst_convnext_element_register("GstConvnext", &info));
    return type;
}
