/* The steps of a detector that need no network: anchors, boxes, ranking, suppression, pasting.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/anchors.h"
#include "model/heads/detector.h"
#include "model/heads/nms.h"

#define BOXES 1000

static void check_box(CnxBox box, float x0, float y0, float x1, float y1)
{
    g_assert_cmpfloat(box.x0, ==, x0);
    g_assert_cmpfloat(box.y0, ==, y0);
    g_assert_cmpfloat(box.x1, ==, x1);
    g_assert_cmpfloat(box.y1, ==, y1);
}

/* torchvision's AnchorGenerator: printed for size 32. */
static void test_anchors(void)
{
    static const float sizes[] = {32, 5}, ratios[] = {0.5f, 1, 2};
    CnxBox cell[6];

    cnx_anchors_cell(cell, sizes, 1, ratios, 3, TRUE);
    check_box(cell[0], -23, -11, 23, 11);
    check_box(cell[1], -16, -16, 16, 16);
    check_box(cell[2], -11, -23, 11, 23);
    cnx_anchors_cell(cell, sizes, 2, ratios, 3, TRUE);
    check_box(cell[2], -16, -16, 16, 16); /* ratios outside, sizes inside */
    check_box(cell[3], -2, -2, 2, 2);     /* 2.5 is rounded to even */
}

/* mmdetection's AnchorGenerator: printed for stride 4 and scale 8. */
static void test_exact_anchors(void)
{
    static const float sizes[] = {32}, ratios[] = {0.5f, 1, 2};
    CnxBox cell[3];

    cnx_anchors_cell(cell, sizes, 1, ratios, 3, FALSE);
    check_box(cell[0], -22.627417f, -11.3137085f, 22.627417f, 11.3137085f);
    check_box(cell[1], -16, -16, 16, 16);
}

/* The order is y, x, anchor; shifts are whole strides, not to the centres of the pixels. */
static void test_anchor_places(void)
{
    const CnxBox cell[] = {{-1, -2, 1, 2}, {-3, -3, 3, 3}};

    check_box(cnx_anchors_at(cell, 2, 0, 5, 8, 7), -1, -2, 1, 2);
    check_box(cnx_anchors_at(cell, 2, 1, 5, 8, 7), -3, -3, 3, 3);
    check_box(cnx_anchors_at(cell, 2, 2, 5, 8, 7), 7, -2, 9, 2);
    check_box(cnx_anchors_at(cell, 2, 23, 5, 8, 7), 5, 11, 11, 17);
}

static void test_decoding(void)
{
    const CnxBox box = {10, 20, 30, 60};
    static const float ones[] = {1, 1, 1, 1}, weights[] = {10, 10, 5, 5};

    check_box(cnx_box_decode(box, (const float[]){0, 0, 0, 0}, ones, FALSE), 10, 20, 30, 60);
    check_box(cnx_box_decode(box, (const float[]){5, -5, 0, 0}, weights, FALSE), 20, 0, 40, 40);
    /* Upper limit on the logarithms only: ln(1000 / 16) */
    const CnxBox large = cnx_box_decode(box, (const float[]){0, 0, 100, -100}, ones, FALSE);
    g_assert_cmpfloat(fabs(large.x1 - large.x0 - 20 * 62.5), <, 1e-3);
    g_assert_cmpfloat(large.y1 - large.y0, <, 1e-3);
    const CnxBox small = cnx_box_decode(box, (const float[]){0, 0, -100, 0}, ones, TRUE);
    g_assert_cmpfloat(fabs(small.x1 - small.x0 - 20 / 62.5), <, 1e-5); /* mmdetection: both */
    const CnxBox bad = cnx_box_decode(box, (const float[]){0, 0, NAN, 0}, ones, FALSE);
    g_assert_true(isnan(bad.x0) && isnan(bad.x1));
    g_assert_false(cnx_box_is_valid(cnx_box_clip(bad, 100, 100), 0));
}

static void test_clipping(void)
{
    check_box(cnx_box_clip((CnxBox){-5, -INFINITY, 1e9f, 12}, 30, 20), 0, 0, 30, 12);
    check_box(cnx_box_clip((CnxBox){40, 25, 50, 60}, 30, 20), 30, 20, 30, 20);
    g_assert_true(cnx_box_is_valid((CnxBox){0, 0, 0.5f, 0.5f}, 0.5f));
    g_assert_false(cnx_box_is_valid((CnxBox){0, 0, 0.5f, 0.25f}, 0.5f));
    g_assert_false(cnx_box_is_valid((CnxBox){0, 0, INFINITY, 1}, 0.5f));
}

