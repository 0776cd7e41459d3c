/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/bench/model.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/bench/clock.h"
#include "tests/fixtures/seeded.h"

/* Writes a seeded network to a temporary file; returns its path, or NULL if name is not one. */
static char *write_seeded(const char *name, GError **error)
{
    for (guint i = 0; i < SEEDED_NETWORKS; i++)
        if (g_str_equal(seeded_networks[i].name, name)) {
            char *path =
                g_strdup_printf("%s/%s-%d.safetensors", g_get_tmp_dir(), name, (int)getpid());

            seeded_checkpoint(path, &seeded_networks[i], error);
            return path;
        }
    return NULL;
}

CnxPrecision bench_precision(const char *name)
{
    for (CnxPrecision p = CNX_PRECISION_FP32; p <= CNX_PRECISION_INT8; p++)
        if (g_str_equal(name, cnx_precision_name(p)))
            return p;
    fprintf(stderr, "%s is not a precision; expected fp32, bf16 or int8\n", name);
    exit(2);
}

CnxModel *bench_open_model(const char *name, CnxPrecision precision, double *load_ms)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO, .precision = precision};
    g_autoptr(GError) error = NULL;
    g_autofree char *temporary = write_seeded(name, &error);
    CnxModel *model = NULL;
    const double begin = clock_ms();

    if (!error)
        model = cnx_model_open_with(temporary ? temporary : name, &options, NULL, NULL, &error);
    if (load_ms)
        *load_ms = clock_ms() - begin;
    if (temporary)
        g_remove(temporary);
    if (!model) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
    return model;
}
