/* Inputs of dense networks: the resizes of PyTorch and OpenCV, inputs that are not square, and
 * pictures that fit between two limits, compared with the libraries (fixtures/resize.inc).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/preprocess/preprocess.h"
#include "tests/model/support/picture.h"

typedef struct Fixture {
    const char *name;
    guint32 seed;
    guint width, height;
    CnxRecipe recipe;
    guint out_width, out_height, content_width, content_height;
    gboolean has_bytes; /* samples and checksum are of bytes, else of floats */
    double samples[4];
    const char *sha256;
} Fixture;

/* clang-format off */
#define CASE(text, number, w_, h_, crop_, resampling_, size_, in_w, in_h, resize_, pct, longest_, \
             multiple_, ow, oh, cw, ch, bytes_, s0, s1, s2, s3, sha) \
    {.name = text, .seed = number, .width = w_, .height = h_, \
     .recipe = {.size = size_, .width = in_w, .height = in_h, .resize = resize_, .crop_pct = pct, \
                .longest = longest_, .multiple = multiple_, .crop = CNX_CROP_##crop_, \
                .filter = CNX_FILTER_BICUBIC, .resampling = CNX_RESAMPLING_##resampling_, \
                .mean = {0.485f, 0.456f, 0.406f}, .std = {0.229f, 0.224f, 0.225f}, \
                .rescale = 1.0 / 255}, \
     .out_width = ow, .out_height = oh, .content_width = cw, .content_height = ch, \
     .has_bytes = bytes_, .samples = {s0, s1, s2, s3}, .sha256 = sha},
/* clang-format on */
static const Fixture fixtures[] = {
#include "tests/fixtures/resize.inc"
};

static void check_checksum(const Fixture *f, gconstpointer data, gsize values)
{
    const gsize size = f->has_bytes ? 1 : sizeof(float);
    g_autofree char *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, data, values * size);
    const gsize at[4] = {0, values / 3 + 1, values / 2 + 1, values - 1};

    if (strcmp(sha256, f->sha256) == 0)
        return;
    for (guint i = 0; i < 4; i++)
        g_test_message("%s: value %" G_GSIZE_FORMAT " is %.9g, expected %.9g", f->name, at[i],
                       f->has_bytes ? (double)((const guint8 *)data)[at[i]]
                                    : (double)((const float *)data)[at[i]],
                       f->samples[i]);
    g_test_fail();
}

/* The floats follow from the bytes; the padding of a picture that fits is 0. */
static void check_floats(const Fixture *f, const CnxView *view, const float *dst,
                         const guint8 *bytes)
{
    for (guint y = 0; y < view->height; y++)
        for (guint x = 0; x < view->width; x++)
            for (guint c = 0; c < 3; c++) {
                const gsize i = 3 * ((gsize)y * view->width + x) + c;
                const gboolean is_padding = f->recipe.crop == CNX_CROP_FIT &&
                                            (x >= view->content_w || y >= view->content_h);
                const double value =
                    (bytes[i] * f->recipe.rescale - (double)f->recipe.mean[c]) / f->recipe.std[c];

                g_assert_cmpfloat(dst[i], ==, is_padding ? 0 : (float)value);
            }
}

static void test_fixture(gconstpointer data)
{
    const Fixture *f = data;
    const gsize n = 3 * (gsize)f->out_width * f->out_height;
    g_autofree guint8 *rgb = picture_draw(f->width, f->height, f->seed);
    g_autofree float *dst = g_new(float, n);
    g_autofree guint8 *bytes = f->has_bytes ? g_malloc(n) : NULL;
    const CnxPixels pixels = (CnxPixels)(f->seed % (CNX_PIXELS_XBGR + 1));

    g_auto(PictureFrame) frame = picture_pack(rgb, f->width, f->height, pixels, 5);
    const CnxImageInfo info = {.pixels = pixels,
                               .width = f->width,
                               .height = f->height,
                               .w = f->width,
                               .h = f->height,
                               .par_n = 1,
                               .par_d = 1};
    g_autoptr(CnxPreprocess) p = cnx_preprocess_new(&f->recipe, &info, NULL);
    g_assert_nonnull(p);
    const CnxView view = cnx_preprocess_view(p);
    g_assert_cmpuint(view.width, ==, f->out_width);
    g_assert_cmpuint(view.height, ==, f->out_height);
    if (f->recipe.crop == CNX_CROP_FIT || f->recipe.crop == CNX_CROP_SQUASH) {
        g_assert_cmpuint(view.content_w, ==, f->content_width);
        g_assert_cmpuint(view.content_h, ==, f->content_height);
    }
    for (int run = 0; run < 2; run++) { /* a plan can be run again */
        memset(dst, 0xEE, n * sizeof *dst);
        cnx_preprocess_run(p, &frame.image, dst, bytes);
        check_checksum(f, f->has_bytes ? (gconstpointer)bytes : dst, n);
    }
    if (f->has_bytes)
        check_floats(f, &view, dst, bytes);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(fixtures); i++) {
        g_autofree char *name =
            g_strdup_printf("/resize/%02" G_GSIZE_FORMAT " %s", i, fixtures[i].name);

        g_test_add_data_func(name, &fixtures[i], test_fixture);
    }
    return g_test_run();
}
