/* Small networks for the element's tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/gst/support/network.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

char *network;

typedef struct Writer {
    GString *header;  /* JSON */
    GByteArray *data; /* the tensors' values */
    guint32 seed;
} Writer;

/* Uniform in -1..1. */
static float next_random(Writer *w)
{
    w->seed = w->seed * 1664525u + 1013904223u;
    return (float)(w->seed >> 8) / (1 << 23) - 1.0f;
}

static void write_tensor(Writer *w, const char *name, float centre, float spread, guint rank,
                         const guint *shape)
{
    gsize n = 1, begin = w->data->len;

    g_string_append_printf(w->header, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[",
                           w->header->len > 1 ? "," : "", name);
    for (guint i = 0; i < rank; i++) {
        n *= shape[i];
        g_string_append_printf(w->header, "%s%u", i ? "," : "", shape[i]);
    }
    for (gsize i = 0; i < n; i++) {
        float value = centre + spread * next_random(w);

        g_byte_array_append(w->data, (const guint8 *)&value, sizeof value);
    }
    g_string_append_printf(w->header, "],\"data_offsets\":[%" G_GSIZE_FORMAT ",%u]}", begin,
                           w->data->len);
}

/* Writes prefix.weight and prefix.bias. The spread of the weights preserves the variance of the
 * values. */
static void write_layer(Writer *w, const char *prefix, guint rank, const guint *shape)
{
    guint fan_in = 1;

    for (guint i = 1; i < rank; i++)
        fan_in *= shape[i];
    g_autofree char *weight = g_strconcat(prefix, ".weight", NULL);
    g_autofree char *bias = g_strconcat(prefix, ".bias", NULL);
    gboolean norm = rank == 1;
    write_tensor(w, weight, norm ? 1.0f : 0.0f, norm ? 0.2f : sqrtf(3.0f / (float)fan_in), rank,
                 shape);
    write_tensor(w, bias, 0.0f, 0.1f, 1, shape);
}

static void write_block(Writer *w, guint stage, guint dim)
{
    static const char *const names[] = {"conv_dw", "norm", "mlp.fc1", "mlp.fc2"};
    const guint shapes[][4] = {{dim, 1, 7, 7}, {dim}, {4 * dim, dim}, {dim, 4 * dim}};
    const guint ranks[] = {4, 1, 2, 2};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *prefix = g_strdup_printf("stages.%u.blocks.0.%s", stage, names[i]);

        write_layer(w, prefix, ranks[i], shapes[i]);
    }
    g_autofree char *gamma = g_strdup_printf("stages.%u.blocks.0.gamma", stage);
    write_tensor(w, gamma, 0.5f, 0.2f, 1, &dim);
}

static void write_downsampling(Writer *w, guint stage, guint from, guint to)
{
    g_autofree char *norm = g_strdup_printf("stages.%u.downsample.0", stage);
    g_autofree char *conv = g_strdup_printf("stages.%u.downsample.1", stage);

    write_layer(w, norm, 1, &from);
    write_layer(w, conv, 4, (const guint[]){to, from, 2, 2});
}

static void save_weights(Writer *w, const char *folder)
{
    g_string_append_c(w->header, '}');
    while (w->header->len % 8)
        g_string_append_c(w->header, ' ');
    guint64 length = GUINT64_TO_LE(w->header->len);
    g_autoptr(GByteArray) file = g_byte_array_new();
    g_byte_array_append(file, (const guint8 *)&length, sizeof length);
    g_byte_array_append(file, (const guint8 *)w->header->str, w->header->len);
    g_byte_array_append(file, w->data->data, w->data->len);
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
    g_assert_true(g_file_set_contents(path, (const char *)file->data, file->len, NULL));
    g_byte_array_unref(w->data);
    g_string_free(w->header, TRUE);
}

