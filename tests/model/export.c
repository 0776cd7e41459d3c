/* Each small network written as a folder of each layout and dtype, and opened again: the same
 * network, the same recipe, the same numbers. What the Python libraries make of such folders:
 * tests/fixtures/check_convert.py.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "model/encode.h"
#include "model/layout.h"
#include "model/model.h"
#include "model/run.h"
#include "tests/fixtures/seeded.h"

#define KEEP CNX_DTYPE_OTHER /* as dtype: none is asked for */

static char *folder, *target; /* temporary, and a place in it */

static char *fixture(const char *name)
{
    return g_strconcat(FIXTURES "/networks/", name, NULL);
}

static CnxCheckpoint *open_checkpoint(const char *path)
{
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, &error);

    g_assert_no_error(error);
    return checkpoint;
}

static gboolean export_to_target(const CnxCheckpoint *source, CnxExportLayout layout,
                                 CnxDtype dtype, GPtrArray *notes, GError **error)
{
    const CnxExportOptions options = {.layout = layout, .convert = dtype != KEEP, .dtype = dtype};

    return cnx_export_folder(source, target, &options, notes, error);
}

static void remove_folder(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        char *file = g_build_filename(path, name, NULL);

        g_remove(file);
        g_free(file);
    }
    if (dir)
        g_dir_close(dir);
    g_rmdir(path);
}

static void assert_nothing_left(void)
{
    GDir *dir = g_dir_open(folder, 0, NULL);

    g_assert_cmpstr(g_dir_read_name(dir), ==, NULL);
    g_dir_close(dir);
}

static void compare_recipes(const CnxRecipe *a, const CnxRecipe *b)
{
    g_assert_cmpuint(a->size, ==, b->size);
    g_assert_cmpuint(a->resize, ==, b->resize);
    g_assert_cmpint(a->crop, ==, b->crop);
    g_assert_cmpint(a->filter, ==, b->filter);
    g_assert_cmpmem(a->mean, sizeof a->mean, b->mean, sizeof b->mean);
    g_assert_cmpmem(a->std, sizeof a->std, b->std, sizeof b->std);
    g_assert_cmpfloat(a->rescale, ==, b->rescale);
}

static void compare_configs(const CnxConfig *a, const CnxConfig *b)
{
    g_assert_cmpstr(a->variant, ==, b->variant);
    g_assert_cmpmem(a->depths, sizeof a->depths, b->depths, sizeof b->depths);
    g_assert_cmpmem(a->dims, sizeof a->dims, b->dims, sizeof b->dims);
    g_assert_cmpuint(a->classes, ==, b->classes);
    g_assert_cmpuint(a->hidden, ==, b->hidden);
    g_assert_cmpint(a->layer_scale, ==, b->layer_scale);
    g_assert_cmpint(a->grn, ==, b->grn);
    g_assert_cmpint(a->norm, ==, b->norm);
    g_assert_cmpint(a->head_norm_first, ==, b->head_norm_first);
    g_assert_cmpint(a->act, ==, b->act);
    g_assert_cmpfloat(a->eps, ==, b->eps);
    g_assert_cmpfloat(a->head_eps, ==, b->head_eps);
    g_assert_cmpuint(a->parameters, ==, b->parameters);
    g_assert_true((a->labels == NULL && b->labels == NULL) ||
                  g_strv_equal((const char *const *)a->labels, (const char *const *)b->labels));
    compare_recipes(&a->recipe, &b->recipe);
}

typedef struct Pair {
    const CnxCheckpoint *from, *to;
    CnxDtype dtype;
} Pair;

