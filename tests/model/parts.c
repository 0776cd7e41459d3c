/* Convolutions of interpolated parts against a convolution, in double, of the concatenation of the
 * interpolated maps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/dense/parts.h"
#include "model/network/products.h"
#include "model/threads/threads.h"
#include "tests/fixtures/compare.h"

#define GAP 3 /* floats between pixels that no layer may write */
#define UNTOUCHED 12345.0f
#define PARTS 5

typedef struct PartShape {
    guint height, width, k;
    CnxScaling scaling; /* NONE: an ordinary convolution */
} PartShape;

typedef struct Shape {
    guint images, height, width, n, side;
    PartShape parts[PARTS]; /* k 0: no part */
} Shape;

typedef struct Layer {
    const Shape *shape;
    guint count, k; /* parts; channels of all */
    CnxMap maps[PARTS];
    float *weight, *bias; /* [n, k, side, side], [n] */
    double *large;        /* [images, height, width, k]: the concatenation */
    gsize ldc;
} Layer;

static float *new_values(gsize n)
{
    float *values = g_new(float, n);

    for (gsize i = 0; i < n; i++)
        values[i] = (float)g_test_rand_double_range(-1, 1);
    return values;
}

/* In float, as PyTorch computes it. */
static double position(CnxScaling scaling, guint in, guint out, guint d)
{
    const float ratio = (float)in / (float)out, corners = ((float)in - 1) / ((float)out - 1);

    switch (scaling) {
    case CNX_SCALING_BILINEAR:
        return CLAMP(((float)d + 0.5f) * ratio - 0.5f, 0, (float)in - 1);
    case CNX_SCALING_BILINEAR_CORNERS:
        return out > 1 ? (float)d * corners : 0;
    case CNX_SCALING_NEAREST:
        return floorf((float)d * ratio);
    default:
        return d;
    }
}

/* Channel `channel` of a map at a point between its pixels. */
static double value_at(const CnxMap *map, guint image, double y, double x, guint channel)
{
    const guint y0 = (guint)y, x0 = (guint)x;
    const guint y1 = MIN(y0 + 1, map->height - 1), x1 = MIN(x0 + 1, map->width - 1);
    const float *data = map->data + channel;
    const gsize row = (gsize)image * map->height;

#define AT(y, x) data[((row + (y)) * map->width + (x)) * map->channels]
    return (1 - (y - y0)) * ((1 - (x - x0)) * AT(y0, x0) + (x - x0) * AT(y0, x1)) +
           (y - y0) * ((1 - (x - x0)) * AT(y1, x0) + (x - x0) * AT(y1, x1));
#undef AT
}

static Layer new_layer(const Shape *s)
{
    const gsize pixels = (gsize)s->images * s->height * s->width;
    Layer layer = {.shape = s, .ldc = s->n + GAP};
    double *large;

    for (; layer.count < PARTS && s->parts[layer.count].k > 0; layer.count++) {
        const PartShape *p = &s->parts[layer.count];
        const gsize size = (gsize)s->images * p->height * p->width * p->k;

        layer.maps[layer.count] = (CnxMap){new_values(size), s->images, p->height, p->width, p->k};
        layer.k += p->k;
    }
    layer.weight = new_values((gsize)s->n * layer.k * s->side * s->side);
    layer.bias = new_values(s->n);
    large = layer.large = g_new(double, pixels *layer.k);
    for (gsize i = 0; i < pixels; i++) {
        const guint x = i % s->width, y = i / s->width % s->height;

        for (guint part = 0; part < layer.count; part++) {
            const PartShape *p = &s->parts[part];

            for (guint j = 0; j < p->k; j++)
                *large++ = value_at(&layer.maps[part], (guint)(i / s->width / s->height),
                                    position(p->scaling, p->height, s->height, y),
                                    position(p->scaling, p->width, s->width, x), j);
        }
    }
    return layer;
}

static void free_layer(Layer *layer)
{
    for (guint i = 0; i < layer->count; i++)
        g_free((float *)layer->maps[i].data);
    g_free(layer->weight);
    g_free(layer->bias);
    g_free(layer->large);
}

