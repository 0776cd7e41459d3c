/* The layers of dense networks but the convolutions (conv.c, parts.c), against sums in double, for
 * several numbers of threads.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/dense/depthwise.h"
#include "model/dense/group_norm.h"
#include "model/dense/interpolate.h"
#include "model/dense/pool.h"
#include "model/dense/transposed.h"
#include "model/threads/threads.h"
#include "tests/fixtures/compare.h"

#define GAP 3 /* floats between pixels that no layer may write */
#define UNTOUCHED 12345.0f

static const guint thread_counts[] = {1, 2, 3, 7};

static float *new_values(gsize n)
{
    float *values = g_new(float, n);

    for (gsize i = 0; i < n; i++)
        values[i] = (float)g_test_rand_double_range(-1, 1);
    return values;
}

static void *new_block(gsize bytes)
{
    void *block = aligned_alloc(CNX_ALIGNMENT, MAX(bytes, CNX_ALIGNMENT));

    g_assert_nonnull(block);
    g_assert_cmpuint(bytes % CNX_ALIGNMENT, ==, 0);
    return block;
}

/* A context with its pool; clear with end_context(). */
static CnxDenseContext begin_context(guint threads, gsize scratch)
{
    cnx_threads_acquire(threads);
    return (CnxDenseContext){cnx_isa_kernels(NULL), threads, new_block(threads * scratch), scratch};
}

static void end_context(CnxDenseContext *context)
{
    cnx_threads_release();
    free(context->scratch);
}

/* The weight of pixel i of `in` in pixel d of `out`, in one direction. */
static double weight_of(CnxScaling scaling, guint in, guint out, guint d, guint i)
{
    double s = d;

    if (scaling == CNX_SCALING_NEAREST)
        s = d * in / out;
    else if (scaling == CNX_SCALING_BILINEAR)
        s = CLAMP((d + 0.5) * in / out - 0.5, 0, in - 1);
    else if (scaling == CNX_SCALING_BILINEAR_CORNERS)
        s = out > 1 ? (double)d * (in - 1) / (out - 1) : 0;
    return MAX(1 - fabs(s - i), 0);
}

static void check_interpolation(CnxInterpolation *call, const float *old)
{
    const CnxMap *map = call->map;
    const gsize pixels = (gsize)map->n * call->height * call->width;

    for (gsize i = 0; i < pixels * call->ldd; i++) {
        const guint channel = i % call->ldd, x = i / call->ldd % call->width;
        const gsize row = i / call->ldd / call->width;
        double sum = call->accumulate || channel >= map->channels ? old[i] : 0;

        for (guint j = 0; j < map->height * map->width && channel < map->channels; j++) {
            const gsize pixel = row / call->height * map->height * map->width + j;

            sum += weight_of(call->scaling, map->height, call->height, row % call->height,
                             j / map->width) *
                   weight_of(call->scaling, map->width, call->width, x, j % map->width) *
                   map->data[pixel * map->channels + channel];
        }
        g_assert_cmpfloat_with_epsilon(call->dst[i], sum, 4e-6);
    }
}

static void test_interpolation(void)
{
    static const guint sizes[][4] = {
        {5, 3, 10, 7}, {1, 4, 3, 4}, {7, 9, 4, 5}, {3, 3, 1, 1}, {4, 6, 4, 6}};

    for (guint i = 0; i < G_N_ELEMENTS(sizes) * 4 * G_N_ELEMENTS(thread_counts); i++) {
        const guint *size = sizes[i % G_N_ELEMENTS(sizes)];
        const CnxScaling scaling =
            i % G_N_ELEMENTS(sizes) == 4 ? CNX_SCALING_NONE : (CnxScaling)(1 + i % 3);
        g_autofree float *data = new_values((gsize)2 * size[0] * size[1] * 5);
        const CnxMap map = {data, 2, size[0], size[1], 5};
        const gsize floats = (gsize)2 * size[2] * size[3] * (5 + GAP);
        g_autofree float *old = new_values(floats);
        g_autofree float *dst = g_memdup2(old, floats * sizeof *old);
        CnxInterpolation call = {&map, scaling, size[2], size[3], dst, 5 + GAP, i / 2 % 2};
        CnxDenseContext context = begin_context(thread_counts[i % G_N_ELEMENTS(thread_counts)],
                                                cnx_interpolation_scratch(&call));

        cnx_interpolation_run(&context, &call);
        check_interpolation(&call, old);
        end_context(&context);
    }
}

