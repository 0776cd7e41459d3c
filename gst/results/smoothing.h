/* From the results of a stream to its state: the best label, steady enough to raise an alarm on.
 *
 * Not locked: its owner holds one lock around all of these.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/job.h"
#include "gst/results/classify.h"

typedef struct GstConvnextSmoother GstConvnextSmoother;

GstConvnextSmoother *gst_convnext_smoother_new(void);
void gst_convnext_smoother_free(GstConvnextSmoother *smoother); /* NULL allowed */

/* There is no state: the next one is a change. */
void gst_convnext_smoother_reset(GstConvnextSmoother *smoother);

/* Whether more results like the last one would leave the state as it is. */
gboolean gst_convnext_smoother_is_settled(const GstConvnextSmoother *smoother);

/* Adds the result of a request, whose smoothing and scoring apply; with another kind of smoothing
 * or another activation than before, the state stays, and the earlier results do not count. scores:
 * of all classes, for GST_CONVNEXT_SMOOTHING_EXPONENTIAL; NULL: the result counts for nothing then.
 *
 * Returns NULL, or when the state has changed a structure `convnext-state-changed`:
 *   old, new      string, the labels; absent where there is none: before the first state, and where
 *                 no class reaches the threshold
 *   score         double, smoothed, of new; absent with it
 *   since         guint64, nanoseconds of running time: since when the results have said so
 *   frame, stream-time, running-time   guint64, of the frame that made it change
 * The caller owns it. */
GstStructure *gst_convnext_smoother_add(GstConvnextSmoother *smoother,
                                        const GstConvnextJob *request, GstConvnextResult *result,
                                        const GstConvnextScores *scores);
