/* Class activation maps: which places of the last stage's map a class comes from.
 *
 * The head pools the map to its mean over N positions, p = sum_i x_i / N, and computes the logits
 * from p. The class activation map has one value for each position:
 *
 *   cam_i = the logit of the class that the head computes from x_i instead of p,
 *
 * where the norm behind the pooling keeps the statistics of p: with layer norm,
 *
 *   cam_i = sum_c w_c (gamma_c (x_ic - mean_c x_ic) / sigma(p) + beta_c) + bias.
 *
 * In a head without activations, the logit is affine in p for these statistics, so the mean of the
 * map is the logit itself: the map says exactly how much each position adds to it. This holds for
 * heads of linear layers and batch norms behind the last norm, also if that norm comes before the
 * pooling, where each position has its own statistics. In a head with a hidden activation, a
 * further layer norm, or the maximum among its poolings (fastai), the map is an approximation: the
 * logit that each position would have alone.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

/* Whether the mean of the map is the logit. FALSE without a classifier. */
gboolean cnx_cam_is_exact(const CnxConfig *config);

/* Writes the map of a class, [height, width], to cam. map: of the last stage, as the model computes
 * it, [n, height, width, channels]; image: below n; klass: below the config's number of classes.
 * Runs on the calling thread and allocates some hundred kilobytes for wide networks. */
void cnx_cam(const CnxModel *model, const CnxMap *map, guint image, guint klass, float *cam);
