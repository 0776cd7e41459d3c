/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/scse.h"

#include <math.h>
#include <string.h>

#include "model/threads/threads.h"

#define PIXELS 256 /* of a task */

static gboolean pack_layer(CnxHeadPacker *packer, const char *module, const char *leaf,
                           CnxHeadLayer layer, CnxAct act, CnxConv *conv)
{
    g_autofree char *name = g_strconcat(module, leaf, NULL);

    layer.module = name;
    layer.side = 1;
    return cnx_head_pack_conv(packer, &layer, act, conv);
}

gboolean cnx_scse_pack(CnxScse *scse, CnxHeadPacker *packer, const char *module, guint channels)
{
    g_autofree char *squeeze = g_strconcat(module, ".cSE.1", NULL);
    g_autofree char *excite = g_strconcat(module, ".cSE.3", NULL);
    g_autofree char *weight = g_strconcat(squeeze, ".weight", NULL);
    const CnxTensor *tensor = cnx_head_tensor(packer->tensors, weight);

    if (!pack_layer(packer, module, ".sSE.0", (CnxHeadLayer){.n = 1, .k = channels}, CNX_ACT_NONE,
                    &scse->spatial))
        return FALSE;
    if (tensor && tensor->elements == 0) {
        cnx_head_ignore(packer->tensors, squeeze);
        cnx_head_ignore(packer->tensors, excite);
        return cnx_head_pack_vector(packer, excite, "bias", channels, &scse->rest);
    }
    return pack_layer(packer, module, ".cSE.1", (CnxHeadLayer){.k = channels}, CNX_ACT_RELU,
                      &scse->squeeze) &&
           pack_layer(packer, module, ".cSE.3", (CnxHeadLayer){.n = channels, .k = scse->squeeze.n},
                      CNX_ACT_NONE, &scse->excite);
}

static float sigmoid(float x)
{
    return 1 / (1 + expf(-x));
}

typedef struct Gate {
    const CnxHeadMap *map, *channels, *spatial;
    gsize pixels;
} Gate;

static void gate_task(gpointer data, guint task, guint slot)
{
    const Gate *gate = data;
    const guint c = gate->map->channels;
    const gsize end = MIN(gate->pixels, (task + (gsize)1) * PIXELS);

    (void)slot;
    for (gsize i = (gsize)task * PIXELS; i < end; i++) {
        const float spatial = sigmoid(gate->spatial->data[i]);
        float *x = gate->map->data + i * c;

        for (guint k = 0; k < c; k++)
            x[k] = x[k] * gate->channels->data[k] + x[k] * spatial;
    }
}

/* [1, 1, channels]: sigmoid(W2 relu(W1 mean(x))) */
static CnxHeadMap excite(const CnxScse *scse, CnxSteps *steps, const CnxHeadMap *map)
{
    CnxHeadMap gates;

    if (scse->squeeze.n == 0) {
        gates = cnx_head_maps_take(&steps->maps, 1, 1, map->channels);
        if (gates.data)
            memcpy(gates.data, scse->rest, map->channels * sizeof *gates.data);
    } else {
        CnxHeadMap mean = cnx_step_pool(steps, map, 1);
        CnxHeadMap hidden = cnx_step_conv(steps, &scse->squeeze, &mean);

        gates = cnx_step_conv(steps, &scse->excite, &hidden);
        cnx_head_maps_release(&steps->maps, &mean);
        cnx_head_maps_release(&steps->maps, &hidden);
    }
    for (guint k = 0; gates.data && k < map->channels; k++)
        gates.data[k] = sigmoid(gates.data[k]);
    return gates;
}

void cnx_scse_run(const CnxScse *scse, CnxSteps *steps, CnxHeadMap *map)
{
    CnxHeadMap gates = excite(scse, steps, map);
    CnxHeadMap spatial = cnx_step_conv(steps, &scse->spatial, map);
    Gate gate = {map, &gates, &spatial, (gsize)map->height * map->width};
    const gsize tasks = (gate.pixels + PIXELS - 1) / PIXELS;

    if (map->data)
        cnx_threads_loop(steps->dense.threads, (guint)tasks, gate_task, &gate);
    cnx_head_maps_release(&steps->maps, &gates);
    cnx_head_maps_release(&steps->maps, &spatial);
}
