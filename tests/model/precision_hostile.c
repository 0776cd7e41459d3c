/* Hostile weights and frames in each form of the matrix products: results equal those in fp32
 * within the bound of the form, and NaN and infinities appear where fp32 has them, and only there.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "tests/fixtures/seeded.h"
#include "tests/model/support/networks.h"
#include "tests/model/support/precision.h"

#define SKIPPED 77
#define WIDTH 64
#define HEIGHT 96
#define PIXELS (WIDTH * HEIGHT)

static char *folder; /* temporary */

/* Weights */

/* Changes a tensor, whose rows have `inputs` weights. */
typedef void ChangeFn(float *w, gsize count, gsize inputs);

static float largest(const float *w, gsize count)
{
    float most = 0;

    for (gsize i = 0; i < count; i++)
        most = MAX(most, fabsf(w[i]));
    return most;
}

static void add_nan(float *w, gsize count, gsize inputs)
{
    w[count / 2] = NAN;
}

static void add_infinity(float *w, gsize count, gsize inputs)
{
    w[count / 2] = INFINITY;
}

static void add_negative_infinity(float *w, gsize count, gsize inputs)
{
    w[count / 2] = -INFINITY;
}

static void make_denormal(float *w, gsize count, gsize inputs)
{
    for (gsize i = 0; i < count; i++)
        w[i] *= 1e-39f;
}

static void make_tiny(float *w, gsize count, gsize inputs)
{
    for (gsize i = 0; i < count; i++)
        w[i] *= 1e-36f;
}

static void clear_row(float *w, gsize count, gsize inputs)
{
    memset(w + count / inputs / 2 * inputs, 0, inputs * sizeof *w);
}

static void clear_column(float *w, gsize count, gsize inputs)
{
    for (gsize i = inputs / 2; i < count; i += inputs)
        w[i] = 0;
}

static void clear_all(float *w, gsize count, gsize inputs)
{
    memset(w, 0, count * sizeof *w);
}

static void add_outlier(float *w, gsize count, gsize inputs)
{
    w[count / 3] = 1e6f * largest(w, count);
}

/* bf16 rounds it to infinity. */
static void add_huge(float *w, gsize count, gsize inputs)
{
    w[count / 3] = 3.4e38f;
}

static const struct {
    const char *name;
    ChangeFn *change;
    gboolean amplifies; /* its sign at a pixel decides, and rounding may change it */
} changes[] = {
    {"a NaN", add_nan, FALSE},
    {"an infinity", add_infinity, FALSE},
    {"a negative infinity", add_negative_infinity, FALSE},
    {"denormals", make_denormal, FALSE},
    {"tiny", make_tiny, FALSE},
    {"a row of zeros", clear_row, FALSE},
    {"a column of zeros", clear_column, FALSE},
    {"zeros", clear_all, FALSE},
    {"an outlier", add_outlier, TRUE},
    {"a huge one", add_huge, TRUE},
};

typedef struct Network {
    const char *name;
    const char *tensors[8]; /* to change; the first one's block has GRN in a V2 network */
} Network;

static const Network networks[] = {
    {"timm-v1",
     {"stages.1.blocks.0.mlp.fc1.weight", "stages.1.blocks.0.mlp.fc2.weight",
      "stages.1.downsample.1.weight", "stages.1.blocks.0.conv_dw.weight",
      "stages.1.blocks.0.norm.weight", "stages.1.blocks.0.gamma"}},
    {"facebook-v2",
     {"stages.1.0.pwconv1.weight", "stages.1.0.pwconv2.weight", "downsample_layers.1.1.weight",
      "stages.1.0.dwconv.weight", "stages.1.0.norm.weight", "stages.1.0.grn.gamma"}},
};

/* what: the weights or the frame */
static void expect_close(PrecisionErrors e, double bound, const PrecisionForm *form,
                         const char *what)
{
    if (e.relative <= bound)
        return;
    g_test_message("%s in %s: error %.3g, mean %.3g", what, form->name, e.relative, e.mean);
    g_test_fail();
}

