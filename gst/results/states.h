/* The states of a stream: one for its whole frames, and one for each tracked object.
 *
 * Not locked: the owner holds one lock around all calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/results/smoothing.h"

typedef struct GstConvnextStates GstConvnextStates;

GstConvnextStates *gst_convnext_states_new(void);
void gst_convnext_states_free(GstConvnextStates *states); /* NULL allowed */

/* Forgets all states: the next ones are changes. */
void gst_convnext_states_reset(GstConvnextStates *states);

/* TRUE if another result like the last one would leave the state of a track, or of whole frames if
 * track is 0, as it is. */
gboolean gst_convnext_states_are_settled(const GstConvnextStates *states, guint64 track);

/* The smoother of whole frames. Borrowed. */
const GstConvnextSmoother *gst_convnext_states_whole(const GstConvnextStates *states);

/* Adds the results of one frame. objects: [results], or empty for a whole frame. sample: the fields
 * that the results share, and the scores of all results, [results, classes].
 *
 * Returns a list of the changes, each as from gst_convnext_smoother_add(); the caller owns it. For
 * an object the structure also has `object-id` (int, if the tracking id fits) and `object-label`
 * (string, if the detector named a class). An object without a reliable tracking id has no
 * state. */
GSList *gst_convnext_states_add_all(GstConvnextStates *states, const GstConvnextSample *sample,
                                    GPtrArray *results, const GArray *objects);