static double expected(const Layer *layer, gsize pixel, gsize j)
{
    const Shape *s = layer->shape;
    const gssize x = pixel % s->width, y = pixel / s->width % s->height, r = s->side / 2;
    double sum = layer->bias[j];

    for (gssize tap = 0; tap < (gssize)s->side * (gssize)s->side; tap++) {
        const gssize dy = tap / (gssize)s->side - r, dx = tap % (gssize)s->side - r;
        const double *a =
            layer->large + ((gssize)pixel + dy * (gssize)s->width + dx) * (gssize)layer->k;
        const float *w = layer->weight + j * layer->k * s->side * s->side + tap;

        if (y + dy < 0 || y + dy >= (gssize)s->height || x + dx < 0 || x + dx >= (gssize)s->width)
            continue;
        for (guint l = 0; l < layer->k; l++)
            sum += a[l] * w[l * s->side * s->side];
    }
    return MAX(sum, 0);
}

static void *new_block(gsize bytes)
{
    void *block = aligned_alloc(CNX_ALIGNMENT, MAX(bytes, CNX_ALIGNMENT));

    g_assert_nonnull(block);
    g_assert_cmpuint(bytes % CNX_ALIGNMENT, ==, 0);
    return block;
}

/* Packs the part's slice of the layer's weight. Returns the memory. */
static void *pack_part(const CnxKernels *kernels, const Layer *layer, guint first,
                       CnxConvPart *part, CnxConv *conv, CnxPartWeights *weights, CnxForm form)
{
    const Shape *s = layer->shape;
    const float *slice = layer->weight + first * s->side * s->side;
    const gsize ldw = (gsize)layer->k * s->side * s->side;
    void *memory;

    if (part->scaling == CNX_SCALING_NONE) {
        *conv = (CnxConv){s->n, part->map->channels, s->side, 1, CNX_CONV_DIRECT, form, 0, 0, 0};
        memory = new_block((cnx_conv_packed_size(kernels, conv) + CNX_ALIGNMENT - 1) &
                           ~(CNX_ALIGNMENT - 1u));
        cnx_conv_pack(kernels, conv, memory, slice, ldw);
        part->conv = conv;
    } else {
        *weights = (CnxPartWeights){s->n, part->map->channels, s->side, form, NULL};
        memory = new_block(cnx_part_packed_size(kernels, weights));
        cnx_part_pack(kernels, weights, memory, slice, ldw);
        part->weights = weights;
    }
    return memory;
}

/* Returns [images, height, width, ldc]. */
static float *run_layer(const Layer *layer, CnxForm form, guint threads)
{
    const Shape *s = layer->shape;
    const CnxKernels *kernels = cnx_isa_kernels(NULL);
    const gsize floats = (gsize)s->images * s->height * s->width * layer->ldc;
    CnxConvPart parts[PARTS] = {{0}};
    CnxPartWeights weights[PARTS];
    CnxConv convs[PARTS];
    void *packed[PARTS];
    CnxPartsCall call = {parts,      layer->count, s->height,    s->width, g_new(float, floats),
                         layer->ldc, layer->bias,  CNX_ACT_RELU, NULL};
    CnxDenseContext context = {kernels, threads, NULL, 0};
    guint first = 0;

    for (guint i = 0; i < layer->count; i++) {
        parts[i].map = &layer->maps[i];
        parts[i].scaling = s->parts[i].scaling;
        packed[i] = pack_part(kernels, layer, first, &parts[i], &convs[i], &weights[i], form);
        first += s->parts[i].k;
    }
    for (gsize i = 0; i < floats; i++)
        call.c[i] = UNTOUCHED;
    context.scratch_size = cnx_parts_scratch(kernels, &call);
    context.scratch = new_block(context.scratch_size * threads);
    call.shared = new_block(cnx_parts_shared(kernels, &call));
    cnx_threads_acquire(threads);
    cnx_parts_run(&context, &call);
    cnx_threads_release();
    free(context.scratch);
    free(call.shared);
    for (guint i = 0; i < layer->count; i++)
        free(packed[i]);
    return call.c;
}

