/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dense/spread.h"

#include "model/base/memory.h"
#include "model/network/products.h"
#include "model/threads/threads.h"

#define PANEL 64u        /* output channels of a task */
#define CHUNK_PIXELS 96u /* of the map, for which products are made at a time */
#define ROUND_PIXELS 64u /* of a task that rounds a map to the form of the products */
#define TASKS 8u         /* a map with fewer panels is also cut into bands of rows */
#define BAND_ROWS 16u    /* of the smallest map; bands share up to three rows */

static gsize aligned(gsize bytes)
{
    return (bytes + CNX_ALIGNMENT - 1) / CNX_ALIGNMENT * CNX_ALIGNMENT;
}

static guint panels_of(guint n)
{
    return (n + PANEL - 1) / PANEL;
}

/* Packed weights: for each panel of outputs and each row u of the kernel, the product with
 * [side, channels of the panel] outputs. */
static gsize block_size(const CnxProducts *products, const CnxPartWeights *weights, guint channels)
{
    return aligned(products->packed_size((int)(weights->side * channels), (int)weights->k));
}

gsize cnx_spread_packed_size(const CnxKernels *kernels, const CnxPartWeights *weights)
{
    const CnxProducts products = cnx_products(kernels, weights->form);
    const guint whole = weights->n / PANEL, rest = weights->n % PANEL;
    gsize bytes = whole * block_size(&products, weights, MIN(PANEL, weights->n));

    if (rest > 0)
        bytes += block_size(&products, weights, rest);
    return weights->side * bytes;
}

/* dst: [side, channels, k], the weights of outputs first and following and of row u. */
static void gather(float *dst, const CnxPartWeights *weights, const float *weight, gsize ldn,
                   gsize ldk, guint first, guint channels, guint u)
{
    for (guint v = 0; v < weights->side; v++) {
        for (guint j = 0; j < channels; j++) {
            const float *src = weight + (first + j) * ldn + u * weights->side + v;

            for (guint l = 0; l < weights->k; l++)
                *dst++ = src[l * ldk];
        }
    }
}

void cnx_spread_pack(const CnxKernels *kernels, CnxPartWeights *weights, void *memory,
                     const float *weight, gsize ldn, gsize ldk)
{
    const CnxProducts products = cnx_products(kernels, weights->form);
    const guint side = weights->side;
    g_autofree float *block = g_new(float, (gsize)side *MIN(PANEL, weights->n) * weights->k);
    char *dst = memory;

    for (guint first = 0; first < weights->n; first += PANEL) {
        const guint channels = MIN(PANEL, weights->n - first);

        for (guint u = 0; u < side; u++) {
            gather(block, weights, weight, ldn, ldk, first, channels, u);
            products.pack(dst, block, (int)(side * channels), (int)weights->k);
            dst += block_size(&products, weights, channels);
        }
    }
    weights->packed = memory;
}

/* How a source uses the scratch memory of a thread. Products are made for `chunk` rows of the map
 * at a time, and the last `kept` rows stay. */
typedef struct Plan {
    guint chunk, kept;
    gsize products, sums; /* first floats of [side, kept, w, side, panel] and [w, side, panel] */
} Plan;

typedef struct Range {
    guint low, high;
} Range;

/* The rows of the map that row y of the output comes from. */
static Range rows_of(const CnxSpreadSource *source, guint height, guint y)
{
    CnxSpreadTerm terms[CNX_SPREAD_TERMS];
    Range range = {G_MAXUINT, 0};

    source->line(source, source->map->height, height, y, terms);
    for (guint i = 0; i < source->terms; i++) {
        if (terms[i].weight == 0)
            continue;
        range.low = MIN(range.low, terms[i].pixel);
        range.high = MAX(range.high, terms[i].pixel);
    }
    return range;
}

static guint rounded_up(guint value, guint step)
{
    return (value + step - 1) / step * step;
}

/* Takes the source's part of the scratch memory; *floats are taken before. */
static Plan plan_source(const CnxSpreadSource *source, guint height, gsize *floats)
{
    const guint side = source->weights->side, rows = source->map->height;
    const gsize row = (gsize)source->map->width * side * MIN(PANEL, source->weights->n);
    Plan plan = {.chunk = MIN((CHUNK_PIXELS + source->map->width - 1) / source->map->width, rows)};
    guint span = 1;

    for (guint y = 0; y < height; y++) {
        const Range range = rows_of(source, height, y);

        span = MAX(span, range.high - range.low + 1);
    }
    plan.kept = MIN(rounded_up(span + plan.chunk - 1, plan.chunk), rounded_up(rows, plan.chunk));
    plan.products = *floats;
    *floats += aligned(side * plan.kept * row * sizeof(float)) / sizeof(float);
    plan.sums = *floats;
    *floats += aligned(row * sizeof(float)) / sizeof(float);
    return plan;
}

/* Of all terms of a line, for each pixel of a row of the output. */
static guint terms_of(const CnxSpread *spread)
{
    guint terms = 0;

    for (guint i = 0; i < spread->count; i++)
        terms += spread->sources[i].terms;
    return terms;
}

