/* Scores from logits, and the order of the classes of a result.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/decision.h"

/* scores[i] = exp(logits[i] / t) / sum_j exp(logits[j] / t), with the decision's temperature t or
 * 1. The largest logit is subtracted first, so no exponential overflows. A NaN or +inf logit makes
 * all scores NaN, so that a broken network does not look confident. scores and logits, [n] each,
 * may be the same. decision: NULL allowed. */
void cnx_softmax(float *scores, const float *logits, guint n, const CnxDecision *decision);

/* scores[i] = 1 / (1 + exp(-logits[i] / t[i])), with the decision's temperatures t or 1. scores and
 * logits, [n] each, may be the same. decision: NULL allowed. */
void cnx_sigmoid(float *scores, const float *logits, guint n, const CnxDecision *decision);

/* p / (1 - p); 0 and 1 become the floats next to them, so the result is neither 0 nor infinite. */
double cnx_odds(float p);

/* Writes the indices of the k best classes to best, [k], best first. Returns the number of indices,
 * at most the smaller of k and n.
 *
 * Without thresholds the higher score comes first. With thresholds the present classes come first,
 * ordered by how far they exceed them in logits: logit(score) - logit(threshold). Then
 * comes the rest class, then the others by the same measure. So the first class is the state: the
 * most certain of the present ones, or the rest class. Without a rest class the others are left
 * out. Ties are ordered by score, then by index; NaN comes last.
 *
 * Classes whose score is below floor are left out, except the rest class. decision: NULL means no
 * thresholds. */
guint cnx_rank_classes(guint *best, guint k, const float *scores, guint n, double floor,
                       const CnxDecision *decision);