static char *make_network(guint times, gboolean head)
{
    const guint narrow[] = NETWORK_DIMS;
    Writer w = {g_string_new("{"), g_byte_array_new(), 12345};
    guint dims[4];

    for (guint i = 0; i < 4; i++)
        dims[i] = narrow[i] * times;
    write_layer(&w, "stem.0", 4, (const guint[]){dims[0], 3, 4, 4});
    write_layer(&w, "stem.1", 1, dims);
    for (guint i = 0; i < 4; i++) {
        if (i > 0)
            write_downsampling(&w, i, dims[i - 1], dims[i]);
        write_block(&w, i, dims[i]);
    }
    if (head) {
        write_layer(&w, "head.norm", 1, &dims[3]);
        write_layer(&w, "head.fc", 2, (const guint[]){NETWORK_CLASSES, dims[3]});
    }
    char *folder = g_dir_make_tmp("convnext-XXXXXX", NULL);
    g_assert_nonnull(folder);
    save_weights(&w, folder);
    g_autofree char *config = g_strdup_printf(
        "{\"architecture\": \"convnext_atto\", \"num_classes\": %d, "
        "\"model_args\": {\"depths\": [1, 1, 1, 1], \"dims\": [%u, %u, %u, %u]}, "
        "\"pretrained_cfg\": {\"input_size\": [3, %d, %d], \"crop_pct\": 1.0, "
        "\"interpolation\": \"bilinear\", \"mean\": [0.5, 0.5, 0.5], "
        "\"std\": [0.25, 0.25, 0.25]}, "
        "\"label_names\": [\"zero\", \"one\", \"two\", \"three\", \"four\", \"five\"]}",
        head ? NETWORK_CLASSES : 0, dims[0], dims[1], dims[2], dims[3], NETWORK_SIZE, NETWORK_SIZE);
    g_free(network_add_file(folder, "config.json", config));
    return folder;
}

char *network_new(void)
{
    return make_network(1, TRUE);
}

char *network_new_backbone(void)
{
    return make_network(1, FALSE);
}

char *network_new_wide(guint times)
{
    return make_network(times, TRUE);
}

/* The classifier's biases are the last values of the file. */
static void set_biases(const char *folder, guint n, float bias)
{
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL), *file = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &file, &length, NULL));
    char *biases = file + length - NETWORK_CLASSES * sizeof bias;
    for (guint i = 0; i < n; i++)
        memcpy(biases + i * sizeof bias, &bias, sizeof bias);
    g_assert_true(g_file_set_contents(path, file, (gssize)length, NULL));
}

void network_set_bias(const char *folder, float bias)
{
    set_biases(folder, 1, bias);
}

void network_fill_bias(const char *folder, float bias)
{
    set_biases(folder, NETWORK_CLASSES, bias);
}

/* The classifier's weights and biases, without its norm, are the end of the file. */
void network_set_logits(const char *folder, const float logits[NETWORK_CLASSES])
{
    const guint dims[] = NETWORK_DIMS;
    const gsize weights = NETWORK_CLASSES * dims[3] * sizeof(float),
                biases = NETWORK_CLASSES * sizeof(float);
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL), *file = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &file, &length, NULL));
    memset(file + length - biases - weights, 0, weights);
    memcpy(file + length - biases, logits, biases);
    g_assert_true(g_file_set_contents(path, file, (gssize)length, NULL));
}

void network_add_keys(const char *folder, const char *members)
{
    g_autofree char *path = g_build_filename(folder, "config.json", NULL), *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    *strrchr(text, '}') = '\0';
    g_autofree char *config = g_strconcat(text, ", ", members, "}", NULL);
    g_free(network_add_file(folder, "config.json", config));
}

char *network_add_file(const char *folder, const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

void network_delete(char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    g_assert_nonnull(dir);
    for (const char *name; (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_remove(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

void network_setup(void)
{
    network = network_new();
}

void network_teardown(void)
{
    network_delete(network);
}
