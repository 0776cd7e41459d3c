/* The element `convnext`.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_CONVNEXT (gst_convnext_get_type())
#define GST_CONVNEXT(obj) (G_TYPE_CHECK_INSTANCE_CAST((obj), GST_TYPE_CONVNEXT, GstConvnext))

typedef struct _GstConvnext GstConvnext;

GType gst_convnext_get_type(void);

GST_ELEMENT_REGISTER_DECLARE(convnext)

G_END_DECLS
