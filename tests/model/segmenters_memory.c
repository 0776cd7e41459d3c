/* Memory of segmenters: what a run measures is what it takes, its forward pass allocates nothing,
 * threads do not change it, and segmenters of one file share their weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/segmenter_network.h"
#include "model/heads/slide.h"
#include "tests/fixtures/allocations.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/dense.h"

static const char *const names[] = {"segmenters/transformers-upernet-v2",
                                    "segmenters/smp-unet-scse", "segmenters/smp-fpn",
                                    "segmenters/smp-deeplab"};

static CnxSegmenterRun *new_run(CnxSegmenter *segmenter, guint width, guint height, guint threads)
{
    GError *error = NULL;
    CnxSegmenterRun *run = cnx_segmenter_run_new(segmenter, width, height, threads, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(cnx_segmenter_run_memory(run), ==,
                     cnx_segmenter_run_measure(segmenter, width, height, threads));
    return run;
}

static void test_forward(gconstpointer data)
{
    static const guint threads[] = {1, 2, 3, 7};
    g_auto(DenseFixture) fixture = dense_open(data);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    g_autofree float *first = NULL;
    guint width, height;
    g_autofree float *image = dense_input("160x96", &width, &height);

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(CnxSegmenterRun) run = new_run(segmenter, width, height, threads[i]);
        const CnxMap *logits = cnx_segmenter_run_forward(run, image);
        const gsize bytes =
            (gsize)logits->height * logits->width * logits->channels * sizeof(float);

        if (!first)
            first = g_memdup2(logits->data, bytes);
        g_assert_cmpmem(logits->data, bytes, first, bytes);
        allocations_take();
        cnx_segmenter_run_forward(run, image);
        g_assert_cmpuint(allocations_take(), ==, 0);
        g_assert_cmpmem(logits->data, bytes, first, bytes);
    }
}

/* Windows are copied into memory that the run has. */
static void test_slide(void)
{
    const CnxWindows windows = {64, 64, 42, 42};
    g_auto(DenseFixture) fixture = dense_open(names[0]);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    guint width, height;
    g_autofree float *image = dense_input("160x96", &width, &height);
    g_autoptr(CnxSlideRun) run = cnx_slide_run_new(segmenter, &windows, width, height, 2, NULL);

    cnx_slide_run_forward(run, image);
    allocations_take();
    cnx_slide_run_forward(run, image);
    g_assert_cmpuint(allocations_take(), ==, 0);
}

static void test_sizes(void)
{
    g_auto(DenseFixture) any = dense_open("segmenters/transformers-upernet-v2");
    g_auto(DenseFixture) whole = dense_open("segmenters/smp-fpn");
    g_autoptr(CnxSegmenter) a = dense_open_segmenter(&any);
    g_autoptr(CnxSegmenter) b = dense_open_segmenter(&whole);
    g_autoptr(CnxSegmenterRun) run = new_run(a, 33, 61, 1);
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint(cnx_segmenter_run_measure(a, 32, 31, 1), ==, 0);
    g_assert_cmpuint(cnx_segmenter_run_measure(a, G_MAXINT, G_MAXINT, 1), ==, G_MAXSIZE);
    g_assert_cmpuint(cnx_segmenter_run_measure(b, 64, 100, 1), ==, 0);
    g_assert_null(cnx_segmenter_run_new(b, 64, 100, 1, &error));
    g_assert_cmpstr(
        error->message, ==,
        "the FPN of smp needs inputs of at least 32x32 pixels whose sides are multiples "
        "of 32, not 64x100: set crop=squash, or input-width and input-height");
}

/* The bytes of the head's maps alone. */
static gsize measure_head(const CnxSegmenter *segmenter, guint width, guint height)
{
    CnxSteps steps = {
        .dense = {.kernels = segmenter->kernels, .threads = 1},
        .height = height,
        .width = width,
    };
    CnxMap stage[CNX_STAGES];
    CnxHeadMap stages[CNX_STAGES];

    cnx_run_stage_sizes(cnx_model_config(segmenter->backbone), width, height, stage);
    for (guint i = 0; i < CNX_STAGES; i++)
        stages[i] = cnx_head_map_of(&stage[i]);
    segmenter->family->forward(segmenter->head, &steps, stages);
    return steps.maps.size + steps.dense.scratch_size;
}

/* Backbone and head work in the same memory. */
static void test_overlaid(void)
{
    const guint width = 160, height = 96;
    g_auto(DenseFixture) fixture = dense_open(names[0]);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    const CnxOutput outputs = segmenter->family->outputs(segmenter->head) | CNX_OUTPUT_LENT;
    const CnxRunSize backbone =
        cnx_run_measure(cnx_model_config(segmenter->backbone), width, height, 1, outputs,
                        cnx_model_form(segmenter->backbone), 1);
    const gsize head = measure_head(segmenter, width, height);

    g_assert_cmpuint(cnx_segmenter_run_measure(segmenter, width, height, 1), ==,
                     backbone.lent + MAX(backbone.images + backbone.scratch, head));
}

static void test_shared(void)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_auto(DenseFixture) fixture = dense_open(names[0]);
    g_autoptr(CnxSegmenter) one = dense_open_segmenter(&fixture);
    g_autoptr(CnxSegmenter) other = dense_open_segmenter(&fixture);
    g_autoptr(CnxModel) model = cnx_model_open_with(fixture.model, &options, NULL, NULL, NULL);

    g_assert_true(one == other);
    g_assert_true(cnx_segmenter_backbone(one) == model);
    g_assert_cmpuint(cnx_segmenter_memory(one), >, cnx_model_memory(model));
}

/* The weights of backbone and head. */
static gboolean refuse(const CnxConfig *config, gsize weights, gpointer user_data, GError **error)
{
    gsize *asked = user_data;

    (void)config;
    *asked = weights;
    g_set_error_literal(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "too large");
    return FALSE;
}

static void test_check(void)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_auto(DenseFixture) fixture = dense_open(names[0]);
    g_autoptr(GError) error = NULL;
    gsize asked = 0;

    g_assert_null(cnx_segmenter_open(fixture.model, &options, refuse, &asked, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    g_assert_cmpuint(asked, ==, cnx_segmenter_memory(segmenter));
    g_clear_error(&error);
    g_assert_null(cnx_segmenter_open(fixture.model, &options, refuse, &asked, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_strconcat("/segmenters_memory/forward/", names[i], NULL);

        g_test_add_data_func(name, names[i], test_forward);
    }
    g_test_add_func("/segmenters_memory/slide", test_slide);
    g_test_add_func("/segmenters_memory/sizes", test_sizes);
    g_test_add_func("/segmenters_memory/overlaid", test_overlaid);
    g_test_add_func("/segmenters_memory/shared", test_shared);
    g_test_add_func("/segmenters_memory/check", test_check);
    return g_test_run();
}
