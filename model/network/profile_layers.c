/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/profile_layers.h"

#include <string.h>

typedef CnxProfileLayer Layer;

/* The list of layers */

/* The lowest isa level whose table has this version of a kernel. OpenBLAS's is in no table. */
#define LEVEL_OF(kernels, name) level_of(kernels, G_STRUCT_OFFSET(CnxKernels, name))
static const char *level_of(const CnxKernels *kernels, gsize offset)
{
    void (*version)(void), (*other)(void);

    memcpy(&version, (const char *)kernels + offset, sizeof version);
    for (int i = 0; i < CNX_ISA_COUNT; i++) {
        if (!cnx_kernels_get((CnxIsa)i))
            continue;
        memcpy(&other, (const char *)cnx_kernels_get((CnxIsa)i) + offset, sizeof other);
        if (other == version)
            return cnx_isa_name((CnxIsa)i);
    }
    return "openblas";
}

static void free_layer(gpointer data)
{
    Layer *layer = data;

    g_free(layer->name);
    g_free(layer->kernel);
    g_free(layer->shape);
    g_free(layer);
}

/* Takes the name. */
static Layer *add_layer(GPtrArray *layers, CnxProfileKind kind, const char *kernel,
                        const char *level, char *name)
{
    Layer *layer = g_new0(Layer, 1);

    layer->kind = kind;
    layer->name = name;
    layer->kernel = g_strjoin(" ", kernel, level, NULL);
    g_ptr_array_add(layers, layer);
    return layer;
}

/* The first layer of this kind with this many channels, or NULL. */
static Layer *find_channels(const GPtrArray *layers, CnxProfileKind kind, guint channels)
{
    for (guint i = 0; i < layers->len; i++) {
        Layer *layer = g_ptr_array_index(layers, i);

        if (layer->kind == kind && layer->channels == channels)
            return layer;
    }
    return NULL;
}

static const char *level_of_form(const CnxKernels *k, CnxForm form)
{
    switch (form) {
    case CNX_FORM_BF16:
        return LEVEL_OF(k, gemm_bf16);
    case CNX_FORM_INT8:
        return LEVEL_OF(k, gemm_int8);
    case CNX_FORM_FLOAT:
        break;
    }
    return LEVEL_OF(k, gemm);
}

static void add_linear(GPtrArray *layers, const CnxRun *run, const CnxLinear *linear, gsize rows,
                       char *name)
{
    const CnxProducts products = cnx_products(run->kernels, linear->form);
    Layer *layer;

    if (linear->n == 0) {
        g_free(name);
        return;
    }
    layer = add_layer(layers, CNX_PROFILE_GEMM, products.name,
                      level_of_form(run->kernels, linear->form), name);
    layer->form = linear->form;
    layer->weights = linear->packed;
    layer->end = (const char *)linear->packed + products.packed_size(linear->n, linear->k);
    if (products.rows)
        layer->rounded_bytes = (double)rows * (double)((gsize)linear->k * sizeof(float) +
                                                       products.row_size(linear->k));
    layer->shape = g_strdup_printf("%" G_GSIZE_FORMAT "x%dx%d", rows, linear->n, linear->k);
    layer->flops = 2.0 * (double)rows * linear->n * linear->k;
}

/* Bytes of a map with this many channels. */
static double map_bytes(const CnxStageSize *size, guint channels)
{
    return (double)size->h * size->w * channels * sizeof(float);
}

/* i: the stage */
static void add_dwconv(GPtrArray *layers, const CnxRun *run, const float *weights, guint i,
                       char *name)
{
    const CnxKernels *k = run->kernels;
    const CnxStageSize *size = &run->size[i];
    const guint kernel = run->config->kernels[i];
    const gsize taps = (gsize)kernel * kernel;
    Layer *layer =
        kernel == 7 && run->config->dilations[i] == 1
            ? add_layer(layers, CNX_PROFILE_DWCONV, "dwconv7", LEVEL_OF(k, dwconv7), name)
            : add_layer(layers, CNX_PROFILE_DWCONV, "dwconv", LEVEL_OF(k, dwconv), name);

    layer->weights = weights;
    layer->end = weights + taps * size->c;
    layer->shape = g_strdup_printf("%ux%ux%u", size->h, size->w, size->c);
    layer->flops = 2.0 * (double)(taps * size->h * size->w * size->c);
    layer->bytes = 2 * map_bytes(size, size->c);
}