gsize cnx_spread_scratch(const CnxSpread *spread)
{
    gsize floats = 0;

    for (guint i = 0; i < spread->count; i++)
        plan_source(&spread->sources[i], spread->height, &floats);
    return floats * sizeof(float) +
           aligned((gsize)spread->width * terms_of(spread) * sizeof(CnxTap));
}

/* The bytes of a map, rounded to the form of the products; 0 if they read floats. */
static gsize rounded_size(const CnxKernels *kernels, const CnxSpreadSource *source)
{
    const CnxProducts products = cnx_products(kernels, source->weights->form);
    const CnxMap *map = source->map;

    if (!products.rows)
        return 0;
    return aligned((gsize)map->n * map->height * map->width *
                   products.row_size((int)source->weights->k));
}

gsize cnx_spread_shared(const CnxKernels *kernels, const CnxSpread *spread)
{
    gsize bytes = 0;

    for (guint i = 0; i < spread->count; i++)
        bytes += rounded_size(kernels, &spread->sources[i]);
    return bytes;
}

typedef struct Layer {
    const CnxDenseContext *context;
    const CnxSpread *spread;
    guint images, bands;
    struct {
        CnxProducts products;
        Plan plan;
        char *rounded; /* the map as the products read it */
        gsize pixel;   /* bytes of a pixel of it */
    } sources[CNX_SPREAD_MAX];
    gsize scratch; /* floats, without the taps */
} Layer;

/* A panel of output channels and a band of rows of one image. */
typedef struct Task {
    const Layer *layer;
    guint image, first, channels, y0, y1;
    float *scratch;
    CnxTap *taps;               /* [width, all terms] */
    guint made[CNX_SPREAD_MAX]; /* rows of each map whose products are made */
} Task;

/* Makes products until those of row `last` are there. */
static void make_products(Task *task, guint index, guint last)
{
    const Layer *layer = task->layer;
    const CnxSpreadSource *source = &layer->spread->sources[index];
    const CnxProducts *products = &layer->sources[index].products;
    const Plan *plan = &layer->sources[index].plan;
    const CnxMap *map = source->map;
    const guint side = source->weights->side, n = side * task->channels;
    const gsize block = block_size(products, source->weights, task->channels);
    const char *panel = (const char *)source->weights->packed +
                        task->first / PANEL * side * block_size(products, source->weights, PANEL);

    for (; task->made[index] <= last; task->made[index] += plan->chunk) {
        const guint row = task->made[index], rows = MIN(plan->chunk, map->height - row);
        const gsize pixel = ((gsize)task->image * map->height + row) * map->width;

        for (guint u = 0; u < side; u++) {
            const gsize place = (gsize)u * plan->kept + row % plan->kept;

            products->multiply(&(CnxGemm){
                .m = (int)(rows * map->width),
                .n = (int)n,
                .k = (int)source->weights->k,
                .a = layer->sources[index].rounded + pixel * layer->sources[index].pixel,
                .lda = layer->sources[index].pixel,
                .packed = panel + u * block,
                .c = task->scratch + plan->products + place * map->width * n,
                .ldc = n,
            });
        }
    }
}

/* Sums the terms of row y of a source, for each pixel of the map's row and each column of the
 * kernel. */
static void sum_rows(Task *task, guint index, guint y)
{
    const CnxSpread *spread = task->layer->spread;
    const CnxSpreadSource *source = &spread->sources[index];
    const Plan *plan = &task->layer->sources[index].plan;
    const Range range = rows_of(source, spread->height, y);
    const gsize row = (gsize)source->map->width * source->weights->side * task->channels;
    CnxSpreadTerm terms[CNX_SPREAD_TERMS];
    CnxTap taps[CNX_SPREAD_TERMS];
    int count = 0;

    if (y == task->y0 || task->made[index] < range.low)
        task->made[index] = range.low / plan->chunk * plan->chunk;
    make_products(task, index, range.high);
    source->line(source, source->map->height, spread->height, y, terms);
    for (guint i = 0; i < source->terms; i++) {
        const gsize place = (gsize)terms[i].tap * plan->kept + terms[i].pixel % plan->kept;

        if (terms[i].weight != 0)
            taps[count++] = (CnxTap){(ptrdiff_t)(place * row), terms[i].weight};
    }
    task->layer->context->kernels->interpolate(&(CnxInterpolate){
        .dst = task->scratch + plan->sums,
        .src = task->scratch + plan->products,
        .taps = taps,
        .pixels = 1,
        .terms = count,
        .c = (int)row,
    });
}

