/* The facts about a model and where each comes from, for the property model-info and the log.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "model/heads/info.h"
#include "model/network/model.h"
#include "model/serve/need.h"

typedef struct GstConvnextModelFacts {
    const CnxModel *model;
    const CnxRecipe *recipe;           /* with the properties applied */
    gboolean size_is_set, crop_is_set; /* by a property */
    const char *labels;                /* "file" (the property), "model", "numbers" */
    const char *const *names;          /* [classes], the labels in use */
    const char *path;
    const CnxNeed *need;
} GstConvnextModelFacts;

/* A new structure `convnext-model-info`. Each field that does not follow from the tensors has a
 * companion <field>-from with its source: "config.json", "preprocessor_config.json", "labels.txt",
 * "property", ..., or "default", the library's own default for the variant. */
GstStructure *gst_convnext_model_info(const GstConvnextModelFacts *facts);

/* Adds fields about the head of a network: head (the family), library, classes,
 * assumed (string, "key=value, ...", what the files do not say; absent if there is nothing),
 * ignored (string, sentences about files of another model; likewise). */
void gst_convnext_info_add_head(GstStructure *info, const CnxHeadInfo *head);

/* Adds fields about the scores of the classes: scores (the activation), temperature, threshold and
 * rest-class, where the decision has them. names: [classes] */
void gst_convnext_info_add_scores(GstStructure *info, const CnxDecision *decision, guint classes,
                                  const char *activation, const char *const *names);
