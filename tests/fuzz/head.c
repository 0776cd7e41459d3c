/* Fuzz target: a segmenter or detector, from its files to a run. The first byte selects how the
 * files are opened, and by what; the files follow (head_files.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/detector.h"
#include "model/heads/segmenter.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_files.h"

#define SIDE 64u /* of the run's input */
#define MEMORY_MAX (64u << 20)

/* Bits of the first byte */
enum {
    KIND_DETECTOR = 1, /* otherwise a segmenter */
    KIND_FILE = 2,     /* the file is named, not its folder */
    KIND_RUN = 4,
    KIND_CONVNEXT = 8, /* the backbone as a classifier as well */
};

static void run_segmenter(CnxSegmenter *segmenter, const float *image)
{
    const gsize size = cnx_segmenter_run_measure(segmenter, SIDE, SIDE, 1);
    g_autoptr(GError) error = NULL;

    if (size == 0 || size > MEMORY_MAX)
        return;
    g_autoptr(CnxSegmenterRun) run = cnx_segmenter_run_new(segmenter, SIDE, SIDE, 1, &error);
    g_assert_no_error(error);
    const CnxMap *logits = cnx_segmenter_run_forward(run, image);
    g_assert_cmpuint(logits->channels, ==, cnx_segmenter_info(segmenter)->classes);
}

static void open_segmenter(const char *path, guint kind, const float *image)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    g_autoptr(CnxSegmenter) segmenter = cnx_segmenter_open(path, &options, NULL, NULL, &error);

    fuzz_check(segmenter != NULL, error, folder_path());
    if (!segmenter)
        return;
    head_files_check(cnx_segmenter_info(segmenter));
    if (kind & KIND_RUN)
        run_segmenter(segmenter, image);
}

static void run_detector(CnxDetector *detector, const float *image)
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
    const CnxDetections *found = cnx_detector_run_forward(run, image, SIDE - 5, SIDE);
    g_assert_cmpuint(found->n, <=, settings.max_objects);
    for (guint i = 0; i < found->n; i++) {
        const CnxDetection *o = &found->items[i];

        g_assert_true(o->x0 >= 0 && o->x0 <= o->x1 && o->x1 <= (float)(SIDE - 5));
        g_assert_true(o->y0 >= 0 && o->y0 <= o->y1 && o->y1 <= (float)SIDE);
        g_assert_true(o->score >= 0 && o->score <= 1);
        g_assert_cmpuint(o->index, <, cnx_detector_info(detector)->classes);
    }
}

static void open_detector(const char *path, guint kind, const float *image)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    g_autoptr(CnxDetector) detector = cnx_detector_open(path, &options, NULL, NULL, &error);

    fuzz_check(detector != NULL, error, folder_path());
    if (!detector)
        return;
    head_files_check(cnx_detector_info(detector));
    if (kind & KIND_RUN)
        run_detector(detector, image);
}

static void open_backbone(const char *path)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    g_autoptr(CnxModel) model = cnx_model_open_with(path, &options, NULL, NULL, &error);

    fuzz_check(model != NULL, error, folder_path());
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    static float image[SIDE * SIDE * 3];
    FuzzReader reader = {data, size};
    const guint kind = fuzz_byte(&reader);
    g_autofree char *file = folder_file(HEAD_FILES_WEIGHTS);
    const char *path = kind & KIND_FILE ? file : folder_path();

    for (guint i = 0; image[0] == 0 && i < G_N_ELEMENTS(image); i++)
        image[i] = (float)((i * 37 + 11) % 101) / 50 - 1;
    if (!head_files_write(&reader))
        return 0;
    if (kind & KIND_CONVNEXT)
        open_backbone(path);
    if (kind & KIND_DETECTOR)
        open_detector(path, kind, image);
    else
        open_segmenter(path, kind, image);
    return 0;
}
