/* Results of the classes "a", "b" and "c" for a smoother.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/results/smoothing.h"

#define SMOOTHING_CLASSES 3

/* What the results have in common. */
typedef struct SmoothingInput {
    GstConvnextSmoother *smoother;
    GstConvnextTimes times; /* of the next result */
    GstConvnextSmoothing smoothing;
    double threshold;
    GstConvnextActivation activation;
    const CnxDecision *decision;
} SmoothingInput;

/* Adds a result with these scores [SMOOTHING_CLASSES]. best: the class that the result contains, or
 * -1. Returns the change of state, which the caller owns, or NULL. */
GstStructure *smoothing_add_result(const SmoothingInput *input, const float *scores, int best);

/* The label in a field of a change, "old" or "new"; '-' without one. */
char smoothing_label(const GstStructure *change, const char *field);
