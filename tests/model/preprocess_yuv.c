/* YUV frames compared with the same frames converted to RGB in double precision, then resized by
 * the path that other tests compare with Pillow's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/preprocess/preprocess.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/picture.h"

static const char *const format_names[] = {
    [CNX_PIXELS_I420] = "I420", [CNX_PIXELS_YV12] = "YV12", [CNX_PIXELS_NV12] = "NV12",
    [CNX_PIXELS_NV21] = "NV21", [CNX_PIXELS_YUY2] = "YUY2", [CNX_PIXELS_UYVY] = "UYVY",
};
static const char *const matrix_names[] = {"BT.601", "BT.709", "BT.2020"};

static CnxRecipe new_recipe(CnxCrop crop, guint size, guint resize)
{
    return (CnxRecipe){
        .size = size,
        .resize = resize,
        .crop_pct = (double)size / resize,
        .crop = crop,
        .filter = CNX_FILTER_BICUBIC,
        .mean = {0.5, 0.5, 0.5},
        .std = {0.5, 0.5, 0.5},
        .rescale = 1.0 / 255,
    };
}

/* Returns the resized bytes [n]; g_free(). */
static guint8 *run_preprocess(const CnxRecipe *recipe, const CnxImageInfo *info,
                              const CnxImage *image, gsize *n)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxPreprocess) p = cnx_preprocess_new(recipe, info, &error);
    g_autofree float *dst = NULL;
    guint8 *bytes;
    guint width, height;

    g_assert_no_error(error);
    cnx_preprocess_size(p, &width, &height);
    *n = 3 * (gsize)width * height;
    dst = g_new(float, *n);
    bytes = g_malloc(*n);
    cnx_preprocess_run(p, image, dst, bytes);
    return bytes;
}

typedef struct Difference {
    gsize n; /* bytes */
    double mean;
    int max;
} Difference;

/* info describes the frame correctly; claimed is the description passed to preprocessing. */
static Difference difference(const CnxRecipe *recipe, const CnxImageInfo *info,
                             const CnxImageInfo *claimed, const CnxImage *image)
{
    g_autofree guint8 *rgb = picture_from_yuv(image, info);
    const CnxImage converted = {{rgb}, {3 * (gssize)info->width}};
    CnxImageInfo rgb_info = *info;
    Difference d = {0};
    gsize n, expected_n;
    g_autofree guint8 *bytes = run_preprocess(recipe, claimed, image, &n), *expected = NULL;

    rgb_info.pixels = CNX_PIXELS_RGB;
    expected = run_preprocess(recipe, &rgb_info, &converted, &expected_n);
    g_assert_cmpuint(n, ==, expected_n);
    d.n = n;
    for (gsize i = 0; i < n; i++) {
        d.mean += ABS(bytes[i] - expected[i]) / (double)n;
        d.max = MAX(d.max, ABS(bytes[i] - expected[i]));
    }
    return d;
}

/* The three terms are rounded to 2^-6 and their factors are off by up to 2^-14, so a value is off
 * by less than 0.05 and an occasional byte by one level, even in a picture of a few pixels. The
 * resize can add a level where lobes add up. */
static void check_frame(const CnxRecipe *recipe, const CnxImageInfo *info, const CnxImage *image)
{
    const Difference d = difference(recipe, info, info, image);

    if (d.mean <= 0.1 + 1.0 / (double)d.n && d.max <= (recipe->crop == CNX_CROP_NONE ? 1 : 2))
        return;
    g_test_message("%s %s %s range %ux%u, region %u,%u %ux%u: mean %g, max %d",
                   format_names[info->pixels], matrix_names[info->matrix],
                   info->full_range ? "full" : "limited", info->width, info->height, info->x,
                   info->y, info->w, info->h, d.mean, d.max);
    g_test_fail();
}

static void check_size(CnxImageInfo info, guint gap)
{
    const CnxRecipe same = new_recipe(CNX_CROP_NONE, MIN(info.w, info.h), MIN(info.w, info.h));
    const CnxRecipe center = new_recipe(CNX_CROP_CENTER, 64, 73);
    CnxRecipe grey = center;
    g_autofree guint8 *rgb = picture_draw(info.width, info.height, 3 * info.width + gap);

    g_auto(PictureFrame) frame = picture_to_yuv(rgb, &info, gap);

    check_frame(&same, &info, &frame.image);
    check_frame(&center, &info, &frame.image);
    grey.grey = TRUE;
    if (info.w > 9 && info.h > 9) /* one wrong pixel is wrong in three channels */
        check_frame(&grey, &info, &frame.image);
}

static void test_natural(gconstpointer data)
{
    static const guint sizes[][2] = {{64, 48}, {97, 61}, {33, 128}, {1, 1},
                                     {2, 1},   {1, 3},   {320, 241}};
    CnxImageInfo info = {.pixels = (CnxPixels)GPOINTER_TO_INT(data), .par_n = 1, .par_d = 1};

    for (int setting = 0; setting < 6; setting++) {
        info.matrix = (CnxMatrix)(setting / 2);
        info.full_range = setting % 2;
        for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
            info.width = sizes[i][0];
            info.height = sizes[i][1];
            info.x = info.y = 0;
            info.w = info.width;
            info.h = info.height;
            check_size(info, 0);
            check_size(info, 37);
            info.x = info.width / 3 | 1; /* an odd origin: the second pixel of its pair */
            info.y = info.height / 3 | 1;
            if (info.x >= info.width || info.y >= info.height)
                continue;
            info.w = info.width - info.x - (info.width - info.x > 5);
            info.h = info.height - info.y;
            check_size(info, 11);
        }
    }
}

