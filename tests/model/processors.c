/* preprocessor_config.json: every image processor of transformers that is known, with values that
 * tests/fixtures/make_processors.py prints, and those that are not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tests/model/support/folder.h"

/* The input that the class makes of a picture of 300 x 200 pixels, whose bytes are all 128 */
static const struct {
    const char *name, *keys;
    guint width, height;
    int resample; /* Pillow's number of the filter */
    double red;
} processors[] = {
    {"Beit", "", 224, 224, 3, 0.003921628},
    {"Bit", "", 224, 224, 3, 0.07633615},
    {"Blip", "", 384, 384, 3, 0.07633615},
    {"ChineseCLIP", "", 224, 224, 3, 0.07633615},
    {"CLIP", "", 224, 224, 3, 0.07633615},
    {"ConvNext", "", 384, 384, 3, 0.003921628},
    {"ConvNext", "\"size\": {\"shortest_edge\": 224}", 224, 224, 3, 0.003921628},
    {"DeiT", "", 224, 224, 3, 0.003921628},
    {"EfficientNet", "", 346, 346, 3, 0.007843256},
    {"EfficientNet",
     "\"include_top\": false, \"rescale_offset\": true, \"rescale_factor\": 0.00784313725490196",
     346, 346, 3, -0.9921567},
    {"EfficientNet", "\"do_normalize\": false, \"do_center_crop\": true", 289, 289, 3, 1.003922},
    {"Levit", "", 224, 224, 3, 0.07406463},
    {"Levit", "\"size\": {\"shortest_edge\": 192}, \"do_center_crop\": false", 328, 219, 3,
     0.07406463},
    {"Levit", "\"size\": {\"height\": 240, \"width\": 240}", 224, 224, 3, 0.07406463},
    {"MobileNetV1", "", 224, 224, 2, 0.003921628},
    {"MobileNetV2", "", 224, 224, 2, 0.003921628},
    {"PoolFormer", "", 224, 224, 3, 0.07406463},
    {"PoolFormer", "\"crop_pct\": 0.95", 224, 224, 3, 0.07406463},
    {"PoolFormer", "\"size\": {\"height\": 200, \"width\": 200}, \"do_center_crop\": false", 333,
     222, 3, 0.07406463},
    {"Pvt", "", 224, 224, 3, 0.07406463},
    {"Segformer", "", 512, 512, 2, 0.07406463},
    {"Siglip", "", 224, 224, 3, 0.003921628},
    {"ViT", "", 224, 224, 2, 0.003921628},
};

static const char *const endings[] = {"ImageProcessor", "ImageProcessorFast", "ImageProcessorPil",
                                      "FeatureExtractor"};

static void write_processor(const char *type, const char *keys)
{
    const char *key =
        g_str_has_suffix(type, "Extractor") ? "feature_extractor_type" : "image_processor_type";
    g_autofree char *text =
        g_strdup_printf("{\"%s\":\"%s\"%s%s}", key, type, *keys ? "," : "", keys);

    folder_write("preprocessor_config.json", text);
}

static void check_processor(guint row, const char *ending)
{
    static const CnxFilter pillow[] = {CNX_FILTER_NEAREST, CNX_FILTER_LANCZOS, CNX_FILTER_BILINEAR,
                                       CNX_FILTER_BICUBIC};
    g_autofree char *type = g_strconcat(processors[row].name, ending, NULL);
    CnxGeometry geometry;

    g_test_message("%s %s", type, processors[row].keys);
    write_processor(type, processors[row].keys);
    CnxCheckpoint *checkpoint = folder_open(FALSE);
    const CnxRecipe *recipe = &cnx_checkpoint_config(checkpoint)->recipe;
    g_assert_true(cnx_recipe_geometry(recipe, 300, 200, &geometry, NULL));
    g_assert_cmpuint(geometry.x.out, ==, processors[row].width);
    g_assert_cmpuint(geometry.y.out, ==, processors[row].height);
    g_assert_cmpint(recipe->filter, ==, pillow[processors[row].resample]);
    const double red = (128 * recipe->rescale - recipe->mean[0]) / recipe->std[0];
    g_assert_cmpfloat(fabs(red - processors[row].red), <, 1e-5);
    cnx_checkpoint_close(checkpoint);
}

