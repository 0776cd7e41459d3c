/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/conv.h"

#include <string.h>

#include "model/base/memory.h"
#include "model/dense/ranges.h"
#include "model/dense/winograd.h"
#include "model/network/strips.h"
#include "model/threads/threads.h"

/* Pixels of a task. The cut does not depend on the number of threads, because the rounding of
 * OpenBLAS depends on the size of the product. */
#define TASK_PIXELS 256

static const char *const way_names[] = {
    [CNX_CONV_DIRECT] = "direct",
    [CNX_CONV_WINOGRAD2] = "winograd2",
    [CNX_CONV_WINOGRAD4] = "winograd4",
};

/* FALSE if CONVNEXT_CONV is not a way. */
static gboolean parse_way(const char *word, CnxConvWay *way)
{
    for (guint i = 0; i < G_N_ELEMENTS(way_names); i++) {
        if (strcmp(word, way_names[i]) == 0) {
            *way = (CnxConvWay)i;
            return TRUE;
        }
    }
    return FALSE;
}

gboolean cnx_conv_check(GError **error)
{
    const char *word = g_getenv("CONVNEXT_CONV");
    CnxConvWay way;

    if (!word || *word == '\0' || parse_way(word, &way))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "CONVNEXT_CONV is '%s'; it must be one of direct, winograd2, winograd4", word);
    return FALSE;
}

/* Weights of a layer, n times k, from which on F(4x4) takes too much memory: its packed weights are
 * four times as many as the file's, those of F(2x2) 1.8 times. Such layers run on maps of few
 * tiles, where F(2x2) is nearly as fast. */
#define MANY_WEIGHTS (512 * 1024)

/* The fastest way of a layer with dilation 1 (bench-conv), within the limits of memory and
 * accuracy: F(4x4) multiplies the rounding errors of the products' inputs by more than F(2x2). */
static CnxConvWay fastest_way(guint n, guint k, CnxForm form)
{
    if (form == CNX_FORM_INT8)
        return CNX_CONV_DIRECT;
    if (form != CNX_FORM_FLOAT || (gsize)n * k >= MANY_WEIGHTS)
        return CNX_CONV_WINOGRAD2;
    return CNX_CONV_WINOGRAD4;
}

CnxConvWay cnx_conv_choose(guint n, guint k, guint dilation, CnxForm form)
{
    const char *word = g_getenv("CONVNEXT_CONV");
    CnxConvWay way;

    if (dilation > 1)
        return CNX_CONV_DIRECT;
    return word && parse_way(word, &way) ? way : fastest_way(n, k, form);
}

static gboolean is_winograd(const CnxConv *conv)
{
    return conv->side == 3 && conv->way != CNX_CONV_DIRECT;
}

gsize cnx_conv_packed_size(const CnxKernels *kernels, const CnxConv *conv)
{
    if (is_winograd(conv))
        return cnx_winograd_packed_size(kernels, conv);
    if (conv->side == 1)
        return cnx_products(kernels, conv->form).packed_size((int)conv->n, (int)conv->k);
    return kernels->conv3_packed_size((int)conv->n, (int)conv->k);
}

/* Packs [n, k], outputs ldw floats apart. */
static void pack_products(const CnxProducts *products, void *memory, const float *weight, gsize ldw,
                          guint n, guint k)
{
    g_autofree float *dense = NULL;

    if (ldw != k) {
        dense = g_new(float, (gsize)n *k);
        for (gsize j = 0; j < n; j++)
            memcpy(dense + j * k, weight + j * ldw, k * sizeof *dense);
    }
    products->pack(memory, dense ? dense : weight, (int)n, (int)k);
}

void cnx_conv_pack(const CnxKernels *kernels, CnxConv *conv, void *memory, const float *weight,
                   gsize ldw)
{
    if (is_winograd(conv)) {
        cnx_winograd_pack(kernels, conv, memory, weight, ldw);
    } else if (conv->side == 1) {
        const CnxProducts products = cnx_products(kernels, conv->form);

        pack_products(&products, memory, weight, ldw, conv->n, conv->k);
    } else {
        kernels->conv3_pack(memory, weight, ldw, (int)conv->n, (int)conv->k);
    }
    conv->packed = memory;
}