/* The numbers of the source, rounded once. */
static gboolean compare_tensor(const char *canonical, guint rank, const guint64 *shape,
                               gpointer user_data)
{
    const Pair *pair = user_data;
    const CnxTensor *from = cnx_checkpoint_tensor(pair->from, canonical);
    const CnxTensor *to = cnx_checkpoint_tensor(pair->to, canonical);
    float *a = g_new(float, from->elements), *b = g_new(float, from->elements);
    guint8 *rounded = g_malloc(4 * from->elements);

    g_assert_cmpuint(from->elements, ==, to->elements);
    g_assert_cmpint(to->dtype, ==,
                    pair->dtype != KEEP            ? pair->dtype
                    : from->dtype == CNX_DTYPE_F64 ? CNX_DTYPE_F32
                                                   : from->dtype);
    cnx_tensor_to_float(from, a);
    cnx_tensor_to_float(to, b);
    if (to->dtype != from->dtype && to->dtype != CNX_DTYPE_F32) {
        CnxTensor t = {.dtype = to->dtype, .elements = from->elements, .data = rounded};

        cnx_tensor_from_float(to->dtype, a, from->elements, rounded);
        cnx_tensor_to_float(&t, a);
    }
    g_assert_cmpmem(a, from->elements * sizeof *a, b, from->elements * sizeof *b);
    g_free(rounded);
    g_free(a);
    g_free(b);
    return TRUE;
}

/* [classes], of an image from a seed. */
static float *run_logits(const char *path, guint *classes)
{
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, &error);

    g_assert_no_error(error);
    CnxRun *run = cnx_run_new(model, 97, 65, 1, CNX_OUTPUT_LOGITS, 1, &error);
    g_assert_no_error(error);
    seeded_input(cnx_run_input(run, 0), "export", 65, 97);
    *classes = cnx_model_config(model)->classes;
    float *logits = g_memdup2(cnx_run_forward(run, 1)->logits.data, *classes * sizeof(float));
    cnx_run_free(run);
    cnx_model_unref(model);
    return logits;
}

/* Bit for bit when no number was rounded; otherwise within what the dtype can hold. */
static void compare_logits(const char *from, CnxDtype dtype, gboolean exact)
{
    guint n, m;
    float *a = run_logits(from, &n), *b = run_logits(target, &m);
    double worst = 0, largest = 0;

    g_assert_cmpuint(n, ==, m);
    for (guint i = 0; i < n; i++) {
        worst = MAX(worst, fabs((double)a[i] - b[i]));
        largest = MAX(largest, fabs(a[i]));
    }
    if (exact)
        g_assert_cmpmem(a, n * sizeof *a, b, m * sizeof *b);
    else
        g_assert_cmpfloat(worst, <=, (dtype == CNX_DTYPE_F16 ? 0.01 : 0.1) * largest);
    g_free(a);
    g_free(b);
}

/* Those that a layout cannot hold, and a word of the sentence. */
static const char *refusal(const char *name, CnxExportLayout layout)
{
    if (layout == CNX_EXPORT_TIMM)
        return g_str_has_prefix(name, "transformers-") ? "eps" : NULL;
    return g_str_equal(name, "timm-hnf")        ? "norm_pre"
           : g_str_equal(name, "timm-mlp-head") ? "hidden layer"
                                                : NULL;
}

static void check_export(const char *name, const char *path, CnxExportLayout layout, CnxDtype dtype)
{
    CnxCheckpoint *from = open_checkpoint(path);
    const CnxDtype stored = cnx_checkpoint_config(from)->dtype;
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
    const char *word = refusal(name, layout);
    GError *error = NULL;

    if (word) {
        g_assert_false(export_to_target(from, layout, dtype, notes, &error));
        g_assert_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, word));
        g_assert_nonnull(strstr(error->message, path));
        g_error_free(error);
        assert_nothing_left();
    } else {
        export_to_target(from, layout, dtype, notes, &error);
        g_assert_no_error(error);
        CnxCheckpoint *to = open_checkpoint(target);
        Pair pair = {from, to, dtype};

        compare_configs(cnx_checkpoint_config(from), cnx_checkpoint_config(to));
        cnx_layout_foreach(cnx_checkpoint_config(from), compare_tensor, &pair);
        cnx_checkpoint_close(to);
        compare_logits(path, dtype, dtype == KEEP || dtype == CNX_DTYPE_F32 || dtype == stored);
        remove_folder(target);
    }
    g_ptr_array_unref(notes);
    cnx_checkpoint_close(from);
}

