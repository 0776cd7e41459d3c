/* Segmenters against the outputs of transformers, smp and others in double precision
 * (tests/fixtures/make_upernet.py, make_smp.py, make_linear.py): every map that the fixtures have,
 * so that a failure points at its step, and the masks. With --table the program prints the worst
 * difference of each network's logits instead.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/base/memory.h"
#include "model/heads/mask.h"
#include "model/heads/segmenter_network.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/dense.h"

#define LIMIT 2e-4 /* in standard deviations of the library's values */

typedef struct Case {
    const char *name, *family, *library;
} Case;

static const Case cases[] = {
    {"transformers-upernet", "UPerNet", "transformers"},
    {"transformers-upernet-v2", "UPerNet", "transformers"},
    {"transformers-upernet-three", "UPerNet", "transformers"},
    {"mmsegmentation-upernet", "UPerNet", "mmsegmentation"},
    {"facebook-upernet", "UPerNet", "facebookresearch"},
    {"smp-upernet", "UPerNet", "smp"},
    {"smp-upernet-plain", "UPerNet", "smp"},
    {"smp-unet", "Unet", "smp"},
    {"smp-unet-plain", "Unet", "smp"},
    {"smp-unet-scse", "Unet", "smp"},
    {"smp-unet-lightning", "Unet", "smp"},
    {"smp-fpn", "FPN", "smp"},
    {"smp-fpn-cat", "FPN", "smp"},
    {"smp-segformer", "Segformer", "smp"},
    {"smp-deeplab", "DeepLabV3+", "smp"},
    {"smp-deeplab-dense", "DeepLabV3+", "smp"},
    {"smp-deeplab-short", "DeepLabV3+", "smp"},
    {"smp-deeplab-plain", "DeepLabV3+", "smp"},
    {"dinov3-linear", "linear head", "facebookresearch/dinov3"},
    {"dinov3-linear-last", "linear head", "facebookresearch/dinov3"},
    {"full-upernet", "UPerNet", "transformers"},
};

typedef struct Probe {
    const DenseFixture *fixture;
    const char *input;
    guint maps; /* that were compared */
} Probe;

/* A step's map, if the fixture has it. */
static void compare_step(gpointer data, const char *name, const CnxHeadMap *map)
{
    Probe *probe = data;
    g_auto(GStrv) names = dense_outputs(probe->fixture, probe->input, name);
    const CnxMap view = cnx_head_map_view(map);

    if (!names[0] || !g_str_equal(names[0], name))
        return;
    const double worst = dense_compare(probe->fixture, probe->input, name, &view);
    if (!(worst <= LIMIT))
        g_test_message("%s: %s of %s differs by %.3g standard deviations", probe->fixture->name,
                       name, probe->input, worst);
    g_assert_cmpfloat(worst, <=, LIMIT);
    probe->maps++;
}

/* The mask in the fixture's values, [height, width]: the classes from 0; of a single class, whether
 * it is there. */
static guint8 *make_mask(const CnxMap *logits, const CnxMaskPlan *plan)
{
    GError *error = NULL;
    const gsize n = (gsize)plan->width * plan->height, scratch = cnx_mask_scratch(logits, plan);
    float *memory = cnx_memory_new(scratch);
    const CnxDenseContext context = {cnx_isa_kernels(&error), 1, memory, scratch};
    guint8 *mask = g_malloc(n);

    g_assert_no_error(error);
    cnx_mask_compute(&context, logits, plan, mask, plan->width, NULL);
    free(memory);
    for (gsize i = 0; logits->channels > 1 && i < n; i++)
        mask[i]--;
    return mask;
}

/* Every pixel equals the library's where that does not hang on rounding. */
static void compare_mask(const DenseFixture *fixture, const char *input, const char *output,
                         const CnxMap *logits, const CnxMaskPlan *plan)
{
    g_autofree guint8 *mask = make_mask(logits, plan);
    guint compared;
    const guint wrong = dense_count_wrong(fixture, input, output, mask,
                                          (gsize)plan->width * plan->height, &compared);

    if (wrong > 0)
        g_test_message("%s: %u of %u pixels of %s/%s differ", fixture->name, wrong, compared, input,
                       output);
    g_assert_cmpuint(compared, >, 0);
    g_assert_cmpuint(wrong, ==, 0);
}

/* The mask at the network's size, and at those of frames: transformers interpolates the logits to
 * the network's size, and that to the frame's. */
static void compare_masks(const DenseFixture *fixture, const CnxHeadInfo *info, const char *input,
                          const CnxMap *logits)
{
    g_auto(GStrv) frames = dense_outputs(fixture, input, "frame-");
    CnxMaskPlan plan = {.scaling = info->scaling,
                        .sigmoid = info->multi_label,
                        .threshold = info->classes == 1 ? 0.5f : 0};

    g_assert_cmpint(sscanf(input, "%ux%u", &plan.width, &plan.height), ==, 2);
    compare_mask(fixture, input, "argmax", logits, &plan);
    plan.via_width = plan.width;
    plan.via_height = plan.height;
    plan.via_scaling = info->scaling;
    for (guint i = 0; frames[i]; i++) {
        g_assert_true(info->twice);
        g_assert_cmpint(sscanf(frames[i], "frame-%ux%u", &plan.width, &plan.height), ==, 2);
        compare_mask(fixture, input, frames[i], logits, &plan);
    }
}

