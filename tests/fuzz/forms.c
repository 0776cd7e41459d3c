/* Fuzz target: the forms that training tools leave, with an adapter_config.json. The input is the
 * config, a zero byte, and a checkpoint file of any format.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/forms.h"

#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

static char *folder, *config_path;

static void remove_folder(void)
{
    g_remove(config_path);
    g_rmdir(folder);
    g_free(config_path);
    g_free(folder);
}

static void write_config(const guint8 *text, gsize size)
{
    if (!folder) {
        folder = g_dir_make_tmp("convnext-fuzz-XXXXXX", NULL);
        g_assert_nonnull(folder);
        config_path = g_build_filename(folder, "adapter_config.json", NULL);
        atexit(remove_folder);
    }
    g_assert_true(g_file_set_contents_full(config_path, (const char *)text, (gssize)size,
                                           G_FILE_SET_CONTENTS_NONE, 0600, NULL));
}

/* Reads every tensor as a whole and in two parts, which yields the same. */
static void read_tensor(const CnxTensor *t)
{
    const gsize half = t->elements / 2;

    if (t->dtype == CNX_DTYPE_OTHER || !t->elements)
        return;
    g_autofree float *numbers = g_new(float, t->elements), *parts = g_new(float, t->elements);
    cnx_tensor_to_float(t, numbers);
    cnx_tensor_range_to_float(t, half, t->elements - half, parts + half);
    cnx_tensor_range_to_float(t, 0, half, parts);
    g_assert_cmpmem(numbers, t->elements * sizeof *numbers, parts, t->elements * sizeof *parts);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    const guint8 *end = size ? memchr(data, 0, size) : NULL;
    GError *error = NULL;
    CnxForms forms = {0};

    if (!end)
        return 0;
    write_config(data, (gsize)(end - data));
    const gsize rest = size - (gsize)(end + 1 - data);
    g_autoptr(CnxContainer) container =
        cnx_container_open_bytes(end + 1, rest, CNX_WEIGHT_SET_AUTO, FUZZ_FILE, &error);
    fuzz_check(container != NULL, error, FUZZ_FILE);
    if (!container)
        return 0;
    const gboolean ok = cnx_forms_compose(&forms, container, folder, FUZZ_FILE, &error);
    /* The error is about one of two files. */
    fuzz_check(ok, error,
               error && g_str_has_prefix(error->message, FUZZ_FILE) ? FUZZ_FILE : config_path);
    CnxFormsSummary *summary = cnx_forms_summary_new();
    for (guint i = 0; ok && i < forms.count; i++) {
        g_assert_true(!forms.faults[i] || g_utf8_validate(forms.faults[i], -1, NULL));
        g_assert_true(i == 0 || strcmp(forms.tensors[i - 1].name, forms.tensors[i].name) < 0);
        cnx_forms_summary_add(summary, &forms.tensors[i]);
        read_tensor(&forms.tensors[i]);
    }
    g_strfreev(cnx_forms_summary_end(summary));
    cnx_forms_clear(&forms);
    return 0;
}
