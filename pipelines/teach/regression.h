/* Multinomial logistic regression with an L2 penalty, by L-BFGS in double precision.
 *
 *   minimises  f(W, b) = sum_i v_i (log sum_c exp(l_ic) - l_i,y_i) + penalty / 2 sum W^2,
 *   l_ic = W_c z_i + b_c,  z_i = (x_i - mean) / scale
 *
 * v_i = 1 / (classes in use * pictures of class y_i): each class has the same weight, whatever the
 * number of its pictures. mean is the weighted mean of x, and scale the root mean square of x -
 * mean over pictures and dimensions: one number, so that dimensions keep their relations. The bias
 * is not penalised. In scikit-learn this is LogisticRegression(C=1/penalty) on z with sample_weight
 * v.
 *
 * The same data give the same bits, whatever the machine's threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct TeachData {
    guint count;    /* pictures */
    guint width;    /* numbers of an embedding */
    guint classes;  /* 2 or more */
    const float *x; /* [count, width] */
    const guint *y; /* [count], below classes */
} TeachData;

typedef struct TeachModel {
    guint width, classes;
    guint padded;    /* width, rounded up to the unit of the loops */
    double *mean;    /* [padded], 0 behind width */
    double scale;    /* > 0 */
    double *weight;  /* [classes, padded], of z */
    double *bias;    /* [classes] */
    double gradient; /* the largest component of f's gradient at the end */
    guint iterations;
} TeachModel;

/* The largest component of the gradient at which a fit ends: of the model that is written, and of
 * one that only judges held-out pictures. */
#define TEACH_EXACT 1e-8
#define TEACH_ROUGH 1e-5

/* Fits the pictures with use[i] != 0 (NULL: all of them); each class has at least one of them.
 * start: a model of the same width and classes to begin with, or NULL. */
TeachModel *teach_model_fit(const TeachData *data, const guint8 *use, double penalty,
                            double tolerance, const TeachModel *start);

void teach_model_free(TeachModel *model); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TeachModel, teach_model_free)

/* Writes the logarithms of the classes' probabilities for x [width] to dst [classes]. */
void teach_model_predict(const TeachModel *model, const float *x, double *dst);

/* The linear layer that reads x itself: weight [classes, width], bias [classes]. */
void teach_model_export(const TeachModel *model, float *weight, float *bias);
