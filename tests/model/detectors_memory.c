/* Memory of detectors: what a run measures is what it takes, its forward pass allocates nothing,
 * threads do not change its objects, and detectors of one file share their weights.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/detector.h"
#include "tests/fixtures/allocations.h"
#include "tests/model/support/dense.h"

#define INPUT "200x136"
#define PADDED_WIDTH 224
#define PADDED_HEIGHT 160

static const char *const names[] = {"detectors/torchvision-mask-rcnn",
                                    "detectors/torchvision-faster-rcnn-three"};

static CnxDetector *open_detector(const DenseFixture *fixture)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    GError *error = NULL;
    CnxDetector *detector = cnx_detector_open(fixture->model, &options, NULL, NULL, &error);

    g_assert_no_error(error);
    return detector;
}

/* The picture in the padded input, [PADDED_HEIGHT, PADDED_WIDTH, 3]. */
static float *padded_input(guint *width, guint *height)
{
    g_autofree float *picture = dense_input(INPUT, width, height);
    float *image = g_new0(float, PADDED_WIDTH *PADDED_HEIGHT * 3);

    for (guint y = 0; y < *height; y++)
        memcpy(image + (gsize)y * PADDED_WIDTH * 3, picture + (gsize)y * *width * 3,
               (gsize)*width * 3 * sizeof *image);
    return image;
}

static void test_forward(gconstpointer data)
{
    static const guint threads[] = {1, 2, 3, 7};
    g_auto(DenseFixture) fixture = dense_open(data);
    g_autoptr(CnxDetector) detector = open_detector(&fixture);
    const CnxDetectorSettings settings = cnx_detector_settings(detector, NULL);
    const gsize mask =
        (gsize)cnx_detector_mask_side(detector) * cnx_detector_mask_side(detector) * sizeof(float);
    g_autofree CnxDetection *objects = NULL;
    g_autofree float *masks = NULL;
    guint width, height, n = 0;
    g_autofree float *image = padded_input(&width, &height);

    for (guint i = 0; i < G_N_ELEMENTS(threads); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(CnxDetectorRun) run = cnx_detector_run_new(detector, PADDED_WIDTH, PADDED_HEIGHT,
                                                             &settings, threads[i], &error);

        g_assert_no_error(error);
        g_assert_cmpuint(
            cnx_detector_run_memory(run), ==,
            cnx_detector_run_measure(detector, PADDED_WIDTH, PADDED_HEIGHT, &settings, threads[i]));
        const CnxDetections *found = cnx_detector_run_forward(run, image, width, height);
        if (!objects) {
            n = found->n;
            objects = g_memdup2(found->items, n * sizeof *objects);
            masks = g_memdup2(found->masks, n * mask);
        }
        g_assert_cmpuint(n, >, 5);
        allocations_take();
        found = cnx_detector_run_forward(run, image, width, height);
        g_assert_cmpuint(allocations_take(), ==, 0);
        g_assert_cmpmem(found->items, found->n * sizeof *objects, objects, n * sizeof *objects);
        g_assert_cmpmem(found->masks, found->n * mask, masks, n * mask);
    }
}

static void test_shared(void)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_auto(DenseFixture) fixture = dense_open(names[0]);
    g_autoptr(CnxDetector) one = open_detector(&fixture);
    g_autoptr(CnxDetector) other = open_detector(&fixture);
    g_autoptr(CnxModel) model = cnx_model_open_with(fixture.model, &options, NULL, NULL, NULL);

    g_assert_true(one == other);
    g_assert_true(cnx_detector_backbone(one) == model);
    g_assert_cmpuint(cnx_detector_memory(one), >, cnx_model_memory(model));
}

/* The weights of backbone and head. */
static gboolean refuse(const CnxConfig *config, gsize weights, gpointer user_data, GError **error)
{
    gsize *asked = user_data;

    (void)config;
    *asked = weights;
    g_set_error_literal(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY, "too large");
    return FALSE;
}

static void test_check(void)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    g_auto(DenseFixture) fixture = dense_open(names[0]);
    g_autoptr(GError) error = NULL;
    gsize asked = 0;

    g_assert_null(cnx_detector_open(fixture.model, &options, refuse, &asked, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_autoptr(CnxDetector) detector = open_detector(&fixture);
    g_assert_cmpuint(asked, ==, cnx_detector_memory(detector));
    g_clear_error(&error);
    g_assert_null(cnx_detector_open(fixture.model, &options, refuse, &asked, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = g_strconcat("/detectors_memory/forward/", names[i], NULL);

        g_test_add_data_func(name, names[i], test_forward);
    }
    g_test_add_func("/detectors_memory/shared", test_shared);
    g_test_add_func("/detectors_memory/check", test_check);
    return g_test_run();
}
