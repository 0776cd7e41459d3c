/* The forward pass against the outputs of timm, torchvision, transformers and open_clip in double
 * precision (tests/fixtures/make_networks.py, make_dialects.py). There are small networks of every
 * kind, with stored weights in each library's names and in F32, F16 and BF16, and full-size
 * networks with seeded weights. With --table the program prints the worst difference for each
 * library instead.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/containers/container.h"
#include "tests/fixtures/compare.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/networks.h"
#include "tests/model/support/small.h"

static char *folder; /* temporary */

/* Limit on the worst difference, in standard deviations of the expected tensor. The documented
 * limit is 1e-3; summing floats in another order stays well below this one. Level amx multiplies
 * halves of floats, which have 16 bits together. */
static double tolerance(void)
{
    return cnx_isa_kernels(NULL)->level == CNX_ISA_AMX ? 1e-4 : 5e-5;
}

static CnxModel *open_model(const char *path)
{
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    return model;
}

/* The worst difference over all tensors of the fixture `name`, which are named INPUT/OUTPUT. */
static double compare_outputs(CnxModel *model, const char *name, guint threads)
{
    g_autofree char *path = networks_fixture(name, ".expected.safetensors");
    g_autofree char *input = g_strdup("");
    g_autoptr(CnxRun) run = NULL;
    const CnxOutputs *outputs = NULL; /* of this input */
    GError *error = NULL;
    CnxContainer *file = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);
    guint count, n;
    double worst = 0;

    g_assert_no_error(error);
    const CnxTensor *tensors = cnx_container_tensors(file, &count);
    g_assert_cmpuint(count, >=, 3);
    for (guint i = 0; i < count; i++) {
        g_auto(GStrv) parts = g_strsplit(tensors[i].name, "/", 2);

        if (!g_str_equal(input, parts[0])) {
            g_clear_pointer(&run, cnx_run_free);
            run = networks_run(model, parts[0], threads, &n);
            outputs = cnx_run_forward(run, n);
            g_free(input);
            input = g_strdup(parts[0]);
        }
        const CnxMap *map = networks_map(outputs, parts[1]);
        const double d = compare_values(map->data, networks_count(map), &tensors[i]);

        if (!(d <= tolerance()))
            g_test_message("%s: %s differs by %.3g standard deviations", name, tensors[i].name, d);
        worst = d <= worst ? worst : d;
    }
    cnx_container_close(file);
    return worst;
}

static CnxModel *open_small(const Small *s)
{
    g_autofree char *path = networks_fixture(s->path ? s->path : s->name, "");

    return open_model(path);
}

static void test_small(gconstpointer data)
{
    g_autoptr(CnxModel) model = open_small(data);
    const Small *s = data;

    g_assert_cmpstr(cnx_model_config(model)->variant, ==, s->variant);
    g_assert_cmpint(cnx_model_config(model)->dialect, ==, s->dialect);
    g_assert_true(g_str_has_prefix(s->container, cnx_model_config(model)->container));
    for (guint threads = 1; threads <= 3; threads++) {
        const double d = compare_outputs(model, s->name, threads);

        g_test_message("%s, %u threads: %.3g", s->name, threads, d);
        g_assert_cmpfloat(d, <=, tolerance());
    }
}

/* A line for each container format of each library. */
static void print_table(void)
{
    g_print("| names of | container | networks | worst |\n| --- | --- | --- | --- |\n");
    for (guint i = 0, next; i < G_N_ELEMENTS(small); i = next) {
        double worst = 0;

        g_print("| %s | %s | ", cnx_dialect_name(small[i].dialect), small[i].container);
        for (next = i; next < G_N_ELEMENTS(small) && small[next].dialect == small[i].dialect &&
                       g_str_equal(small[next].container, small[i].container);
             next++) {
            g_autoptr(CnxModel) model = open_small(&small[next]);
            const double d = compare_outputs(model, small[next].name, 1);

            g_print("%s%s", next > i ? "; " : "", small[next].what);
            worst = d <= worst ? worst : d;
        }
        g_print(" | %.1e |\n", worst);
    }
}