/* passes: over the map; a read and a write count as two. Layers of one kind with the same number of
 * channels share the row of the first, which gets their bytes. */
static void add_columns(GPtrArray *layers, CnxProfileKind kind, const char *kernel,
                        const char *level, const CnxStageSize *size, guint channels, guint passes,
                        char *name)
{
    Layer *layer = add_layer(layers, kind, kernel, level, name);

    layer->channels = channels;
    layer->shape = g_strdup_printf("%ux%u", size->h * size->w, channels);
    find_channels(layers, kind, channels)->bytes += passes * map_bytes(size, channels);
}

/* The number of norms in a stage: those of its blocks, of its output, and before the next
 * downsampling; in the first stage also the stem's, and in the last one the head's, if any. */
static guint count_norms(const CnxRun *run, guint i)
{
    const CnxWeights *weights = run->weights;

    return weights->stage[i].depth + (i == 0 && weights->stem_norm.weight) +
           (i == 0 && weights->stage[0].down.n > 0) + (i + 1 < run->stages) +
           (run->has_stage[i] && run->config->output_norm[i]) +
           (i + 1 == run->config->stages && run->head && run->config->head_norm_first);
}

static void add_norms(GPtrArray *layers, const CnxRun *run, guint i)
{
    const CnxKernels *k = run->kernels;
    const CnxStageSize *size = &run->size[i];
    const char *kernel = "layernorm", *level = LEVEL_OF(k, layernorm);

    if (run->config->norm == CNX_NORM_RMS) {
        kernel = "rmsnorm";
        level = LEVEL_OF(k, rmsnorm);
    } else if (run->config->norm == CNX_NORM_SIMPLE) {
        kernel = "simplenorm";
        level = LEVEL_OF(k, simplenorm);
    }
    add_columns(layers, CNX_PROFILE_NORM, kernel, level, size, size->c, 2 * count_norms(run, i),
                g_strdup_printf("stage%u.norms", i + 1));
}

static void add_stage(GPtrArray *layers, const CnxRun *run, guint i)
{
    const CnxStage *stage = &run->weights->stage[i];
    const CnxStageSize *size = &run->size[i];
    const gsize pixels = (gsize)size->h * size->w;

    add_linear(layers, run, &stage->down, pixels, g_strdup_printf("stage%u.down", i + 1));
    for (guint j = 0; j < stage->depth; j++) {
        const CnxBlock *block = &stage->blocks[j];

        add_dwconv(layers, run, block->dw_weight, i,
                   g_strdup_printf("stage%u.block%u.dw", i + 1, j + 1));
        add_linear(layers, run, &block->pw1, pixels,
                   g_strdup_printf("stage%u.block%u.pw1", i + 1, j + 1));
        add_linear(layers, run, &block->pw2, pixels,
                   g_strdup_printf("stage%u.block%u.pw2", i + 1, j + 1));
    }
    add_norms(layers, run, i);
    if (run->config->grn)
        add_columns(layers, CNX_PROFILE_SCALE, "columns_scale",
                    LEVEL_OF(run->kernels, columns_scale), size, 4 * size->c, 2 * stage->depth,
                    g_strdup_printf("stage%u.grns", i + 1));
}

static void add_stem(GPtrArray *layers, const CnxRun *run)
{
    const CnxLinear *stem = run->weights->stem;
    const gsize pixels = (gsize)run->stem_size.h * run->stem_size.w;

    if (stem[1].n == 0) {
        add_linear(layers, run, &stem[0], pixels, g_strdup("stem"));
        return;
    }
    add_linear(layers, run, &stem[0], (gsize)run->mid_size.h * run->mid_size.w,
               g_strdup("stem.conv1"));
    add_linear(layers, run, &stem[1], pixels, g_strdup("stem.conv2"));
}