static CnxBox square(float side)
{
    return (CnxBox){0, 0, side, side};
}

static void test_levels(void)
{
    g_assert_cmpuint(cnx_box_level(square(224), 2, 5), ==, 2);
    g_assert_cmpuint(cnx_box_level(square(223), 2, 5), ==, 1);
    g_assert_cmpuint(cnx_box_level(square(448), 2, 5), ==, 3);
    g_assert_cmpuint(cnx_box_level(square(4000), 2, 5), ==, 3);
    g_assert_cmpuint(cnx_box_level(square(1), 2, 5), ==, 0);
    g_assert_cmpuint(cnx_box_level(square(0), 2, 5), ==, 0);
    g_assert_cmpuint(cnx_box_level(square(224), 3, 6), ==, 1);
    /* The eps is added to the logarithm: within it 112 counts as reached, and inside it would
     * reach three times as far. */
    g_assert_cmpuint(cnx_box_level(square(111.99995f), 2, 5), ==, 1);
    g_assert_cmpuint(cnx_box_level(square(111.9998f), 2, 5), ==, 0);
}

/* mmdetection's: the eps is inside the logarithm. */
static void test_levels_inside(void)
{
    g_assert_cmpuint(cnx_box_level_inside(square(111), 4), ==, 0);
    g_assert_cmpuint(cnx_box_level_inside(square(112), 4), ==, 1);
    g_assert_cmpuint(cnx_box_level_inside(square(4000), 4), ==, 3);
    g_assert_cmpuint(cnx_box_level_inside(square(0), 4), ==, 0);
    g_assert_cmpuint(cnx_box_level_inside(square(111.99998f), 4), ==, 1);
    g_assert_cmpuint(cnx_box_level_inside(square(111.9998f), 4), ==, 0);
    g_assert_cmpuint(cnx_box_level_inside(square(447.9998f), 4), ==, 2); /* outside it would do */
}

/* Rank */

static void test_ranking(void)
{
    float scores[60];
    CnxRanked best[60];
    guint dropped = 0;

    for (guint i = 0; i < 60; i++) /* rows of 3, 5 floats apart; many ties */
        scores[i] = (float)(i * 7 % 11);
    scores[1] = NAN;
    scores[5] = INFINITY;
    scores[7] = -INFINITY;
    scores[3] = 1000; /* between the rows */
    for (guint most = 0; most <= 36; most++) {
        dropped = 0;
        const guint n = cnx_rank_best(scores, 12, 3, 5, best, most, &dropped);

        g_assert_cmpuint(dropped, ==, 3);
        g_assert_cmpuint(n, ==, MIN(most, 33));
        for (guint i = 0; i < n; i++) {
            g_assert_cmpfloat(best[i].score, ==, scores[best[i].index / 3 * 5 + best[i].index % 3]);
            g_assert_true(i == 0 || cnx_rank_before(best[i - 1], best[i]));
        }
        for (guint k = 0; k < 36 && n > 0; k++) { /* none that is better was left out */
            const CnxRanked other = {scores[k / 3 * 5 + k % 3], k};
            gboolean found = !isfinite(other.score) || cnx_rank_before(best[n - 1], other);

            for (guint i = 0; i < n && !found; i++)
                found = best[i].index == k;
            g_assert_true(found);
        }
    }
}

/* Suppression */

static guint suppress(const CnxBox *boxes, guint n, double threshold, guint most, guint8 *kept)
{
    static float scratch[BOXES];

    return cnx_nms(boxes, n, threshold, most, scratch, kept);
}

