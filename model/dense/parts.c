/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/parts.h"

gsize cnx_part_packed_size(const CnxKernels *kernels, const CnxPartWeights *weights)
{
    return cnx_spread_packed_size(kernels, weights);
}

void cnx_part_pack(const CnxKernels *kernels, CnxPartWeights *weights, void *memory,
                   const float *weight, gsize ldw)
{
    cnx_spread_pack(kernels, weights, memory, weight, ldw, (gsize)weights->side * weights->side);
}

/* The terms of an interpolated map: each tap of the kernel reads the pixel that it is shifted to,
 * if that lies in the output. */
static void line(const CnxSpreadSource *source, guint in, guint out, guint d, CnxSpreadTerm *terms)
{
    const guint side = source->weights->side;
    const int ends = cnx_scaling_terms(source->scaling);

    for (guint tap = 0; tap < side; tap++) {
        const gboolean inside = d + tap >= side / 2 && d + tap - side / 2 < out;
        const guint at = inside ? d + tap - side / 2 : d;
        const CnxEnds e = cnx_scaling_ends(source->scaling, (int)in, (int)out, (int)at);

        *terms++ = (CnxSpreadTerm){(guint)e.low, tap, inside ? 1 - e.weight : 0};
        if (ends == 2)
            *terms++ = (CnxSpreadTerm){(guint)e.high, tap, inside ? e.weight : 0};
    }
}

/* The parts with a resolution of their own. sources: [CNX_PARTS_MAX] */
static CnxSpread spread_of(const CnxPartsCall *call, CnxSpreadSource *sources)
{
    CnxSpread spread = {.sources = sources,
                        .height = call->height,
                        .width = call->width,
                        .c = call->c,
                        .ldc = call->ldc,
                        .shared = call->shared};

    for (guint i = 0; i < call->count; i++) {
        const CnxConvPart *part = &call->parts[i];

        if (!part->conv)
            sources[spread.count++] = (CnxSpreadSource){
                .map = part->map,
                .weights = part->weights,
                .scaling = part->scaling,
                .terms = part->weights->side * (guint)cnx_scaling_terms(part->scaling),
                .line = line,
            };
    }
    if (spread.count == call->count) {
        spread.bias = call->bias;
        spread.relu = call->act == CNX_ACT_RELU;
    }
    return spread;
}

gsize cnx_parts_scratch(const CnxKernels *kernels, const CnxPartsCall *call)
{
    CnxSpreadSource sources[CNX_PARTS_MAX];
    const CnxSpread spread = spread_of(call, sources);
    gsize bytes = spread.count > 0 ? cnx_spread_scratch(&spread) : 0;

    for (guint i = 0; i < call->count; i++) {
        if (call->parts[i].conv)
            bytes = MAX(bytes, cnx_conv_scratch(kernels, call->parts[i].conv, call->width));
    }
    return bytes;
}

gsize cnx_parts_shared(const CnxKernels *kernels, const CnxPartsCall *call)
{
    CnxSpreadSource sources[CNX_PARTS_MAX];
    const CnxSpread spread = spread_of(call, sources);

    return cnx_spread_shared(kernels, &spread);
}

/* Adds an ordinary convolution of each image. first: the output holds nothing yet. */
static void add_conv(const CnxDenseContext *context, const CnxPartsCall *call,
                     const CnxConvPart *part, gboolean first, gboolean last)
{
    CnxConv conv = *part->conv;
    const gsize pixels = (gsize)call->height * call->width;

    conv.bias = call->bias;
    conv.act = call->act;
    for (guint i = 0; i < part->map->n; i++) {
        cnx_conv_run(context, &conv,
                     &(CnxConvCall){.height = call->height,
                                    .width = call->width,
                                    .a = part->map->data + i * pixels * part->map->channels,
                                    .lda = part->map->channels,
                                    .c = call->c + i * pixels * call->ldc,
                                    .ldc = call->ldc,
                                    .accumulate = !first,
                                    .finish = last});
    }
}

void cnx_parts_run(const CnxDenseContext *context, const CnxPartsCall *call)
{
    CnxSpreadSource sources[CNX_PARTS_MAX];
    const CnxSpread spread = spread_of(call, sources);
    guint done = spread.count;

    if (spread.count > 0)
        cnx_spread_run(context, &spread);
    for (guint i = 0; i < call->count; i++) {
        if (!call->parts[i].conv)
            continue;
        add_conv(context, call, &call->parts[i], done == 0, done + 1 == call->count);
        done++;
    }
}
