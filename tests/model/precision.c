/* Compares each form of the matrix products with fp32 in whole networks, small and full-size, with
 * several numbers of threads and images. With --table the program prints the errors instead:
 *
 *   test-precision --table [SIDE]   full-size networks run on SIDE x SIDE pixels
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/network/weights.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/networks.h"
#include "tests/model/support/precision.h"
#include "tests/model/support/small.h"

#define SKIPPED 77
#define SIDE 64
#define CROWD 8 /* images of the largest batch */

static char *folder; /* temporary */

/* Whether the kernels are so slow that every fourth full-size network and few batches must do: the
 * C versions and emulated instructions. */
static gboolean is_slow(void)
{
#ifdef EMULATED
    return TRUE;
#else
    return precision_kernels() == cnx_kernels_get(CNX_ISA_C);
#endif
}

static char *write_seeded(const SeededNetwork *network)
{
    char *path = g_build_filename(folder, "network.safetensors", NULL);
    GError *error = NULL;

    seeded_checkpoint(path, network, &error);
    g_assert_no_error(error);
    return path;
}

/* Errors on several inputs */

static PrecisionErrors compare_input(CnxModel *fp32, CnxModel *model, const char *input)
{
    guint n;
    g_autoptr(CnxRun) a = networks_run(fp32, input, 1, &n);
    g_autoptr(CnxRun) b = networks_run(model, input, 1, &n);

    return precision_compare(cnx_run_forward(a, n), cnx_run_forward(b, n));
}

static void print_errors(const PrecisionErrors errors[PRECISION_FORMS])
{
    for (guint i = 0; i < PRECISION_FORMS; i++)
        g_print(" | %.1e (%.1e)", errors[i].worst, errors[i].mean);
    g_print(" |\n");
}

/* errors: [PRECISION_FORMS], the largest of all inputs */
static void measure_network(const char *path, const char *const *inputs, PrecisionErrors *errors)
{
    const PrecisionForm *forms = precision_forms();
    g_autoptr(CnxModel) fp32 = precision_open(path, CNX_FORM_FLOAT);

    for (guint i = 0; i < PRECISION_FORMS; i++) {
        g_autoptr(CnxModel) model = NULL;

        errors[i] = (PrecisionErrors){0};
        if (!precision_has_kernels(forms[i].form))
            continue;
        model = precision_open(path, forms[i].form);
        for (guint j = 0; inputs[j]; j++) {
            const PrecisionErrors e = compare_input(fp32, model, inputs[j]);

            errors[i].worst = e.worst <= errors[i].worst ? errors[i].worst : e.worst;
            errors[i].mean = e.mean <= errors[i].mean ? errors[i].mean : e.mean;
        }
    }
}

static void check_errors(const char *name, const PrecisionErrors *errors)
{
    const PrecisionForm *forms = precision_forms();

    for (guint i = 0; i < PRECISION_FORMS; i++) {
        g_test_message("%s in %s: worst %.2g, mean %.2g", name, forms[i].name, errors[i].worst,
                       errors[i].mean);
        g_assert_cmpfloat(errors[i].worst, <=, forms[i].bound);
    }
}

static void measure_small(const Small *s, PrecisionErrors *errors)
{
    static const char *const inputs[] = {"64x64x2", "101x76", NULL};
    g_autofree char *path = networks_fixture(s->name, "");

    measure_network(path, inputs, errors);
}

static void test_small(gconstpointer data)
{
    const Small *s = data;
    PrecisionErrors errors[PRECISION_FORMS];

    measure_small(s, errors);
    check_errors(s->name, errors);
}

static void measure_full(const SeededNetwork *network, guint side, PrecisionErrors *errors)
{
    g_autofree char *path = write_seeded(network), *input = g_strdup_printf("%ux%u", side, side);
    const char *const inputs[] = {input, NULL};

    measure_network(path, inputs, errors);
    g_remove(path);
}

static void test_full(gconstpointer data)
{
    const SeededNetwork *network = data;
    PrecisionErrors errors[PRECISION_FORMS];

    measure_full(network, SIDE, errors);
    check_errors(network->name, errors);
}

static void print_table(guint side)
{
    PrecisionErrors errors[PRECISION_FORMS];

    g_print("| network | split | bf16 | int8 |\n| --- | --- | --- | --- |\n");
    for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
        if (small[i].path)
            continue; /* the same network in another container */
        measure_small(&small[i], errors);
        g_print("| %s", small[i].name);
        print_errors(errors);
    }
    for (guint i = 0; i < SEEDED_NETWORKS; i++) {
        measure_full(&seeded_networks[i], side, errors);
        g_print("| %s", seeded_networks[i].name);
        print_errors(errors);
    }
}

