/* Config files next to the weights: every form that timm, transformers and open_clip write, and
 * contradictions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "tests/model/support/folder.h"

typedef struct Recipe {
    const char *name, *config, *preprocessor;
    guint size, resize;
    CnxCrop crop;
    CnxFilter filter;
    float mean, std; /* red */
    double rescale;
} Recipe;

static void check_recipe(const Recipe *r, const CnxRecipe *found)
{
    g_test_message("%s", r->name);
    g_assert_cmpuint(found->size, ==, r->size);
    g_assert_cmpuint(found->resize, ==, r->resize);
    g_assert_cmpint(found->crop, ==, r->crop);
    g_assert_cmpint(found->filter, ==, r->filter);
    g_assert_cmpfloat(found->mean[0], ==, r->mean);
    g_assert_cmpfloat(found->std[0], ==, r->std);
    g_assert_cmpfloat(fabs(found->rescale - r->rescale), <, 1e-12);
}

static void check_recipes(const Recipe *recipes, guint count, const char *weights,
                          const char *config_name)
{
    folder_put_weights(weights);
    for (guint i = 0; i < count; i++) {
        folder_write(config_name, recipes[i].config);
        folder_write("preprocessor_config.json", recipes[i].preprocessor);
        CnxCheckpoint *checkpoint = folder_open(FALSE);

        check_recipe(&recipes[i], &cnx_checkpoint_config(checkpoint)->recipe);
        cnx_checkpoint_close(checkpoint);
    }
    folder_clear();
}

#define OLD "{\"feature_extractor_type\":\"ConvNextFeatureExtractor\","
#define NEW "{\"image_processor_type\":\"ConvNextImageProcessor\","
#define IMAGENET "\"image_mean\":[0.485,0.456,0.406],\"image_std\":[0.229,0.224,0.225]"
#define BYTE (1.0 / 255)

static const Recipe transformers[] = {
    {"only the sizes", HF "}", NULL, 224, 256, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.485f, 0.229f,
     BYTE},
    {"image_size", HF ",\"image_size\":384}", NULL, 384, 384, CNX_CROP_SQUASH, CNX_FILTER_BICUBIC,
     0.485f, 0.229f, BYTE},
    {"a number for the size", HF "}",
     OLD "\"size\":224,\"crop_pct\":null,\"resample\":3," IMAGENET "}", 224, 256, CNX_CROP_CENTER,
     CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"the shortest edge", HF "}",
     NEW "\"size\":{\"shortest_edge\":224},\"crop_pct\":0.875,\"resample\":2," IMAGENET "}", 224,
     256, CNX_CROP_CENTER, CNX_FILTER_BILINEAR, 0.485f, 0.229f, BYTE},
    {"384 is not cropped", HF "}", NEW "\"size\":{\"shortest_edge\":384}," IMAGENET "}", 384, 384,
     CNX_CROP_SQUASH, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"another crop_pct", HF "}", NEW "\"size\":{\"shortest_edge\":288},\"crop_pct\":0.95}", 288,
     303, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.5f, 0.5f, BYTE},
    {"the fast processor", HF "}",
     "{\"image_processor_type\":\"ConvNextImageProcessorFast\",\"size\":{\"shortest_edge\":224}}",
     224, 256, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.5f, 0.5f, BYTE},
    {"a string for a boolean", HF "}",
     OLD "\"do_resize\":\"facebook/convnext-tiny-224\",\"size\":224}", 224, 256, CNX_CROP_CENTER,
     CNX_FILTER_BICUBIC, 0.5f, 0.5f, BYTE},
    {"not normalised", HF "}", NEW "\"size\":224,\"do_normalize\":false," IMAGENET "}", 224, 256,
     CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0, 1, BYTE},
    {"not rescaled", HF "}", NEW "\"size\":224,\"do_rescale\":0," IMAGENET "}", 224, 256,
     CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.485f, 0.229f, 1},
    {"rescale_factor", HF "}", NEW "\"size\":224,\"rescale_factor\":0.0078125}", 224, 256,
     CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.5f, 0.5f, 0.0078125},
    {"rescale_factor of 1", HF "}", NEW "\"size\":224,\"rescale_factor\":1}", 224, 256,
     CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.5f, 0.5f, 1},
    {"Lanczos", HF "}", NEW "\"size\":224,\"resample\":1}", 224, 256, CNX_CROP_CENTER,
     CNX_FILTER_LANCZOS, 0.5f, 0.5f, BYTE},
    {"ViT's processor", HF "}",
     "{\"image_processor_type\":\"ViTImageProcessor\",\"size\":{\"height\":256,\"width\":256}}",
     256, 256, CNX_CROP_SQUASH, CNX_FILTER_BILINEAR, 0.5f, 0.5f, BYTE},
    {"CLIP's processor", HF "}",
     "{\"image_processor_type\":\"CLIPImageProcessor\",\"size\":{\"shortest_edge\":236},"
     "\"crop_size\":{\"height\":224,\"width\":224}," IMAGENET "}",
     224, 236, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"DINOv3's processor", HF "}",
     "{\"image_processor_type\":\"DINOv3ViTImageProcessorFast\",\"size\":{\"height\":224,"
     "\"width\":224}}",
     224, 224, CNX_CROP_SQUASH, CNX_FILTER_BILINEAR, 0.485f, 0.229f, BYTE},
    {"no config.json", NULL, NEW "\"size\":288}", 288, 329, CNX_CROP_CENTER, CNX_FILTER_BICUBIC,
     0.5f, 0.5f, BYTE},
};

