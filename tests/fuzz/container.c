/* Fuzz target: a checkpoint file of any format. Every tensor that the container returns can be
 * read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/container.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const CnxWeightSet requested_set = size ? data[size - 1] % 3 : CNX_WEIGHT_SET_AUTO;
    GError *error = NULL;

    g_autoptr(CnxContainer) container =
        cnx_container_open_bytes(data, size, requested_set, FUZZ_FILE, &error);
    guint count = 0;

    fuzz_check(container != NULL, error, FUZZ_FILE);
    if (!container)
        return 0;
    const CnxTensor *tensors = cnx_container_tensors(container, &count);
    for (guint i = 0; i < count; i++) {
        const CnxTensor *t = &tensors[i];

        g_assert_true(g_utf8_validate(t->name, -1, NULL));
        g_assert_cmpuint(t->rank, <=, CNX_MAX_RANK);
        if (t->dtype == CNX_DTYPE_OTHER)
            continue;
        g_assert_cmpuint(t->elements, <=, 64 * size); /* deflated data may be larger than size */
        g_autofree float *numbers = g_new(float, t->elements);
        cnx_tensor_to_float(t, numbers);
    }
    return 0;
}
