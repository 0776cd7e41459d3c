/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/hostile.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

void hostile_write(const char *folder, const char *name, const GString *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    GError *error = NULL;

    g_file_set_contents_full(path, text->str, (gssize)text->len, G_FILE_SET_CONTENTS_NONE, 0600,
                             &error);
    g_assert_no_error(error);
}

typedef struct Visit {
    HostileTensorFn fn;
    gpointer user_data;
} Visit;

/* Visits module + leaf of shape [a, b, c, d]; the first 0 ends the shape. */
static void visit_tensor(const Visit *v, const char *module, const char *leaf, guint a, guint b,
                         guint c, guint d)
{
    g_autofree char *name = g_strconcat(module, leaf, NULL);
    HostileTensor tensor = {.name = name, .shape = {a, b, c, d}, .elements = 1};

    while (tensor.rank < 4 && tensor.shape[tensor.rank])
        tensor.elements *= tensor.shape[tensor.rank++];
    v->fn(&tensor, v->user_data);
}

static void visit_layer(const Visit *v, const char *module, guint out, guint in, guint side)
{
    visit_tensor(v, module, ".weight", out, in, side, side);
    visit_tensor(v, module, ".bias", out, 0, 0, 0);
}

static void visit_block(const Visit *v, guint stage, guint block, guint c)
{
    static const char *const leaves[] = {"conv_dw", "norm", "mlp.fc1", "mlp.fc2"};
    const guint out[] = {c, c, 4 * c, c}, in[] = {1, 0, c, 4 * c}, side[] = {7, 0, 0, 0};

    for (guint i = 0; i < G_N_ELEMENTS(leaves); i++) {
        g_autofree char *module =
            g_strdup_printf("stages.%u.blocks.%u.%s", stage, block, leaves[i]);

        visit_layer(v, module, out[i], in[i], side[i]);
    }
    g_autofree char *base = g_strdup_printf("stages.%u.blocks.%u.", stage, block);
    visit_tensor(v, base, "gamma", c, 0, 0, 0);
}

void hostile_network(const HostileNetwork *network, HostileTensorFn fn, gpointer user_data)
{
    const Visit v = {fn, user_data};
    const guint c = network->channels;

    visit_layer(&v, "stem.0", c, 3, network->patch);
    visit_layer(&v, "stem.1", c, 0, 0);
    for (guint stage = 0; stage < 4; stage++) {
        g_autofree char *norm = g_strdup_printf("stages.%u.downsample.0", stage);
        g_autofree char *conv = g_strdup_printf("stages.%u.downsample.1", stage);

        if (stage > 0) {
            visit_layer(&v, norm, c, 0, 0);
            visit_layer(&v, conv, c, c, 2);
        }
        for (guint i = 0; i < (stage == 3 ? network->blocks : 1); i++)
            visit_block(&v, stage, i, c);
    }
    visit_layer(&v, "head.norm", c, 0, 0);
    visit_layer(&v, "head.fc", network->classes, c, 0);
}

typedef struct Writing {
    GString *header;
    gsize at; /* end of the data */
    const char *dtype;
    gsize item; /* bytes per element */
} Writing;

static void write_tensor(const HostileTensor *tensor, gpointer user_data)
{
    Writing *w = user_data;

    g_string_append_printf(w->header, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[",
                           w->header->len > 8 + 1 ? "," : "", tensor->name, w->dtype);
    for (guint i = 0; i < tensor->rank; i++)
        g_string_append_printf(w->header, i ? ",%u" : "%u", tensor->shape[i]);
    g_string_append_printf(w->header, "],\"data_offsets\":[%zu,%zu]}", w->at,
                           w->at + w->item * tensor->elements);
    w->at += w->item * tensor->elements;
}

static void write_header(Writing *w, const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);

    g_string_append_c(w->header, '}');
    const guint64 length = GUINT64_TO_LE(w->header->len - 8);
    memcpy(w->header->str, &length, sizeof length);
    hostile_write(folder, "model.safetensors", w->header);
    g_assert_cmpint(truncate(path, (off_t)(w->header->len + w->at)), ==, 0);
}

static void write_network(const char *folder, const HostileNetwork *network, const char *dtype,
                          gsize item)
{
    g_autoptr(GString) out = g_string_new_len("\0\0\0\0\0\0\0\0{", 9);
    Writing w = {.header = out, .dtype = dtype, .item = item};

    hostile_network(network, write_tensor, &w);
    write_header(&w, folder);
}

void hostile_write_network(const char *folder, const HostileNetwork *network)
{
    write_network(folder, network, "F16", 2);
}

void hostile_write_eight_bits(const char *folder, const HostileNetwork *network)
{
    write_network(folder, network, "F8_E4M3", 1);
}

#define LORAS 10922 /* with their weights, 32766 tensors */

void hostile_write_loras(const char *folder)
{
    static const char *const leaves[] = {"weight", "lora_A.a.weight", "lora_B.a.weight"};
    g_autoptr(GString) out = g_string_new_len("\0\0\0\0\0\0\0\0{", 9);
    g_autoptr(GString) config = g_string_new("{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":1}");
    Writing w = {.header = out, .dtype = "F16", .item = 2};

    for (guint i = 0; i < LORAS * G_N_ELEMENTS(leaves); i++) {
        g_autofree char *name = g_strdup_printf("%u.%s", i / 3, leaves[i % 3]);
        const HostileTensor tensor = {name, 2, {1, 1}, 1};

        write_tensor(&tensor, &w);
    }
    write_header(&w, folder);
    hostile_write(folder, "adapter_config.json", config);
}
