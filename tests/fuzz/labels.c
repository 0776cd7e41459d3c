/* Fuzz target: a labels file, for a network with one class per line of the file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/labels.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    GError *error = NULL;
    guint count = size > 0 && data[size - 1] != '\n';

    for (gsize i = 0; i < size; i++)
        count += data[i] == '\n';
    g_auto(GStrv) labels = cnx_labels_parse((const char *)data, size, count, FUZZ_FILE, &error);
    fuzz_check(labels != NULL, error, FUZZ_FILE);
    if (labels)
        g_assert_cmpuint(g_strv_length(labels), ==, count);
    return 0;
}