static const CnxOutputs *run_image(CnxRun *run, const float *image)
{
    return image ? cnx_run_forward_images(run, &image, 1) : cnx_run_forward(run, 1);
}

/* image: [HEIGHT, WIDTH, 3], or NULL for the seeded one */
static void compare_forms(const char *path, const char *what, gboolean amplifies,
                          const float *image)
{
    const PrecisionForm *forms = precision_forms();
    g_autofree char *input = g_strdup_printf("%dx%d", WIDTH, HEIGHT);
    g_autoptr(CnxModel) fp32 = precision_open(path, CNX_FORM_FLOAT);
    guint n;
    g_autoptr(CnxRun) right = networks_run(fp32, input, 1, &n);

    for (guint i = 0; i < PRECISION_FORMS; i++) {
        g_autoptr(CnxModel) model = precision_open(path, forms[i].form);
        g_autoptr(CnxRun) run = networks_run(model, input, 1, &n);

        expect_close(precision_compare(run_image(right, image), run_image(run, image)),
                     amplifies ? forms[i].hostile : forms[i].bound, &forms[i], what);
    }
}

static void check_tensor(const Network *network, const char *tensor)
{
    g_autofree char *from = networks_fixture(network->name, "/model.safetensors");
    g_autofree char *to = g_build_filename(folder, "model.safetensors", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *what = g_strjoin(" of ", changes[i].name, tensor, NULL);
        g_autofree char *file = NULL;
        gsize length, count, inputs;

        g_assert_true(g_file_get_contents(from, &file, &length, NULL));
        float *w = networks_find_tensor(file, length, tensor, &count, &inputs);
        changes[i].change(w, count, inputs);
        g_assert_true(g_file_set_contents(to, file, (gssize)length, NULL));
        compare_forms(folder, what, changes[i].amplifies, NULL);
    }
    g_remove(to);
}

static void test_weights(gconstpointer data)
{
    const Network *network = data;

    for (guint i = 0; i < G_N_ELEMENTS(network->tensors) && network->tensors[i]; i++)
        check_tensor(network, network->tensors[i]);
}

/* Frames */

static void fill(float *image, float r, float g, float b)
{
    for (gsize i = 0; i < PIXELS; i++) {
        image[3 * i] = r;
        image[3 * i + 1] = g;
        image[3 * i + 2] = b;
    }
}

static void test_frames(gconstpointer data)
{
    static const struct {
        const char *name;
        float r, g, b;
    } frames[] = {
        {"black", -2.1179f, -2.0357f, -1.8044f},
        {"white", 2.2489f, 2.4286f, 2.6400f},
        {"grey", 0, 0, 0},
        {"red", 2.2489f, -2.0357f, -1.8044f},
        {"large", 1e30f, -1e30f, 1e30f},
        {"denormal", 1e-40f, 1e-40f, -1e-40f},
        {"NaN", NAN, 0, 0},
        {"infinite", 0, INFINITY, 0},
    };
    const Network *network = data;
    g_autofree char *path = networks_fixture(network->name, "");
    g_autofree float *image = g_new(float, 3 * PIXELS);

    for (guint i = 0; i < G_N_ELEMENTS(frames); i++) {
        fill(image, frames[i].r, frames[i].g, frames[i].b);
        compare_forms(path, frames[i].name, FALSE, image);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (!precision_kernels())
        return SKIPPED;
    folder = g_dir_make_tmp("convnext-hostile-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++) {
        g_autofree char *weights = g_strconcat("/hostile/weights/", networks[i].name, NULL);
        g_autofree char *frames = g_strconcat("/hostile/frames/", networks[i].name, NULL);

        g_test_add_data_func(weights, &networks[i], test_weights);
        g_test_add_data_func(frames, &networks[i], test_frames);
    }
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
