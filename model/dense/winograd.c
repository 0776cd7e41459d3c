/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/winograd.h"

#include "model/base/memory.h"
#include "model/dense/ranges.h"
#include "model/network/strips.h"
#include "model/threads/threads.h"

/* Tiles of a strip. Each strip reads all weights, so a strip of few tiles is limited by the speed
 * of memory; the transformed tiles of a large one do not fit in the L2 cache. */
#define STRIP_BYTES ((gsize)8 << 20) /* of transformed tiles */
#define LEAST_TILES 16
#define MOST_TILES 128

/* A layer with fewer strips than CNX_FEW_TASKS is cut into more, of at least n divided by this many
 * tiles: the fewer there are for each output, the longer reading the weights takes, compared with
 * the transforms. */
#define OUTPUTS_FOR_TILE 7

#define LINE_FLOATS (CNX_ALIGNMENT / sizeof(float))

typedef struct Method {
    guint side, elements; /* of a tile: pixels of the result, elements of the transforms */
    CnxWinogradInputFn *input;
    CnxWinogradOutputFn *output;
    CnxWinogradWeightsFn *weights;
} Method;

static Method method_of(const CnxKernels *kernels, const CnxConv *conv)
{
    if (conv->way == CNX_CONV_WINOGRAD2)
        return (Method){2, 16, kernels->winograd2_input, kernels->winograd2_output,
                        kernels->winograd2_weights};
    return (Method){4, 36, kernels->winograd4_input, kernels->winograd4_output,
                    kernels->winograd4_weights};
}

/* The memory of a task. */
typedef struct Planes {
    guint tiles;            /* of the largest strip */
    gsize ldv, ldm;         /* floats of a transformed tile of input and result */
    gsize v_plane, m_plane; /* floats of the tiles of one element */
    gsize row_size;         /* bytes of a rounded tile; 0 if the products read floats */
} Planes;

/* A plane of tiles whose size is an odd multiple of a cache line. */
static gsize plane_floats(guint tiles, gsize ld)
{
    return tiles * ld / LINE_FLOATS % 2 ? tiles * ld : tiles * ld + LINE_FLOATS;
}

