/* Events and queries of an element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/element/fields.h"

/* Does what an event that comes from upstream requires; the event still goes downstream. */
void gst_convnext_follow_event(GstConvnextElement *self, GstEvent *event);

/* Does what an event that comes from downstream requires. TRUE if it must not go upstream. */
gboolean gst_convnext_consume_event(GstConvnextElement *self, GstEvent *event);

/* Answers the query in gst/convnext/query.h. FALSE if it is another query. */
gboolean gst_convnext_answer_results(GstConvnextElement *self, GstQuery *query);

/* Answers a LATENCY query: adds the element's latency to that of upstream. */
gboolean gst_convnext_answer_latency(GstConvnextElement *self, GstQuery *query);

/* Pushes the changes of states so far downstream, as events of gst/convnext/query.h. Belongs to the
 * streaming thread. */
void gst_convnext_push_changes(GstConvnextElement *self);
