/* What the element says on the bus: errors, results, new models.
 *
 * None of these may be called under a lock: a bus's sync handler may read properties.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>
#include <gst/gst.h>

#include "gst/engine/engine.h"

/* Posts the error's sentence (domain CNX_ERROR) as GST_MESSAGE_ERROR or GST_MESSAGE_WARNING.
 * doing: what was being done, for developers. */
void gst_convnext_post_error(GstElement *element, GstMessageType type, const GError *error,
                             const char *doing);

/* Logs what was opened, and posts a warning about files beside the model that contradict it. */
void gst_convnext_announce_engine(GstElement *element, const GstConvnextEngine *engine);

/* Logs the best class, and what it took. */
void gst_convnext_log_result(GstElement *element, const GstConvnextJob *request,
                             GstConvnextResult *result);

/* Posts an element message `convnext`: the result's structure, and which frame it belongs to. */
void gst_convnext_post_result(GstElement *element, const GstConvnextJob *request,
                              GstConvnextResult *result);

/* Posts an element message `convnext-model-updated`: the engine's info, and `frame`, the number of
 * the first frame that it looks at. */
void gst_convnext_post_updated(GstElement *element, const GstConvnextEngine *engine, guint64 frame);
