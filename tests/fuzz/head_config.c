/* Fuzz target: a segmenter's config.json beside valid weights. The first byte selects the weights
 * (head_seeds.h), and in its highest bit whether the weights were named or their folder; the rest
 * is the file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/segmenter_config.h"
#include "tests/fuzz/folder.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/head_files.h"
#include "tests/fuzz/head_seeds.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    FuzzReader reader = {data, size};
    const guint kind = fuzz_byte(&reader);
    g_autofree char *file = folder_file(HEAD_FILES_WEIGHTS);
    GError *error = NULL;
    guint count;
    HeadSeed *seeds = head_seeds(&count), *seed = &seeds[kind % 128 % count];

    if (!seed->family)
        return 0;
    folder_write("config.json", reader.data, reader.left);
    g_autofree gpointer head = g_malloc(seed->family->size);
    g_autoptr(CnxHeadInfo) info =
        cnx_segmenter_describe(seed->family, head, seed->checkpoint, &seed->tensors,
                               kind & 128 ? file : folder_path(), NULL, &error);
    head_files_check_error(info != NULL, error);
    if (info)
        head_files_check(info);
    return 0;
}