static void test_suppression(void)
{
    /* Half of either is shared: an IoU of 1/3; of a quarter of a box inside another: 1/4. */
    const CnxBox boxes[] = {{0, 0, 10, 10}, {5, 0, 15, 10}, {0, 0, 5, 5}, {0, 0, 10, 10}};
    guint8 kept[4];

    g_assert_cmpuint(suppress(boxes, 4, 0.3, 4, kept), ==, 2);
    g_assert_true(kept[0] && !kept[1] && kept[2] && !kept[3]);
    g_assert_cmpuint(suppress(boxes, 4, 0.34, 4, kept), ==, 3);
    g_assert_cmpuint(suppress(boxes, 4, 0.25, 4, kept), ==, 2); /* equal is not above */
    g_assert_true(kept[2]);
    g_assert_cmpuint(suppress(boxes, 4, 0.249, 4, kept), ==, 1);
    g_assert_cmpuint(suppress(boxes, 4, 0.34, 2, kept), ==, 2); /* the limit */
    g_assert_true(kept[0] && kept[1] && !kept[2] && !kept[3]);
    g_assert_cmpuint(suppress(boxes, 0, 0.5, 4, kept), ==, 0);
    /* A box that was removed removes none: 1 is removed by 0, 2 overlaps 1 only. */
    const CnxBox chain[] = {{0, 0, 10, 10}, {4, 0, 14, 10}, {8, 0, 18, 10}};
    g_assert_cmpuint(suppress(chain, 3, 0.4, 4, kept), ==, 2);
    g_assert_true(kept[0] && !kept[1] && kept[2]);
    /* Areas without + 1: 1x1 boxes side by side do not overlap, with + 1 they would. */
    const CnxBox pixels[] = {{0, 0, 1, 1}, {1, 0, 2, 1}};
    g_assert_cmpuint(suppress(pixels, 2, 0, 4, kept), ==, 2);
}

/* Boxes without an area, and 1000 that overlap. */
static void test_suppression_of_many(void)
{
    static CnxBox boxes[BOXES];
    static guint8 kept[BOXES];

    for (guint i = 0; i < BOXES; i++)
        boxes[i] = (CnxBox){0, 0, 100 + i * 1e-3f, 100};
    g_assert_cmpuint(suppress(boxes, BOXES, 0.5, BOXES, kept), ==, 1);
    g_assert_cmpuint(suppress(boxes, BOXES, 1, BOXES, kept), ==, BOXES);
    memset(boxes, 0, sizeof boxes);
    g_assert_cmpuint(suppress(boxes, BOXES, 0.5, BOXES, kept), ==, BOXES); /* 0 / 0, as in torch */
}

/* Pasting */

#define FRAME_W 40
#define FRAME_H 30

static void paste_by(CnxPasting pasting, const float *mask, guint side, const float box[4],
                     float *frame)
{
    const CnxPaste a = cnx_detector_paste_area(pasting, side, box, FRAME_W, FRAME_H);

    memset(frame, 0, FRAME_W * FRAME_H * sizeof *frame);
    g_assert_cmpuint(a.x0, <=, a.x1);
    g_assert_cmpuint(a.x1, <=, FRAME_W);
    g_assert_cmpuint(a.y0, <=, a.y1);
    g_assert_cmpuint(a.y1, <=, FRAME_H);
    cnx_detector_paste(pasting, mask, side, box, FRAME_W, FRAME_H, frame + a.y0 * FRAME_W + a.x0,
                       FRAME_W);
}

static void paste(const float *mask, guint side, const float box[4], float *frame)
{
    paste_by(CNX_PASTING_TORCHVISION, mask, side, box, frame);
}

/* A mask of 28 in a box of 28: enlarged by 1 on each side, it is pasted without a resize, but with
 * one row and column more than the padded mask has, since the last pixel counts. */
static void test_paste_area(void)
{
    CnxPaste a = cnx_detector_paste_area(CNX_PASTING_TORCHVISION, 28, (const float[]){5, 3, 33, 31},
                                         100, 100);

    g_assert_cmpuint(a.x0, ==, 4);
    g_assert_cmpuint(a.y0, ==, 2);
    g_assert_cmpuint(a.x1, ==, 35); /* 34 is the last pixel */
    g_assert_cmpuint(a.y1, ==, 33);
    a = cnx_detector_paste_area(CNX_PASTING_TORCHVISION, 28, (const float[]){5, 3, 33, 31}, 20,
                                10); /* cut */
    g_assert_cmpuint(a.x1, ==, 20);
    g_assert_cmpuint(a.y1, ==, 10);
    /* -0.96 is truncated to 0, not to -1: the pixels do not move. */
    a = cnx_detector_paste_area(CNX_PASTING_TORCHVISION, 28,
                                (const float[]){0.04f, 0.04f, 28.04f, 28.04f}, 100, 100);
    g_assert_cmpuint(a.x0, ==, 0);
    g_assert_cmpuint(a.x1, ==, 30);
}

