/* What convnext and a convnextpublish behind it say to each other. Not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The structure of a GST_QUERY_CUSTOM that goes upstream. convnext answers with the fields: a
 * guint64, the number of results that it has attached to frames since start, and a gboolean,
 * whether it smooths results into a state. */
#define GST_CONVNEXT_QUERY_RESULTS "convnext-results"
#define GST_CONVNEXT_QUERY_ATTACHED "attached"
#define GST_CONVNEXT_QUERY_SMOOTHING "smoothing"

/* The structure of a GST_EVENT_CUSTOM_DOWNSTREAM before the frame that changes a state: that of the
 * message of the same name, with the name of the model. */
#define GST_CONVNEXT_EVENT_CHANGE "convnext-state-changed"
#define GST_CONVNEXT_CHANGE_MODEL "model"