/* The terms of all pixels of a row, as taps into the sums of all sources. */
static void set_taps(Task *task)
{
    const CnxSpread *spread = task->layer->spread;
    CnxTap *tap = task->taps;

    for (guint x = 0; x < spread->width; x++) {
        for (guint i = 0; i < spread->count; i++) {
            const CnxSpreadSource *source = &spread->sources[i];
            CnxSpreadTerm terms[CNX_SPREAD_TERMS];

            source->line(source, source->map->width, spread->width, x, terms);
            for (guint j = 0; j < source->terms; j++) {
                const gsize place = (gsize)terms[j].pixel * source->weights->side + terms[j].tap;

                *tap++ = (CnxTap){
                    (ptrdiff_t)(task->layer->sources[i].plan.sums + place * task->channels),
                    terms[j].weight};
            }
        }
    }
}

static void spread_row(Task *task, guint y)
{
    const CnxSpread *spread = task->layer->spread;
    const gsize row = (gsize)task->image * spread->height + y;

    for (guint i = 0; i < spread->count; i++)
        sum_rows(task, i, y);
    task->layer->context->kernels->interpolate(&(CnxInterpolate){
        .dst = spread->c + row * spread->width * spread->ldc + task->first,
        .ldd = spread->ldc,
        .src = task->scratch,
        .taps = task->taps,
        .pixels = (int)spread->width,
        .terms = (int)terms_of(spread),
        .c = (int)task->channels,
        .bias = spread->bias ? spread->bias + task->first : NULL,
        .relu = spread->relu,
    });
}

static void run_task(gpointer data, guint number, guint slot)
{
    const Layer *layer = data;
    const CnxSpread *spread = layer->spread;
    const guint n = spread->sources[0].weights->n, band = number % layer->bands;
    const guint panel = number / layer->bands / layer->images;
    float *scratch = cnx_dense_scratch(layer->context, slot);
    Task task = {.layer = layer,
                 .image = number / layer->bands % layer->images,
                 .first = panel * PANEL,
                 .channels = MIN(PANEL, n - panel * PANEL),
                 .y0 = band * spread->height / layer->bands,
                 .y1 = (band + 1) * spread->height / layer->bands,
                 .scratch = scratch,
                 .taps = (CnxTap *)(scratch + layer->scratch)};

    set_taps(&task);
    for (guint y = task.y0; y < task.y1; y++)
        spread_row(&task, y);
}

/* A map that is rounded to the form of its products. */
typedef struct Rounding {
    const CnxProducts *products;
    const CnxMap *map;
    char *rounded;
} Rounding;

static void round_task(gpointer data, guint number, guint slot)
{
    const Rounding *rounding = data;
    const gsize k = rounding->map->channels, first = (gsize)number * ROUND_PIXELS;
    const gsize pixels = (gsize)rounding->map->n * rounding->map->height * rounding->map->width;

    (void)slot;
    rounding->products->rows(rounding->rounded + first * rounding->products->row_size((int)k),
                             rounding->map->data + first * k, k,
                             (int)MIN(ROUND_PIXELS, pixels - first), (int)k);
}

static void round_map(const CnxDenseContext *context, const Rounding *rounding)
{
    const CnxMap *map = rounding->map;
    const gsize pixels = (gsize)map->n * map->height * map->width;

    cnx_threads_loop(context->threads, (guint)((pixels + ROUND_PIXELS - 1) / ROUND_PIXELS),
                     round_task, (gpointer)rounding);
}

/* Rounds the maps whose products need it, and plans the scratch memory. */
static void prepare(Layer *layer)
{
    const CnxKernels *kernels = layer->context->kernels;
    char *shared = layer->spread->shared;

    for (guint i = 0; i < layer->spread->count; i++) {
        const CnxSpreadSource *source = &layer->spread->sources[i];
        const CnxProducts *products = &layer->sources[i].products;

        layer->sources[i].products = cnx_products(kernels, source->weights->form);
        layer->sources[i].plan = plan_source(source, layer->spread->height, &layer->scratch);
        layer->sources[i].rounded = (char *)source->map->data;
        layer->sources[i].pixel = source->weights->k * sizeof(float);
        if (!products->rows)
            continue;
        layer->sources[i].rounded = shared;
        layer->sources[i].pixel = products->row_size((int)source->weights->k);
        round_map(layer->context, &(Rounding){products, source->map, shared});
        shared += rounded_size(kernels, source);
    }
}

/* Bands of rows for maps with few panels. The cut does not depend on the number of threads. */
static guint bands_of(const CnxSpread *spread, guint panels)
{
    guint rows = spread->height;

    for (guint i = 0; i < spread->count; i++)
        rows = MIN(rows, spread->sources[i].map->height);
    return CLAMP(TASKS / panels, 1, MAX(rows / BAND_ROWS, 1));
}

void cnx_spread_run(const CnxDenseContext *context, const CnxSpread *spread)
{
    const guint panels = panels_of(spread->sources[0].weights->n);
    Layer layer = {
        .context = context, .spread = spread, .images = spread->sources[0].map->n, .bands = 1};

    if (panels * layer.images < TASKS)
        layer.bands = bands_of(spread, panels * layer.images);
    prepare(&layer);
    cnx_threads_loop(context->threads, panels * layer.images * layer.bands, run_task, &layer);
}
