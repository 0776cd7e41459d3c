/* Overlapping stems of pictures with odd sides: their 3x3 convolutions pad with zeros, so a picture
 * gives the same as one with a further column, or row, of zeros.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/network/run.h"

/* The map of the first stage for a picture of width x height, whose pixels from column `right` and
 * row `bottom` on are 0. *n: its values. */
static float *run_picture(CnxModel *model, guint width, guint height, guint right, guint bottom,
                          gsize *n)
{
    GError *error = NULL;
    CnxRun *run = cnx_run_new(model, width, height, 1, CNX_OUTPUT_STAGE1, 1, &error);

    g_assert_no_error(error);
    float *input = cnx_run_input(run, 0);
    for (guint y = 0; y < height; y++)
        for (guint x = 0; x < width; x++)
            for (guint c = 0; c < 3; c++)
                input[(y * width + x) * 3 + c] =
                    x < right && y < bottom ? (float)((y * 31 + x * 7 + c) % 17) - 8 : 0;
    const CnxMap *map = &cnx_run_forward(run, 1)->stage[0];
    *n = (gsize)map->height * map->width * map->channels;
    float *values = g_memdup2(map->data, *n * sizeof *values);
    cnx_run_free(run);
    return values;
}

static void test_odd_sides(gconstpointer path)
{
    static const guint sides[][2] = {{65, 64}, {64, 65}, {67, 67}};
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    for (guint i = 0; i < G_N_ELEMENTS(sides); i++) {
        const guint w = sides[i][0], h = sides[i][1];
        gsize n, m;
        g_autofree float *odd = run_picture(model, w, h, w, h, &n);
        g_autofree float *even = run_picture(model, w + w % 2, h + h % 2, w, h, &m);

        g_assert_cmpuint(n, ==, m);
        for (gsize k = 0; k < n; k++)
            g_assert_cmpfloat_with_epsilon(odd[k], even[k], 1e-4f);
    }
    cnx_model_unref(model);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/stem/overlap", FIXTURES "/networks/timm-pico-ols", test_odd_sides);
    g_test_add_data_func("/stem/overlap-act", FIXTURES "/networks/timm-zepto-rms-ols",
                         test_odd_sides);
    return g_test_run();
}
