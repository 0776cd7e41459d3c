/* What is known of a model, and who said so, for the property model-info and for the log.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "model/network/model.h"

typedef struct GstConvnextModelFacts {
    const CnxModel *model;
    const CnxRecipe *recipe;         /* as the properties left it */
    gboolean size_asked, crop_asked; /* by a property */
    const char *labels;              /* "file" (of the property), "model", "numbers" */
    const char *path;
} GstConvnextModelFacts;

/* A new structure `convnext-model-info`. Each field that no tensor shows has one beside it,
 * <field>-from: "config.json", "preprocessor_config.json", "labels.txt", "property", ..., or
 * "default", which is the library's own for the variant. */
GstStructure *gst_convnext_model_info(const GstConvnextModelFacts *facts);
