/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/transposed.h"

gsize cnx_transposed_packed_size(const CnxKernels *kernels, const CnxPartWeights *weights)
{
    return cnx_spread_packed_size(kernels, weights);
}

void cnx_transposed_pack(const CnxKernels *kernels, CnxPartWeights *weights, void *memory,
                         const float *weight)
{
    const gsize taps = (gsize)weights->side * weights->side;

    cnx_spread_pack(kernels, weights, memory, weight, taps, weights->n * taps);
}

/* The terms of pixel d: side / 2 pixels of the map, if they exist. */
static void line(const CnxSpreadSource *source, guint in, guint out, guint d, CnxSpreadTerm *terms)
{
    const guint padding = source->weights->side / 2 - 1, at = d + padding;

    (void)out;
    for (guint i = 0; i < source->terms; i++) {
        const guint tap = at % 2 + 2 * i, pixel = at / 2 - i; /* may wrap */
        const gboolean inside = pixel < in;

        terms[i] = (CnxSpreadTerm){inside ? pixel : MIN(d / 2, in - 1), tap, inside};
    }
}

static CnxSpread spread_of(const CnxTransposedCall *call, CnxSpreadSource *source)
{
    *source = (CnxSpreadSource){
        .map = call->map, .weights = call->weights, .terms = call->weights->side / 2, .line = line};
    return (CnxSpread){.sources = source,
                       .count = 1,
                       .height = 2 * call->map->height,
                       .width = 2 * call->map->width,
                       .c = call->c,
                       .ldc = call->ldc,
                       .bias = call->bias,
                       .relu = call->act == CNX_ACT_RELU,
                       .shared = call->shared};
}

gsize cnx_transposed_scratch(const CnxTransposedCall *call)
{
    CnxSpreadSource source;
    const CnxSpread spread = spread_of(call, &source);

    return cnx_spread_scratch(&spread);
}

gsize cnx_transposed_shared(const CnxKernels *kernels, const CnxTransposedCall *call)
{
    CnxSpreadSource source;
    const CnxSpread spread = spread_of(call, &source);

    return cnx_spread_shared(kernels, &spread);
}

void cnx_transposed_run(const CnxDenseContext *context, const CnxTransposedCall *call)
{
    CnxSpreadSource source;
    const CnxSpread spread = spread_of(call, &source);

    cnx_spread_run(context, &spread);
}