static void test_pool(void)
{
    const CnxMap map = {new_values((gsize)2 * 7 * 5 * 150), 2, 7, 5, 150};
    g_autofree float *dst = g_new(float, (gsize)2 * 9 * 150);
    CnxDenseContext context = begin_context(3, 0);

    cnx_pool_run(&context, &map, 3, dst);
    for (guint i = 0; i < 2 * 9 * 150; i++) {
        const guint y = i / 150 / 3 % 3, x = i / 150 % 3;
        const guint y1 = (7 * (y + 1) + 2) / 3, x1 = (5 * (x + 1) + 2) / 3;
        double sum = 0;

        for (guint row = 7 * y / 3; row < y1; row++)
            for (guint column = 5 * x / 3; column < x1; column++)
                sum += map.data[((i / 1350 * 7 + row) * 5 + column) * 150 + i % 150];
        g_assert_cmpfloat_with_epsilon(dst[i], sum / ((y1 - 7 * y / 3) * (x1 - 5 * x / 3)), 1e-6);
    }
    end_context(&context);
    g_free((float *)map.data);
}

/* What each pixel of the map adds to the output, as the definition says it. */
static double *expect_transposed(const CnxTransposedCall *call, const float *weight)
{
    const CnxMap *map = call->map;
    const guint n = call->weights->n, side = call->weights->side;
    const gssize height = 2 * (gssize)map->height, width = 2 * (gssize)map->width;
    double *sums = g_new0(double, (gsize)(map->n * height * width) * n);

    for (gsize i = 0; i < (gsize)map->n * map->height * map->width * side * side; i++) {
        const gsize u = i / side % side, v = i % side, pixel = i / side / side;
        const gssize image = (gssize)(pixel / map->width / map->height);
        const gssize y = (gssize)(2 * (pixel / map->width % map->height) + u) - (side / 2 - 1);
        const gssize x = (gssize)(2 * (pixel % map->width) + v) - (side / 2 - 1);

        if (y < 0 || y >= height || x < 0 || x >= width)
            continue;
        for (gsize j = 0; j < n; j++)
            for (gsize l = 0; l < map->channels; l++)
                sums[(gsize)((image * height + y) * width + x) * n + j] +=
                    (double)map->data[pixel * map->channels + l] *
                    weight[((l * n + j) * side + u) * side + v];
    }
    return sums;
}

static void check_transposed(guint images, guint height, guint width, guint k, guint n, guint side)
{
    const CnxKernels *kernels = cnx_isa_kernels(NULL);
    const CnxMap map = {new_values((gsize)images * height * width * k), images, height, width, k};
    g_autofree float *weight = new_values((gsize)n * k * side * side);
    g_autofree float *bias = new_values(n);
    const gsize floats = (gsize)images * 4 * height * width * (n + GAP);
    g_autofree float *c = g_new(float, floats), *first = NULL;
    CnxPartWeights weights = {n, k, side, CNX_FORM_FLOAT, NULL};
    void *packed = new_block(cnx_transposed_packed_size(kernels, &weights));
    CnxTransposedCall call = {&map, &weights, c, n + GAP, bias, CNX_ACT_RELU, NULL};
    g_autofree double *sums = expect_transposed(&call, weight);

    cnx_transposed_pack(kernels, &weights, packed, weight);
    for (guint i = 0; i < G_N_ELEMENTS(thread_counts); i++) {
        CnxDenseContext context = begin_context(thread_counts[i], cnx_transposed_scratch(&call));

        for (gsize j = 0; j < floats; j++)
            c[j] = UNTOUCHED;
        call.shared = new_block(cnx_transposed_shared(kernels, &call));
        cnx_transposed_run(&context, &call);
        end_context(&context);
        free(call.shared);
        if (!first)
            first = g_memdup2(c, floats * sizeof *c);
        g_assert_cmpmem(c, floats * sizeof *c, first, floats * sizeof *c);
    }
    for (gsize i = 0; i < floats; i++) {
        const gsize j = i % (n + GAP);

        if (j >= n)
            g_assert_cmpfloat(c[i], ==, UNTOUCHED);
        else
            g_assert_cmpfloat_with_epsilon(c[i], MAX(sums[i / (n + GAP) * n + j] + bias[j], 0),
                                           3e-6 * sqrt(k));
    }
    g_free((float *)map.data);
    free(packed);
}

static void test_transposed(void)
{
    check_transposed(3, 4, 5, 9, 70, 2);
    check_transposed(1, 40, 3, 4, 5, 2);
    check_transposed(1, 5, 4, 9, 70, 4);
    check_transposed(2, 1, 1, 3, 2, 4);
}

