/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/scores.h"

#include <float.h>
#include <math.h>

static double temperature_of(const CnxDecision *decision, guint i)
{
    return decision && decision->temperature ? decision->temperature[i] : 1;
}

void cnx_softmax(float *scores, const float *logits, guint n, const CnxDecision *decision)
{
    float largest = -INFINITY;
    double sum = 0;

    for (guint i = 0; i < n; i++)
        largest = MAX(largest, logits[i]);
    for (guint i = 0; i < n; i++) {
        scores[i] = (float)exp(((double)logits[i] - largest) / temperature_of(decision, i));
        sum += scores[i];
    }
    for (guint i = 0; i < n; i++)
        scores[i] = (float)(scores[i] / sum);
}

void cnx_sigmoid(float *scores, const float *logits, guint n, const CnxDecision *decision)
{
    for (guint i = 0; i < n; i++)
        scores[i] = (float)(1 / (1 + exp(-(double)logits[i] / temperature_of(decision, i))));
}

typedef enum Place { PRESENT, REST, ABSENT } Place;

/* Without thresholds every class is present. */
static Place place_of(const CnxDecision *decision, const float *scores, guint i)
{
    if (!decision || !decision->threshold)
        return PRESENT;
    if (decision->rest_class == (int)i)
        return REST;
    return scores[i] >= decision->threshold[i] ? PRESENT : ABSENT;
}

double cnx_odds(float p)
{
    const double inside = CLAMP((double)p, FLT_TRUE_MIN, 1 - FLT_EPSILON / 2);

    return inside / (1 - inside);
}

/* The exponential of logit(score) - logit(threshold); the score without thresholds. */
static double excess(const CnxDecision *decision, const float *scores, guint i)
{
    if (!decision || !decision->threshold)
        return scores[i];
    return cnx_odds(scores[i]) / cnx_odds(decision->threshold[i]);
}

/* Whether class a ranks before class b. */
static gboolean ranks_before(const CnxDecision *decision, const float *scores, guint a, guint b)
{
    const gboolean nan_a = isnan(scores[a]) != 0, nan_b = isnan(scores[b]) != 0;

    if (nan_a || nan_b)
        return nan_a == nan_b ? a < b : nan_b;
    const Place place_a = place_of(decision, scores, a), place_b = place_of(decision, scores, b);
    if (place_a != place_b)
        return place_a < place_b;
    const double excess_a = excess(decision, scores, a), excess_b = excess(decision, scores, b);
    if (excess_a != excess_b)
        return excess_a > excess_b;
    return scores[a] == scores[b] ? a < b : scores[a] > scores[b];
}

static gboolean is_left_out(const CnxDecision *decision, const float *scores, guint i, double floor)
{
    const Place place = place_of(decision, scores, i);

    if (place == REST)
        return FALSE;
    return scores[i] < floor || (place == ABSENT && decision->rest_class == CNX_NO_CLASS);
}

guint cnx_rank_classes(guint *best, guint k, const float *scores, guint n, double floor,
                       const CnxDecision *decision)
{
    guint found = 0;

    k = MIN(k, n);
    for (guint i = 0; i < n; i++) {
        guint at = found;

        if (is_left_out(decision, scores, i, floor))
            continue;
        while (at > 0 && ranks_before(decision, scores, i, best[at - 1]))
            at--;
        if (at == k)
            continue;
        found = MIN(found + 1, k);
        for (guint j = found - 1; j > at; j--)
            best[j] = best[j - 1];
        best[at] = i;
    }
    return found;
}
