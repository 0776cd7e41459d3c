/* Pictures that preprocessing turns, compared with copies that are turned in memory first: the
 * inputs are equal, byte for byte.
 *
 * Copies have even sides, so that pixels keep their chroma; regions have any size and place.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/base/isa.h"
#include "model/preprocess/preprocess.h"
#include "model/preprocess/resize.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/picture.h"

/* Written out apart from the table in preprocess.c: the stored pixel that the upright picture shows
 * at column x, row y, for a stored picture of w x h. */
static void find_stored(CnxOrientation orientation, guint w, guint h, guint x, guint y, guint *sx,
                        guint *sy)
{
    const guint right = w - 1, bottom = h - 1;
    const guint from[][2] = {
        [CNX_ORIENTATION_IDENTITY] = {x, y},
        [CNX_ORIENTATION_90R] = {y, bottom - x},
        [CNX_ORIENTATION_180] = {right - x, bottom - y},
        [CNX_ORIENTATION_90L] = {right - y, x},
        [CNX_ORIENTATION_HORIZ] = {right - x, y},
        [CNX_ORIENTATION_VERT] = {x, bottom - y},
        [CNX_ORIENTATION_UL_LR] = {y, x},
        [CNX_ORIENTATION_UR_LL] = {right - y, bottom - x},
    };

    *sx = from[orientation][0];
    *sy = from[orientation][1];
}

static gboolean swaps_sides(CnxOrientation orientation)
{
    return orientation == CNX_ORIENTATION_90R || orientation == CNX_ORIENTATION_90L ||
           orientation == CNX_ORIENTATION_UL_LR || orientation == CNX_ORIENTATION_UR_LL;
}

typedef struct Plane {
    guint width, height, bytes; /* of a sample */
} Plane;

/* The planes of a picture of w x h. Returns their number. */
static int list_planes(CnxPixels pixels, guint w, guint h, Plane planes[3])
{
    const Plane half = {w / 2, h / 2, pixels == CNX_PIXELS_NV12 ? 2 : 1};

    planes[0] = (Plane){w, h, pixels == CNX_PIXELS_RGB ? 3 : pixels == CNX_PIXELS_BGRX ? 4 : 1};
    planes[1] = planes[2] = half;
    return pixels == CNX_PIXELS_I420 ? 3 : pixels == CNX_PIXELS_NV12 ? 2 : 1;
}

/* A turned copy of a picture of w x h, both even. */
static PictureFrame turn_copy(const CnxImage *image, CnxPixels pixels, guint w, guint h,
                              CnxOrientation orientation)
{
    PictureFrame copy = {.size = (gsize)w * h * 4};
    Plane planes[3];
    const int n = list_planes(pixels, w, h, planes);
    guint8 *to = copy.memory = g_malloc(copy.size);

    for (int i = 0; i < n; i++) {
        const Plane *p = &planes[i];
        const guint width = swaps_sides(orientation) ? p->height : p->width;
        const guint height = swaps_sides(orientation) ? p->width : p->height;

        copy.image.plane[i] = to;
        copy.image.stride[i] = (gssize)width * p->bytes;
        for (guint y = 0; y < height; y++)
            for (guint x = 0; x < width; x++, to += p->bytes) {
                guint sx, sy;

                find_stored(orientation, p->width, p->height, x, y, &sx, &sy);
                memcpy(to, image->plane[i] + sy * image->stride[i] + (gsize)sx * p->bytes,
                       p->bytes);
            }
    }
    return copy;
}

/* The same picture and region in the turned copy. w, h: of the memory, even. */
static CnxImageInfo turn_info(const CnxImageInfo *info, guint w, guint h)
{
    CnxImageInfo turned = *info;
    guint x, y;

    turned.orientation = CNX_ORIENTATION_IDENTITY;
    turned.width = swaps_sides(info->orientation) ? h : w;
    turned.height = swaps_sides(info->orientation) ? w : h;
    if (swaps_sides(info->orientation)) {
        turned.w = info->h;
        turned.h = info->w;
        turned.par_n = info->par_d;
        turned.par_d = info->par_n;
    }
    for (turned.y = 0; turned.y < turned.height; turned.y++)
        for (turned.x = 0; turned.x < turned.width; turned.x++) {
            find_stored(info->orientation, w, h, turned.x, turned.y, &x, &y);
            if (x >= info->x && x < info->x + info->w && y >= info->y && y < info->y + info->h)
                return turned; /* the first of its pixels */
        }
    g_assert_not_reached();
}

typedef struct Input {
    guint width, height;
    gsize n; /* values */
    float *values;
    guint8 *bytes;
} Input;

static void input_clear(Input *input)
{
    g_free(input->values);
    g_free(input->bytes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Input, input_clear)

static Input make_input(const CnxRecipe *recipe, const CnxImageInfo *info, const CnxImage *image,
                        guint runs)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxPreprocess) p = cnx_preprocess_new(recipe, info, &error);
    const gboolean has_bytes = recipe->resampling != CNX_RESAMPLING_TORCH;
    Input input = {0};

    g_assert_no_error(error);
    cnx_preprocess_size(p, &input.width, &input.height);
    input.n = 3 * (gsize)input.width * input.height;
    input.values = g_new(float, input.n);
    input.bytes = g_malloc(input.n);
    for (guint i = 0; i < runs; i++) {
        memset(input.bytes, 0, input.n);
        cnx_preprocess_run(p, image, input.values, has_bytes ? input.bytes : NULL);
    }
    return input;
}