static gsize line_floats(guint channels)
{
    return (channels + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

static Planes plan(const CnxConv *conv, const Method *method, const CnxProducts *products)
{
    Planes p = {.ldv = line_floats(conv->k), .ldm = line_floats(conv->n)};
    const gsize tile = method->elements * (p.ldv + p.ldm) * sizeof(float);

    p.tiles = (guint)CLAMP(STRIP_BYTES / tile, LEAST_TILES, MOST_TILES);
    p.v_plane = plane_floats(p.tiles, p.ldv);
    p.m_plane = plane_floats(p.tiles, p.ldm);
    p.row_size = products->rows ? products->row_size((int)conv->k) : 0;
    return p;
}

/* The bytes of the weights of one element, [n, k], packed. */
static gsize element_size(const CnxProducts *products, const CnxConv *conv)
{
    const gsize size = products->packed_size((int)conv->n, (int)conv->k);

    return (size + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
}

gsize cnx_winograd_packed_size(const CnxKernels *kernels, const CnxConv *conv)
{
    const CnxProducts products = cnx_products(kernels, conv->form);

    return method_of(kernels, conv).elements * element_size(&products, conv);
}

void cnx_winograd_pack(const CnxKernels *kernels, const CnxConv *conv, void *memory,
                       const float *weight, gsize ldw)
{
    const CnxProducts products = cnx_products(kernels, conv->form);
    const Method method = method_of(kernels, conv);
    const int n = (int)conv->n, k = (int)conv->k;
    g_autofree float *u = g_new(float, (gsize)conv->n * conv->k);
    char *dst = memory;

    for (guint i = 0; i < method.elements; i++) {
        method.weights(u, weight, ldw, n, k, (int)i);
        products.pack(dst, u, n, k);
        dst += element_size(&products, conv);
    }
}

gsize cnx_winograd_scratch(const CnxKernels *kernels, const CnxConv *conv)
{
    const CnxProducts products = cnx_products(kernels, conv->form);
    const Method method = method_of(kernels, conv);
    const Planes p = plan(conv, &method, &products);

    return method.elements * (p.v_plane + p.m_plane) * sizeof(float) + p.tiles * p.row_size;
}

typedef struct Layer {
    const CnxDenseContext *context;
    const CnxConv *conv;
    const CnxConvCall *call;
    Method method;
    CnxProducts products;
    Planes planes;
    guint tiles, strips;
    guint ranges; /* of output channels */
} Layer;

/* A task: the tiles t0 <= t < t1 and a range of output channels. */
typedef struct Strip {
    guint t0, t1;
    CnxRange range;
    float *v, *m; /* [elements, plane] */
    void *rows;   /* [tiles, row_size] */
} Strip;

static void transform_input(const Layer *layer, const Strip *strip)
{
    const CnxConvCall *call = layer->call;

    layer->method.input(&(CnxWinogradInput){
        .h = (int)call->height,
        .w = (int)call->width,
        .k = (int)layer->conv->k,
        .t0 = (int)strip->t0,
        .t1 = (int)strip->t1,
        .a = call->a,
        .lda = call->lda,
        .v = strip->v,
        .ldv = layer->planes.ldv,
        .plane = layer->planes.v_plane,
    });
}

static void multiply(const Layer *layer, const Strip *strip)
{
    const CnxProducts *products = &layer->products;
    const Planes *planes = &layer->planes;
    const int k = (int)layer->conv->k;
    CnxGemm gemm = {
        .m = (int)(strip->t1 - strip->t0),
        .n = (int)strip->range.n,
        .k = k,
        .lda = planes->ldv * sizeof(float),
        .ldc = planes->ldm,
    };

    for (guint i = 0; i < layer->method.elements; i++) {
        const float *v = strip->v + i * planes->v_plane;

        gemm.a = v;
        if (products->rows) {
            products->rows(strip->rows, v, planes->ldv, gemm.m, k);
            gemm.a = strip->rows;
            gemm.lda = planes->row_size;
        }
        gemm.packed = (const char *)layer->conv->packed + i * element_size(products, layer->conv) +
                      products->packed_size((int)strip->range.first, k);
        gemm.c = strip->m + i * planes->m_plane;
        products->multiply(&gemm);
    }
}

static void transform_output(const Layer *layer, const Strip *strip)
{
    const CnxConv *conv = layer->conv;
    const CnxConvCall *call = layer->call;
    const guint first = strip->range.first;

    layer->method.output(&(CnxWinogradOutput){
        .h = (int)call->height,
        .w = (int)call->width,
        .n = (int)strip->range.n,
        .t0 = (int)strip->t0,
        .t1 = (int)strip->t1,
        .m = strip->m,
        .ldm = layer->planes.ldm,
        .plane = layer->planes.m_plane,
        .bias = call->finish && conv->bias ? conv->bias + first : NULL,
        .c = call->c + first,
        .ldc = call->ldc,
        .accumulate = call->accumulate,
        .act = call->finish ? conv->act : CNX_ACT_NONE,
    });
}

static void run_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const guint64 index = task / layer->ranges;
    float *scratch = cnx_dense_scratch(layer->context, slot);
    Strip strip = {
        .t0 = (guint)(index * layer->tiles / layer->strips),
        .t1 = (guint)((index + 1) * layer->tiles / layer->strips),
        .range =
            cnx_range_of(&layer->products, layer->conv->n, layer->ranges, task % layer->ranges),
        .v = scratch,
        .m = scratch + layer->method.elements * layer->planes.v_plane,
    };

    strip.rows = strip.m + layer->method.elements * layer->planes.m_plane;
    transform_input(layer, &strip);
    multiply(layer, &strip);
    transform_output(layer, &strip);
}

static guint divide_up(guint a, guint b)
{
    return (a + b - 1) / b;
}

/* An even number if there are several. */
static guint strip_count(const Layer *layer)
{
    const CnxStageSize tiles = {.h = layer->tiles, .w = 1};
    const guint least = MAX(layer->conv->n / OUTPUTS_FOR_TILE, LEAST_TILES);
    const guint count = MIN(layer->tiles / least, CNX_FEW_TASKS) / 2 * 2;

    return MAX(cnx_strip_count(&tiles, layer->planes.tiles), count);
}

void cnx_winograd_run(const CnxDenseContext *context, const CnxConv *conv, const CnxConvCall *call)
{
    Layer layer = {.context = context,
                   .conv = conv,
                   .call = call,
                   .method = method_of(context->kernels, conv),
                   .products = cnx_products(context->kernels, conv->form)};
    const guint side = layer.method.side;

    layer.planes = plan(conv, &layer.method, &layer.products);
    layer.tiles = divide_up(call->height, side) * divide_up(call->width, side);
    layer.strips = strip_count(&layer);
    /* Each range transforms the input again, so half as many of them as elsewhere are worth it. */
    layer.ranges = cnx_range_count(&layer.products, conv->n, 2 * layer.strips);
    cnx_threads_loop(context->threads, layer.strips * layer.ranges, run_task, &layer);
}
