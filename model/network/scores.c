/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/scores.h"

#include <math.h>

void cnx_softmax(float *scores, const float *logits, guint n)
{
    float largest = -INFINITY;
    double sum = 0;

    for (guint i = 0; i < n; i++)
        largest = MAX(largest, logits[i]);
    for (guint i = 0; i < n; i++) {
        scores[i] = (float)exp((double)logits[i] - largest);
        sum += scores[i];
    }
    for (guint i = 0; i < n; i++)
        scores[i] = (float)(scores[i] / sum);
}

void cnx_sigmoid(float *scores, const float *logits, guint n)
{
    for (guint i = 0; i < n; i++)
        scores[i] = (float)(1 / (1 + exp(-(double)logits[i])));
}

/* Whether class a ranks before class b: NaN ranks last, then the higher score wins, then the lower
 * index. */
static gboolean ranks_before(const float *scores, guint a, guint b)
{
    const gboolean nan_a = isnan(scores[a]) != 0, nan_b = isnan(scores[b]) != 0;

    if (nan_a != nan_b)
        return nan_b;
    if (!nan_a && scores[a] != scores[b])
        return scores[a] > scores[b];
    return a < b;
}

guint cnx_top_k(guint *best, guint k, const float *scores, guint n)
{
    guint found = 0;

    k = MIN(k, n);
    for (guint i = 0; i < n; i++) {
        guint at = found;

        while (at > 0 && ranks_before(scores, i, best[at - 1]))
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
