/* From the outputs of a forward pass to the contents of a GstConvnextResult.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/settings/settings.h"
#include "model/network/run.h"

/* The outputs of a run of such a network that the element's outputs need. */
CnxOutput gst_convnext_outputs_needed(GstConvnextOutputs outputs, const CnxConfig *config);

/* The activation to apply. AUTO becomes the one in the model's config, or softmax. */
GstConvnextActivation gst_convnext_activation_resolve(GstConvnextActivation activation,
                                                      const CnxConfig *config);

/* The model's temperatures, thresholds and rest class, borrowed from config; NULL if the activation
 * is not the model's own, because they apply to no other scores. */
const CnxDecision *gst_convnext_decision_resolve(GstConvnextActivation activation,
                                                 const CnxConfig *config);

/* Adds the best classes of one image to result, in the order of cnx_rank_classes(): at most
 * scoring->top_k, and with softmax and sigmoid only the rest class and those whose score reaches
 * the threshold.
 * logits, scores: [classes]; scores receives the score of each class. labels: [classes]. decision:
 * NULL allowed.
 *
 * FALSE if a logit is NaN or infinity, or a score is not finite: the best class is unknown, so the
 * result has no classes, and all scores are NaN. */
gboolean gst_convnext_classify(GstConvnextResult *result, const float *logits, float *scores,
                               const char *const *labels, guint classes,
                               const GstConvnextScoring *scoring, const CnxDecision *decision);

/* Adds each tensor of one image that `which` names: a stage's map without a copy if outputs has its
 * block, copies of the others, which are small.
 * FALSE with error (CNX_ERROR_OUT_OF_MEMORY) if there is no memory for one. */
gboolean gst_convnext_add_tensors(GstConvnextResult *result, const CnxOutputs *outputs, guint image,
                                  GstConvnextOutputs which, GError **error);

/* Adds the class activation map of one image: of the first class of result or, if it has none, of
 * the class with the highest logit. Does nothing if the logits are not finite. outputs: with logits
 * and the last stage's map. FALSE with error as above. */
gboolean gst_convnext_add_cam(GstConvnextResult *result, const CnxModel *model,
                              const CnxOutputs *outputs, guint image, GError **error);

/* The values of one image in a batch: [height, width, channels]. */
const float *gst_convnext_map_of_image(const CnxMap *map, guint image);
