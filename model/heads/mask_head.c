/* Masks of the objects. He et al. 2017. A cascade has several heads, whose probabilities are
 * averaged.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "model/heads/detector_network.h"
#include "model/threads/threads.h"

#define SIDE CNX_DETECTOR_MASK_POOL
#define LANES 16

/* Some of the objects, in one of the heads */
typedef struct Batch {
    CnxDetectorRun *run;
    CnxPooling pooling;
    CnxRoiStack stack;
    guint first, count;
    guint stage;
} Batch;

static const CnxMaskHead *head_of(const Batch *b)
{
    return &b->run->detector->weights.mask[b->stage];
}

static void pool_object(gpointer data, guint task, guint slot)
{
    const Batch *b = data;
    const CnxDetection *o = &b->run->objects[b->first + task];
    const gsize channels = head_of(b)->conv[0].k;

    cnx_pooling_run(&b->pooling, (CnxBox){o->x0, o->y0, o->x1, o->y1},
                    b->stack.maps[0] + task * b->stack.pitch * SIDE * channels);
}

static void run_layers(Batch *b)
{
    CnxDetectorRun *run = b->run;
    const CnxMaskHead *head = head_of(b);

    b->stack = (CnxRoiStack){.layers = head->conv,
                             .depth = head->depth,
                             .side = SIDE,
                             .pitch = cnx_roi_stack_pitch(head->conv, head->depth, SIDE),
                             .maps = {run->mask_maps[0], run->mask_maps[1]}};
    cnx_threads_loop(run->dense.threads, b->count, pool_object, b);
    cnx_detector_part_ends(run, "RoIAlign for masks");
    const float *map = cnx_roi_stack_run(&run->dense, &b->stack, b->count);
    const CnxConvCall call = {.height = b->count * b->stack.pitch,
                              .width = SIDE,
                              .a = map,
                              .lda = head->up.k,
                              .c = run->mask_up,
                              .ldc = head->up.n,
                              .finish = TRUE};
    cnx_conv_run(&run->dense, &head->up, &call);
}

/* The product of two vectors, in LANES partial sums, which the compiler turns into vectors. */
static float multiply(const float *a, const float *b, guint n)
{
    float sums[LANES] = {0}, sum = 0;
    guint k = 0;

    for (; k + LANES <= n; k += LANES)
        for (guint i = 0; i < LANES; i++)
            sums[i] += a[k + i] * b[k + i];
    for (; k < n; k++)
        sum += a[k] * b[k];
    for (guint i = 0; i < LANES; i++)
        sum += sums[i];
    return sum;
}

/* Adds a head's probability to the sum over the heads before it; after the last head, their mean.
 */
static float add_probability(const Batch *b, float before, float probability)
{
    const guint stages = b->run->detector->weights.stages;
    const float sum = b->stage > 0 ? before + probability : probability;

    return b->stage + 1 == stages ? sum / (float)stages : sum;
}

/* The mask of one object: the row of its class times the pixels of the enlarged map, which are in
 * the order (y, x, 2x2) still. */
static void predict_mask(gpointer data, guint task, guint slot)
{
    const Batch *b = data;
    const CnxDetectorRun *run = b->run;
    const CnxMaskHead *head = head_of(b);
    const guint channels = head->channels, class = run->objects[b->first + task].index;
    const float *row = head->rows + (gsize) class * channels;
    const float *pixel = run->mask_up + (gsize)task * b->stack.pitch * SIDE * 4 * channels;
    float *mask = run->masks + (gsize)(b->first + task) * 4 * SIDE * SIDE;

    for (guint i = 0; i < 4 * SIDE * SIDE; i++, pixel += channels) {
        const guint y = i / (4 * SIDE) * 2 + i / 2 % 2, x = i / 4 % SIDE * 2 + i % 2;
        const float sum = head->bias[class] + multiply(row, pixel, channels);
        float *value = &mask[y * 2 * SIDE + x];

        *value = add_probability(b, *value, 1 / (1 + expf(-sum)));
    }
}

void cnx_mask_head_forward(CnxDetectorRun *run)
{
    Batch b = {.run = run, .pooling = cnx_pooling_new(run, SIDE)};

    for (; b.first < run->object_count; b.first += b.count) {
        b.count = MIN(run->object_count - b.first, CNX_DETECTOR_MASKS);
        for (b.stage = 0; b.stage < run->detector->weights.stages; b.stage++) {
            run_layers(&b);
            cnx_threads_loop(run->dense.threads, b.count, predict_mask, &b);
            cnx_detector_part_ends(run, "mask head");
        }
    }
}
