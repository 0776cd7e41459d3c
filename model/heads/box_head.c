/* Classes and boxes of the proposals. Girshick 2015.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"
#include "model/threads/threads.h"

#define LEAST_SIDE 1e-2f /* of an object, pixels */

/* The network */

/* Some of the proposals */
typedef struct Batch {
    CnxDetectorRun *run;
    CnxPooling pooling;
    guint first, count;
} Batch;

static void pool_proposal(gpointer data, guint task, guint slot)
{
    const Batch *b = data;
    const CnxConv *fc6 = &b->run->detector->weights.fc6;

    cnx_pooling_run(&b->pooling, b->run->proposals[b->first + task],
                    b->run->pooled + (gsize)task * fc6->k);
}

/* a: [count, k], c: [count, n] */
static void run_linear(const Batch *b, const CnxConv *conv, const float *a, float *c)
{
    const CnxConvCall call = {.height = b->count,
                              .width = 1,
                              .a = a,
                              .lda = conv->k,
                              .c = c,
                              .ldc = conv->n,
                              .finish = TRUE};

    cnx_conv_run(&b->run->dense, conv, &call);
}

static void predict(CnxDetectorRun *run)
{
    const CnxDetectorWeights *weights = &run->detector->weights;
    Batch b = {.run = run, .pooling = cnx_pooling_new(run, weights->box_side)};

    for (; b.first < run->proposal_count; b.first += b.count) {
        b.count = MIN(run->proposal_count - b.first, CNX_DETECTOR_ROWS);
        cnx_threads_loop(run->dense.threads, b.count, pool_proposal, &b);
        cnx_detector_part_ends(run, "RoIAlign for boxes");
        run_linear(&b, &weights->fc6, run->pooled, run->features[0]);
        run_linear(&b, &weights->fc7, run->features[0], run->features[1]);
        run_linear(&b, &weights->predict, run->features[1],
                   run->predictions + (gsize)b.first * weights->predict.n);
        cnx_detector_part_ends(run, "box head");
    }
}

/* Probabilities in place of logits [n]. Returns FALSE, and leaves no class possible, if one is not
 * a number. */
static gboolean softmax(float *x, guint n)
{
    float most = x[0], sum = 0;

    for (guint i = 1; i < n; i++)
        most = MAX(most, x[i]);
    for (guint i = 0; i < n; i++) {
        x[i] = expf(x[i] - most);
        sum += x[i];
    }
    for (guint i = 0; i < n; i++)
        x[i] = isfinite(sum) ? x[i] / sum : 0;
    return isfinite(sum);
}

/* The objects */

/* The boxes of one class: those with a score above the threshold, best first, without those that
 * overlap a better one. Returns their number; kept says which are left. */
static guint choose_boxes(CnxDetectorRun *run, guint class)
{
    const guint columns = run->detector->weights.predict.n, outputs = columns / 5;
    guint count = 0;

    for (guint p = 0; p < run->proposal_count; p++) {
        const float *row = run->predictions + (gsize)p * columns;

        if (!(row[class] > (float)run->settings.score_threshold))
            continue;
        const CnxBox box = cnx_box_clip(cnx_box_decode(run->proposals[p], row + outputs + 4 * class,
                                                       run->detector->config.box_weights),
                                        run->image_width, run->image_height);
        run->result.dropped += isnan(box.x0 + box.y0 + box.x1 + box.y1);
        if (!cnx_box_is_valid(box, LEAST_SIDE))
            continue;
        run->boxes[p] = box;
        run->candidates[count++] = (CnxRanked){row[class], p};
    }
    cnx_rank_sort(run->candidates, count);
    for (guint i = 0; i < count; i++)
        run->sorted[i] = run->boxes[run->candidates[i].index];
    cnx_nms(run->sorted, count, run->settings.nms_threshold, run->settings.max_objects, run->areas,
            run->kept);
    return count;
}

/* Inserts an object among the best of the image, if it is one of them. */
static void insert_object(CnxDetectorRun *run, CnxRanked rank, CnxBox box, guint class)
{
    guint i = run->object_count;

    if (i == run->settings.max_objects) {
        if (!cnx_rank_before(rank, run->found[i - 1]))
            return;
        i--;
    } else {
        run->object_count++;
    }
    for (; i > 0 && cnx_rank_before(rank, run->found[i - 1]); i--) {
        run->found[i] = run->found[i - 1];
        run->objects[i] = run->objects[i - 1];
    }
    run->found[i] = rank;
    run->objects[i] = (CnxDetection){box.x0, box.y0, box.x1, box.y1, rank.score, class - 1};
}

void cnx_box_head_forward(CnxDetectorRun *run)
{
    const guint columns = run->detector->weights.predict.n, outputs = columns / 5;

    predict(run);
    run->object_count = 0;
    for (guint p = 0; p < run->proposal_count; p++)
        run->result.dropped += !softmax(run->predictions + (gsize)p * columns, outputs);
    for (guint class = 1; class < outputs; class ++) {
        const guint count = choose_boxes(run, class);

        for (guint i = 0; i < count; i++) {
            const CnxRanked c = run->candidates[i];

            if (run->kept[i])
                insert_object(run, (CnxRanked){c.score, c.index * outputs + class}, run->sorted[i],
                              class);
        }
    }
    cnx_detector_part_ends(run, "objects: softmax, decoding, NMS");
}