static double expect_depthwise(const CnxDepthwise *d, const float *x, int h, int w, gsize i)
{
    const int c = (int)d->channels, k = (int)d->side, ch = (int)(i % d->channels);
    const int column = (int)(i / d->channels) % w, row = (int)(i / d->channels) / w;
    double sum = d->bias[ch];

    for (int tap = 0; tap < k * k; tap++) {
        const int sy = row + (tap / k - k / 2) * (int)d->dilation;
        const int sx = column + (tap % k - k / 2) * (int)d->dilation;

        if (sy >= 0 && sy < h && sx >= 0 && sx < w)
            sum += (double)d->weight[tap * c + ch] * x[(sy * w + sx) * c + ch];
    }
    return sum;
}

/* Of the second map, a task has a part of the rows, and the last one fewer than the others. */
static void test_depthwise(void)
{
    static const struct {
        guint h, w, c, side, dilation;
    } shapes[] = {{7, 5, 20, 3, 2}, {11, 90, 5, 3, 4}, {1, 300, 3, 5, 1}};

    for (guint i = 0; i < G_N_ELEMENTS(shapes); i++) {
        const guint h = shapes[i].h, w = shapes[i].w, c = shapes[i].c, side = shapes[i].side;
        const gsize floats = (gsize)h * w * c;
        g_autofree float *weight = new_values((gsize)side * side * c), *bias = new_values(c);
        g_autofree float *x = new_values(floats), *first = NULL;
        const CnxDepthwise layer = {c, side, shapes[i].dilation, weight, bias};

        for (guint j = 0; j < G_N_ELEMENTS(thread_counts); j++) {
            g_autofree float *got = g_new(float, floats);
            CnxDenseContext context = begin_context(thread_counts[j], 0);

            cnx_depthwise_run(&context, &layer, h, w, x, got);
            end_context(&context);
            for (gsize k = 0; k < floats; k++)
                g_assert_cmpfloat_with_epsilon(
                    got[k], expect_depthwise(&layer, x, (int)h, (int)w, k), 4e-6);
            if (!first)
                first = g_memdup2(got, floats * sizeof *x);
            g_assert_cmpmem(got, floats * sizeof *x, first, floats * sizeof *x);
        }
    }
}

/* A group's mean and variance, and the map that they normalise. */
static void expect_group(const CnxGroupNorm *norm, const float *x, gsize pixels, guint group,
                         const float *got)
{
    const guint size = norm->channels / norm->groups;
    double mean = 0, variance = 0;

    for (gsize i = 0; i < pixels * size; i++)
        mean += x[i / size * norm->channels + group * size + i % size];
    mean /= (double)(pixels * size);
    for (gsize i = 0; i < pixels * size; i++)
        variance += pow(x[i / size * norm->channels + group * size + i % size] - mean, 2);
    variance /= (double)(pixels * size);
    for (gsize i = 0; i < pixels * size; i++) {
        const gsize j = group * size + i % size, at = i / size * norm->channels + j;
        const double want =
            (x[at] - mean) / sqrt(variance + norm->eps) * norm->weight[j] + norm->bias[j];

        g_assert_cmpfloat_with_epsilon(got[at], norm->relu ? MAX(want, 0) : want, 4e-6);
    }
}

static void test_group_norm(void)
{
    const gsize pixels = 600;
    g_autofree float *weight = new_values(24), *bias = new_values(24);
    g_autofree float *x = new_values(pixels * 24), *first = NULL;
    const CnxGroupNorm norm = {24, 3, 1e-5, weight, bias, TRUE};
    void *shared = new_block(cnx_group_norm_shared(&norm, pixels));

    for (gsize i = 0; i < pixels * 24; i++)
        x[i] += (float)(i % 24 / 8); /* groups with different means */
    for (guint i = 0; i < G_N_ELEMENTS(thread_counts); i++) {
        g_autofree float *got = g_memdup2(x, pixels * 24 * sizeof *x);
        CnxDenseContext context = begin_context(thread_counts[i], 0);

        cnx_group_norm_run(&context, &norm, got, pixels, shared);
        end_context(&context);
        for (guint group = 0; group < norm.groups; group++)
            expect_group(&norm, x, pixels, group, got);
        if (!first)
            first = g_memdup2(got, pixels * 24 * sizeof *x);
        g_assert_cmpmem(got, pixels * 24 * sizeof *x, first, pixels * 24 * sizeof *x);
    }
    free(shared);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    g_test_add_func("/dense-layers/interpolation", test_interpolation);
    g_test_add_func("/dense-layers/pool", test_pool);
    g_test_add_func("/dense-layers/transposed", test_transposed);
    g_test_add_func("/dense-layers/depthwise", test_depthwise);
    g_test_add_func("/dense-layers/group-norm", test_group_norm);
    return g_test_run();
}
