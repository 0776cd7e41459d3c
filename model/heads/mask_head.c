/* Masks of the objects. He et al. 2017.
 *
 * Several objects are one above the other in a map, with rows of zeros between them, so that each
 * convolution is one layer for all of them:
 *
 *     object 0   14 rows
 *     zeros      the rest of the pitch
 *     object 1   14 rows
 *     zeros      ...
 *
 * Each layer writes to the rows of zeros too; they are cleared behind it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector_network.h"
#include "model/threads/threads.h"

#define SIDE CNX_DETECTOR_MASK_POOL
#define LANES 16
#define TILE 4 /* of Winograd's larger algorithm; objects that begin at a tile waste none */

guint cnx_mask_head_pitch(const CnxDetectorWeights *weights)
{
    for (guint i = 0; i < weights->mask_depth; i++)
        if (weights->mask[i].way != CNX_CONV_DIRECT)
            return (SIDE + TILE) / TILE * TILE;
    return SIDE + 1;
}

/* Some of the objects */
typedef struct Batch {
    CnxDetectorRun *run;
    CnxPooling pooling;
    guint first, count;
} Batch;

/* map: [count, pitch, 14, channels] */
static void clear_gaps(const Batch *b, float *map, gsize channels)
{
    const gsize row = SIDE * channels, pitch = b->run->mask_pitch;

    for (guint i = 0; i < b->count; i++)
        memset(map + (i * pitch + SIDE) * row, 0, (pitch - SIDE) * row * sizeof *map);
}

static void pool_object(gpointer data, guint task, guint slot)
{
    const Batch *b = data;
    const CnxDetection *o = &b->run->objects[b->first + task];
    const gsize channels = b->run->detector->weights.mask[0].k;

    cnx_pooling_run(&b->pooling, (CnxBox){o->x0, o->y0, o->x1, o->y1},
                    b->run->mask_maps[0] + task * b->run->mask_pitch * SIDE * channels);
}

static void run_layers(const Batch *b)
{
    CnxDetectorRun *run = b->run;
    const CnxDetectorWeights *weights = &run->detector->weights;
    CnxConvCall call = {.height = b->count * run->mask_pitch,
                        .width = SIDE,
                        .a = run->mask_maps[0],
                        .finish = TRUE};

    clear_gaps(b, run->mask_maps[0], weights->mask[0].k);
    for (guint i = 0; i < weights->mask_depth; i++) {
        call.lda = weights->mask[i].k;
        call.c = run->mask_maps[(i + 1) % 2];
        call.ldc = weights->mask[i].n;
        cnx_conv_run(&run->dense, &weights->mask[i], &call);
        if (i + 1 < weights->mask_depth)
            clear_gaps(b, call.c, call.ldc);
        call.a = call.c;
    }
    call.lda = weights->mask_up.k;
    call.c = run->mask_up;
    call.ldc = weights->mask_up.n;
    cnx_conv_run(&run->dense, &weights->mask_up, &call);
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

/* The mask of one object: the row of its class times the pixels of the enlarged map, which are in
 * the order (y, x, 2x2) still. */
static void predict_mask(gpointer data, guint task, guint slot)
{
    const Batch *b = data;
    const CnxDetectorRun *run = b->run;
    const CnxDetectorWeights *weights = &run->detector->weights;
    const guint channels = weights->mask_channels, class = run->objects[b->first + task].index + 1;
    const float *row = weights->mask_rows + (gsize) class * channels;
    const float *pixel = run->mask_up + (gsize)task * run->mask_pitch * SIDE * 4 * channels;
    float *mask = run->masks + (gsize)(b->first + task) * 4 * SIDE * SIDE;

    for (guint i = 0; i < 4 * SIDE * SIDE; i++, pixel += channels) {
        const guint y = i / (4 * SIDE) * 2 + i / 2 % 2, x = i / 4 % SIDE * 2 + i % 2;
        const float sum = weights->mask_bias[class] + multiply(row, pixel, channels);

        mask[y * 2 * SIDE + x] = 1 / (1 + expf(-sum));
    }
}

void cnx_mask_head_forward(CnxDetectorRun *run)
{
    Batch b = {.run = run, .pooling = cnx_pooling_new(run, SIDE)};

    for (; b.first < run->object_count; b.first += b.count) {
        b.count = MIN(run->object_count - b.first, CNX_DETECTOR_MASKS);
        cnx_threads_loop(run->dense.threads, b.count, pool_object, &b);
        cnx_detector_part_ends(run, "RoIAlign for masks");
        run_layers(&b);
        cnx_threads_loop(run->dense.threads, b.count, predict_mask, &b);
        cnx_detector_part_ends(run, "mask head");
    }
}
