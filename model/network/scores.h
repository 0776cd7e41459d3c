/* From logits to scores, and the best of them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* scores[i] = exp(logits[i]) / sum_j exp(logits[j]), with the largest logit subtracted first, so
 * that no exponential overflows. A NaN or +inf among the logits makes all scores NaN: a broken
 * network is not to look sure. scores, logits: [n]; may be the same. */
void cnx_softmax(float *scores, const float *logits, guint n);

/* scores[i] = 1 / (1 + exp(-logits[i])). scores, logits: [n]; may be the same. */
void cnx_sigmoid(float *scores, const float *logits, guint n);

/* The indices of the k largest scores, best first, equal ones by the lower index, NaN last.
 * best: room for k. Returns how many there are: the smaller of k and n. */
guint cnx_top_k(guint *best, guint k, const float *scores, guint n);
