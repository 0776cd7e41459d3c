/* Fuzz target: a whole checkpoint, from the file to the packed weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/model.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const char *path = memory_file(data, size);
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);

    fuzz_check(model != NULL, error, path);
    if (model) {
        g_assert_cmpuint(cnx_model_config(model)->parameters, >, 0);
        g_assert_cmpuint(cnx_model_memory(model), >, 0);
    }
    cnx_model_unref(model);
    return 0;
}