static void test_transformers(void)
{
    check_recipes(transformers, G_N_ELEMENTS(transformers), "transformers-v1", "config.json");
}

static const Recipe of_timm[] = {
    {"nested",
     TIMM "\"num_classes\":10,\"pretrained_cfg\":{\"input_size\":[3,288,288],"
          "\"crop_pct\":0.95,\"interpolation\":\"bilinear\",\"num_classes\":1000}}",
     NULL, 288, 303, CNX_CROP_CENTER, CNX_FILTER_BILINEAR, 0.485f, 0.229f, BYTE},
    {"legacy, flat",
     TIMM "\"num_classes\":10,\"input_size\":[3,160,160],\"crop_pct\":0.95,"
          "\"mean\":[0.5,0.5,0.5],\"std\":[0.25,0.5,0.5]}",
     NULL, 160, 168, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.5f, 0.25f, BYTE},
    {"squash",
     TIMM "\"pretrained_cfg\":{\"input_size\":[3,384,384],\"crop_pct\":1.0,"
          "\"crop_mode\":\"squash\"}}",
     NULL, 384, 384, CNX_CROP_SQUASH, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"border", TIMM "\"pretrained_cfg\":{\"crop_pct\":0.9,\"crop_mode\":\"border\"}}", NULL, 224,
     248, CNX_CROP_BORDER, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"no crop_pct", TIMM "\"pretrained_cfg\":{\"crop_pct\":null,\"input_size\":[3,448,448]}}", NULL,
     448, 512, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"the test size is ignored",
     TIMM "\"pretrained_cfg\":{\"test_input_size\":[3,288,288],\"test_crop_pct\":1.0}}", NULL, 224,
     256, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
    {"a preprocessor file of transformers' wrapper is ignored", TIMM "\"num_classes\":10}",
     "{\"image_processor_type\":\"TimmWrapperImageProcessor\",\"size\":512}", 224, 256,
     CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.485f, 0.229f, BYTE},
};

static void test_timm(void)
{
    check_recipes(of_timm, G_N_ELEMENTS(of_timm), "timm-v1", "config.json");
}

#define CLIP "{\"model_cfg\":{\"embed_dim\":12,\"vision_cfg\":{\"image_size\":"

static const Recipe of_open_clip[] = {
    {"no file", NULL, NULL, 256, 256, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.48145466f, 0.26862954f,
     BYTE},
    {"one side", CLIP "320}},\"preprocess_cfg\":{\"mean\":[0.5,0.4,0.3],\"std\":[0.2,0.3,0.4]}}",
     NULL, 320, 320, CNX_CROP_CENTER, CNX_FILTER_BICUBIC, 0.5f, 0.2f, BYTE},
    {"two sides",
     CLIP "[224,224]}},\"preprocess_cfg\":{\"resize_mode\":\"squash\",\"interpolation\":"
          "\"bilinear\"}}",
     NULL, 224, 224, CNX_CROP_SQUASH, CNX_FILTER_BILINEAR, 0.48145466f, 0.26862954f, BYTE},
};

static void test_open_clip(void)
{
    check_recipes(of_open_clip, G_N_ELEMENTS(of_open_clip), "open-clip-mlp",
                  "open_clip_config.json");
}

/* A bare file gets the recipe of the library whose tensor names it uses. */
static void test_bare(void)
{
    static const struct {
        const char *weights;
        guint size, resize;
        CnxFilter filter;
        CnxRounding rounding;
    } bare[] = {
        {"timm-v1", 224, 256, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN},
        {"transformers-v1", 224, 256, CNX_FILTER_BICUBIC, CNX_ROUNDING_FLOOR},
        {"torchvision-v1", 224, 256, CNX_FILTER_BILINEAR, CNX_ROUNDING_HALF_EVEN},
        {"facebook-v1", 224, 256, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN},
        {"open-clip-linear", 256, 256, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN},
    };

    for (guint i = 0; i < G_N_ELEMENTS(bare); i++) {
        folder_put_weights(bare[i].weights);
        CnxCheckpoint *checkpoint = folder_open(TRUE);
        const CnxConfig *config = cnx_checkpoint_config(checkpoint);

        g_assert_cmpuint(config->recipe.size, ==, bare[i].size);
        g_assert_cmpuint(config->recipe.resize, ==, bare[i].resize);
        g_assert_cmpint(config->recipe.filter, ==, bare[i].filter);
        g_assert_cmpint(config->recipe.rounding, ==, bare[i].rounding);
        for (guint item = 0; item < CNX_ITEMS; item++)
            g_assert_cmpint(config->origin[item], ==, CNX_ORIGIN_LIBRARY);
        cnx_checkpoint_close(checkpoint);
    }
    folder_clear();
}

/* A network for greyscale images gets greyscale input, with a config or without. */
static void test_grey(void)
{
    static const char *const weights[] = {"timm-v1", "timm-grey", "timm-grey-ols"};

    for (guint i = 0; i < G_N_ELEMENTS(weights); i++) {
        folder_put_weights(weights[i]);
        folder_write("config.json", i == 1 ? "{\"architecture\":\"convnext_atto\",\"model_args\":{"
                                             "\"dims\":[8,12,16,20],\"depths\":[1,1,2,1]},"
                                             "\"pretrained_cfg\":{\"input_size\":[3,224,224]}}"
                                           : NULL);
        CnxCheckpoint *checkpoint = folder_open(FALSE);

        g_assert_cmpint(cnx_checkpoint_config(checkpoint)->recipe.grey, ==, i > 0);
        cnx_checkpoint_close(checkpoint);
    }
    folder_clear();
}

/* In transformers the key is about the last norm, except in DINOv3. */
static void test_eps(void)
{
    static const struct {
        const char *weights, *config;
        double eps;
    } cases[] = {
        {"transformers-v1", HF ",\"layer_norm_eps\":1e-4}", 1e-6},
        {"transformers-dinov3",
         "{\"model_type\":\"dinov3_convnext\",\"hidden_sizes\":[8,12,16,20],"
         "\"depths\":[1,1,2,1],\"layer_norm_eps\":1e-4}",
         1e-4},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        folder_put_weights(cases[i].weights);
        folder_write("config.json", cases[i].config);
        CnxCheckpoint *checkpoint = folder_open(FALSE);

        g_assert_cmpfloat(cnx_checkpoint_config(checkpoint)->eps, ==, cases[i].eps);
        g_assert_cmpfloat(cnx_checkpoint_config(checkpoint)->head_eps, ==, 1e-4);
        cnx_checkpoint_close(checkpoint);
        folder_clear();
    }
}

/* The head of an image tower is a projection until it is fine-tuned. */
static void test_clip_tags(void)
{
    static const struct {
        const char *tag;
        guint projection, classes;
    } cases[] = {{"clip_laion2b", 640, 0}, {"clip_laion2b_ft_in12k", 0, 640}, {"fb_in22k", 0, 640}};

    folder_put_weights("timm-clip");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = g_strdup_printf(
            "{\"architecture\":\"convnext_base\",\"model_args\":{\"dims\":[8,12,16,20],"
            "\"depths\":[1,1,2,1]},\"pretrained_cfg\":{\"tag\":\"%s\"}}",
            cases[i].tag);

        folder_write("config.json", text);
        CnxCheckpoint *checkpoint = folder_open(FALSE);
        g_assert_cmpuint(cnx_checkpoint_config(checkpoint)->projection, ==, cases[i].projection);
        g_assert_cmpuint(cnx_checkpoint_config(checkpoint)->classes, ==, cases[i].classes);
        cnx_checkpoint_close(checkpoint);
    }
    folder_clear();
}

