/* Packed weights compute what the checkpoint's do, also those of matrices that are packed in
 * several parts: each layer of a network against sums in double precision.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>

#include "model/base/isa.h"
#include "model/network/weights.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/hostile.h"

#define CHANNELS 320 /* 4 c c and the head are larger than a part; nothing is a whole one */
#define CLASSES 1001
#define MAX_ERROR 1e-5 /* of the largest output */
#define SKIPPED 77

static float *load_tensor(const CnxCheckpoint *checkpoint, const char *name)
{
    const CnxTensor *tensor = cnx_checkpoint_tensor(checkpoint, name);
    float *values;

    if (!tensor)
        return NULL;
    values = g_new(float, tensor->elements);
    cnx_tensor_to_float(tensor, values);
    return values;
}

/* The names of a layer y = scale (W (weight x + bias) + b), all but the first optional. */
typedef struct Layer {
    const char *matrix, *b, *scale, *weight, *bias;
    guint taps;
} Layer;

/* Output o for x [taps, in]. */
static double compute_output(const CnxCheckpoint *checkpoint, const Layer *layer, const float *x,
                             gsize o, gsize in)
{
    static const char *loaded; /* the layer whose tensors are in values */
    static float *values[5];
    const char *const names[] = {layer->matrix, layer->b, layer->scale, layer->weight, layer->bias};
    double sum;

    for (guint i = 0; loaded != layer->matrix && i < G_N_ELEMENTS(names); i++) {
        g_free(values[i]);
        values[i] = names[i] ? load_tensor(checkpoint, names[i]) : NULL;
    }
    loaded = layer->matrix;
    sum = values[1] ? values[1][o] : 0;
    for (gsize i = 0; i < in; i++)
        for (gsize t = 0; t < layer->taps; t++) {
            const double affine =
                (values[3] ? values[3][i] : 1.0) * x[t * in + i] + (values[4] ? values[4][i] : 0.0);

            sum += values[0][(o * in + i) * layer->taps + t] * affine;
        }
    return values[2] ? values[2][o] * sum : sum;
}

static void check_layer(const CnxCheckpoint *checkpoint, const CnxKernels *kernels,
                        const CnxLinear *linear, const Layer *layer)
{
    const gsize k = (gsize)linear->k, n = (gsize)linear->n;
    g_autofree float *x = g_new(float, k), *y = g_new(float, n);
    const CnxGemm gemm = {.m = 1,
                          .n = linear->n,
                          .k = linear->k,
                          .a = x,
                          .lda = k * sizeof(float),
                          .packed = linear->packed,
                          .bias = linear->bias,
                          .c = y,
                          .ldc = n};
    double worst = 0, largest = 0;

    for (gsize i = 0; i < k; i++)
        x[i] = (float)g_random_double_range(-1, 1);
    kernels->gemm(&gemm);
    for (gsize o = 0; o < n; o++) {
        const double right = compute_output(checkpoint, layer, x, o, k / layer->taps);

        worst = MAX(worst, fabs(y[o] - right));
        largest = MAX(largest, fabs(right));
    }
    g_print("%-16s [%zu, %zu]: %.1e\n", layer->matrix, n, k, worst / largest);
    g_assert_cmpfloat(worst, <, MAX_ERROR * largest);
}

static void check_depthwise(const CnxCheckpoint *checkpoint, const CnxBlock *block)
{
    g_autofree float *weight = load_tensor(checkpoint, "s0.b0.dw.weight");

    for (gsize c = 0; c < CHANNELS; c++)
        for (gsize tap = 0; tap < 49; tap++)
            g_assert_cmpfloat(block->dw_weight[tap * CHANNELS + c], ==, weight[c * 49 + tap]);
}

/* Fills everything behind the header with numbers from 2^-3 to 2^-1. */
static void fill_numbers(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GMappedFile) file = g_mapped_file_new(path, TRUE, &error);

    g_assert_no_error(error);
    g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(file);
    const guint8 *content = g_bytes_get_data(bytes, NULL);
    gsize begin = 8;
    for (guint i = 0; i < 8; i++)
        begin += (gsize)content[i] << (8 * i);
    g_autofree guint8 *whole = g_memdup2(content, g_bytes_get_size(bytes));
    for (gsize i = begin; i + 1 < g_bytes_get_size(bytes); i += 2) {
        const guint16 half =
            (guint16)(0x3000 + g_random_int_range(0, 0x800) + (g_random_boolean() ? 0x8000 : 0));

        whole[i] = half & 0xff;
        whole[i + 1] = (guint8)(half >> 8);
    }
    g_assert_true(g_file_set_contents(path, (char *)whole, (gssize)g_bytes_get_size(bytes), NULL));
}

int main(void)
{
    static const HostileNetwork network = {CHANNELS, 4, 1, CLASSES};
    g_autoptr(GError) error = NULL;
    const CnxKernels *kernels = cnx_isa_kernels(&error);

    if (compare_level_lacks())
        return SKIPPED;
    g_assert_no_error(error);
    g_autofree char *folder = g_dir_make_tmp("convnext-packing-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
    g_random_set_seed(7);
    hostile_write_network(folder, &network);
    fill_numbers(path);
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(folder, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    g_autoptr(CnxWeights) weights = cnx_weights_new(checkpoint, kernels, CNX_FORM_FLOAT, &error);
    g_assert_no_error(error);
    const CnxBlock *block = &weights->stage[0].blocks[0];

    check_layer(checkpoint, kernels, &weights->stem[0],
                &(Layer){.matrix = "stem.conv.weight", .b = "stem.conv.bias", .taps = 16});
    check_depthwise(checkpoint, block);
    check_layer(checkpoint, kernels, &block->pw1,
                &(Layer){"s0.b0.pw1.weight", "s0.b0.pw1.bias", NULL, "s0.b0.norm.weight",
                         "s0.b0.norm.bias", 1});
    check_layer(checkpoint, kernels, &block->pw2,
                &(Layer){"s0.b0.pw2.weight", "s0.b0.pw2.bias", "s0.b0.gamma", NULL, NULL, 1});
    check_layer(checkpoint, kernels, &weights->stage[1].down,
                &(Layer){"down1.conv.weight", "down1.conv.bias", NULL, "down1.norm.weight",
                         "down1.norm.bias", 4});
    check_layer(checkpoint, kernels, &weights->head[0].linear,
                &(Layer){.matrix = "head.weight", .b = "head.bias", .taps = 1});
    g_remove(path);
    g_rmdir(folder);
    return 0;
}
