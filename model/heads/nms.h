/* Choosing among boxes: the best scores, and non-maximum suppression.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/boxes.h"

typedef struct CnxRanked {
    float score;
    guint index; /* among equal scores, the lower index is better */
} CnxRanked;

/* Finds the best `most` of the scores, best first, without allocating. Scores that are not finite
 * do not count. scores: [rows, columns], rows `stride` floats apart; index: row columns + column;
 * best: [most]. Returns the number found; *dropped is increased by the number of scores that are
 * not finite. */
guint cnx_rank_best(const float *scores, guint rows, guint columns, gsize stride, CnxRanked *best,
                    guint most, guint *dropped);

/* Sorts, best first. */
void cnx_rank_sort(CnxRanked *ranked, guint count);

/* Whether a is better than b. */
static inline gboolean cnx_rank_before(CnxRanked a, CnxRanked b)
{
    return a.score > b.score || (a.score == b.score && a.index < b.index);
}

/* Keeps the first box, removes every later one whose IoU with it is above the threshold, and goes
 * on with the next one that is left. boxes: [count], best first, finite. scratch: [count] areas.
 * kept: [count], TRUE or FALSE for each box. Quadratic in count; ends as soon as `most` are kept.
 * Returns their number. */
guint cnx_nms(const CnxBox *boxes, guint count, double threshold, guint most, float *scratch,
              guint8 *kept);
