/* Classes and boxes of the proposals. Girshick 2015. A cascade has several heads: each refines the
 * boxes that the next one pools, and the classes follow from the mean of the heads' logits. Cai and
 * Vasconcelos 2018.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"
#include "model/threads/threads.h"

/* The network */

/* Some of the proposals, in one of the heads */
typedef struct Batch {
    CnxDetectorRun *run;
    CnxPooling pooling;
    CnxRoiStack stack;
    guint first, count;
    guint stage;
} Batch;

static const CnxBoxHead *head_of(const Batch *b)
{
    return &b->run->detector->weights.box[b->stage];
}

static void pool_box(gpointer data, guint task, guint slot)
{
    const Batch *b = data;
    const gsize pixels = (gsize)b->stack.pitch * b->stack.side;

    cnx_pooling_run(&b->pooling, b->run->rois[b->first + task],
                    b->stack.maps[0] + task * pixels * b->run->detector->weights.inner[0].n);
}

/* a: [count, lda], of which k floats are read; c: [count, n] */
static void run_linear(const Batch *b, const CnxConv *conv, const float *a, gsize lda, float *c)
{
    const CnxConvCall call = {
        .height = b->count, .width = 1, .a = a, .lda = lda, .c = c, .ldc = conv->n, .finish = TRUE};

    cnx_conv_run(&b->run->dense, conv, &call);
}

/* The predictions [count, n] of a batch. */
static float *predictions_of(const Batch *b)
{
    return b->run->predictions + (gsize)b->first * head_of(b)->predict.n;
}

static void run_layers(Batch *b)
{
    CnxDetectorRun *run = b->run;
    const CnxBoxHead *head = head_of(b);
    const guint side = run->detector->weights.box_side;

    b->stack = (CnxRoiStack){.layers = head->conv,
                             .depth = head->conv_depth,
                             .side = side,
                             .pitch = cnx_roi_stack_pitch(head->conv, head->conv_depth, side),
                             .maps = {run->box_maps[0], run->box_maps[1]}};
    cnx_threads_loop(run->dense.threads, b->count, pool_box, b);
    cnx_detector_part_ends(run, "RoIAlign for boxes");
    const float *a = cnx_roi_stack_run(&run->dense, &b->stack, b->count);
    gsize lda = head->fc[0].k / side * b->stack.pitch;
    for (guint i = 0; i < head->fc_depth; i++) {
        run_linear(b, &head->fc[i], a, lda, run->features[i % 2]);
        a = run->features[i % 2];
        lda = head->fc[i].n;
    }
    run_linear(b, &head->predict, a, lda, predictions_of(b));
    cnx_detector_part_ends(run, "box head");
}

/* The deltas of a class in a row of predictions. */
static const float *deltas_of(const CnxDetectorRun *run, const float *row, guint class)
{
    const CnxDetectorWeights *weights = &run->detector->weights;

    return row + weights->classes + 1 + (weights->box_classes > 1 ? 4 * class : 0);
}

static CnxBox decode(const CnxDetectorRun *run, guint stage, CnxBox box, const float deltas[4])
{
    const CnxDetector *detector = run->detector;

    return cnx_box_clip(cnx_box_decode(box, deltas, detector->config.box_weights[stage],
                                       detector->rules->clamps_both),
                        run->image_width, run->image_height);
}

/* Moves a box by the deltas of its best class other than the background. */
static void refine_box(const Batch *b, guint i)
{
    const CnxDetectorWeights *weights = &b->run->detector->weights;
    const float *row = predictions_of(b) + (gsize)i * head_of(b)->predict.n;
    CnxBox *box = &b->run->rois[b->first + i];
    guint best = 0;

    for (guint class = 1; class < weights->classes; class ++)
        if (row[class] > row[best])
            best = class;
    *box = decode(b->run, b->stage, *box, deltas_of(b->run, row, best));
}

/* Adds the logits of a head to the sum over the heads before it. After the last head, the
 * predictions hold the mean. */
static void add_logits(const Batch *b, guint i)
{
    const CnxDetectorWeights *weights = &b->run->detector->weights;
    const guint outputs = weights->classes + 1;
    float *row = predictions_of(b) + (gsize)i * head_of(b)->predict.n;
    float *sum = b->run->logits + (gsize)i * outputs;

    for (guint c = 0; c < outputs; c++) {
        sum[c] = b->stage > 0 ? sum[c] + row[c] : row[c];
        if (b->stage + 1 == weights->stages)
            row[c] = sum[c] / (float)weights->stages;
    }
}

static void predict(CnxDetectorRun *run)
{
    const CnxDetectorWeights *weights = &run->detector->weights;
    Batch b = {.run = run, .pooling = cnx_pooling_new(run, weights->box_side)};

    if (weights->stages > 1)
        memcpy(run->rois, run->proposals, run->proposal_count * sizeof *run->rois);
    for (; b.first < run->proposal_count; b.first += b.count) {
        b.count = MIN(run->proposal_count - b.first, CNX_DETECTOR_ROWS);
        for (b.stage = 0; b.stage < weights->stages; b.stage++) {
            run_layers(&b);
            for (guint i = 0; weights->stages > 1 && i < b.count; i++) {
                if (b.stage + 1 < weights->stages)
                    refine_box(&b, i);
                add_logits(&b, i);
            }
        }
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
    const CnxDetectorWeights *weights = &run->detector->weights;
    const guint last = weights->stages - 1, columns = weights->box[last].predict.n;
    guint count = 0;

    for (guint p = 0; p < run->proposal_count; p++) {
        const float *row = run->predictions + (gsize)p * columns;

        if (!(row[class] > (float)run->settings.score_threshold))
            continue;
        const CnxBox box = decode(run, last, run->rois[p], deltas_of(run, row, class));
        run->result.dropped += isnan(box.x0 + box.y0 + box.x1 + box.y1);
        if (!cnx_box_is_valid(box, run->detector->rules->least_object))
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
    run->objects[i] = (CnxDetection){box.x0, box.y0, box.x1, box.y1, rank.score, class};
}

void cnx_box_head_forward(CnxDetectorRun *run)
{
    const CnxDetectorWeights *weights = &run->detector->weights;
    const guint columns = weights->box[0].predict.n, classes = weights->classes;

    predict(run);
    run->object_count = 0;
    for (guint p = 0; p < run->proposal_count; p++)
        run->result.dropped += !softmax(run->predictions + (gsize)p * columns, classes + 1);
    for (guint class = 0; class < classes; class ++) {
        const guint count = choose_boxes(run, class);

        for (guint i = 0; i < count; i++) {
            const CnxRanked c = run->candidates[i];

            if (run->kept[i])
                insert_object(run, (CnxRanked){c.score, c.index * classes + class}, run->sorted[i],
                              class);
        }
    }
    cnx_detector_part_ends(run, "objects: softmax, decoding, NMS");
}