static void test_network(gconstpointer data)
{
    static const CnxDtype dtypes[] = {KEEP, CNX_DTYPE_F32, CNX_DTYPE_F16, CNX_DTYPE_BF16};
    g_autofree char *path = fixture(data);

    for (guint i = 0; i < G_N_ELEMENTS(dtypes); i++) {
        check_export(data, path, CNX_EXPORT_TRANSFORMERS, dtypes[i]);
        check_export(data, path, CNX_EXPORT_TIMM, dtypes[i]);
    }
}

/* The weights of a network with another config.json, in a folder to be freed and removed. */
static char *make_source(const char *config)
{
    g_autofree char *from = fixture("timm-v1/model.safetensors"), *bytes = NULL;
    char *source = g_build_filename(folder, "source", NULL);
    g_autofree char *weights = g_build_filename(source, "model.safetensors", NULL);
    g_autofree char *text = g_build_filename(source, "config.json", NULL);
    gsize length;

    g_assert_cmpint(g_mkdir(source, 0700), ==, 0);
    g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
    g_assert_true(g_file_set_contents(weights, bytes, (gssize)length, NULL));
    g_assert_true(g_file_set_contents(text, config, -1, NULL));
    return source;
}

#define CONFIG(recipe)                                                                          \
    "{\"architecture\":\"convnext_tiny\",\"num_classes\":10,\"model_args\":{\"depths\":[1,1,2," \
    "1],\"dims\":[8,16,24,32]},\"label_names\":[\"a\",\"b\",\"crane\",\"d \\\"e\\\"\",\"f\","   \
    "\"crane\",\"\\u00e9\",\"h\",\"i\",\"j, k\"],\"pretrained_cfg\":{" recipe "}}"

/* refused: by transformers' layout. */
static const struct {
    const char *config;
    gboolean refused;
} recipes[] = {
    {CONFIG(""), FALSE},
    {CONFIG("\"input_size\":[3,288,288],\"crop_pct\":0.95,\"interpolation\":\"bilinear\""), FALSE},
    {CONFIG("\"input_size\":[3,224,224],\"crop_pct\":0.9491525423728814"), FALSE}, /* 236 */
    {CONFIG("\"crop_pct\":1.0,\"crop_mode\":\"squash\",\"mean\":[0.5,0.25,0.1]"), FALSE},
    {CONFIG("\"crop_pct\":0.8,\"crop_mode\":\"squash\",\"interpolation\":\"lanczos\""), FALSE},
    {CONFIG("\"crop_pct\":0.9,\"crop_mode\":\"border\",\"interpolation\":\"hamming\""), TRUE},
    {CONFIG("\"input_size\":[3,384,384],\"crop_pct\":1.0,\"crop_mode\":\"squash\""), FALSE},
    {CONFIG("\"input_size\":[3,384,384],\"crop_pct\":0.95,\"interpolation\":\"nearest\""), FALSE},
    {CONFIG("\"input_size\":[3,160,160],\"crop_pct\":1.2,\"interpolation\":\"box\""), FALSE},
};

static void test_recipes(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(recipes); i++)
        for (CnxExportLayout layout = CNX_EXPORT_TRANSFORMERS; layout <= CNX_EXPORT_TIMM;
             layout++) {
            const gboolean refused = recipes[i].refused && layout == CNX_EXPORT_TRANSFORMERS;
            char *source = make_source(recipes[i].config);
            CnxCheckpoint *from = open_checkpoint(source);
            GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
            GError *error = NULL;

            g_assert_cmpint(export_to_target(from, layout, KEEP, notes, &error), ==, !refused);
            if (refused) {
                g_assert_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED);
                g_assert_nonnull(strstr(error->message, "border"));
                g_error_free(error);
            } else {
                g_assert_no_error(error);
                CnxCheckpoint *to = open_checkpoint(target);
                compare_configs(cnx_checkpoint_config(from), cnx_checkpoint_config(to));
                cnx_checkpoint_close(to);
                remove_folder(target);
            }
            g_ptr_array_unref(notes);
            cnx_checkpoint_close(from);
            remove_folder(source);
            g_free(source);
        }
}

