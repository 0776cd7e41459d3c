/* How a layer is cut into strips, bands of whole rows, with one task for each. Inline code only:
 * there is no strips.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"
#include "model/threads/threads.h"

/* The layer that the tasks of one loop compute. */
typedef struct CnxLayer {
    CnxRun *run;
    const CnxStageSize *in, *out;
    const CnxLinear *linear;
    const CnxBlock *block;
    const CnxNorm *norm;
    guint kernel;   /* side of the convolution */
    guint dilation; /* of a depthwise convolution; of a 2x2 convolution that keeps the size, where
                       0 means stride 2 */
    CnxAct act;     /* after the convolution */
    const float *x; /* [n, in]; NULL means run->images */
    float *y;       /* [n, out] */
    guint rows;     /* rows of out in the largest strip */
    guint strips;   /* strips of one image */
} CnxLayer;

typedef struct CnxStrip {
    guint image, index;
    guint y0, y1; /* rows of out */
    gsize pixel;  /* the first one, counted from the start of the batch */
    guint pixels;
} CnxStrip;

/* Whether to cut the products of a layer by output columns rather than by strips. */
static inline gboolean cnx_prefers_columns(const CnxStageSize *size, guint n)
{
    return (gsize)n * size->h * size->w < CNX_FEW_PIXELS &&
           (gsize)8 * size->c * size->c > CNX_MANY_WEIGHTS;
}

/* The number of strips of about `pixels` pixels. Above 1 it is even and above 4 a multiple of 4,
 * unless the map has too few rows, so that two or four threads get equal work. */
static inline guint cnx_strip_count(const CnxStageSize *size, guint pixels)
{
    const gsize least = ((gsize)size->h * size->w + pixels - 1) / pixels;
    const gsize step = least > 4 ? 4 : least > 1 ? 2 : 1;

    return (guint)MIN(size->h, (least + step - 1) / step * step);
}

/* Pixels of a strip of a block. A 7x7 depthwise convolution reads six rows more than it writes, so
 * a strip should have several rows; but there should be enough strips for eight threads. */
static inline guint cnx_block_pixels(const CnxStageSize *size)
{
    const gsize eighth = (gsize)size->h * size->w / 8;

    return (guint)CLAMP(eighth, CNX_STRIP_PIXELS, 4 * CNX_STRIP_PIXELS);
}

/* Rows of the largest strip. */
static inline guint cnx_strip_rows(const CnxStageSize *size, guint strips)
{
    return (size->h + strips - 1) / strips;
}

static inline void cnx_strips_cut(CnxLayer *layer, guint pixels)
{
    layer->strips = cnx_strip_count(layer->out, pixels);
    layer->rows = cnx_strip_rows(layer->out, layer->strips);
}

/* Two strips for each thread. Only for layers whose results do not depend on the cut. */
static inline void cnx_strips_share(CnxLayer *layer)
{
    layer->strips = MIN(layer->out->h, 2 * layer->run->threads);
    layer->rows = cnx_strip_rows(layer->out, layer->strips);
}

static inline CnxStrip cnx_strip_of(const CnxLayer *layer, guint task)
{
    const CnxStageSize *out = layer->out;
    CnxStrip s = {.image = task / layer->strips, .index = task % layer->strips};

    s.y0 = (guint)((guint64)s.index * out->h / layer->strips);
    s.y1 = (guint)((s.index + (guint64)1) * out->h / layer->strips);
    s.pixel = ((gsize)s.image * out->h + s.y0) * out->w;
    s.pixels = (s.y1 - s.y0) * out->w;
    return s;
}

static inline float *cnx_strip_scratch(const CnxLayer *layer, guint slot)
{
    return layer->run->scratch + slot * layer->run->scratch_size;
}

/* The floats of the largest strip with this many channels, rounded up to an even number so that
 * rounded rows after them are aligned to 8 bytes. */
static inline gsize cnx_strip_floats(const CnxLayer *layer, gsize channels)
{
    const gsize floats = (gsize)layer->rows * layer->out->w * channels;

    return floats + floats % 2;
}

/* Calls fn for each strip of n images, with the layer as its data. */
static inline void cnx_strips_loop(CnxLayer *layer, guint n, CnxTaskFn *fn)
{
    cnx_threads_loop(layer->run->threads, n * layer->strips, fn, layer);
}
