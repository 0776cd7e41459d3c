/* The element `convnextoverlay`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_CONVNEXT_OVERLAY (gst_convnext_overlay_get_type())
G_DECLARE_FINAL_TYPE(GstConvnextOverlay, gst_convnext_overlay, GST, CONVNEXT_OVERLAY,
                     GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(convnextoverlay)

G_END_DECLS
