/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/networks.h"

#include <stdio.h>

#include "model/containers/container.h"
#include "tests/fixtures/seeded.h"

char *networks_fixture(const char *name, const char *suffix)
{
    return g_strconcat(FIXTURES "/networks/", name, suffix, NULL);
}

CnxOutput networks_outputs(const CnxModel *model)
{
    const CnxConfig *config = cnx_model_config(model);
    guint outputs = CNX_OUTPUT_EMBEDDING | (config->classes > 0 ? CNX_OUTPUT_LOGITS : 0);

    for (guint i = 0; i < config->stages; i++)
        outputs |= CNX_OUTPUT_STAGE1 << i;
    return outputs;
}

CnxRun *networks_run(CnxModel *model, const char *input, guint threads, guint *n)
{
    guint width, height;
    GError *error = NULL;
    CnxRun *run;

    *n = 1;
    g_assert_cmpint(sscanf(input, "%ux%ux%u", &width, &height, n), >=, 2);
    run = cnx_run_new(model, width, height, *n, networks_outputs(model), threads, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < *n; i++) {
        g_autofree char *image = g_strdup_printf("%s/%u", input, i);

        seeded_input(cnx_run_input(run, i), image, height, width);
    }
    return run;
}

const CnxMap *networks_map(const CnxOutputs *outputs, const char *name)
{
    if (g_str_equal(name, "logits"))
        return &outputs->logits;
    if (g_str_equal(name, "embedding"))
        return &outputs->embedding;
    g_assert_true(g_str_has_prefix(name, "stage") && name[5] >= '1' && name[5] <= '4');
    return &outputs->stage[name[5] - '1'];
}

gsize networks_count(const CnxMap *map)
{
    return (gsize)map->n * map->height * map->width * map->channels;
}

float *networks_find_tensor(char *file, gsize length, const char *name, gsize *count, gsize *inputs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxContainer) container = cnx_container_open_bytes(
        (const guint8 *)file, length, CNX_WEIGHT_SET_AUTO, "network", &error);
    guint n;

    g_assert_no_error(error);
    const CnxTensor *tensors = cnx_container_tensors(container, &n);
    for (guint i = 0; i < n; i++) {
        if (!g_str_equal(tensors[i].name, name))
            continue;
        g_assert_cmpint(tensors[i].dtype, ==, CNX_DTYPE_F32);
        *count = tensors[i].elements;
        *inputs = *count / tensors[i].shape[0];
        return (float *)(file + ((const char *)tensors[i].data - file));
    }
    g_error("no tensor %s", name);
}