static void test_known(void)
{
    folder_put_weights("transformers-v1");
    folder_write("config.json", HF "}");
    for (guint i = 0; i < G_N_ELEMENTS(processors); i++)
        check_processor(i, endings[i % G_N_ELEMENTS(endings)]);
    folder_clear();
}

/* The sizes before the crop, which the input does not show. */
static void test_resize(void)
{
    static const struct {
        const char *type, *keys;
        guint width, height;
    } cases[] = {
        {"LevitImageProcessor", "", 384, 256},
        {"LevitImageProcessor", "\"size\":{\"height\":240,\"width\":240}", 240, 240},
        {"PoolFormerFeatureExtractor", "", 372, 248},
        {"PoolFormerImageProcessor", "\"crop_pct\":0.95", 352, 235},
        {"MobileNetV2ImageProcessor", "", 384, 256},
        {"DeiTImageProcessor", "", 256, 256},
        {"DINOv3ViTImageProcessorFast", "", 224, 224},
        {"TimmWrapperImageProcessor",
         "\"pretrained_cfg\":{\"input_size\":[3,288,288],\"crop_pct\":0.9}", 480, 320},
    };

    folder_put_weights("transformers-v1");
    folder_write("config.json", HF "}");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        CnxGeometry geometry;

        write_processor(cases[i].type, cases[i].keys);
        CnxCheckpoint *checkpoint = folder_open(FALSE);
        g_assert_true(cnx_recipe_geometry(&cnx_checkpoint_config(checkpoint)->recipe, 300, 200,
                                          &geometry, NULL));
        g_assert_cmpuint(geometry.x.resized, ==, cases[i].width);
        g_assert_cmpuint(geometry.y.resized, ==, cases[i].height);
        cnx_checkpoint_close(checkpoint);
    }
    folder_clear();
}

/* A folder with an unknown class is refused; next to a file that is named directly, the class is
 * ignored, but not the config. */
static void test_unknown(void)
{
    static const char *const types[] = {"MobileViTImageProcessor", "Mask2FormerImageProcessor",
                                        "ViTHybridImageProcessor", "MyViTImageProcessor",
                                        "ViTImageProcessorNew",    ""};

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        g_autofree char *word = g_strdup_printf("\"image_processor_type\" is \"%s\"", types[i]);

        folder_put_weights("transformers-v1");
        folder_write("config.json", HF ",\"image_size\":64}");
        write_processor(types[i], "\"size\":512");
        folder_check_refused(word);
        CnxCheckpoint *checkpoint = folder_open(TRUE);
        const CnxConfig *config = cnx_checkpoint_config(checkpoint);
        g_assert_nonnull(config->ignored);
        g_assert_nonnull(strstr(config->ignored, word));
        g_assert_cmpuint(config->recipe.size, ==, 64);
        g_assert_cmpint(config->origin[CNX_ITEM_SIZE], ==, CNX_ORIGIN_CONFIG);
        cnx_checkpoint_close(checkpoint);
        folder_clear();
    }
}

/* A broken file is refused even next to a file that is named directly. */
static void test_broken(void)
{
    folder_put_weights("transformers-v1");
    folder_write("config.json", HF "}");
    folder_write("preprocessor_config.json", "{\"image_processor_type\":5}");
    folder_check_file_refused("\"image_processor_type\" is 5");
    folder_clear();
}

static void test_refusals(void)
{
    static const struct {
        const char *type, *keys, *word;
    } cases[] = {
        {"TimmWrapperImageProcessor", "\"size\":224", "\"pretrained_cfg\" is missing"},
        {"CLIPImageProcessor", "\"size\":{\"shortest_edge\":224,\"longest_edge\":300}",
         "longest_edge"},
        {"PoolFormerImageProcessor", "\"crop_pct\":0", "\"crop_pct\" is 0"},
        {"EfficientNetImageProcessor", "\"image_std\":[0,1,1]", "image_std"},
    };

    folder_put_weights("transformers-v1");
    folder_write("config.json", HF "}");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        write_processor(cases[i].type, cases[i].keys);
        folder_check_refused(cases[i].word);
    }
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/processors/known", test_known);
    g_test_add_func("/processors/resize", test_resize);
    g_test_add_func("/processors/unknown", test_unknown);
    g_test_add_func("/processors/broken", test_broken);
    g_test_add_func("/processors/refusals", test_refusals);
    const int status = g_test_run();
    folder_delete();
    return status;
}
