/* Preprocessing compared with the libraries whose rules it follows: fixtures/preprocess.inc.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "model/preprocess/preprocess.h"
#include "tests/fixtures/compare.h"
#include "tests/model/support/fixtures.h"
#include "tests/model/support/picture.h"

static CnxPreprocess *new_preprocess(const CnxRecipe *recipe, const CnxImageInfo *info)
{
    g_autoptr(GError) error = NULL;
    CnxPreprocess *p = cnx_preprocess_new(recipe, info, &error);

    g_assert_no_error(error);
    g_assert_nonnull(p);
    return p;
}

/* Every float is the correctly rounded quotient. PyTorch rounds three times on the way, each time
 * by at most half an epsilon of a value below 4.5. */
static void check_floats(const Fixture *f, const float *floats, const guint8 *bytes)
{
    const gsize n = 3 * (gsize)f->out_width * f->out_height;
    const gsize at[4] = {0, n / 3 + 1, n / 2 + 1, n - 1};

    for (gsize i = 0; i < n; i++) {
        const int c = i % 3;
        const double expected =
            (bytes[i] * f->recipe.rescale - (double)f->recipe.mean[c]) / f->recipe.std[c];

        g_assert_cmpfloat(floats[i], ==, (float)expected);
    }
    for (int i = 0; i < 4 && f->has_floats; i++)
        g_assert_cmpfloat(fabs(floats[at[i]] - f->floats[i]), <=, 1e-6);
}

static void check_bytes(const Fixture *f, CnxPixels pixels, const guint8 *bytes)
{
    const gsize n = 3 * (gsize)f->out_width * f->out_height;
    const gsize at[4] = {0, n / 3 + 1, n / 2 + 1, n - 1};
    g_autofree char *sha256 = g_compute_checksum_for_data(G_CHECKSUM_SHA256, bytes, n);

    if (strcmp(sha256, f->sha256) == 0)
        return;
    g_test_message("%s, pixels %d: bytes %u %u %u %u, expected %u %u %u %u", f->name, pixels,
                   bytes[at[0]], bytes[at[1]], bytes[at[2]], bytes[at[3]], f->bytes[0], f->bytes[1],
                   f->bytes[2], f->bytes[3]);
    g_test_fail();
}

static void check_fixture(const Fixture *f, CnxPixels pixels, const guint8 *rgb, guint gap)
{
    const gsize n = 3 * (gsize)f->out_width * f->out_height;

    g_auto(PictureFrame) frame = picture_pack(rgb, f->info.width, f->info.height, pixels, gap);
    g_autofree float *dst = g_new(float, n);
    g_autofree guint8 *bytes = g_malloc(n);
    CnxImageInfo info = f->info;
    guint width, height;

    info.pixels = pixels;
    g_autoptr(CnxPreprocess) p = new_preprocess(&f->recipe, &info);
    cnx_preprocess_size(p, &width, &height);
    g_assert_cmpuint(width, ==, f->out_width);
    g_assert_cmpuint(height, ==, f->out_height);
    for (int run = 0; run < 2; run++) { /* a plan can be run again */
        memset(bytes, 0xEE, n);
        cnx_preprocess_run(p, &frame.image, dst, bytes);
        check_bytes(f, pixels, bytes);
    }
    check_floats(f, dst, bytes);
    memset(dst, 0, n * sizeof *dst);
    cnx_preprocess_run(p, &frame.image, dst, NULL);
    check_floats(f, dst, bytes);
}

static void test_fixture(gconstpointer data)
{
    const Fixture *f = data;
    g_autofree guint8 *rgb = picture_draw(f->info.width, f->info.height, f->seed);

    if (f->gray) {
        check_fixture(f, CNX_PIXELS_GRAY, rgb, 5);
        return;
    }
    check_fixture(f, CNX_PIXELS_RGB, rgb, f->seed % 3 * 7);
    /* The other formats differ only in the unpacking, so one of them is enough. */
    check_fixture(f, (CnxPixels)(CNX_PIXELS_BGR + f->seed % 5), rgb, f->seed % 4 * 3);
}

/* With sanitizers, which make it six times as slow, every third fixture must do: all filters, sizes
 * and crops are among them. */
int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (compare_level_lacks())
        return 77;
    for (gsize i = 0; i < G_N_ELEMENTS(fixtures); i += SANITIZED ? 3 : 1) {
        g_autofree char *words = g_strdelimit(g_strdup(fixtures[i].name), "/", ':');
        g_autofree char *name = g_strdup_printf("/preprocess/%03" G_GSIZE_FORMAT " %s", i, words);

        g_test_add_data_func(name, &fixtures[i], test_fixture);
    }
    return g_test_run();
}
