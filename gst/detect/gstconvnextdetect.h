/* The element `convnextdetect`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_CONVNEXT_DETECTOR (gst_convnext_detector_get_type())

GType gst_convnext_detector_get_type(void);

GST_ELEMENT_REGISTER_DECLARE(convnextdetect)

G_END_DECLS