/* Expected values: torchvision's paste_masks_in_image. */
static void test_paste(void)
{
    static const struct {
        guint x, y;
        float value;
    } expected[] = {{0, 3, 0},          {1, 0, 0.0016667f}, {3, 2, 0.063f},
                    {8, 4, 0.6766667f}, {10, 5, 0.3315f},   {11, 7, 0.0141667f}};
    static const float small[] = {0.1f, 0.35f, 0.6f, 0.85f};
    static float mask[28 * 28], frame[FRAME_W * FRAME_H];

    paste(small, 2, (const float[]){2.3f, 1.2f, 9.7f, 6.1f}, frame);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        const float value = frame[expected[i].y * FRAME_W + expected[i].x];

        g_assert_cmpfloat(fabsf(value - expected[i].value), <, 1e-6f);
    }
    for (guint i = 0; i < G_N_ELEMENTS(mask); i++)
        mask[i] = 1;
    paste(mask, 28, (const float[]){5, 3, 33, 31}, frame);
    g_assert_cmpfloat(frame[10 * FRAME_W + 4], ==, 0);
    g_assert_cmpfloat(fabsf(frame[10 * FRAME_W + 5] - 0.9516129f), <, 1e-5f);
    g_assert_cmpfloat(frame[10 * FRAME_W + 20], ==, 1);
}

/* Expected values: mmdetection's _do_paste_mask. */
static void test_paste_sampled(void)
{
    static const struct {
        guint x, y;
        float value;
    } expected[] = {{1, 1, 0.01766409f}, {3, 2, 0.09504966f}, {8, 4, 0.6375896f},
                    {10, 5, 0.1796813f}, {0, 3, 0},           {9, 7, 0}};
    static const float small[] = {0.1f, 0.35f, 0.6f, 0.85f}, box[] = {2.3f, 1.2f, 9.7f, 6.1f};
    static float frame[FRAME_W * FRAME_H];
    const CnxPaste a = cnx_detector_paste_area(CNX_PASTING_MM, 2, box, FRAME_W, FRAME_H);

    g_assert_cmpuint(a.x0, ==, 1);
    g_assert_cmpuint(a.y0, ==, 0);
    g_assert_cmpuint(a.x1, ==, 11);
    g_assert_cmpuint(a.y1, ==, 8);
    paste_by(CNX_PASTING_MM, small, 2, box, frame);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++) {
        const float value = frame[expected[i].y * FRAME_W + expected[i].x];

        g_assert_cmpfloat(fabsf(value - expected[i].value), <, 1e-6f);
    }
}

static void test_hostile_boxes(void)
{
    static const float sides[] = {-1e30f, -1e9f, -3, 0, 0.5f, 7, 1e9f, 1e30f, INFINITY, NAN};
    static float mask[28 * 28], frame[FRAME_W * FRAME_H];
    const guint n = G_N_ELEMENTS(sides);

    for (guint i = 0; i < G_N_ELEMENTS(mask); i++)
        mask[i] = 0.75f;
    for (guint i = 0; i < n * n * n * n; i++) {
        const float box[] = {sides[i % n], sides[i / n % n], sides[i / n / n % n],
                             sides[i / n / n / n]};

        paste_by(i % 2 ? CNX_PASTING_MM : CNX_PASTING_TORCHVISION, mask, 28, box, frame);
        for (guint k = 0; k < G_N_ELEMENTS(frame); k++)
            if (!(frame[k] >= 0 && frame[k] <= 0.75f))
                g_error("box %g %g %g %g gives %g", (double)box[0], (double)box[1], (double)box[2],
                        (double)box[3], (double)frame[k]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/detector/anchors", test_anchors);
    g_test_add_func("/detector/anchors/exact", test_exact_anchors);
    g_test_add_func("/detector/anchors/places", test_anchor_places);
    g_test_add_func("/detector/decoding", test_decoding);
    g_test_add_func("/detector/clipping", test_clipping);
    g_test_add_func("/detector/levels", test_levels);
    g_test_add_func("/detector/levels/inside", test_levels_inside);
    g_test_add_func("/detector/ranking", test_ranking);
    g_test_add_func("/detector/suppression", test_suppression);
    g_test_add_func("/detector/suppression/many", test_suppression_of_many);
    g_test_add_func("/detector/paste/area", test_paste_area);
    g_test_add_func("/detector/paste", test_paste);
    g_test_add_func("/detector/paste/sampled", test_paste_sampled);
    g_test_add_func("/detector/paste/hostile", test_hostile_boxes);
    return g_test_run();
}