/* No combination of extreme values may wrap around. */
static void test_extremes(gconstpointer data)
{
    static const guint8 values[] = {0, 1, 15, 16, 17, 127, 128, 235, 240, 254, 255};
    const guint n = G_N_ELEMENTS(values);
    CnxImageInfo info = {
        .pixels = (CnxPixels)GPOINTER_TO_INT(data),
        .width = 2 * n * n,
        .height = 2 * n,
        .par_n = 1,
        .par_d = 1,
        .w = 2 * n * n,
        .h = 2 * n,
    };
    g_autofree guint8 *rgb = g_malloc0(3 * (gsize)info.width * info.height);

    g_auto(PictureFrame) frame = picture_to_yuv(rgb, &info, 0);
    const CnxRecipe same = new_recipe(CNX_CROP_NONE, info.h, info.h);

    /* Produces all triples of neighbours, whichever bytes are luma or chroma in this format. */
    for (gsize i = 0; i < frame.size; i++)
        frame.memory[i] = values[(i * 7 + i / n * 3 + i / (n * n) * 5 + i / info.width) % n];
    for (int setting = 0; setting < 6; setting++) {
        info.matrix = (CnxMatrix)(setting / 2);
        info.full_range = setting % 2;
        check_frame(&same, &info, &frame.image);
    }
}

/* The comparison notices a wrong matrix, a wrong range and swapped chroma. */
static void test_notices(void)
{
    const CnxRecipe center = new_recipe(CNX_CROP_CENTER, 64, 73);
    const CnxImageInfo info = {
        .pixels = CNX_PIXELS_NV12,
        .width = 320,
        .height = 240,
        .matrix = CNX_MATRIX_BT709,
        .par_n = 1,
        .par_d = 1,
        .w = 320,
        .h = 240,
    };
    g_autofree guint8 *rgb = picture_draw(info.width, info.height, 1);

    g_auto(PictureFrame) frame = picture_to_yuv(rgb, &info, 0);
    CnxImageInfo wrong = info;

    wrong.matrix = CNX_MATRIX_BT601;
    g_assert_cmpfloat(difference(&center, &info, &wrong, &frame.image).mean, >, 1);
    wrong.matrix = CNX_MATRIX_BT2020;
    g_assert_cmpfloat(difference(&center, &info, &wrong, &frame.image).mean, >, 0.5);
    wrong = info;
    wrong.full_range = TRUE;
    g_assert_cmpfloat(difference(&center, &info, &wrong, &frame.image).mean, >, 1);
    wrong = info;
    wrong.pixels = CNX_PIXELS_NV21;
    g_assert_cmpfloat(difference(&center, &info, &wrong, &frame.image).mean, >, 1);
}

/* Corners of the colour cube, whose bytes are well known. */
static void test_known(void)
{
    static const struct {
        CnxMatrix matrix;
        gboolean full_range;
        guint8 yuv[3], rgb[3];
    } known[] = {
        {CNX_MATRIX_BT601, FALSE, {16, 128, 128}, {0, 0, 0}},
        {CNX_MATRIX_BT709, FALSE, {235, 128, 128}, {255, 255, 255}},
        {CNX_MATRIX_BT2020, TRUE, {255, 128, 128}, {255, 255, 255}},
        {CNX_MATRIX_BT601, TRUE, {76, 85, 255}, {254, 0, 0}},
        {CNX_MATRIX_BT601, FALSE, {81, 90, 240}, {254, 0, 0}},
        {CNX_MATRIX_BT709, FALSE, {63, 102, 240}, {255, 1, 0}},
        {CNX_MATRIX_BT709, FALSE, {32, 240, 118}, {1, 0, 255}},
    };

    for (gsize i = 0; i < G_N_ELEMENTS(known); i++) {
        const CnxImageInfo info = {
            .pixels = CNX_PIXELS_UYVY,
            .width = 1,
            .height = 1,
            .matrix = known[i].matrix,
            .full_range = known[i].full_range,
            .par_n = 1,
            .par_d = 1,
            .w = 1,
            .h = 1,
        };
        const guint8 uyvy[] = {known[i].yuv[1], known[i].yuv[0], known[i].yuv[2], 0};
        const CnxImage image = {{uyvy}, {4}};
        const CnxRecipe same = new_recipe(CNX_CROP_NONE, 1, 1);
        gsize n;
        g_autofree guint8 *bytes = run_preprocess(&same, &info, &image, &n);

        g_assert_cmpmem(bytes, n, known[i].rgb, 3);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (int pixels = CNX_PIXELS_I420; pixels <= CNX_PIXELS_UYVY; pixels++) {
        g_autofree char *natural = g_strconcat("/yuv/natural/", format_names[pixels], NULL);
        g_autofree char *extremes = g_strconcat("/yuv/extremes/", format_names[pixels], NULL);

        g_test_add_data_func(natural, GINT_TO_POINTER(pixels), test_natural);
        g_test_add_data_func(extremes, GINT_TO_POINTER(pixels), test_extremes);
    }
    g_test_add_func("/yuv/notices", test_notices);
    g_test_add_func("/yuv/known", test_known);
    return g_test_run();
}
