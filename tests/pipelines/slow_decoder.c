/* A plugin with a JPEG decoder that ranks above all others, takes a third of a second per picture
 * and outputs black frames. It simulates a machine that is too slow for a camera.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>

#define PICTURE_US (G_USEC_PER_SEC / 3)
#define SIDE 32 /* of the output, pixels */

typedef GstElement SlowDecoder;
typedef GstElementClass SlowDecoderClass;

GType slow_decoder_get_type(void);
G_DEFINE_TYPE(SlowDecoder, slow_decoder, GST_TYPE_ELEMENT)

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS("image/jpeg"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE(
    "src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS("video/x-raw, format=GRAY8, width=32, height=32, framerate=0/1"));

static GstPad *output_pad(GstObject *decoder)
{
    return GST_ELEMENT_CAST(decoder)->srcpads->data;
}

static GstFlowReturn chain(GstPad *pad, GstObject *decoder, GstBuffer *coded)
{
    GstBuffer *picture = gst_buffer_new_allocate(NULL, (gsize)SIDE * SIDE, NULL);

    g_usleep(PICTURE_US);
    gst_buffer_memset(picture, 0, 0, (gsize)SIDE * SIDE);
    gst_buffer_copy_into(picture, coded, GST_BUFFER_COPY_TIMESTAMPS, 0, -1);
    gst_buffer_unref(coded);
    return gst_pad_push(output_pad(decoder), picture);
}

static gboolean on_event(GstPad *pad, GstObject *decoder, GstEvent *event)
{
    g_autoptr(GstCaps) caps = NULL;

    if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS)
        return gst_pad_event_default(pad, decoder, event);
    gst_event_unref(event);
    caps = gst_static_pad_template_get_caps(&src_template);
    return gst_pad_push_event(output_pad(decoder), gst_event_new_caps(caps));
}

static void slow_decoder_class_init(SlowDecoderClass *klass)
{
    gst_element_class_set_static_metadata(klass, "Slow decoder", "Codec/Decoder/Image",
                                          "Takes its time", "gst-convnext");
    gst_element_class_add_static_pad_template(klass, &sink_template);
    gst_element_class_add_static_pad_template(klass, &src_template);
}

static void slow_decoder_init(SlowDecoder *self)
{
    GstPad *sink = gst_pad_new_from_static_template(&sink_template, "sink");

    gst_pad_set_chain_function(sink, chain);
    gst_pad_set_event_function(sink, on_event);
    gst_element_add_pad(self, sink);
    gst_element_add_pad(self, gst_pad_new_from_static_template(&src_template, "src"));
}

static gboolean register_slow(GstPlugin *plugin)
{
    return gst_element_register(plugin, "slowdecoder", GST_RANK_PRIMARY + 1000,
                                slow_decoder_get_type());
}

#define PACKAGE "gst-convnext"
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, slowdecoder, "A slow machine",
                  register_slow, "1", "LGPL", "tests of gst-convnext", "none")
