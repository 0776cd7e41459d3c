/* The plugin and the elements that it registers.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/detect/gstconvnextdetect.h"
#include "gst/element/gstconvnext.h"
#include "gst/overlay/gstconvnextoverlay.h"
#include "gst/publish/gstconvnextpublish.h"
#include "gst/segment/gstconvnextsegment.h"
#include "gst/stream/tracer.h"

static gboolean plugin_init(GstPlugin *plugin)
{
    gboolean any = FALSE;

    any |= GST_ELEMENT_REGISTER(convnext, plugin);
    any |= GST_ELEMENT_REGISTER(convnextdetect, plugin);
#ifdef HAVE_OVERLAY
    any |= GST_ELEMENT_REGISTER(convnextoverlay, plugin);
#endif
    any |= GST_ELEMENT_REGISTER(convnextpublish, plugin);
    any |= GST_ELEMENT_REGISTER(convnextsegment, plugin);
    any |= gst_convnext_tracer_register(plugin);
    return any;
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, convnext,
                  "ConvNeXt image classifiers and backbones on the CPU", plugin_init,
                  CONVNEXT_VERSION, "LGPL", CONVNEXT_PACKAGE, CONVNEXT_ORIGIN)
