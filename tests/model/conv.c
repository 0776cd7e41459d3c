/* Convolutions of dense networks against sums in double, for every way, number of threads and form
 * of the products.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/dense/conv.h"
#include "model/dense/ranges.h"
#include "model/network/products.h"
#include "model/threads/threads.h"
#include "tests/fixtures/compare.h"

#define GAP 3 /* floats between pixels that no layer may write */
#define UNTOUCHED 12345.0f

typedef struct Shape {
    guint height, width, k, n, side, dilation;
} Shape;

typedef struct Layer {
    Shape shape;
    gsize lda, ldc;
    float *a, *weight, *bias, *old; /* [h, w, lda], [n, k, side, side], [n], [h, w, ldc] */
    double *sums;                   /* [h, w, n]: the taps alone */
} Layer;

static float *new_values(gsize n)
{
    float *values = g_new(float, n);

    for (gsize i = 0; i < n; i++)
        values[i] = (float)g_test_rand_double_range(-1, 1);
    return values;
}

static double sum_taps(const Layer *layer, gsize y, gsize x, gsize j)
{
    const Shape *s = &layer->shape;
    const gsize taps = (gsize)s->side * s->side;
    const gssize r = s->side / 2;
    double sum = 0;

    for (gsize tap = 0; tap < taps; tap++) {
        const gssize sy = (gssize)y + ((gssize)(tap / s->side) - r) * (gssize)s->dilation;
        const gssize sx = (gssize)x + ((gssize)(tap % s->side) - r) * (gssize)s->dilation;

        if (sy < 0 || sy >= (gssize)s->height || sx < 0 || sx >= (gssize)s->width)
            continue;
        for (gsize l = 0; l < s->k; l++)
            sum += (double)layer->a[((gsize)sy * s->width + (gsize)sx) * layer->lda + l] *
                   layer->weight[(j * s->k + l) * taps + tap];
    }
    return sum;
}

static Layer new_layer(const Shape *s)
{
    const gsize pixels = (gsize)s->height * s->width;
    Layer layer = {.shape = *s, .lda = s->k + GAP, .ldc = s->n + GAP};

    layer.a = new_values(pixels * layer.lda);
    layer.weight = new_values((gsize)s->n * s->k * s->side * s->side);
    layer.bias = new_values(s->n);
    layer.old = new_values(pixels * layer.ldc);
    layer.sums = g_new(double, pixels * s->n);
    for (gsize i = 0; i < pixels; i++)
        for (gsize j = 0; j < s->n; j++)
            layer.sums[i * s->n + j] = sum_taps(&layer, i / s->width, i % s->width, j);
    return layer;
}

static void free_layer(Layer *layer)
{
    g_free(layer->a);
    g_free(layer->weight);
    g_free(layer->bias);
    g_free(layer->old);
    g_free(layer->sums);
}

static void *new_block(gsize bytes)
{
    void *block = aligned_alloc(CNX_ALIGNMENT, MAX(bytes + CNX_ALIGNMENT - 1, CNX_ALIGNMENT) /
                                                   CNX_ALIGNMENT * CNX_ALIGNMENT);

    g_assert_nonnull(block);
    return block;
}

/* Returns c, [h, w, ldc]. */
static float *run_layer(const CnxKernels *kernels, const Layer *layer, const CnxConv *conv,
                        gboolean accumulate, gboolean finish, guint threads)
{
    const Shape *s = &layer->shape;
    const gsize floats = (gsize)s->height * s->width * layer->ldc;
    const gsize scratch = cnx_conv_scratch(kernels, conv, s->width);
    CnxDenseContext context = {kernels, threads, new_block(scratch * threads), scratch};
    CnxConvCall call = {s->height, s->width,   layer->a,   layer->lda,
                        NULL,      layer->ldc, accumulate, finish};

    call.c = g_memdup2(layer->old, floats * sizeof(float));
    for (gsize i = 0; i < floats; i++)
        if (i % layer->ldc >= s->n)
            call.c[i] = UNTOUCHED;
    cnx_threads_acquire(threads);
    cnx_conv_run(&context, conv, &call);
    cnx_threads_release();
    free(context.scratch);
    return call.c;
}

/* Checks the root of the mean squared error in standard deviations, as networks are judged, and the
 * worst. */
