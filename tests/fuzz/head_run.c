/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/head_run.h"

#define SIDE 64u
#define MEMORY_MAX (64u << 20)

static const float *picture(void)
{
    static float image[SIDE * SIDE * 3];

    for (guint i = 0; image[0] == 0 && i < G_N_ELEMENTS(image); i++)
        image[i] = (float)((i * 37 + 11) % 101) / 50 - 1;
    return image;
}

void head_run_segmenter(CnxSegmenter *segmenter)
{
    const gsize size = cnx_segmenter_run_measure(segmenter, SIDE, SIDE, 1);
    g_autoptr(GError) error = NULL;

    if (size == 0 || size > MEMORY_MAX)
        return;
    g_autoptr(CnxSegmenterRun) run = cnx_segmenter_run_new(segmenter, SIDE, SIDE, 1, &error);
    g_assert_no_error(error);
    const CnxMap *logits = cnx_segmenter_run_forward(run, picture());
    g_assert_cmpuint(logits->channels, ==, cnx_segmenter_info(segmenter)->classes);
}

void head_run_detector(CnxDetector *detector)
{
    const CnxDetectorSettings wanted = {.score_threshold = -1,
                                        .nms_threshold = -1,
                                        .max_objects = 20,
                                        .proposals = 30,
                                        .masks = TRUE};
    const CnxDetectorSettings settings = cnx_detector_settings(detector, &wanted);
    const gsize size = cnx_detector_run_measure(detector, SIDE, SIDE, &settings, 1);
    g_autoptr(GError) error = NULL;

    if (size == 0 || size > MEMORY_MAX)
        return;
    g_autoptr(CnxDetectorRun) run =
        cnx_detector_run_new(detector, SIDE, SIDE, &settings, 1, &error);
    g_assert_no_error(error);
    const CnxDetections *found = cnx_detector_run_forward(run, picture(), SIDE - 5, SIDE);
    g_assert_cmpuint(found->n, <=, settings.max_objects);
    for (guint i = 0; i < found->n; i++) {
        const CnxDetection *o = &found->items[i];

        g_assert_true(o->x0 >= 0 && o->x0 <= o->x1 && o->x1 <= (float)(SIDE - 5));
        g_assert_true(o->y0 >= 0 && o->y0 <= o->y1 && o->y1 <= (float)SIDE);
        g_assert_true(o->score >= 0 && o->score <= 1);
        g_assert_cmpuint(o->index, <, cnx_detector_info(detector)->classes);
    }
}