/* The tolerance is tight enough to tell the two forms of GELU apart. */
static void test_other_gelu(void)
{
    g_autofree char *from = networks_fixture("transformers-v1", "/model.safetensors");
    g_autofree char *from_config = networks_fixture("transformers-v1", "/config.json");
    g_autofree char *to = g_build_filename(folder, "model.safetensors", NULL);
    g_autofree char *to_config = g_build_filename(folder, "config.json", NULL);
    g_autofree char *weights = NULL, *text = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(from, &weights, &length, NULL));
    g_assert_true(g_file_set_contents(to, weights, (gssize)length, NULL));
    g_assert_true(g_file_get_contents(from_config, &text, NULL, NULL));
    g_auto(GStrv) parts = g_strsplit(text, "\"gelu\"", -1);
    g_assert_cmpuint(g_strv_length(parts), ==, 2);
    g_autofree char *changed = g_strjoinv("\"gelu_pytorch_tanh\"", parts);
    g_assert_true(g_file_set_contents(to_config, changed, -1, NULL));

    g_autoptr(CnxModel) model = open_model(folder);
    g_assert_cmpfloat(compare_outputs(model, "transformers-v1", 1), >, 5 * tolerance());
    g_remove(to);
    g_remove(to_config);
}

static void test_full(gconstpointer data)
{
    const SeededNetwork *f = data;
    g_autofree char *path = g_build_filename(folder, "network.safetensors", NULL);
    GError *error = NULL;

    seeded_checkpoint(path, f, &error);
    g_assert_no_error(error);
    g_autoptr(CnxModel) model = open_model(path);
    g_remove(path);
    g_assert_cmpstr(cnx_model_config(model)->variant, ==, f->variant);

    const double d = compare_outputs(model, f->name, 0);
    g_test_message("%s: %.3g", f->name, d);
    g_assert_cmpfloat(d, <=, tolerance());
}

/* Results are the same, bit for bit, with any number of threads. */
static void test_threads(void)
{
    g_autoptr(CnxModel) model = NULL;
    g_autoptr(CnxRun) one = NULL, three = NULL;
    g_autofree char *dir = networks_fixture("timm-v2-conv", "");
    guint n;

    model = open_model(dir);
    one = networks_run(model, "320x256", 1, &n);
    three = networks_run(model, "320x256", 3, &n);
    const CnxOutputs *a = cnx_run_forward(one, 1), *b = cnx_run_forward(three, 1);

    g_assert_cmpmem(a->logits.data, 9 * sizeof(float), b->logits.data, 9 * sizeof(float));
    g_assert_cmpmem(a->stage[3].data, 80 * 35 * sizeof(float), b->stage[3].data,
                    80 * 35 * sizeof(float));
}

/* A batch of images in the caller's memory, in any order, gives the results of each image alone. */
static void test_images_elsewhere(gconstpointer data)
{
    g_autoptr(CnxModel) model = NULL;
    g_autoptr(CnxRun) alone = NULL, batch = NULL;
    g_autofree char *dir = networks_fixture(data, "");
    g_autofree float *pixels = NULL, *expected = NULL;
    const gsize count = 64 * 64 * 3;
    GError *error = NULL;
    guint classes, n;

    model = open_model(dir);
    classes = cnx_model_config(model)->classes;
    pixels = g_new(float, 3 * count);
    expected = g_new(float, 3 * classes);
    const float *images[] = {pixels + 2 * count, pixels, pixels + count};

    alone = networks_run(model, "64x64", 1, &n);

    batch = cnx_run_new(model, 64, 64, 3, CNX_OUTPUT_LOGITS, 1, &error);
    g_assert_no_error(error);
    for (guint i = 0; i < 3; i++) {
        char name[16];

        g_snprintf(name, sizeof name, "elsewhere %u", i);
        seeded_input((float *)images[i], name, 64, 64);
        memcpy(expected + i * classes, cnx_run_forward_images(alone, &images[i], 1)->logits.data,
               classes * sizeof *expected);
        g_assert_true(i == 0 || expected[i * classes] != expected[(i - 1) * classes]);
    }
    const CnxOutputs *outputs = cnx_run_forward_images(batch, images, 3);
    g_assert_cmpuint(outputs->logits.n, ==, 3);
    for (guint i = 0; i < 3 * classes; i++)
        g_assert_cmpfloat_with_epsilon(outputs->logits.data[i], expected[i], 1e-5);
}

static void compare_maps(const CnxMap *a, const CnxMap *b)
{
    const gsize bytes = networks_count(a) * sizeof(float);

    g_assert_cmpmem(a->data, bytes, b->data, networks_count(b) * sizeof(float));
}