#define FORTY "0123456789012345678901234567890123456789"
#define ARGS(args)                                                                                 \
    "{\"architecture\":\"convnext_atto\",\"model_args\":{\"dims\":[8,16,24,32],\"depths\":[1,1,2," \
    "1]," args "}}"

/* The weights have ten classes. The error begins with the folder and contains word. */
static const struct {
    const char *weights, *name, *config, *word;
} refusals[] = {
    {"transformers-v1", "config.json", HF ",\"patch_size\":2}", "\"patch_size\" is 2"},
    {"transformers-v1", "config.json", HF ",\"num_channels\":4}", "\"num_channels\" is 4"},
    {"transformers-v1", "config.json", HF ",\"image_size\":224.5}", "\"image_size\" is 224.5"},
    {"transformers-v1", "config.json", HF ",\"num_stages\":3}", "\"num_stages\" is 3"},
    {"transformers-v1", "config.json", HF ",\"num_labels\":9}", "\"num_labels\" is 9"},
    {"transformers-v1", "config.json", HF ",\"id2label\":{\"0\":\"a\"}}", "names 1 classes"},
    {"transformers-v1", "config.json", HF ",\"id2label\":{\"a\":\"b\"}}", "\"a\""},
    {"transformers-v1", "config.json", HF ",\"hidden_act\":\"quick_gelu\"}", "\"gelu\""},
    {"transformers-v1", "config.json", "{\"model_type\":\"convnextv2\"}", "GRN"},
    {"transformers-v1", "config.json", "{\"model_type\":\"resnet\"}", "\"resnet\""},
    {"transformers-v1", "preprocessor_config.json", NEW "\"size\":16}", "\"size\""},
    {"transformers-v1", "preprocessor_config.json", NEW "\"do_resize\":false}", "do_resize"},
    {"transformers-v1", "preprocessor_config.json", NEW "\"resample\":7}", "\"resample\""},
    {"transformers-v1", "preprocessor_config.json", NEW "\"image_std\":[0,1,1]}", "image_std"},
    {"timm-v1", "config.json", "{\"architecture\":\"convnext_tiny\"}", "[3,3,9,3]"},
    {"timm-v1", "config.json", "{\"architecture\":\"resnet50\"}", "\"resnet50\""},
    {"timm-v1", "config.json", "{\"architecture\":\"" FORTY FORTY "\"}", "is \"" FORTY FORTY "\","},
    {"timm-v1", "config.json", "{\"architecture\":\"" FORTY FORTY "0\"}",
     "is \"" FORTY FORTY "…\","},
    {"timm-v1", "config.json", TIMM "\"num_classes\":11}", "\"num_classes\" is 11"},
    {"timm-v1", "config.json", TIMM "\"num_features\":768}", "\"num_features\" is 768"},
    {"timm-v1", "config.json", TIMM "\"input_size\":[3,224,256]}", "square"},
    {"timm-v1", "config.json", TIMM "\"input_size\":[1,224,224]}", "1 channels"},
    {"timm-grey", "config.json", "{\"architecture\":\"convnext\",\"input_size\":[4,224,224]}",
     "4 channels"},
    {"timm-v1", "config.json", TIMM "\"global_pool\":\"max\"}", "\"avg\""},
    {"timm-v1", "config.json", ARGS("\"norm_layer\":\"rmsnorm2d\""),
     "\"norm_layer\" contradicts the weights"},
    {"timm-v1", "config.json", ARGS("\"output_stride\":12"), "expected 8, 16 or 32"},
    {"open-clip-mlp", "open_clip_config.json", "{\"model_cfg\":{\"embed_dim\":13}}",
     "\"embed_dim\" is 13"},
    {"open-clip-mlp", "open_clip_config.json", CLIP "[224,256]}}}", "square"},
    {"open-clip-mlp", "open_clip_config.json", "{\"preprocess_cfg\":{\"resize_mode\":\"longest\"}}",
     "\"longest\""},
    {"facebook-v1", "labels.txt", "a\nb\n", "has 2 labels, but the model has 10 classes"},
};

