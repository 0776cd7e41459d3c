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

CnxModel *bench_open_model(const char *name, double *load_ms)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *temporary = write_seeded(name, &error);
    CnxModel *model = NULL;
    const double begin = clock_ms();

    if (!error)
        model = cnx_model_open(temporary ? temporary : name, CNX_WEIGHT_SET_AUTO, &error);
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