/* Threads and batches. At 32 pixels the products of the last stage are cut by columns, those of the
 * first by strips. */

/* Compares image i of a batch with the same image alone, bit for bit. */
static void check_image(const CnxMap *alone, const CnxMap *batch, guint i)
{
    const gsize size = (gsize)alone->height * alone->width * alone->channels;

    if (alone->data)
        g_assert_cmpmem(alone->data, size * sizeof(float), batch->data + i * size,
                        size * sizeof(float));
}

static void check_images(CnxModel *model, guint threads)
{
    static const guint all_sizes[] = {1, 2, 4, 5, CROWD, 0}, few_sizes[] = {2, 5, 0};
    const guint *sizes = is_slow() ? few_sizes : all_sizes;
    g_autofree char *input = g_strdup_printf("32x32x%d", CROWD);
    guint n;
    g_autoptr(CnxRun) alone = networks_run(model, input, 1, &n);
    g_autoptr(CnxRun) batch = networks_run(model, input, threads, &n);

    for (guint i = 0; sizes[i] > 0; i++) {
        const CnxOutputs *outputs = cnx_run_forward(batch, sizes[i]);

        for (guint j = 0; j < sizes[i]; j++) {
            const float *const image = cnx_run_input(batch, j);
            const CnxOutputs *one = cnx_run_forward_images(alone, &image, 1);

            check_image(&one->logits, &outputs->logits, j);
            check_image(&one->embedding, &outputs->embedding, j);
            for (guint k = 0; k < CNX_STAGES; k++)
                check_image(&one->stage[k], &outputs->stage[k], j);
        }
    }
}

static void test_images(gconstpointer data)
{
    static const CnxForm all[] = {CNX_FORM_FLOAT, CNX_FORM_BF16, CNX_FORM_INT8};
    g_autofree char *path = write_seeded(data);

    for (guint i = 0; i < G_N_ELEMENTS(all); i++) {
        g_autoptr(CnxModel) model = NULL;

        if (!precision_has_kernels(all[i]))
            continue;
        model = precision_open(path, all[i]);
        for (guint threads = 1; threads <= 3; threads += is_slow() ? 2 : 1)
            check_images(model, threads);
    }
    g_remove(path);
}

/* Memory: if almost all weights of a network are in products, bf16 takes half and int8 a quarter.
 * The prediction before loading agrees. */
static void test_memory(void)
{
    static const struct {
        CnxForm form;
        double least, most; /* shares of fp32 */
    } cases[] = {
        {CNX_FORM_BF16, 0.5, 0.6},
        {CNX_FORM_INT8, 0.25, 0.36},
    };
    g_autofree char *path = write_seeded(&seeded_networks[0]);
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_autoptr(CnxModel) fp32 = precision_open(path, CNX_FORM_FLOAT);

    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(CnxModel) model = precision_open(path, cases[i].form);
        const double share = (double)cnx_model_memory(model) / (double)cnx_model_memory(fp32);

        g_test_message("form %d: %.3f of fp32", cases[i].form, share);
        g_assert_cmpfloat(share, >=, cases[i].least);
        g_assert_cmpfloat(share, <=, cases[i].most);
        g_assert_cmpuint(cnx_weights_size(checkpoint, precision_kernels(), cases[i].form), ==,
                         cnx_model_memory(model));
    }
    g_remove(path);
}

int main(int argc, char **argv)
{
    int status = 0;

    if (!precision_kernels())
        return SKIPPED;
    folder = g_dir_make_tmp("convnext-precision-XXXXXX", NULL);
    if (argc > 1 && g_str_equal(argv[1], "--table")) {
        print_table(argc > 2 ? (guint)atoi(argv[2]) : SIDE);
    } else {
        g_test_init(&argc, &argv, NULL);
        for (guint i = 0; i < G_N_ELEMENTS(small); i++) {
            g_autofree char *path = g_strdup_printf("/precision/small/%s", small[i].name);

            if (!small[i].path)
                g_test_add_data_func(path, &small[i], test_small);
        }
        for (guint i = 0; i < SEEDED_NETWORKS; i += is_slow() ? 4 : 1) {
            g_autofree char *path = g_strconcat("/precision/full/", seeded_networks[i].name, NULL);

            g_test_add_data_func(path, &seeded_networks[i], test_full);
        }
        g_test_add_data_func("/precision/images-v1", &seeded_networks[0], test_images);
        g_test_add_data_func("/precision/images-v2", &seeded_networks[1], test_images);
        g_test_add_func("/precision/memory", test_memory);
        status = g_test_run();
    }
    g_rmdir(folder);
    g_free(folder);
    return status;
}
