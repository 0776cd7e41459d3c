/* The region proposal network: boxes that may hold an object, at every pixel of every level. Ren et
 * al. 2015.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"
#include "model/threads/threads.h"

/* The network on one level: logits and deltas. */
static void compute_level(CnxDetectorRun *run, CnxDetectorLevel *level)
{
    const CnxDetectorWeights *weights = &run->detector->weights;
    CnxConvCall call = {.height = level->height,
                        .width = level->width,
                        .a = level->map,
                        .lda = weights->inner[0].n,
                        .ldc = weights->inner[0].n,
                        .finish = TRUE};

    for (guint i = 0; i < weights->rpn_depth; i++) {
        call.c = run->hidden[i % 2];
        cnx_conv_run(&run->dense, &weights->rpn[i], &call);
        call.a = call.c;
    }
    call.c = level->rpn;
    call.ldc = weights->rpn_out.n;
    cnx_conv_run(&run->dense, &weights->rpn_out, &call);
}

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

/* The box of a logit, in the image; FALSE if there is none. */
static gboolean decode_box(const CnxDetectorRun *run, CnxDetectorLevel *level, guint index,
                           CnxBox *box)
{
    static const float weights[4] = {1, 1, 1, 1};
    const CnxDetectorConfig *config = &run->detector->config;
    const guint count = config->anchors, pixel = index / count, anchor = index % count;
    const float *deltas = level->rpn + (gsize)pixel * 5 * count + count + 4 * anchor;
    const CnxDetectorRules *rules = run->detector->rules;
    const CnxBox base = cnx_anchors_at(config->cells[level - run->level], count, index,
                                       level->width, level->stride_x, level->stride_y);

    *box = cnx_box_clip(cnx_box_decode(base, deltas, weights, rules->clamps_both), run->image_width,
                        run->image_height);
    level->dropped += isnan(box->x0 + box->y0 + box->x1 + box->y1);
    return cnx_box_is_valid(*box, rules->least_proposal);
}

/* Chooses the boxes of a level: the best logits, decoded, without those that overlap a better one.
 */
static void choose_boxes(gpointer data, guint task, guint slot)
{
    CnxDetectorRun *run = data;
    const CnxDetectorConfig *config = &run->detector->config;
    CnxDetectorLevel *level = &run->level[task];
    guint count = 0;

    level->dropped = 0;
    const guint found =
        cnx_rank_best(level->rpn, level->height * level->width, config->anchors,
                      5 * (gsize)config->anchors, level->ranked, config->pre_nms, &level->dropped);
    for (guint i = 0; i < found; i++) {
        level->scores[count] = sigmoid(level->ranked[i].score);
        if (decode_box(run, level, level->ranked[i].index, &level->boxes[count]) &&
            level->scores[count] >= (float)config->rpn_score)
            count++;
    }
    cnx_nms(level->boxes, count, config->rpn_nms, run->settings.proposals, level->areas,
            level->kept);
    level->count = 0;
    for (guint i = 0; i < count; i++) {
        if (!level->kept[i])
            continue;
        level->boxes[level->count] = level->boxes[i];
        level->scores[level->count++] = level->scores[i];
    }
}

/* The best boxes of all levels. Each level's boxes are sorted, so this merges them; of equal scores
 * the finer level's comes first. */
static void merge_levels(CnxDetectorRun *run)
{
    guint next[CNX_DETECTOR_LEVELS] = {0};

    for (run->proposal_count = 0; run->proposal_count < run->settings.proposals;
         run->proposal_count++) {
        guint best = run->levels;

        for (guint i = 0; i < run->levels; i++)
            if (next[i] < run->level[i].count &&
                (best == run->levels ||
                 run->level[i].scores[next[i]] > run->level[best].scores[next[best]]))
                best = i;
        if (best == run->levels)
            break;
        run->proposals[run->proposal_count] = run->level[best].boxes[next[best]++];
    }
}

void cnx_proposals_forward(CnxDetectorRun *run)
{
    for (guint i = 0; i < run->levels; i++)
        compute_level(run, &run->level[i]);
    cnx_detector_part_ends(run, "RPN");
    cnx_threads_loop(run->dense.threads, run->levels, choose_boxes, run);
    merge_levels(run);
    cnx_detector_part_ends(run, "proposals: decoding, best, NMS");
}
