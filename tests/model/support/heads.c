/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/heads.h"

#include "tests/fixtures/seeded.h"

CnxModel *heads_open_model(const char *path, const char *activation)
{
    const CnxOpenOptions options = {.head_activation = activation};
    GError *error = NULL;
    CnxModel *model = cnx_model_open_with(path, &options, NULL, NULL, &error);

    g_assert_no_error(error);
    return model;
}

CnxRun *heads_run(CnxModel *model, guint n, CnxOutput outputs)
{
    GError *error = NULL;
    CnxRun *run = cnx_run_new(model, HEADS_SIDE, HEADS_SIDE, n, outputs, 1, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < n; i++) {
        g_autofree char *image = g_strdup_printf("32x32/%u", i);

        seeded_input(cnx_run_input(run, i), image, HEADS_SIDE, HEADS_SIDE);
    }
    return run;
}
