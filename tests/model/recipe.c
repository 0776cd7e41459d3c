/* Recipes: changes of size and crop, and impossible geometries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/config/recipe.h"

#include <string.h>

#include "model/preprocess/preprocess.h"

static const CnxRecipe timm = {
    .size = 224,
    .resize = 256,
    .crop_pct = 0.875,
    .crop = CNX_CROP_CENTER,
    .filter = CNX_FILTER_BICUBIC,
    .mean = {0.485, 0.456, 0.406},
    .std = {0.229, 0.224, 0.225},
    .rescale = 1.0 / 255,
};

#define ASSERT_RECIPE(r, size_, resize_, crop_)    \
    do {                                           \
        g_assert_cmpuint((r).size, ==, size_);     \
        g_assert_cmpuint((r).resize, ==, resize_); \
        g_assert_cmpint((r).crop, ==, crop_);      \
    } while (0)

static void test_size(void)
{
    CnxRecipe r = timm;

    cnx_recipe_set_size(&r, 224);
    ASSERT_RECIPE(r, 224, 256, CNX_CROP_CENTER);
    cnx_recipe_set_size(&r, 288);
    ASSERT_RECIPE(r, 288, 329, CNX_CROP_CENTER); /* 329.14 */
    cnx_recipe_set_size(&r, 384);
    ASSERT_RECIPE(r, 384, 438, CNX_CROP_CENTER); /* 438.86 */
    r = timm;
    r.crop_pct = 0; /* unknown */
    cnx_recipe_set_size(&r, 448);
    ASSERT_RECIPE(r, 448, 512, CNX_CROP_CENTER);
}

static void test_squash_from(void)
{
    CnxRecipe r = timm;

    r.squash_from = 384;
    cnx_recipe_set_size(&r, 384);
    ASSERT_RECIPE(r, 384, 384, CNX_CROP_SQUASH);
    cnx_recipe_set_size(&r, 512);
    ASSERT_RECIPE(r, 512, 512, CNX_CROP_SQUASH);
    cnx_recipe_set_size(&r, 352);
    ASSERT_RECIPE(r, 352, 402, CNX_CROP_CENTER); /* 402.29 */
    cnx_recipe_set_crop(&r, CNX_CROP_CENTER);    /* an explicit mode stays */
    cnx_recipe_set_size(&r, 448);
    ASSERT_RECIPE(r, 448, 512, CNX_CROP_CENTER);
}

static void test_crop(void)
{
    CnxRecipe r = timm;

    cnx_recipe_set_crop(&r, CNX_CROP_SQUASH);
    ASSERT_RECIPE(r, 224, 256, CNX_CROP_SQUASH);
    cnx_recipe_set_crop(&r, CNX_CROP_NONE);
    ASSERT_RECIPE(r, 224, 224, CNX_CROP_NONE);
    cnx_recipe_set_size(&r, 320);
    ASSERT_RECIPE(r, 320, 320, CNX_CROP_NONE);
    cnx_recipe_set_crop(&r, CNX_CROP_BORDER);
    ASSERT_RECIPE(r, 320, 365, CNX_CROP_BORDER); /* 365.7 */
    r = timm;
    r.squash_from = 384;
    cnx_recipe_set_size(&r, 384);
    cnx_recipe_set_crop(&r, CNX_CROP_CENTER);
    ASSERT_RECIPE(r, 384, 438, CNX_CROP_CENTER);
}

static void test_origins(void)
{
    static const struct {
        guint difference, half_even, floor;
    } origins[] = {{0, 0, 0}, {1, 0, 0}, {2, 1, 1}, {3, 2, 1}, {4, 2, 2},
                   {5, 2, 2}, {6, 3, 3}, {7, 4, 3}, {8, 4, 4}, {9, 4, 4}};

    for (gsize i = 0; i < G_N_ELEMENTS(origins); i++) {
        CnxRecipe r = timm;
        CnxGeometry g;

        r.resize = r.size + origins[i].difference;
        g_assert_true(cnx_recipe_geometry(&r, 1000, 1000, &g, NULL));
        g_assert_cmpuint(g.x.src, ==, origins[i].half_even);
        g_assert_cmpuint(g.y.src, ==, origins[i].half_even);
        r.rounding = CNX_ROUNDING_FLOOR;
        g_assert_true(cnx_recipe_geometry(&r, 1000, 1000, &g, NULL));
        g_assert_cmpuint(g.x.src, ==, origins[i].floor);
        g_assert_cmpuint(g.y.src, ==, origins[i].floor);
    }
}

