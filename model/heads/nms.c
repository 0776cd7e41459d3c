/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/nms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The heap: its first element is the worst */

/* Moves the element at i down to its place. */
static void sift_down(CnxRanked *heap, guint count, guint i)
{
    const CnxRanked moved = heap[i];

    for (guint child; (child = 2 * i + 1) < count; i = child) {
        if (child + 1 < count && cnx_rank_before(heap[child], heap[child + 1]))
            child++;
        if (!cnx_rank_before(moved, heap[child]))
            break;
        heap[i] = heap[child];
    }
    heap[i] = moved;
}

static void sift_up(CnxRanked *heap, guint i)
{
    const CnxRanked moved = heap[i];

    for (; i > 0 && cnx_rank_before(heap[(i - 1) / 2], moved); i = (i - 1) / 2)
        heap[i] = heap[(i - 1) / 2];
    heap[i] = moved;
}

/* Takes the next score into the heap of the best ones; returns the new number of them. */
static guint take_score(CnxRanked *best, guint found, guint most, CnxRanked next)
{
    if (found < most) {
        best[found] = next;
        sift_up(best, found);
        return found + 1;
    }
    if (most > 0 && cnx_rank_before(next, best[0])) {
        best[0] = next;
        sift_down(best, found, 0);
    }
    return found;
}

guint cnx_rank_best(const float *scores, guint rows, guint columns, gsize stride, CnxRanked *best,
                    guint most, guint *dropped)
{
    guint found = 0;

    for (guint y = 0; y < rows; y++, scores += stride)
        for (guint x = 0; x < columns; x++) {
            if (isfinite(scores[x]))
                found = take_score(best, found, most, (CnxRanked){scores[x], y * columns + x});
            else
                (*dropped)++;
        }
    cnx_rank_sort(best, found);
    return found;
}

/* Heap sort, in place: the worst goes to the end. */
void cnx_rank_sort(CnxRanked *ranked, guint count)
{
    for (guint i = count / 2; i > 0; i--)
        sift_down(ranked, count, i - 1);
    for (guint i = count; i > 1; i--) {
        const CnxRanked worst = ranked[0];

        ranked[0] = ranked[i - 1];
        ranked[i - 1] = worst;
        sift_down(ranked, i - 1, 0);
    }
}

static float larger(float a, float b)
{
    return a > b ? a : b;
}

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

guint cnx_nms(const CnxBox *boxes, guint count, double threshold, guint most, float *scratch,
              guint8 *kept)
{
    guint n = 0;

    for (guint i = 0; i < count; i++)
        scratch[i] = cnx_box_area(boxes[i]);
    memset(kept, 1, count);
    for (guint i = 0; i < count; i++) {
        const CnxBox a = boxes[i];

        if (!kept[i])
            continue;
        if (n == most) {
            kept[i] = 0;
            continue;
        }
        n++;
        for (guint j = i + 1; j < count; j++) {
            const CnxBox b = boxes[j];
            const float w = larger(0, smaller(a.x1, b.x1) - larger(a.x0, b.x0));
            const float h = larger(0, smaller(a.y1, b.y1) - larger(a.y0, b.y0));
            const float both = w * h;

            kept[j] &= !((double)(both / (scratch[i] + scratch[j] - both)) > threshold);
        }
    }
    return n;
}
