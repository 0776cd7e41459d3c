/* Sliding windows against mmsegmentation's formula in double precision
 * (tests/fixtures/make_slide.py): the mean of the windows' logits, and masks of the input's and the
 * frame's size; and what a run of them takes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/heads/mask.h"
#include "model/heads/segmenter_network.h"
#include "model/heads/slide.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/dense.h"

#define LIMIT 2e-4 /* in standard deviations of the library's values */

static const CnxWindows windows = {64, 64, 42, 42};

static DenseFixture open_fixture(void)
{
    return dense_open_expected("segmenters/transformers-upernet-v2", "segmenters/slide");
}

static CnxSlideRun *new_run(CnxSegmenter *segmenter, const CnxWindows *wanted, guint width,
                            guint height, guint threads)
{
    GError *error = NULL;
    CnxSlideRun *run = cnx_slide_run_new(segmenter, wanted, width, height, threads, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(cnx_slide_run_memory(run), ==,
                     cnx_slide_run_measure(segmenter, wanted, width, height, threads));
    return run;
}

/* Into an input of width x height. */
static CnxMaskPlan plan_of(const CnxSegmenter *segmenter, guint width, guint height)
{
    return (CnxMaskPlan){.width = width,
                         .height = height,
                         .scaling = CNX_SCALING_BILINEAR,
                         .via_width = width,
                         .via_height = height,
                         .via_scaling = cnx_segmenter_info(segmenter)->scaling,
                         .windows = windows};
}

static CnxDenseContext begin_context(const CnxMap *logits, const CnxMaskPlan *plan)
{
    const gsize scratch = cnx_mask_scratch(logits, plan);

    return (CnxDenseContext){cnx_isa_kernels(NULL), 1, cnx_memory_new(scratch), scratch};
}

static void compare_logits(const DenseFixture *fixture, const char *input, const CnxMap *tiles,
                           const CnxMaskPlan *plan)
{
    CnxDenseContext context = begin_context(tiles, plan);
    g_autofree float *values = g_new(float, (gsize)plan->width * plan->height * tiles->channels);
    const CnxMap logits = {values, 1, plan->height, plan->width, tiles->channels};

    cnx_mask_logits(&context, tiles, plan, values);
    free(context.scratch);
    const double worst = dense_compare(fixture, input, "logits", &logits);
    g_test_message("%s: the logits differ by %.3g standard deviations", input, worst);
    g_assert_cmpfloat(worst, <=, LIMIT);
}

static void compare_mask(const DenseFixture *fixture, const char *input, const char *output,
                         const CnxMap *tiles, const CnxMaskPlan *plan)
{
    CnxDenseContext context = begin_context(tiles, plan);
    const gsize n = (gsize)plan->width * plan->height;
    g_autofree guint8 *mask = g_malloc(n);
    guint compared;

    cnx_mask_compute(&context, tiles, plan, mask, plan->width, NULL);
    free(context.scratch);
    for (gsize i = 0; i < n; i++)
        mask[i]--;
    g_assert_cmpuint(dense_count_wrong(fixture, input, output, mask, n, &compared), ==, 0);
    g_assert_cmpuint(compared, >, 0);
}

static void test_fixture(void)
{
    g_auto(DenseFixture) fixture = open_fixture();
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);

    g_assert_cmpuint(g_strv_length(fixture.inputs), ==, 3);
    for (guint i = 0; fixture.inputs[i]; i++) {
        const char *input = fixture.inputs[i];
        g_auto(GStrv) frames = dense_outputs(&fixture, input, "frame-");
        guint width, height;
        g_autofree float *image = dense_input(input, &width, &height);
        g_autoptr(CnxSlideRun) run = new_run(segmenter, &windows, width, height, 1);
        const CnxMap *tiles = cnx_slide_run_forward(run, image);
        CnxMaskPlan plan = plan_of(segmenter, width, height);

        compare_logits(&fixture, input, tiles, &plan);
        compare_mask(&fixture, input, "argmax", tiles, &plan);
        g_assert_cmpint(sscanf(frames[0], "frame-%ux%u", &plan.width, &plan.height), ==, 2);
        compare_mask(&fixture, input, frames[0], tiles, &plan);
    }
}

