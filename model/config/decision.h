/* The decision which classes of a model are present, given their scores. A config file may contain
 * these keys:
 *
 *   "temperature"   score = activation(logit / temperature); one number for all classes or, if they
 *                   are independent, one for each
 *   "threshold"     independent classes only: a class is present if its score reaches this number,
 *                   one for all classes or one for each
 *   "rest_class"    with "threshold": the class that holds if no other one is present; its label or
 *                   its index
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/json.h"

#define CNX_NO_CLASS (-1)

typedef struct CnxDecision {
    float *temperature; /* [classes], > 0; NULL means 1 for all */
    float *threshold;   /* [classes], 0 to 1; NULL: the class with the highest score is the best */
    int rest_class;     /* index, or CNX_NO_CLASS */
} CnxDecision;

void cnx_decision_clear(CnxDecision *decision); /* frees the arrays */

/* The values of all classes in the C locale, separated by blanks; a single one if all are equal.
 * Free with g_free. */
char *cnx_decision_text(const float *values, guint classes);

/* The activation of the classes according to their config */
typedef enum CnxScoreKind {
    CNX_SCORES_SOFTMAX, /* the classes exclude each other */
    CNX_SCORES_SIGMOID, /* they are independent */
    CNX_SCORES_NONE,    /* the outputs are values (regression) */
} CnxScoreKind;

/* Reads the keys. labels: [classes], or NULL. FALSE with json's error if a key has a wrong value or
 * does not apply to this kind of scores. */
gboolean cnx_decision_read(CnxDecision *decision, const CnxJson *json, CnxScoreKind kind,
                           guint classes, char *const *labels);
