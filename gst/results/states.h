/* The states of a stream: that of its frames, and those of its tracked objects, each from its own
 * results.
 *
 * Not locked: its owner holds one lock around all of these.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/job.h"

typedef struct GstConvnextStates GstConvnextStates;

GstConvnextStates *gst_convnext_states_new(void);
void gst_convnext_states_free(GstConvnextStates *states); /* NULL allowed */

/* There is no state: the next ones are changes. */
void gst_convnext_states_reset(GstConvnextStates *states);

/* Whether another result like the last one about an object, by the roster's number, or about whole
 * frames, 0, would leave its state as it is. */
gboolean gst_convnext_states_are_settled(const GstConvnextStates *states, guint64 object);

/* Adds a result of a request. Returns what gst_convnext_smoother_add() does; of an object the
 * structure also has `object-id`, int, where the tracker's is one, and where the detector gave one
 * `object-label`, string. An object without a tracking id has no state. */
GstStructure *gst_convnext_states_add(GstConvnextStates *states, const GstConvnextJob *request,
                                      GstConvnextResult *result);
