/* What convnextpublish finds out about the elements in front of it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What the next convnext upstream says of itself. */
typedef struct GstConvnextUpstream {
    guint64 attached;     /* results that it has attached to frames since start */
    gboolean is_smoothed; /* it smooths them into a state */
} GstConvnextUpstream;

/* sink: the pad to ask through. FALSE without a convnext upstream. */
gboolean gst_convnext_upstream_ask(GstPad *sink, GstConvnextUpstream *upstream);

/* Whether the source is live; FALSE if nothing answers. */
gboolean gst_convnext_upstream_is_live(GstPad *sink);

/* Posts a warning that none of the first `frames` frames carries a result, if one should have:
 * there is no convnext upstream, or something drops its results. on_the_way: how many results may
 * be in queues in front of the element. Returns whether it has posted one. */
gboolean gst_convnext_upstream_warn(GstElement *element, GstPad *sink, guint64 frames,
                                    guint64 on_the_way);