/* Folders that are not new or empty, and places where nothing can be written. */
static void test_places(void)
{
    g_autofree char *path = fixture("timm-v1");
    g_autofree char *file = g_build_filename(target, "precious.txt", NULL);
    CnxCheckpoint *from = open_checkpoint(path);
    CnxExportOptions options = {.layout = CNX_EXPORT_TIMM};
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;

    g_assert_cmpint(g_mkdir(target, 0700), ==, 0); /* empty: fine */
    g_assert_true(cnx_export_folder(from, target, &options, notes, &error));
    remove_folder(target);

    g_assert_cmpint(g_mkdir(target, 0700), ==, 0);
    g_assert_true(g_file_set_contents(file, "mine", -1, NULL));
    g_assert_false(cnx_export_folder(from, target, &options, notes, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE);
    g_assert_nonnull(strstr(error->message, "is not empty"));
    g_clear_error(&error);
    g_assert_true(g_file_test(file, G_FILE_TEST_EXISTS));
    g_assert_false(cnx_export_folder(from, file, &options, notes, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE);
    g_clear_error(&error);
    remove_folder(target);

    g_assert_false(cnx_export_folder(from, file, &options, notes, &error)); /* no such parent */
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE);
    g_assert_nonnull(strstr(error->message, file));
    g_clear_error(&error);
    assert_nothing_left();
    g_ptr_array_unref(notes);
    cnx_checkpoint_close(from);
}

/* A number beyond the largest half is a refusal, not an infinity; and a signal leaves nothing. */
static void test_failures(void)
{
    g_autofree char *path = fixture("facebook-v2");
    const volatile sig_atomic_t stop = 1;
    const CnxExportOptions stopped = {.layout = CNX_EXPORT_TIMM, .stop = &stop};
    CnxCheckpoint *from = open_checkpoint(path);
    const CnxTensor *tensor = cnx_checkpoint_tensor(from, "s2.b1.pw1.bias");
    CnxTensor *changed = (CnxTensor *)tensor;
    const guint8 *data = tensor->data;
    float *large = g_memdup2(data, tensor->size);
    GPtrArray *notes = g_ptr_array_new_with_free_func(g_free);
    GError *error = NULL;

    g_assert_false(cnx_export_folder(from, target, &stopped, notes, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE);
    g_assert_nonnull(strstr(error->message, "interrupted"));
    g_clear_error(&error);
    assert_nothing_left();

    g_assert_cmpint(tensor->dtype, ==, CNX_DTYPE_F32);
    large[3] = 1e5f;
    changed->data = (const guint8 *)large;
    g_assert_false(export_to_target(from, CNX_EXPORT_TRANSFORMERS, CNX_DTYPE_F16, notes, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED);
    g_assert_nonnull(strstr(error->message, "\"stages.2.1.pwconv1.bias\" has 1 number"));
    g_clear_error(&error);
    assert_nothing_left();
    g_assert_true(export_to_target(from, CNX_EXPORT_TRANSFORMERS, CNX_DTYPE_BF16, notes, &error));
    remove_folder(target);
    changed->data = data;
    g_free(large);
    g_ptr_array_unref(notes);
    cnx_checkpoint_close(from);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"timm-v1",
                                        "timm-hnf",
                                        "timm-mlp-head",
                                        "timm-v2-conv",
                                        "facebook-v1",
                                        "facebook-v2",
                                        "transformers-v1",
                                        "openmmlab-v1",
                                        "torchvision-v1",
                                        "transformers-v2-tanh",
                                        "../containers/f64.pth",
                                        "../containers/strided.pth",
                                        "../containers/ema.pth.tar",
                                        "../containers/sharded-bin"};

    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("convnext-export-XXXXXX", NULL);
    target = g_build_filename(folder, "converted", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_strconcat("/export/network/", names[i], NULL);

        g_test_add_data_func(path, names[i], test_network);
        g_free(path);
    }
    g_test_add_func("/export/recipes", test_recipes);
    g_test_add_func("/export/places", test_places);
    g_test_add_func("/export/failures", test_failures);
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(target);
    g_free(folder);
    return status;
}
