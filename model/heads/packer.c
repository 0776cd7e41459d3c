/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/packer.h"

#include <string.h>

/* Memory for `bytes` bytes; NULL while counting. */
static gpointer take(CnxHeadPacker *packer, gsize bytes)
{
    gpointer memory = packer->memory ? packer->memory + packer->size : NULL;

    packer->size += (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
    return memory;
}

static CnxConv conv_of(const CnxHeadPacker *packer, const CnxHeadLayer *layer, guint k,
                       guint dilation, CnxAct act)
{
    return (CnxConv){
        .n = layer->n,
        .k = k,
        .side = layer->side,
        .dilation = dilation,
        .way = layer->side == 3 ? cnx_conv_choose(layer->n, k, dilation, packer->form)
                                : CNX_CONV_DIRECT,
        .form = packer->form,
        .act = act,
    };
}

gboolean cnx_head_pack_dilated(CnxHeadPacker *packer, CnxHeadLayer *layer, guint dilation,
                               CnxAct act, CnxConv *conv)
{
    g_auto(CnxHeadRows) rows = {NULL, NULL};

    if (!cnx_head_layer_check(packer->tensors, layer, packer->error))
        return FALSE;
    *conv = conv_of(packer, layer, layer->k, dilation, act);
    gpointer packed = take(packer, cnx_conv_packed_size(packer->kernels, conv));
    float *bias = take(packer, layer->n * sizeof *bias);
    if (!packer->memory)
        return TRUE;
    if (!cnx_head_layer_read(packer->tensors, layer, &rows, packer->error))
        return FALSE;
    cnx_conv_pack(packer->kernels, conv, packed, rows.weight,
                  (gsize)layer->k * layer->side * layer->side);
    conv->bias = memcpy(bias, rows.bias, layer->n * sizeof *bias);
    return TRUE;
}

gboolean cnx_head_pack_conv(CnxHeadPacker *packer, CnxHeadLayer *layer, CnxAct act, CnxConv *conv)
{
    return cnx_head_pack_dilated(packer, layer, 1, act, conv);
}

/* [channels, taps] to [taps, channels] */
static void permute_taps(float *dst, const float *src, guint channels, guint taps)
{
    for (guint tap = 0; tap < taps; tap++)
        for (guint i = 0; i < channels; i++)
            *dst++ = src[(gsize)i * taps + tap];
}

gboolean cnx_head_pack_depthwise(CnxHeadPacker *packer, const char *module, guint channels,
                                 guint side, guint dilation, CnxDepthwise *depthwise)
{
    const guint taps = side * side;
    g_autofree char *name = g_strconcat(module, ".weight", NULL);
    guint64 shape[] = {channels, 1, side, side};
    const CnxTensor *tensor = cnx_head_need(packer->tensors, name, 4, shape, packer->error);
    float *weight = take(packer, (gsize)channels * taps * sizeof *weight);
    float *bias = take(packer, channels * sizeof *bias);

    if (!tensor)
        return FALSE;
    *depthwise = (CnxDepthwise){channels, side, dilation, weight, bias};
    if (!packer->memory)
        return TRUE;
    g_autofree float *numbers = cnx_head_read_numbers(packer->tensors, tensor, packer->error);
    if (!numbers)
        return FALSE;
    permute_taps(weight, numbers, channels, taps);
    memset(bias, 0, channels * sizeof *bias);
    return TRUE;
}

/* Packs the part whose weights begin at weight; NULL: only counts. */
static void pack_part(CnxHeadPacker *packer, const CnxHeadLayer *layer, guint k,
                      const float *weight, CnxHeadParts *parts, guint i)
{
    const gsize ldw = (gsize)layer->k * layer->side * layer->side;

    if (parts->scaling[i] == CNX_SCALING_NONE) {
        CnxConv *conv = &parts->conv[i];

        *conv = conv_of(packer, layer, k, 1, CNX_ACT_NONE);
        gpointer packed = take(packer, cnx_conv_packed_size(packer->kernels, conv));
        if (weight)
            cnx_conv_pack(packer->kernels, conv, packed, weight, ldw);
    } else {
        CnxPartWeights *weights = &parts->weights[i];

        *weights = (CnxPartWeights){layer->n, k, layer->side, packer->form, NULL};
        gpointer packed = take(packer, cnx_part_packed_size(packer->kernels, weights));
        if (weight)
            cnx_part_pack(packer->kernels, weights, packed, weight, ldw);
    }
}

gboolean cnx_head_pack_parts(CnxHeadPacker *packer, CnxHeadLayer *layer, CnxAct act, const guint *k,
                             CnxHeadParts *parts)
{
    const gsize taps = (gsize)layer->side * layer->side;
    g_auto(CnxHeadRows) rows = {NULL, NULL};

    layer->k = 0;
    for (guint i = 0; i < parts->count; i++)
        layer->k += k[i];
    if (!cnx_head_layer_check(packer->tensors, layer, packer->error) ||
        (packer->memory && !cnx_head_layer_read(packer->tensors, layer, &rows, packer->error)))
        return FALSE;
    parts->n = layer->n;
    parts->act = act;
    gsize first = 0;
    for (guint i = 0; i < parts->count; i++) {
        pack_part(packer, layer, k[i], rows.weight ? rows.weight + first * taps : NULL, parts, i);
        first += k[i];
    }
    float *bias = take(packer, layer->n * sizeof *bias);
    if (packer->memory)
        parts->bias = memcpy(bias, rows.bias, layer->n * sizeof *bias);
    return TRUE;
}

/* Sets the names of the layer's modules. */
static void name_layer(const CnxHeadPacker *packer, const char *module, CnxHeadEndings endings,
                       char **conv, char **norm, CnxHeadLayer *layer)
{
    *conv = g_strconcat(module, endings.conv, NULL);
    *norm = g_strconcat(module, endings.norm, NULL);
    layer->module = *conv;
    layer->norm = cnx_head_has_norm(packer->tensors, *conv, *norm) ? *norm : NULL;
}

gboolean cnx_head_pack_conv_module(CnxHeadPacker *packer, const char *module,
                                   CnxHeadEndings endings, CnxHeadLayer layer, CnxAct act,
                                   CnxConv *conv)
{
    g_autofree char *conv_name = NULL, *norm_name = NULL;

    name_layer(packer, module, endings, &conv_name, &norm_name, &layer);
    return cnx_head_pack_conv(packer, &layer, act, conv);
}

gboolean cnx_head_pack_parts_module(CnxHeadPacker *packer, const char *module,
                                    CnxHeadEndings endings, CnxHeadLayer layer, CnxAct act,
                                    const guint *k, CnxHeadParts *parts)
{
    g_autofree char *conv_name = NULL, *norm_name = NULL;

    name_layer(packer, module, endings, &conv_name, &norm_name, &layer);
    return cnx_head_pack_parts(packer, &layer, act, k, parts);
}

gboolean cnx_head_pack_vector(CnxHeadPacker *packer, const char *module, const char *leaf, guint n,
                              const float **vector)
{
    g_autofree char *name = g_strconcat(module, ".", leaf, NULL);
    guint64 shape[] = {n};
    float *memory = take(packer, n * sizeof *memory);

    if (!packer->memory)
        return cnx_head_need(packer->tensors, name, 1, shape, packer->error) != NULL;
    g_autofree float *numbers = cnx_head_read_vector(packer->tensors, name, n, packer->error);
    if (!numbers)
        return FALSE;
    *vector = memcpy(memory, numbers, n * sizeof *memory);
    return TRUE;
}

gboolean cnx_head_pack_norm(CnxHeadPacker *packer, const char *module, guint n, float eps,
                            CnxHeadNorm *norm)
{
    *norm = (CnxHeadNorm){.n = n, .eps = eps};
    return cnx_head_pack_vector(packer, module, "weight", n, &norm->weight) &&
           cnx_head_pack_vector(packer, module, "bias", n, &norm->bias);
}