/* w, h: of the memory. A second run must not depend on the first. */
static void check_turn(const CnxRecipe *recipe, const CnxImageInfo *info, const CnxImage *image,
                       guint w, guint h)
{
    const CnxImageInfo turned = turn_info(info, w, h);

    g_auto(PictureFrame) copy = turn_copy(image, info->pixels, w, h, info->orientation);
    g_auto(Input) found = make_input(recipe, info, image, 2);
    g_auto(Input) expected = make_input(recipe, &turned, &copy.image, 1);

    g_assert_cmpuint(found.width, ==, expected.width);
    g_assert_cmpuint(found.height, ==, expected.height);
    if (!memcmp(found.bytes, expected.bytes, found.n) &&
        !memcmp(found.values, expected.values, found.n * sizeof(float)))
        return;
    g_test_message("orientation %d, format %d, %u x %u, region %u,%u %u x %u, pixels %u/%u, crop "
                   "%s to %u of %u, %s, %s: the input differs from the turned copy's",
                   info->orientation, info->pixels, info->width, info->height, info->x, info->y,
                   info->w, info->h, info->par_n, info->par_d, cnx_crop_name(recipe->crop),
                   recipe->size, recipe->resize, cnx_filter_name(recipe->filter),
                   cnx_resampling_name(recipe->resampling));
    g_test_fail();
}

typedef struct Case {
    CnxCrop crop;
    guint size, resize;
    CnxFilter filter;
    CnxRounding rounding;
    gboolean grey;
} Case;

/* Sizes whose crops and paddings do not split evenly, in both roundings, and enlargements. */
static const Case cases[] = {
    {CNX_CROP_CENTER, 64, 73, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_CENTER, 32, 35, CNX_FILTER_BILINEAR, CNX_ROUNDING_FLOOR, FALSE},
    {CNX_CROP_CENTER, 64, 41, CNX_FILTER_LANCZOS, CNX_ROUNDING_FLOOR, FALSE},
    {CNX_CROP_CENTER, 96, 39, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_SQUASH, 64, 64, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_SQUASH, 32, 37, CNX_FILTER_BOX, CNX_ROUNDING_FLOOR, FALSE},
    {CNX_CROP_BORDER, 64, 64, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_BORDER, 64, 71, CNX_FILTER_HAMMING, CNX_ROUNDING_FLOOR, FALSE},
    {CNX_CROP_NONE, 32, 32, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_NONE, 64, 64, CNX_FILTER_NEAREST, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_NONE, 160, 160, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, FALSE},
    {CNX_CROP_CENTER, 64, 73, CNX_FILTER_BICUBIC, CNX_ROUNDING_HALF_EVEN, TRUE},
};

static CnxRecipe new_recipe(const Case *c)
{
    return (CnxRecipe){
        .size = c->size,
        .resize = c->resize,
        .crop_pct = (double)c->size / c->resize,
        .crop = c->crop,
        .filter = c->filter,
        .rounding = c->rounding,
        .mean = {0.485f, 0.456f, 0.406f},
        .std = {0.229f, 0.224f, 0.225f},
        .rescale = 1.0 / 255,
        .grey = c->grey,
    };
}

static void check_turns(const CnxRecipe *recipe, CnxImageInfo info, const CnxImage *image, guint w,
                        guint h)
{
    for (int turn = CNX_ORIENTATION_IDENTITY; turn <= CNX_ORIENTATION_UR_LL; turn++) {
        info.orientation = (CnxOrientation)turn;
        check_turn(recipe, &info, image, w, h);
    }
}

/* The resizes of dense networks, with padding in front and behind. */
static void check_dense(const CnxImageInfo *info, const CnxImage *image, guint w, guint h)
{
    CnxRecipe recipe = new_recipe(&cases[7]);

    recipe.resampling = CNX_RESAMPLING_OPENCV;
    check_turns(&recipe, *info, image, w, h);
    cnx_recipe_set_fit(&recipe, 64, 90, 32);
    check_turns(&recipe, *info, image, w, h);
    recipe.resampling = CNX_RESAMPLING_TORCH;
    check_turns(&recipe, *info, image, w, h);
    recipe.resampling = CNX_RESAMPLING_PILLOW;
    check_turns(&recipe, *info, image, w, h);
}

/* Every crop and orientation of one region. Grey needs RGB. */
static void check_region(CnxImageInfo info, const CnxImage *image, guint w, guint h)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CnxRecipe recipe = new_recipe(&cases[i]);

        if (recipe.grey && info.pixels != CNX_PIXELS_RGB)
            continue;
        check_turns(&recipe, info, image, w, h);
    }
    check_dense(&info, image, w, h);
}