gsize cnx_conv_scratch(const CnxKernels *kernels, const CnxConv *conv, guint width)
{
    const CnxProducts products = cnx_products(kernels, conv->form);
    gsize bytes = 0;

    (void)width;
    if (is_winograd(conv))
        bytes = cnx_winograd_scratch(kernels, conv);
    else if (conv->side == 1 && products.rows)
        bytes = TASK_PIXELS * products.row_size((int)conv->k);
    return (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
}

/* A layer cut into tasks: strips of pixels or rows times ranges of output channels. */
typedef struct Layer {
    const CnxDenseContext *context;
    const CnxConv *conv;
    const CnxConvCall *call;
    CnxProducts products;
    guint units;  /* pixels for 1x1, rows for 3x3 */
    guint strips; /* of units */
    guint ranges; /* of output channels */
} Layer;

typedef struct Part {
    guint begin, end; /* units */
    CnxRange range;
} Part;

static void cut(Layer *layer)
{
    const CnxConvCall *call = layer->call;
    CnxStageSize size = {.h = call->height, .w = call->width};

    if (layer->conv->side == 1)
        size = (CnxStageSize){.h = call->height * call->width, .w = 1};
    layer->units = size.h;
    layer->strips = cnx_strip_count(&size, TASK_PIXELS);
    layer->ranges = cnx_range_count(&layer->products, layer->conv->n, layer->strips);
}

static Part part_of(const Layer *layer, guint task)
{
    const guint64 strip = task / layer->ranges;
    const guint range = task % layer->ranges;

    return (Part){
        .begin = (guint)(strip * layer->units / layer->strips),
        .end = (guint)((strip + 1) * layer->units / layer->strips),
        .range = cnx_range_of(&layer->products, layer->conv->n, layer->ranges, range),
    };
}

static void multiply(const Layer *layer, const Part *part, void *rows)
{
    const CnxConv *conv = layer->conv;
    const CnxConvCall *call = layer->call;
    const CnxProducts *products = &layer->products;
    const int m = (int)(part->end - part->begin), n = (int)part->range.n, k = (int)conv->k;
    const CnxAct act = call->finish ? conv->act : CNX_ACT_NONE;
    CnxGemm gemm = {
        .m = m,
        .n = n,
        .k = k,
        .a = call->a + part->begin * call->lda,
        .lda = call->lda * sizeof(float),
        .packed = (const char *)conv->packed + products->packed_size((int)part->range.first, k),
        .bias = call->finish && conv->bias ? conv->bias + part->range.first : NULL,
        .c = call->c + part->begin * call->ldc + part->range.first,
        .ldc = call->ldc,
    };

    if (products->rows) {
        products->rows(rows, gemm.a, call->lda, m, k);
        gemm.a = rows;
        gemm.lda = products->row_size(k);
    }
    if (!call->accumulate) {
        gemm.act = act;
        products->multiply(&gemm);
        return;
    }
    gemm.residual = gemm.c; /* the product adds it after its activation */
    gemm.ldr = gemm.ldc;
    products->multiply(&gemm);
    for (int i = 0; i < m && act != CNX_ACT_NONE; i++)
        layer->context->kernels->activate(gemm.c + (gsize)i * gemm.ldc, part->range.n, act);
}

static void convolve(const Layer *layer, const Part *part)
{
    const CnxConv *conv = layer->conv;
    const CnxConvCall *call = layer->call;
    const CnxKernels *kernels = layer->context->kernels;
    const gsize skipped = kernels->conv3_packed_size((int)part->range.first, (int)conv->k);

    kernels->conv3(&(CnxConv3){
        .h = (int)call->height,
        .w = (int)call->width,
        .k = (int)conv->k,
        .n = (int)part->range.n,
        .dilation = (int)conv->dilation,
        .y0 = (int)part->begin,
        .y1 = (int)part->end,
        .a = call->a,
        .lda = call->lda,
        .packed = (const char *)conv->packed + skipped,
        .bias = call->finish && conv->bias ? conv->bias + part->range.first : NULL,
        .c = call->c + (gsize)part->begin * call->width * call->ldc + part->range.first,
        .ldc = call->ldc,
        .accumulate = call->accumulate,
        .act = call->finish ? conv->act : CNX_ACT_NONE,
    });
}

static void run_task(gpointer data, guint task, guint slot)
{
    const Layer *layer = data;
    const Part part = part_of(layer, task);

    if (layer->conv->side == 1)
        multiply(layer, &part, cnx_dense_scratch(layer->context, slot));
    else
        convolve(layer, &part);
}

void cnx_conv_run(const CnxDenseContext *context, const CnxConv *conv, const CnxConvCall *call)
{
    /* conv3 has the panels of products of floats. */
    const CnxForm form = conv->side == 1 ? conv->form : CNX_FORM_FLOAT;
    Layer layer = {.context = context,
                   .conv = conv,
                   .call = call,
                   .products = cnx_products(context->kernels, form)};

    if (is_winograd(conv)) {
        cnx_winograd_run(context, conv, call);
        return;
    }
    cut(&layer);
    cnx_threads_loop(context->threads, layer.strips * layer.ranges, run_task, &layer);
}
