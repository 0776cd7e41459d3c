/* Fuzz target: a segmenter or detector, from its files to a run. The first byte selects how far it
 * goes, how the files are opened, and by what; the files follow (head_files.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_files.h"
#include "tests/fuzz/head_run.h"

/* Bits of the first byte */
enum {
    KIND_DETECTOR = 1, /* otherwise a segmenter */
    KIND_FILE = 2,     /* the file is named, not its folder */
    KIND_RUN = 4,      /* the weights are packed and the network runs */
    KIND_CONVNEXT = 8, /* the backbone as a classifier as well */
};

/* A CnxModelCheckFn that allows no weights: the files have been read, and every shape checked. */
static gboolean allow(const CnxConfig *config, gsize weights, gpointer kind, GError **error)
{
    if (GPOINTER_TO_UINT(kind) & KIND_RUN)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "%s: not asked for", folder_path());
    return FALSE;
}

static void open_segmenter(const char *path, guint kind)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    g_autoptr(CnxSegmenter) segmenter =
        cnx_segmenter_open(path, &options, allow, GUINT_TO_POINTER(kind), &error);

    fuzz_check(segmenter != NULL, error, folder_path());
    if (!segmenter)
        return;
    head_files_check(cnx_segmenter_info(segmenter));
    head_run_segmenter(segmenter);
}

static void open_detector(const char *path, guint kind)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    g_autoptr(CnxDetector) detector =
        cnx_detector_open(path, &options, allow, GUINT_TO_POINTER(kind), &error);

    fuzz_check(detector != NULL, error, folder_path());
    if (!detector)
        return;
    head_files_check(cnx_detector_info(detector));
    head_run_detector(detector);
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
    FuzzReader reader = {data, size};
    const guint kind = fuzz_byte(&reader);
    g_autofree char *file = folder_file(HEAD_FILES_WEIGHTS);
    const char *path = kind & KIND_FILE ? file : folder_path();

    if (!head_files_write(&reader))
        return 0;
    if (kind & KIND_CONVNEXT)
        open_backbone(path);
    if (kind & KIND_DETECTOR)
        open_detector(path, kind);
    else
        open_segmenter(path, kind);
    return 0;
}