/* The worst difference of the logits. */
static double compare_input(const DenseFixture *fixture, CnxSegmenter *segmenter, const char *input,
                            Probe *probe)
{
    GError *error = NULL;
    guint width, height;
    g_autofree float *image = dense_input(input, &width, &height);
    g_autoptr(CnxSegmenterRun) run = cnx_segmenter_run_new(segmenter, width, height, 1, &error);

    g_assert_no_error(error);
    probe->input = input;
    cnx_segmenter_run_set_probe(run, compare_step, probe);
    const CnxMap *logits = cnx_segmenter_run_forward(run, image);
    compare_masks(fixture, cnx_segmenter_info(segmenter), input, logits);
    return dense_compare(fixture, input, "logits", logits);
}

static double compare_case(const Case *c)
{
    g_autofree char *path = g_strconcat("segmenters/", c->name, NULL);
    g_auto(DenseFixture) fixture = dense_open(path);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    Probe probe = {.fixture = &fixture};
    double worst = 0;

    g_assert_cmpstr(cnx_segmenter_info(segmenter)->family, ==, c->family);
    g_assert_cmpstr(cnx_segmenter_info(segmenter)->library, ==, c->library);
    for (guint i = 0; fixture.inputs[i]; i++) {
        const double d = compare_input(&fixture, segmenter, fixture.inputs[i], &probe);

        g_assert_cmpfloat(d, <=, LIMIT);
        worst = MAX(worst, d);
    }
    g_assert_cmpuint(probe.maps, >, 0);
    return worst;
}

static void test_case(gconstpointer data)
{
    compare_case(data);
}

/* Names and colours that mmsegmentation writes beside the weights. */
static void test_dataset(gconstpointer data)
{
    static const guint8 second[] = {20, 225, 70};
    g_auto(DenseFixture) fixture = dense_open(data);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    const CnxHeadInfo *info = cnx_segmenter_info(segmenter);

    g_assert_cmpuint(info->classes, ==, 6);
    g_assert_cmpuint(g_strv_length(info->labels), ==, 6);
    g_assert_cmpstr(info->labels[5], ==, "class f");
    g_assert_cmpmem(info->palette + 3, 3, second, 3);
}

/* A classifier's config would cut off the edge of the frame. */
static void test_whole_frame(gconstpointer data)
{
    g_auto(DenseFixture) fixture = dense_open(data);
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    CnxRecipe recipe = cnx_segmenter_info(segmenter)->recipe;

    cnx_recipe_set_crop(&recipe, CNX_CROP_SQUASH);
    g_assert_cmpuint(recipe.resize, ==, recipe.size);
}

/* A full-size network takes seconds. */
static gboolean is_run(const Case *c)
{
    return !strstr(c->name, "full-") || (COMPARE_FULL_SIZE && compare_level_is_highest());
}

/* Without a config, smp's defaults are assumed. */
static void test_assumed(void)
{
    static const char *const expected[] = {"act_layer=gelu", "upsampling=4", "activation=softmax",
                                           "encoder_output_stride=16",
                                           "decoder_atrous_rates=12,24,36"};
    g_auto(DenseFixture) fixture = dense_open("segmenters/smp-deeplab-plain");
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);
    const CnxConfig *backbone = cnx_model_config(cnx_segmenter_backbone(segmenter));
    char **assumed = cnx_segmenter_info(segmenter)->assumed;

    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_true(g_strv_contains((const char *const *)assumed, expected[i]));
    g_assert_cmpuint(backbone->dilations[3], ==, 2);
    g_assert_cmpuint(backbone->dilations[2], ==, 1);
}

/* The stride of the stage that the head reads. */
static void test_stride(void)
{
    g_auto(DenseFixture) fixture = dense_open("segmenters/dinov3-linear-last");
    g_autoptr(CnxSegmenter) segmenter = dense_open_segmenter(&fixture);

    g_assert_cmpuint(cnx_segmenter_info(segmenter)->stride, ==, 32);
}

static int print_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
        if (is_run(&cases[i]))
            g_print("| %s | %s | %s | %.1e |\n", cases[i].name, cases[i].family, cases[i].library,
                    compare_case(&cases[i]));
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && g_str_equal(argv[1], "--table"))
        return print_table();
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *name = g_strconcat("/segmenters/", cases[i].name, NULL);

        if (is_run(&cases[i]))
            g_test_add_data_func(name, &cases[i], test_case);
    }
    g_test_add_data_func("/segmenters/dataset/mmengine", "segmenters/mmsegmentation-upernet",
                         test_dataset);
    g_test_add_data_func("/segmenters/dataset/mmcv", "segmenters/facebook-upernet", test_dataset);
    g_test_add_data_func("/segmenters/whole_frame/mm", "segmenters/mmsegmentation-upernet",
                         test_whole_frame);
    g_test_add_data_func("/segmenters/whole_frame/smp", "segmenters/smp-deeplab-plain",
                         test_whole_frame);
    g_test_add_func("/segmenters/assumed", test_assumed);
    g_test_add_func("/segmenters/stride", test_stride);
    return g_test_run();
}