static void check_result(const Layer *layer, const float *c, double limit)
{
    const Shape *s = layer->shape;
    const gsize pixels = (gsize)s->images * s->height * s->width;
    const double deviation = sqrt((double)layer->k * s->side * s->side) / 3;
    double worst = 0;

    for (gsize i = 0; i < pixels * layer->ldc; i++) {
        const double want =
            i % layer->ldc < s->n ? expected(layer, i / layer->ldc, i % layer->ldc) : UNTOUCHED;

        g_assert_false(isnan(c[i]));
        worst = MAX(worst, fabs(c[i] - want) / deviation);
    }
    g_test_message("worst %.2g of %.2g deviations", worst, limit);
    g_assert_cmpfloat(worst, <, limit);
}

/* Of each kind a part that is smaller, larger and odd; several bands, panels and chunks. */
static const Shape shapes[] = {
    {1,
     9,
     14,
     20,
     3,
     {{9, 14, 5, CNX_SCALING_NONE},
      {5, 7, 17, CNX_SCALING_BILINEAR},
      {3, 4, 9, CNX_SCALING_BILINEAR_CORNERS},
      {1, 1, 6, CNX_SCALING_BILINEAR}}},
    {1,
     33,
     8,
     70,
     3,
     {{16, 4, 9, CNX_SCALING_NEAREST},
      {33, 8, 3, CNX_SCALING_NONE},
      {40, 13, 7, CNX_SCALING_BILINEAR}}},
    {2, 66, 10, 7, 3, {{33, 5, 8, CNX_SCALING_NEAREST}}},
    {1, 7, 6, 130, 1, {{7, 6, 5, CNX_SCALING_NONE}, {2, 3, 8, CNX_SCALING_BILINEAR}}},
    {1, 1, 1, 3, 3, {{1, 1, 4, CNX_SCALING_BILINEAR_CORNERS}, {2, 3, 4, CNX_SCALING_BILINEAR}}},
    {1, 6, 200, 9, 3, {{3, 100, 11, CNX_SCALING_BILINEAR}, {2, 3, 4, CNX_SCALING_BILINEAR}}},
};

static void test_shapes(void)
{
    static const guint threads[] = {2, 3, 7};

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        const Shape *s = &shapes[i];
        Layer layer = new_layer(s);
        const gsize bytes = sizeof(float) * s->images * s->height * s->width * layer.ldc;
        g_autofree float *c = run_layer(&layer, CNX_FORM_FLOAT, 1);

        check_result(&layer, c, 3e-6);
        for (guint j = 0; j < G_N_ELEMENTS(threads); j++) {
            g_autofree float *other = run_layer(&layer, CNX_FORM_FLOAT, threads[j]);

            g_assert_cmpmem(c, bytes, other, bytes);
        }
        free_layer(&layer);
    }
}

/* The forms of the products that this level has. */
static void test_forms(void)
{
    static const CnxPrecision precisions[] = {CNX_PRECISION_FP32, CNX_PRECISION_BF16};
    static const double limits[] = {3e-5, 3e-2};

    for (guint i = 0; i < G_N_ELEMENTS(precisions); i++) {
        const CnxForm form = cnx_products_form(cnx_isa_kernels(NULL), precisions[i]);
        Layer layer = new_layer(&shapes[0]);
        g_autofree float *one = run_layer(&layer, form, 1);
        g_autofree float *three = run_layer(&layer, form, 3);
        const gsize bytes = sizeof(float) * shapes[0].height * shapes[0].width * layer.ldc;

        check_result(&layer, one, limits[i]);
        g_assert_cmpmem(one, bytes, three, bytes);
        free_layer(&layer);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    g_test_add_func("/parts/shapes", test_shapes);
    g_test_add_func("/parts/forms", test_forms);
    return g_test_run();
}
