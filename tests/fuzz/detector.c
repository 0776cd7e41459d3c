/* Fuzz target: a detector's config.json ('c', or 'm' for a cascade, and the text), or numbers as
 * boxes and scores ('n' and floats): decoding, ranking, suppression, levels, RoIAlign at each isa
 * level, and pasting.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/heads/detector.h"
#include "model/heads/detector_config.h"
#include "model/heads/detector_rules.h"
#include "model/heads/nms.h"
#include "simd/kernels.h"
#include "tests/fuzz/fuzz.h"

#define BOXES 200
#define SIDE 16 /* of the map and of the frame */
#define CHANNELS 5
#define BIN 3

static void read_config(const char *text, gsize size, guint stages)
{
    static const guint depths[] = {1, 1, 2, 1}, dims[] = {12, 16, 24, 32};
    const CnxDetectorShape shape = {.rules = stages > 1 ? &cnx_detector_mmdetection
                                                        : &cnx_detector_torchvision,
                                    .inner = 3,
                                    .widths = {16, 24, 32},
                                    .channels = 20,
                                    .anchors = 4,
                                    .classes = 3,
                                    .stages = stages};
    g_autoptr(CnxConfig) backbone = cnx_config_new();
    g_autoptr(CnxHeadInfo) info = cnx_head_info_new();
    GError *error = NULL;
    CnxBudget budget = {CNX_BUDGET_FIXED};
    g_autoptr(JsonObject) object = cnx_json_parse(text, size, &budget, FUZZ_FILE, &error);
    const CnxJson json = {object, FUZZ_FILE, &error, &budget};
    CnxDetectorConfig config;

    memcpy(backbone->depths, depths, sizeof depths);
    memcpy(backbone->dims, dims, sizeof dims);
    const gboolean ok = object && cnx_detector_config_apply(&config, &shape, backbone, &json,
                                                            FUZZ_FILE, TRUE, info, &error);
    fuzz_check(ok, error, FUZZ_FILE);
    g_assert(!ok || (config.levels == 3 || config.levels == 4));
    g_assert(!ok ||
             (config.roi_count >= 1 && config.roi_first + config.roi_count <= config.levels));
}

static void check_rank(const float *numbers, guint count)
{
    static CnxRanked best[BOXES];
    guint dropped = 0;
    const guint n = cnx_rank_best(numbers, count / 2, 1, 2, best, BOXES / 2, &dropped);

    for (guint i = 1; i < n; i++)
        g_assert(cnx_rank_before(best[i - 1], best[i]));
    g_assert(n + dropped <= count / 2);
}

/* RoIAlign at every level equals that in C, whatever the box; the map's values are from 0 to 1. */
static void check_align(const float *map, const float corners[4], guint kind)
{
    static const int sampling[] = {2, 0, 1, 3};
    const CnxRoiAlign roi = {map, SIDE, SIDE, CHANNELS, 0.25f, BIN, sampling[kind % 4], kind / 4};
    float expected[BIN * BIN * CHANNELS], pooled[BIN * BIN * CHANNELS];

    cnx_kernels_get(CNX_ISA_C)->roialign(expected, &roi, corners);
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert(expected[i] >= 0 && expected[i] < 1.001f);
    for (CnxIsa level = CNX_ISA_C + 1; level < CNX_ISA_COUNT; level++) {
        if (!cnx_isa_is_supported(level))
            continue;
        cnx_kernels_get(level)->roialign(pooled, &roi, corners);
        for (guint i = 0; i < G_N_ELEMENTS(pooled); i++)
            g_assert(fabsf(pooled[i] - expected[i]) < 1e-3f);
    }
}

static void check_box(CnxBox box, guint kind, gboolean is_mm)
{
    static float map[SIDE * SIDE * CHANNELS], mask[BIN * BIN], frame[SIDE * SIDE];
    const CnxPasting pasting = is_mm ? CNX_PASTING_MM : CNX_PASTING_TORCHVISION;
    const float corners[] = {box.x0, box.y0, box.x1, box.y1};
    const CnxPaste area = cnx_detector_paste_area(pasting, BIN, corners, SIDE, SIDE);

    for (guint i = 0; map[0] == 0 && i < G_N_ELEMENTS(map); i++)
        map[i] = (float)(i * 37 % 101 + 1) / 101;
    g_assert((is_mm ? cnx_box_level_inside(box, 4) : cnx_box_level(box, 2, 5)) <= 3);
    check_align(map, corners, kind);
    g_assert(area.x0 <= area.x1 && area.x1 <= SIDE && area.y0 <= area.y1 && area.y1 <= SIDE);
    cnx_detector_paste(pasting, mask, BIN, corners, SIDE, SIDE, frame + area.y0 * SIDE + area.x0,
                       SIDE);
}

/* floats: boxes, each followed by its deltas. */
static void check_numbers(const guint8 *data, gsize size)
{
    static const float weights[] = {10, 10, 5, 5};
    static float numbers[8 * BOXES], areas[BOXES];
    static CnxBox boxes[BOXES];
    static guint8 kept[BOXES];
    const guint count = (guint)MIN(size / (8 * sizeof(float)), BOXES);
    guint valid = 0;

    memcpy(numbers, data, count * 8 * sizeof *numbers);
    check_rank(numbers, 8 * count);
    for (guint i = 0; i < count; i++) {
        const float *n = numbers + 8 * i;
        const CnxBox box = {n[0], n[1], n[2], n[3]};

        check_box(box, i % 8, FALSE);
        check_box(box, i % 8, TRUE);
        boxes[valid] = cnx_box_clip(cnx_box_decode(box, n + 4, weights, i % 2), SIDE, SIDE);
        valid += cnx_box_is_valid(boxes[valid], 1e-2f);
    }
    g_assert(cnx_nms(boxes, valid, 0.5, BOXES, areas, kept) <= valid);
    g_assert(valid == 0 || kept[0]);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    if (size > 0 && (data[0] == 'c' || data[0] == 'm'))
        read_config((const char *)data + 1, size - 1, data[0] == 'm' ? 3 : 1);
    else if (size > 0)
        check_numbers(data + 1, size - 1);
    return 0;
}
