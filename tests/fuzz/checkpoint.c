/* Fuzz target: a whole checkpoint, from the file to the packed weights. A file of an odd size is
 * opened with an activation for its head.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const char *path = memory_file(data, size);
    const CnxOpenOptions options = {.head_activation = size % 2 ? "relu" : NULL};
    GError *error = NULL;
    CnxModel *model = cnx_model_open_with(path, &options, NULL, NULL, &error);

    fuzz_check(model != NULL, error, path);
    if (model) {
        g_assert_cmpuint(cnx_model_config(model)->parameters, >, 0);
        g_assert_cmpuint(cnx_model_memory(model), >, 0);
    }
    cnx_model_unref(model);
    return 0;
}