static void test_refusals(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        folder_put_weights(refusals[i].weights);
        folder_write(refusals[i].name, refusals[i].config);
        folder_check_refused(refusals[i].word);
        folder_clear();
    }
}

/* Files next to a directly named weights file that describe other weights. They are ignored
 * entirely, and config->ignored names them. */
static const struct {
    const char *weights, *name, *config, *word;
} others[] = {
    {"transformers-v1", "config.json", HF ",\"image_size\":64,\"num_labels\":9}", "\"num_labels\""},
    {"transformers-v1", "config.json", HF ",\"hidden_act\":\"relu\",\"id2label\":{\"0\":\"a\"}}",
     "names 1 classes"},
    {"transformers-v1", "config.json",
     "{\"model_type\":\"convnext\",\"hidden_sizes\":[96,192,384,768]}", "\"hidden_sizes\""},
    {"transformers-v1", "config.json", "{\"model_type\":\"convnextv2\"}", "GRN"},
    {"transformers-v1", "config.json", "{\"model_type\":\"resnet\",\"depths\":[3,4,6,3]}",
     "\"resnet\""},
    {"transformers-v1", "config.json", "{\"name\":\"a web page\"}", "model_type"},
    {"timm-v1", "config.json",
     "{\"architecture\":\"convnext_tiny\",\"pretrained_cfg\":{\"input_size\":[3,288,288]}}",
     "[3,3,9,3]"},
    {"timm-v1", "config.json", TIMM "\"num_classes\":11,\"mean\":[0.5,0.5,0.5]}",
     "\"num_classes\""},
    {"timm-v1", "config.json", ARGS("\"norm_layer\":\"rmsnorm2d\""), "\"norm_layer\""},
    {"open-clip-mlp", "open_clip_config.json", "{\"model_cfg\":{\"embed_dim\":13}}",
     "\"embed_dim\""},
    {"facebook-v1", "labels.txt", "a\nb\n", "has 2 labels"},
};

