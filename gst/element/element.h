/* What the elements that run a network share: properties, state changes, caps, events. They differ
 * in their task, which decides what their engine opens and which properties they have.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#include "gst/settings/settings.h"

typedef struct GstConvnextElement GstConvnextElement;

#define GST_CONVNEXT_ELEMENT(obj) ((GstConvnextElement *)(obj))

typedef struct GstConvnextElementInfo {
    GstConvnextTask task;
    const char *name; /* long name */
    const char *description;
} GstConvnextElementInfo;

/* Registers the type of an element. info: static. */
GType gst_convnext_element_register(const char *type, const GstConvnextElementInfo *info);
