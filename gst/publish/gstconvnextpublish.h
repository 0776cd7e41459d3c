/* The type of the element `convnextpublish`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_CONVNEXT_PUBLISH (gst_convnext_publish_get_type())
G_DECLARE_FINAL_TYPE(GstConvnextPublish, gst_convnext_publish, GST, CONVNEXT_PUBLISH,
                     GstBaseTransform)

GST_ELEMENT_REGISTER_DECLARE(convnextpublish)

G_END_DECLS