static void check_result(const Layer *layer, const CnxConv *conv, gboolean accumulate,
                         gboolean finish, const float *c, double limit)
{
    const Shape *s = &layer->shape;
    const gsize pixels = (gsize)s->height * s->width;
    const double deviation = sqrt((double)s->k * s->side * s->side) / 3;
    double worst = 0;

    for (gsize i = 0; i < pixels; i++) {
        for (gsize j = 0; j < layer->ldc; j++) {
            const float got = c[i * layer->ldc + j];
            double want;

            if (j >= s->n) {
                g_assert_cmpfloat(got, ==, UNTOUCHED);
                continue;
            }
            want = layer->sums[i * s->n + j];
            if (accumulate)
                want += layer->old[i * layer->ldc + j];
            if (finish)
                want += conv->bias ? conv->bias[j] : 0;
            if (finish && conv->act == CNX_ACT_RELU)
                want = MAX(want, 0);
            g_assert_false(isnan(got));
            worst = MAX(worst, fabs(got - want) / deviation);
        }
    }
    g_test_message("worst %.2g of %.2g deviations", worst, limit);
    g_assert_cmpfloat(worst, <, limit);
}

/* Runs a layer in all kinds of calls, on several numbers of threads. */
static void check_conv(const Layer *layer, CnxConvWay way, CnxForm form, double limit)
{
    static const guint threads[] = {2, 3, 7};
    const Shape *s = &layer->shape;
    const CnxKernels *kernels = cnx_isa_kernels(NULL);
    const gsize bytes = (gsize)s->height * s->width * layer->ldc * sizeof(float);
    CnxConv conv = {s->n, s->k, s->side, s->dilation, way, form, NULL, layer->bias, CNX_ACT_RELU};
    void *packed = new_block(cnx_conv_packed_size(kernels, &conv));

    cnx_conv_pack(kernels, &conv, packed, layer->weight, (gsize)s->k * s->side * s->side);
    for (guint i = 0; i < 4; i++) {
        const gboolean accumulate = i & 1, finish = i >> 1;
        g_autofree float *c = run_layer(kernels, layer, &conv, accumulate, finish, 1);

        check_result(layer, &conv, accumulate, finish, c, limit);
        for (guint j = 0; j < G_N_ELEMENTS(threads) && i == 3; j++) {
            g_autofree float *other =
                run_layer(kernels, layer, &conv, accumulate, finish, threads[j]);

            g_assert_cmpmem(c, bytes, other, bytes);
        }
    }
    free(packed);
}

static void test_shapes(void)
{
    static const Shape shapes[] = {
        {1, 1, 5, 3, 1, 1},   {9, 40, 33, 100, 1, 1}, {1, 1, 5, 3, 3, 1},  {3, 6, 17, 210, 3, 1},
        {7, 5, 48, 17, 3, 1}, {9, 33, 20, 50, 3, 1},  {5, 11, 8, 8, 3, 2}, {4, 3, 9, 210, 3, 3},
    };

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        Layer layer = new_layer(&shapes[i]);

        check_conv(&layer, CNX_CONV_DIRECT, CNX_FORM_FLOAT, 5e-6);
        if (shapes[i].side == 3 && shapes[i].dilation == 1) {
            check_conv(&layer, CNX_CONV_WINOGRAD2, CNX_FORM_FLOAT, 1e-5);
            check_conv(&layer, CNX_CONV_WINOGRAD4, CNX_FORM_FLOAT, 5e-5);
        }
        free_layer(&layer);
    }
}

/* Products that round their inputs. */
static void test_rounded(void)
{
    static const Shape shapes[] = {{5, 60, 19, 130, 1, 1}, {6, 9, 21, 40, 3, 1}};

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        Layer layer = new_layer(&shapes[i]);

        check_conv(&layer, CNX_CONV_WINOGRAD2, CNX_FORM_BF16, 4e-2);
        free_layer(&layer);
    }
}

