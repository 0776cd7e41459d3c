/* What a run prints, and the model card.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/teach/folds.h"
#include "pipelines/teach/store.h"

/* That of the bundled model: what its embedding is good for. */
#define TEACH_BUNDLED_NOTE                                                                       \
    "The backbone is that of the bundled model. It has learnt the faults of pictures, not "      \
    "things: "                                                                                   \
    "it may tell states that differ in brightness, sharpness, contrast or large shapes, and is " \
    "poor at objects and details. A ConvNeXt trained on ImageNet is the better base for these."

typedef struct TeachReport {
    const TeachSet *set;
    const TeachData *data;
    const TeachFolds *folds;
    const TeachOrigin *origin;
    char **labels; /* [classes] */
    gboolean is_bundled;
} TeachReport;

/* Prints classes, accuracy, the confusion matrix and the pictures that are said wrong. */
void teach_report_print(const TeachReport *report);

/* Writes README.md to folder. FALSE with error. */
gboolean teach_report_write_card(const TeachReport *report, const char *folder, GError **error);
