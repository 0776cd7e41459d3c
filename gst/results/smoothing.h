/* Turns a sequence of results into a state: one label that is steady enough for an alarm. With
 * smoothing-time, a result counts for the running time until the next one, and for at most a
 * quarter of smoothing-time.
 *
 * Not locked: the owner holds one lock around all calls.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/results/subject.h"
#include "gst/settings/settings.h"
#include "model/config/decision.h"

typedef struct GstConvnextSmoother GstConvnextSmoother;

/* One result, as a smoother reads it. */
typedef struct GstConvnextSample {
    const GstConvnextTimes *times;
    const GstConvnextSmoothing *smoothing;
    double threshold; /* of softmax and sigmoid scores */
    GstConvnextResult *result;
    /* For GST_CONVNEXT_SMOOTHING_EXPONENTIAL, which ignores a result without scores. */
    const float *scores;       /* [classes], of all classes; or NULL */
    const char *const *labels; /* [classes] */
    guint classes;
    const CnxDecision *decision; /* of the model; NULL means by the highest average */
} GstConvnextSample;

GstConvnextSmoother *gst_convnext_smoother_new(void);
void gst_convnext_smoother_free(GstConvnextSmoother *smoother); /* NULL allowed */

/* Forgets the state: the next one is a change. */
void gst_convnext_smoother_reset(GstConvnextSmoother *smoother);

/* The state, after the last change. FALSE before the first one. label: the smoother's,
 * until the next call; NULL means no class. */
gboolean gst_convnext_smoother_get_state(const GstConvnextSmoother *smoother, const char **label,
                                         double *score, GstClockTime *since);

/* TRUE if more results like the last one would leave the state as it is. */
gboolean gst_convnext_smoother_is_settled(const GstConvnextSmoother *smoother);

/* Adds a result. If the kind of smoothing, by number or by time, or the activation differs from the
 * previous result, the state stays and earlier results no longer count.
 *
 * Returns NULL, or if the state has changed a structure `convnext-state-changed`:
 *   old, new      string, labels; absent before the first state, if no class reaches the level to
 *                 enter, and if scores are not finite
 *   score         double, smoothed score of new; absent if new is
 *   since         guint64, running time in nanoseconds from which the results have agreed
 *   frame, stream-time, running-time   guint64, of the frame that changed the state
 * The caller owns it. */
GstStructure *gst_convnext_smoother_add(GstConvnextSmoother *smoother,
                                        const GstConvnextSample *sample);
