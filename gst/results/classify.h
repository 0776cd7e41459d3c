/* From what a run put out to a GstConvnextResult: scores, the best classes with their names,
 * tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/settings/settings.h"
#include "model/network/run.h"

typedef struct GstConvnextClassifier GstConvnextClassifier;

/* name: of the model, kept in each result. labels: [classes] names, taken; NULL: "class 0", ...
 * The memory for the scores is made here, once. */
GstConvnextClassifier *gst_convnext_classifier_new(const char *name, const CnxConfig *config,
                                                   char **labels);
void gst_convnext_classifier_free(GstConvnextClassifier *results); /* NULL allowed */

gboolean gst_convnext_classifier_same_labels(const GstConvnextClassifier *a,
                                             const GstConvnextClassifier *b);

/* The outputs of run that the element's outputs need. */
CnxOutput gst_convnext_classifier_needed(GstConvnextOutputs outputs);

/* Reads the outputs of one image. which: what the result is to hold, all of it among outputs.
 * Returns NULL with error (CNX_ERROR) when there is no memory for the tensors. */
GstConvnextResult *gst_convnext_classifier_make(GstConvnextClassifier *results,
                                                const CnxOutputs *outputs, guint image,
                                                GstConvnextOutputs which,
                                                const GstConvnextScoring *scoring, GstClockTime pts,
                                                GError **error);

typedef struct GstConvnextScores {
    guint n;                   /* classes */
    const char *const *labels; /* [n], of the GstConvnextClassifier, for as long as it lives */
    float values[];            /* [n], after the activation */
} GstConvnextScores;

/* The scores of all classes, where the scoring said keep_all and classes were asked for; once. NULL
 * otherwise. Free with g_free. */
GstConvnextScores *gst_convnext_classifier_steal_scores(GstConvnextResult *result);