/* The number of threads does not change the logits, whose size is known before the run. */
static void test_threads(void)
{
    static const guint threads[] = {1, 2, 3, 7};
    const guint width = 107, height = 70;
    g_auto(DenseFixture) fixture = open_fixture();
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    const CnxMap size = cnx_slide_run_size(segmenter, &windows, width, height);
    const gsize bytes = (gsize)size.height * size.width * size.channels * sizeof(float);
    g_autofree float *image = dense_input("107x70", &(guint){0}, &(guint){0}), *first = NULL;

    g_assert_cmpuint(size.width, ==, 3 * 16);
    g_assert_cmpuint(size.height, ==, 2 * 16);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(CnxSlideRun) run = new_run(segmenter, &windows, width, height, threads[i]);
        const CnxMap *tiles = cnx_slide_run_forward(run, image);

        g_assert_true(tiles->width == size.width && tiles->height == size.height);
        if (!first)
            first = g_memdup2(tiles->data, bytes);
        g_assert_cmpmem(tiles->data, bytes, first, bytes);
    }
}

/* Each side has its own step, and no more windows than cover it. */
static void test_steps(void)
{
    const CnxWindows uneven = {64, 64, 64, 32};
    g_auto(DenseFixture) fixture = open_fixture();
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    const CnxMap size = cnx_slide_run_size(segmenter, &uneven, 128, 128);

    g_assert_cmpuint(size.width, ==, 2 * 16);
    g_assert_cmpuint(size.height, ==, 3 * 16);
}

/* Without windows, or with one that covers the input, a run takes the memory of a plain run and
 * computes the same. */
static void test_whole(void)
{
    static const CnxWindows whole[] = {{0}, {96, 64, 64, 42}, {200, 100, 133, 66}};
    g_auto(DenseFixture) fixture = open_fixture();
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    GError *error = NULL;
    guint width, height;
    g_autofree float *image = dense_input("96x64", &width, &height);
    g_autoptr(CnxSegmenterRun) plain = cnx_segmenter_run_new(segmenter, width, height, 1, &error);
    const CnxMap *expected = cnx_segmenter_run_forward(plain, image);
    const gsize bytes = (gsize)expected->height * expected->width * expected->channels;

    for (guint i = 0; i < G_N_ELEMENTS(whole); i++) {
        g_autoptr(CnxSlideRun) run = new_run(segmenter, &whole[i], width, height, 1);

        g_assert_cmpuint(cnx_slide_run_memory(run), ==, cnx_segmenter_run_memory(plain));
        g_assert_cmpmem(cnx_slide_run_forward(run, image)->data, bytes * sizeof(float),
                        expected->data, bytes * sizeof(float));
    }
}

/* Windows that do not fit the network, and an input that is too large for the memory. */
static void test_refused(void)
{
    g_auto(DenseFixture) fixture = dense_open("segmenters/smp-fpn");
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_slide_run_new(segmenter, &windows, 128, 48, 1, &error));
    g_assert_cmpstr(
        error->message, ==,
        "the FPN of smp needs inputs of at least 32x32 pixels whose sides are multiples "
        "of 32, not 64x48: set crop=squash, or input-width and input-height");
    g_assert_cmpuint(cnx_slide_run_measure(segmenter, &windows, 128, 48, 1), ==, 0);
    g_assert_cmpuint(cnx_slide_run_size(segmenter, &windows, 128, 48).width, ==, 0);
    /* The logits of all windows count, not only those of one. */
    g_assert_cmpuint(cnx_slide_run_measure(segmenter, &windows, 1 << 20, 1 << 20, 1), >,
                     (gsize)1 << 38);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    g_test_add_func("/slide/fixture", test_fixture);
    g_test_add_func("/slide/threads", test_threads);
    g_test_add_func("/slide/steps", test_steps);
    g_test_add_func("/slide/whole", test_whole);
    g_test_add_func("/slide/refused", test_refused);
    return g_test_run();
}