/* Each format with every size, but with sanitizers, which make it ten times as slow, with one. */
static void test_format(gconstpointer data)
{
    static const guint sizes[][2] = {{98, 62}, {38, 150}, {320, 94}};
    static const guint ratios[][2] = {{1, 1}, {12, 11}, {3, 7}};
    const CnxPixels pixels = (CnxPixels)GPOINTER_TO_INT(data);

    const gsize n = G_N_ELEMENTS(sizes);

    for (gsize i = SANITIZED ? pixels / 3 % n : 0; i < n; i += SANITIZED ? n : 1) {
        const guint w = sizes[i][0], h = sizes[i][1];
        CnxImageInfo info = {.pixels = pixels, .matrix = CNX_MATRIX_BT709, .width = w, .height = h};
        g_autofree guint8 *rgb = picture_draw(w, h, w + h);

        g_auto(PictureFrame) frame = pixels >= CNX_PIXELS_I420 ? picture_to_yuv(rgb, &info, 7)
                                                               : picture_pack(rgb, w, h, pixels, 7);

        info.par_n = ratios[i][0];
        info.par_d = ratios[i][1];
        info.w = w;
        info.h = h;
        check_region(info, &frame.image, w, h);
        info.width = info.w = w - 1; /* odd sides, in the same memory */
        info.height = info.h = h - 1;
        check_region(info, &frame.image, w, h);
        info.x = 5;
        info.y = 4;
        info.w = w - 12;
        info.h = h - 9;
        check_region(info, &frame.image, w, h);
    }
}

/* An odd size in a format without subsampling, as a whole picture. */
static void test_odd(void)
{
    CnxImageInfo info = {.width = 97,
                         .height = 61,
                         .w = 97,
                         .h = 61,
                         .par_n = 1,
                         .par_d = 1,
                         .pixels = CNX_PIXELS_RGB};
    g_autofree guint8 *rgb = picture_draw(97, 61, 9);
    const CnxImage image = {{rgb}, {3 * 97}};

    check_region(info, &image, 97, 61);
}

/* The test notices a wrong turn, and crop=none gives the turned shape. */
static void test_notices(void)
{
    const CnxRecipe none = new_recipe(&cases[8]);
    CnxImageInfo info = {.width = 98,
                         .height = 62,
                         .w = 98,
                         .h = 62,
                         .par_n = 1,
                         .par_d = 1,
                         .pixels = CNX_PIXELS_RGB};
    g_autofree guint8 *rgb = picture_draw(98, 62, 9);
    const CnxImage image = {{rgb}, {3 * 98}};

    g_auto(Input) upright = make_input(&none, &info, &image, 1);
    g_assert_cmpuint(upright.width, ==, 50);
    g_assert_cmpuint(upright.height, ==, 32);
    info.orientation = CNX_ORIENTATION_90R;
    g_auto(Input) right = make_input(&none, &info, &image, 1);
    g_assert_cmpuint(right.width, ==, 32);
    g_assert_cmpuint(right.height, ==, 50);
    info.orientation = CNX_ORIENTATION_90L;
    g_auto(Input) left = make_input(&none, &info, &image, 1);
    g_assert_true(memcmp(left.bytes, right.bytes, right.n) != 0);
}

/* The starts of a plan for resize_rows never fall, though an enlargement by an odd factor has
 * outputs of one pixel, which begin behind their neighbours. */
static void test_starts(void)
{
    static const guint factors[] = {1, 2, 3, 5, 7};

    for (int level = CNX_ISA_C; level < CNX_ISA_COUNT; level++)
        for (gsize f = 0; f < G_N_ELEMENTS(factors); f++)
            for (int mirrored = 0; mirrored < 2; mirrored++) {
                const guint out = 40 * factors[f];
                CnxResizeAxis axis;
                g_autoptr(GError) error = NULL;

                if (!cnx_kernels_get((CnxIsa)level))
                    continue;
                cnx_resize_plan(&axis, cnx_kernels_get((CnxIsa)level), CNX_FILTER_BICUBIC, 40, out,
                                0, out, mirrored, TRUE, TRUE, &error);
                g_assert_no_error(error);
                for (guint i = 1; i < out; i++)
                    g_assert_cmpint(axis.start[i], >=, axis.start[i - 1]);
                cnx_resize_clear(&axis);
            }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        CnxPixels pixels;
    } formats[] = {
        {"/turn/RGB", CNX_PIXELS_RGB},   {"/turn/BGRX", CNX_PIXELS_BGRX},
        {"/turn/GRAY", CNX_PIXELS_GRAY}, {"/turn/I420", CNX_PIXELS_I420},
        {"/turn/NV12", CNX_PIXELS_NV12},
    };

    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (gsize i = 0; i < G_N_ELEMENTS(formats); i++)
        g_test_add_data_func(formats[i].path, GINT_TO_POINTER((int)formats[i].pixels), test_format);
    g_test_add_func("/turn/odd", test_odd);
    g_test_add_func("/turn/notices", test_notices);
    g_test_add_func("/turn/starts", test_starts);
    return g_test_run();
}
