/* How often a classifier is right on labelled pictures: convnext-inspect --evaluate.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "pipelines/inspect/inspect.h"

typedef struct EvaluateOptions {
    const char *model;  /* path */
    const char *folder; /* with a folder of pictures for each class */
    const char *labels; /* as the property; NULL: the model's */
    const char *precision, *head_activation, *weights; /* the same; NULL: the default */
    const RunOptions *run;
    const volatile sig_atomic_t *stop;
} EvaluateOptions;

typedef struct EvaluateWrong {
    char *path;
    guint is, said; /* classes; said may be Evaluation.classes: no class was above the threshold */
    float score;    /* of said */
} EvaluateWrong;

typedef struct Evaluation {
    guint classes;   /* of the model */
    char **labels;   /* [classes] */
    guint *pictures; /* [classes], that show the class */
    guint *right;    /* [classes], of these, how many the model says so of */
    guint *said;     /* [classes], that the model says to show it */
    guint total, correct;
    guint in_best;  /* pictures whose class is among the EVALUATE_BEST best */
    guint left_out; /* pictures that could not be read */
    GArray *wrong;  /* EvaluateWrong, in the order of classes and paths */
} Evaluation;

#define EVALUATE_BEST 5

/* Runs the element convnext on the pictures; a folder is the class of its name. NULL with error if
 * the model has no classes, if a folder is none of them, if no picture can be read, or if it is
 * interrupted. */
Evaluation *evaluation_new(const CnxConfig *config, const EvaluateOptions *options, GError **error);
void evaluation_free(Evaluation *evaluation); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Evaluation, evaluation_free)

/* Print accuracy, recall and precision of each class, the confusion matrix and the wrong pictures.
 * The text shortens what is long; the JSON object has all of it. */
void evaluation_print_text(const Evaluation *evaluation);
void evaluation_print_json(const Evaluation *evaluation);