/* The config fits the weights, but belongs to another library, whose rules differ. A folder may
 * have been assembled like that on purpose. */
static void test_other_library(void)
{
    static const struct {
        const char *weights, *config, *word;
    } cases[] = {
        {"facebook-v1", "{\"model_type\":\"convnext\",\"hidden_sizes\":[8,16,24,32]}",
         "belongs to a transformers config, but the tensors have facebookresearch names"},
        {"transformers-v2-tanh",
         "{\"architecture\":\"convnext_tiny\",\"model_args\":{\"dims\":[8,16,24,32],"
         "\"depths\":[1,1,2,1]}}",
         "belongs to a timm config, but the tensors have transformers names"},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        folder_put_weights(cases[i].weights);
        folder_write("config.json", cases[i].config);
        CnxCheckpoint *file = folder_open(TRUE), *both = folder_open(FALSE);
        g_assert_nonnull(strstr(cnx_checkpoint_config(file)->ignored, cases[i].word));
        g_assert_null(cnx_checkpoint_config(both)->ignored);
        g_assert_cmpint(cnx_checkpoint_config(both)->origin[CNX_ITEM_ACT], ==,
                        i ? CNX_ORIGIN_CONFIG : CNX_ORIGIN_LIBRARY);
        cnx_checkpoint_close(file);
        cnx_checkpoint_close(both);
        folder_clear();
    }
}