static void assert_impossible(const CnxRecipe *r, guint width, guint height)
{
    g_autoptr(GError) error = NULL;
    CnxGeometry g;

    g_assert_false(cnx_recipe_geometry(r, width, height, &g, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
}

static void test_geometry(void)
{
    CnxRecipe r = timm;
    CnxGeometry g;

    g_assert_true(cnx_recipe_geometry(&r, 1920, 1080, &g, NULL));
    g_assert_cmpuint(g.x.resized, ==, 455); /* 455.1 */
    g_assert_cmpuint(g.y.resized, ==, 256);
    g_assert_cmpuint(g.x.src, ==, 116); /* 115.5 to even */
    g_assert_true(cnx_recipe_geometry(&r, 601, 1000, &g, NULL));
    g_assert_cmpuint(g.y.resized, ==, 425); /* 425.96 */
    r.crop = CNX_CROP_BORDER;
    g_assert_true(cnx_recipe_geometry(&r, 1920, 1080, &g, NULL));
    g_assert_cmpuint(g.x.resized, ==, 256);
    g_assert_cmpuint(g.y.resized, ==, 144);
    g_assert_cmpuint(g.y.dst, ==, 40);
    g_assert_cmpuint(g.fill[0], ==, 124);
    g_assert_cmpuint(g.fill[1], ==, 116);
    g_assert_cmpuint(g.fill[2], ==, 104);
    assert_impossible(&r, 1000, 1); /* 256 x 0.256 */
    r.crop = CNX_CROP_CENTER;
    assert_impossible(&r, 100000, 1); /* 25 million wide */
    assert_impossible(&r, 0, 10);
}

/* An odd row of padding goes below the picture (torchvision) or above it (transformers). */
static void test_padding(void)
{
    CnxRecipe r = timm;
    CnxGeometry g;

    r.crop = CNX_CROP_BORDER;
    r.resize = 224;
    g_assert_true(cnx_recipe_geometry(&r, 224, 143, &g, NULL));
    g_assert_cmpuint(g.y.dst, ==, 40); /* 40.5 */
    g_assert_cmpuint(g.y.count, ==, 143);
    r.rounding = CNX_ROUNDING_FLOOR;
    g_assert_true(cnx_recipe_geometry(&r, 224, 143, &g, NULL));
    g_assert_cmpuint(g.y.dst, ==, 41);
}

/* A 720x576 picture at 16/15 is displayed as 768x576. The central square has 576 of the displayed
 * columns, which are 540 stored ones. */
static void test_display_shape(void)
{
    CnxRecipe r = timm;
    CnxImageInfo info = {.pixels = CNX_PIXELS_GRAY,
                         .width = 720,
                         .height = 576,
                         .par_n = 16,
                         .par_d = 15,
                         .w = 720,
                         .h = 576};
    g_autofree guint8 *ramp = g_malloc(720 * 576);
    g_autofree float *dst = g_new(float, 3 * 224 * 224);
    g_autofree guint8 *bytes = g_malloc(3 * 224 * 224);
    const CnxImage image = {{ramp}, {720}};

    r.resize = 224;
    for (guint i = 0; i < 720 * 576; i++)
        ramp[i] = (guint8)(i % 720 / 3);
    for (int square = 0; square < 2; square++) {
        const double columns = square ? 576 : 540;

        info.par_n = square ? 1 : 16;
        info.par_d = square ? 1 : 15;
        g_autoptr(CnxPreprocess) p = cnx_preprocess_new(&r, &info, NULL);
        cnx_preprocess_run(p, &image, dst, bytes);
        for (int x = 0; x < 224; x++) {
            const double expected = ((720 - columns) / 2 + (x + 0.5) * columns / 224) / 3;

            g_assert_cmpfloat(ABS(bytes[3 * (224 * 100 + x)] - expected), <, 1.6);
        }
    }
}

static void assert_refused(const CnxRecipe *r, const CnxImageInfo *info, const char *words)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_preprocess_new(r, info, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    g_assert_nonnull(strstr(error->message, words));
}

static void test_refusals(void)
{
    const CnxImageInfo good = {.pixels = CNX_PIXELS_RGB,
                               .width = 64,
                               .height = 48,
                               .par_n = 1,
                               .par_d = 1,
                               .w = 64,
                               .h = 48};
    CnxImageInfo info = good;
    CnxRecipe r = timm;

    info.w = 0;
    assert_refused(&timm, &info, "region of 0 x 48");
    info = good;
    info.x = 1;
    assert_refused(&timm, &info, "not inside the picture of 64 x 48");
    info.x = G_MAXUINT;
    assert_refused(&timm, &info, "not inside");
    info = good;
    info.width = 0;
    assert_refused(&timm, &info, "0 x 48");
    info = good;
    info.par_d = 0;
    assert_refused(&timm, &info, "pixel aspect ratio is 1/0");
    info.par_d = 1000;
    assert_refused(&timm, &info, "displayed 0 pixels wide");
    info.par_d = 1;
    info.par_n = G_MAXINT;
    assert_refused(&timm, &info, "pixels wide");
    r.std[1] = 0;
    assert_refused(&r, &good, "standard deviation of channel 1");
    g_setenv("CONVNEXT_CPU", "sse2", TRUE);
    assert_refused(&timm, &good,
                   "'sse2'; it must be one of c, avx2, avx2_vnni, avx512, "
                   "avx512_vnni, avx512_bf16, amx, neon, neon_dotprod, neon_i8mm, "
                   "neon_bf16");
    g_setenv("CONVNEXT_CPU", "cuda", TRUE); /* begins like c */
    assert_refused(&timm, &good, "'cuda'; it must be one of");
    g_unsetenv("CONVNEXT_CPU");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/recipe/size", test_size);
    g_test_add_func("/recipe/squash-from", test_squash_from);
    g_test_add_func("/recipe/crop", test_crop);
    g_test_add_func("/recipe/origins", test_origins);
    g_test_add_func("/recipe/geometry", test_geometry);
    g_test_add_func("/recipe/padding", test_padding);
    g_test_add_func("/recipe/display-shape", test_display_shape);
    g_test_add_func("/recipe/refusals", test_refusals);
    return g_test_run();
}
