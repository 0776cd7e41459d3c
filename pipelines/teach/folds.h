/* Cross-validation: chooses the penalty, and says what the pictures that were held out look like to
 * a model that has not seen them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pipelines/teach/regression.h"

#define TEACH_FOLDS 5 /* at most; fewer if a class has fewer pictures */

typedef struct TeachFolds {
    guint folds;    /* 2 to TEACH_FOLDS */
    double penalty; /* the one with the smallest loss: the mean over the classes of the mean of -log
                       p over the pictures of the class */
    double loss;
    guint8 *fold;     /* [count], the fold in which the picture is held out */
    guint *said;      /* [count], the class that the model without this fold says */
    double *score;    /* [count], its probability */
    guint *confusion; /* [classes, classes]: row: what the pictures are, column: what is said */
    double accuracy[TEACH_FOLDS]; /* share of the held-out pictures */
    double mean;                  /* share of all pictures */
} TeachFolds;

/* Each class of data has at least 2 pictures. The pictures of each class go to the folds in turn,
 * in the order of data. Folds run in parallel; that does not change the result. */
TeachFolds *teach_folds_new(const TeachData *data);
void teach_folds_free(TeachFolds *folds); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TeachFolds, teach_folds_free)
