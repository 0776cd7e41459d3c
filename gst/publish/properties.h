/* The properties of convnextpublish: numbers, types, ranges, defaults and descriptions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#define GST_CONVNEXT_PUBLISH_LOCATION "-"
#define GST_CONVNEXT_PUBLISH_FLUSH_TIMEOUT (5 * GST_SECOND)

enum {
    PROP_0,
    PROP_LOCATION,
    PROP_STREAM,
    PROP_TENSOR_DIR,
    PROP_URI,
    PROP_CREDENTIALS_FILE,
    PROP_CA_FILE,
    PROP_FLUSH_TIMEOUT,
    PROP_EMIT,
    PROP_EMBEDDING,
    PROP_STATS
};

void gst_convnext_publish_install(GObjectClass *klass);
