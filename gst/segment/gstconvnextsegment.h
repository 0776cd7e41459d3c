/* The element `convnextsegment`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CONVNEXT_SEGMENTER (gst_convnext_segmenter_get_type())

GType gst_convnext_segmenter_get_type(void);

GST_ELEMENT_REGISTER_DECLARE(convnextsegment)

G_END_DECLS
