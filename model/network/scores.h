/* Scores from logits, and the classes with the highest scores.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* scores[i] = exp(logits[i]) / sum_j exp(logits[j]). The largest logit is subtracted first, so no
 * exponential overflows. A NaN or +inf logit makes all scores NaN, so that a broken network does
 * not look confident. scores and logits, [n] each, may be the same. */
void cnx_softmax(float *scores, const float *logits, guint n);

/* scores[i] = 1 / (1 + exp(-logits[i])). scores and logits, [n] each, may be the same. */
void cnx_sigmoid(float *scores, const float *logits, guint n);

/* Writes the indices of the k largest scores to best, [k], highest first. Equal scores are ordered
 * by index, NaN comes last. Returns the number of indices: the smaller of k and n. */
guint cnx_top_k(guint *best, guint k, const float *scores, guint n);