static void add_head(GPtrArray *layers, const CnxRun *run)
{
    const CnxStageSize *last = &run->size[run->stages - 1];

    add_columns(layers, CNX_PROFILE_MEAN, "columns_mean", LEVEL_OF(run->kernels, columns_mean),
                last, last->c, 1, g_strdup("pool"));
    for (guint i = 0; i < run->steps; i++) {
        char module[CNX_HEAD_NAME_SIZE];

        cnx_head_module(&run->config->head, i, module);
        module[strlen(module) - 1] = '\0'; /* without the dot */
        add_linear(layers, run, &run->weights->head[i].linear, 1, g_strdup(module));
    }
}

/* A call that rounds cannot be assigned to a layer, so all rounding is one row. */
static void add_rounding(GPtrArray *layers, const CnxRun *run)
{
    const CnxProducts products = cnx_products(run->kernels, run->form);
    g_autofree char *kernel = g_strconcat(products.name, "_rows", NULL);
    Layer *layer;

    if (!products.rows)
        return;
    layer = add_layer(layers, CNX_PROFILE_ROUND, kernel, level_of_form(run->kernels, run->form),
                      g_strdup("rounding"));
    layer->shape = g_strdup("all");
    for (guint i = 0; i < layers->len; i++)
        layer->bytes += ((const Layer *)g_ptr_array_index(layers, i))->rounded_bytes;
}

static void add_forward(GPtrArray *layers, const CnxRun *run)
{
    double flops = 0;
    Layer *all;

    for (guint i = 0; i < layers->len; i++)
        flops += ((const Layer *)g_ptr_array_index(layers, i))->flops;
    all = add_layer(layers, CNX_PROFILE_FORWARD, "all", cnx_isa_name(run->kernels->level),
                    g_strdup("forward"));
    all->shape = g_strdup_printf("%ux%ux3", run->height, run->width);
    all->flops = flops;
}

static int compare_weights(const void *a, const void *b)
{
    const float *x = (*(Layer *const *)a)->weights, *y = (*(Layer *const *)b)->weights;

    return (x > y) - (x < y);
}

CnxProfileLayers *cnx_profile_layers_new(const CnxRun *run)
{
    CnxProfileLayers *layers = g_new0(CnxProfileLayers, 1);
    GPtrArray *list = layers->list = g_ptr_array_new_with_free_func(free_layer);

    add_stem(list, run);
    for (guint i = 0; i < run->stages; i++)
        add_stage(list, run, i);
    if (run->head)
        add_head(list, run);
    add_rounding(list, run);
    add_forward(list, run);

    layers->by_weights = g_ptr_array_new();
    for (guint i = 0; i < list->len; i++)
        if (((const Layer *)g_ptr_array_index(list, i))->weights)
            g_ptr_array_add(layers->by_weights, g_ptr_array_index(list, i));
    g_ptr_array_sort(layers->by_weights, compare_weights);
    return layers;
}

void cnx_profile_layers_free(CnxProfileLayers *layers)
{
    if (!layers)
        return;
    g_ptr_array_unref(layers->by_weights);
    g_ptr_array_unref(layers->list);
    g_free(layers);
}

/* Finding the layer of a call */

CnxProfileLayer *cnx_profile_layers_find_weights(const CnxProfileLayers *layers,
                                                 const void *weights)
{
    const GPtrArray *sorted = layers->by_weights;
    guint low = 0, high = sorted->len;
    Layer *layer;

    while (low < high) {
        const guint middle = (low + high) / 2;

        layer = g_ptr_array_index(sorted, middle);
        if ((const char *)layer->end <= (const char *)weights)
            low = middle + 1;
        else
            high = middle;
    }
    layer = low < sorted->len ? g_ptr_array_index(sorted, low) : NULL;
    return layer && (const char *)layer->weights <= (const char *)weights ? layer : NULL;
}

CnxProfileLayer *cnx_profile_layers_find_channels(const CnxProfileLayers *layers,
                                                  CnxProfileKind kind, int channels)
{
    return find_channels(layers->list, kind, (guint)channels);
}