/* In memory of the caller, which holds NaNs before each forward pass, a run computes the same, and
 * writes no further than its measured size. */
static void test_memory_of_caller(gconstpointer data)
{
    const CnxOutput outputs =
        CNX_OUTPUT_STAGE1 | CNX_OUTPUT_STAGE4 | CNX_OUTPUT_LOGITS | CNX_OUTPUT_LENT;
    const guint images = 2, width = 97, height = 65, threads = 2, guard = 64;
    g_autofree char *dir = networks_fixture(data, "");
    g_autoptr(CnxModel) model = open_model(dir);
    const CnxRunSize size = cnx_run_measure(cnx_model_config(model), width, height, images, outputs,
                                            cnx_model_form(model), threads);
    const gsize bytes = size.images + threads * size.scratch;
    char *memory = cnx_memory_new(bytes + guard), *stages = cnx_memory_new(size.lent + guard);
    GError *error = NULL;
    CnxRun *own = cnx_run_new(model, width, height, images, outputs & ~CNX_OUTPUT_LENT, 1, &error);

    g_assert_no_error(error);
    CnxRun *run = cnx_run_new_in(model, width, height, images, outputs, threads, memory, &error);
    g_assert_no_error(error);

    g_assert_cmpuint(cnx_run_lent_bytes(run, images), ==, size.lent);
    g_assert_cmpuint(cnx_run_memory(run), ==, 0);
    cnx_run_lend(run, stages, images);
    for (guint pass = 0; pass < 2; pass++) {
        memset(memory, 0xff, bytes + guard);
        memset(stages, 0xff, size.lent + guard);
        for (guint i = 0; i < images; i++) {
            g_autofree char *name = g_strdup_printf("pass %u, image %u", pass, i);

            seeded_input(cnx_run_input(own, i), name, width, height);
            seeded_input(cnx_run_input(run, i), name, width, height);
        }
        const CnxOutputs *a = cnx_run_forward(own, images), *b = cnx_run_forward(run, images);

        compare_maps(&a->stage[0], &b->stage[0]);
        compare_maps(&a->stage[3], &b->stage[3]);
        compare_maps(&a->logits, &b->logits);
        for (guint i = 0; i < guard; i++) {
            g_assert_cmphex((unsigned char)memory[bytes + i], ==, 0xff);
            g_assert_cmphex((unsigned char)stages[size.lent + i], ==, 0xff);
        }
    }
    cnx_run_free(run);
    cnx_run_free(own);
    free(stages);
    free(memory);
}

/* Sizes beyond any machine's memory, or below the minimum, are errors. */
static void test_bad_sizes(void)
{
    g_autoptr(CnxModel) model = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = networks_fixture("timm-v1", "");

    model = open_model(dir);

    g_assert_null(cnx_run_new(model, 1 << 24, 1 << 24, 64, CNX_OUTPUT_LOGITS, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_clear_error(&error);
    g_assert_null(cnx_run_new(model, 31, 64, 1, CNX_OUTPUT_LOGITS, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
}

int main(int argc, char **argv)
{
    if (argc > 1 && g_str_equal(argv[1], "--table")) {
        print_table();
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    folder = g_dir_make_tmp("convnext-networks-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
        g_autofree char *path = g_strdup_printf("/networks/small/%u/%s", i, small[i].name);

        g_test_add_data_func(path, &small[i], test_small);
    }
    for (guint i = 0; i < SEEDED_NETWORKS; i++) {
        g_autofree char *path = g_strconcat("/networks/full/", seeded_networks[i].name, NULL);

        g_test_add_data_func(path, &seeded_networks[i], test_full);
    }
    g_test_add_func("/networks/other-gelu", test_other_gelu);
    g_test_add_func("/networks/threads", test_threads);
    g_test_add_data_func("/networks/images-elsewhere-v1", "timm-v1", test_images_elsewhere);
    g_test_add_data_func("/networks/images-elsewhere-v2", "timm-v2-conv", test_images_elsewhere);
    g_test_add_data_func("/networks/memory-of-caller-v1", "timm-v1", test_memory_of_caller);
    g_test_add_data_func("/networks/memory-of-caller-v2", "timm-v2-conv", test_memory_of_caller);
    g_test_add_func("/networks/bad-sizes", test_bad_sizes);
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