/* The weights of some channels of a larger layer, packed on their own. */
static void test_parts(void)
{
    const Shape shape = {5, 6, 24, 10, 3, 1};
    const guint first = 7;
    const CnxKernels *kernels = cnx_isa_kernels(NULL);
    Layer layer = new_layer(&shape);
    g_autofree float *c = g_new(float, 30 * layer.ldc);

    for (gsize i = 0; i < 30 * layer.ldc; i++)
        c[i] = UNTOUCHED;
    for (guint part = 0; part < 2; part++) {
        const guint k = part ? shape.k - first : first, skipped = part ? first : 0;
        CnxConv conv = {.n = shape.n, .k = k, .side = 3, .dilation = 1, .bias = layer.bias};
        void *packed = new_block(cnx_conv_packed_size(kernels, &conv));
        const gsize scratch = cnx_conv_scratch(kernels, &conv, shape.width);
        const CnxDenseContext context = {kernels, 1, new_block(scratch), scratch};

        cnx_conv_pack(kernels, &conv, packed, layer.weight + skipped * 9, (gsize)9 * shape.k);
        cnx_threads_acquire(1);
        cnx_conv_run(&context, &conv,
                     &(CnxConvCall){shape.height, shape.width, layer.a + skipped, layer.lda, c,
                                    layer.ldc, part == 1, part == 1});
        cnx_threads_release();
        free(packed);
        free(context.scratch);
    }
    check_result(&layer, &(CnxConv){.bias = layer.bias}, FALSE, TRUE, c, 5e-6);
    free_layer(&layer);
}

/* Ranges of output channels begin at panels and are about equal. */
static void test_ranges(void)
{
    static const CnxProducts products = {.panel = 48};

    for (guint n = 1; n < 800; n++) {
        for (guint tasks = 1; tasks <= CNX_FEW_TASKS; tasks++) {
            const guint ranges = cnx_range_count(&products, n, tasks);
            guint first = 0, least = n, most = 0;

            g_assert_true(ranges == 1 || ranges % 2 == 0);
            g_assert_true(ranges > 1 || n <= 96 || tasks >= CNX_FEW_TASKS);
            for (guint i = 0; i < ranges; i++) {
                const CnxRange range = cnx_range_of(&products, n, ranges, i);

                g_assert_cmpuint(range.first, ==, first);
                g_assert_cmpuint(range.first % 48, ==, 0);
                first += range.n;
                least = MIN(least, range.n);
                most = MAX(most, range.n);
            }
            g_assert_cmpuint(first, ==, n);
            g_assert_true(ranges == 1 || least >= 48);
            g_assert_cmpuint(most - least, <, 3 * 48 / 2);
        }
    }
}

static void test_environment(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(g_setenv("CONVNEXT_CONV", "winograd3", TRUE));
    g_assert_false(cnx_conv_check(&error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    g_assert_cmpstr(error->message, ==,
                    "CONVNEXT_CONV is 'winograd3'; it must be one of direct, winograd2, winograd4");
    g_assert_true(g_setenv("CONVNEXT_CONV", "direct", TRUE));
    g_assert_true(cnx_conv_check(NULL));
    g_assert_cmpint(cnx_conv_choose(512, 512, 1, CNX_FORM_FLOAT), ==, CNX_CONV_DIRECT);
    g_assert_true(g_setenv("CONVNEXT_CONV", "winograd2", TRUE));
    g_assert_true(cnx_conv_check(NULL));
    g_assert_cmpint(cnx_conv_choose(512, 512, 1, CNX_FORM_FLOAT), ==, CNX_CONV_WINOGRAD2);
    g_assert_cmpint(cnx_conv_choose(512, 512, 2, CNX_FORM_FLOAT), ==, CNX_CONV_DIRECT);
    g_unsetenv("CONVNEXT_CONV");
    g_assert_true(cnx_conv_check(NULL));
}

static void test_choice(void)
{
    g_assert_cmpint(cnx_conv_choose(512, 512, 1, CNX_FORM_FLOAT), ==, CNX_CONV_WINOGRAD4);
    g_assert_cmpint(cnx_conv_choose(16, 16, 1, CNX_FORM_FLOAT), ==, CNX_CONV_WINOGRAD4);
    g_assert_cmpint(cnx_conv_choose(512, 2816, 1, CNX_FORM_FLOAT), ==, CNX_CONV_WINOGRAD2);
    g_assert_cmpint(cnx_conv_choose(256, 256, 1, CNX_FORM_BF16), ==, CNX_CONV_WINOGRAD2);
    g_assert_cmpint(cnx_conv_choose(256, 256, 1, CNX_FORM_INT8), ==, CNX_CONV_DIRECT);
    g_assert_cmpint(cnx_conv_choose(256, 256, 3, CNX_FORM_FLOAT), ==, CNX_CONV_DIRECT);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    g_test_add_func("/conv/shapes", test_shapes);
    g_test_add_func("/conv/parts", test_parts);
    g_test_add_func("/conv/rounded", test_rounded);
    g_test_add_func("/conv/ranges", test_ranges);
    g_test_add_func("/conv/choice", test_choice);
    g_test_add_func("/conv/environment", test_environment);
    return g_test_run();
}