static void check_same_as_bare(const CnxConfig *found, const char *weights)
{
    folder_clear();
    folder_put_weights(weights);
    CnxCheckpoint *checkpoint = folder_open(TRUE);
    const CnxConfig *bare = cnx_checkpoint_config(checkpoint);

    g_assert_null(bare->ignored);
    g_assert_null(found->labels);
    g_assert_cmpmem(&found->recipe, sizeof found->recipe, &bare->recipe, sizeof bare->recipe);
    g_assert_cmpmem(found->origin, sizeof found->origin, bare->origin, sizeof bare->origin);
    g_assert_cmpuint(found->classes, ==, bare->classes);
    g_assert_cmpint(found->act, ==, bare->act);
    g_assert_cmpfloat(found->eps, ==, bare->eps);
    g_assert_cmpfloat(found->head_eps, ==, bare->head_eps);
    cnx_checkpoint_close(checkpoint);
}

static void test_others(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
        g_autofree char *path = folder_path(others[i].name);

        folder_put_weights(others[i].weights);
        folder_write(others[i].name, others[i].config);
        folder_check_refused(others[i].word);
        CnxCheckpoint *checkpoint = folder_open(TRUE);
        const CnxConfig *config = cnx_checkpoint_config(checkpoint);
        g_assert_nonnull(config->ignored);
        g_assert_true(g_str_has_prefix(config->ignored, path));
        g_assert_nonnull(strstr(config->ignored, others[i].word));
        check_same_as_bare(config, others[i].weights);
        cnx_checkpoint_close(checkpoint);
        folder_clear();
    }
}

/* Two files are ignored at once, and one that fits is still read. A file that is broken or
 * unsupported is an error, because it may describe these weights. */
static void test_bare_file(void)
{
    folder_put_weights("timm-v1");
    folder_write("config.json", "{\"architecture\":\"convnext_tiny\"}");
    folder_write("labels.txt", "one\n");
    CnxCheckpoint *checkpoint = folder_open(TRUE);
    g_assert_nonnull(strstr(cnx_checkpoint_config(checkpoint)->ignored, "config.json: "));
    g_assert_nonnull(strstr(cnx_checkpoint_config(checkpoint)->ignored, "labels.txt: "));
    cnx_checkpoint_close(checkpoint);
    folder_write("labels.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    checkpoint = folder_open(TRUE);
    g_assert_cmpstr(cnx_checkpoint_config(checkpoint)->labels[9], ==, "j");
    cnx_checkpoint_close(checkpoint);
    folder_write("config.json", "{\"architecture\":");
    folder_check_file_refused("JSON");
    folder_write("config.json", ARGS("\"global_pool\":\"max\""));
    folder_check_file_refused("\"global_pool\"");
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/configs/transformers", test_transformers);
    g_test_add_func("/configs/timm", test_timm);
    g_test_add_func("/configs/open-clip", test_open_clip);
    g_test_add_func("/configs/bare", test_bare);
    g_test_add_func("/configs/grey", test_grey);
    g_test_add_func("/configs/eps", test_eps);
    g_test_add_func("/configs/clip-tags", test_clip_tags);
    g_test_add_func("/configs/refusals", test_refusals);
    g_test_add_func("/configs/others", test_others);
    g_test_add_func("/configs/bare-file", test_bare_file);
    g_test_add_func("/configs/other-library", test_other_library);
    const int status = g_test_run();
    folder_delete();
    return status;
}
