/* Streams of one segmenter or detector share one queue, one run and the weights, and a job of three
 * images gives what three jobs give.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/heads/detector.h"
#include "model/heads/segmenter.h"
#include "model/heads/windows.h"
#include "model/heads/work.h"
#include "model/serve/queue.h"
#include "tests/model/support/dense.h"

#define INPUT "96x64"
#define WIDTH 96
#define HEIGHT 64
#define IMAGES 3

static const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};

/* The outputs of each image as bytes. */
typedef struct Found {
    GByteArray *images[IMAGES];
} Found;

static void found_clear(Found *found)
{
    for (guint i = 0; i < IMAGES; i++)
        g_clear_pointer(&found->images[i], g_byte_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Found, found_clear)

static void keep(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                 gint64 microseconds)
{
    Found *found = data;
    GByteArray *bytes = g_byte_array_new();

    (void)microseconds;
    g_assert_cmpuint(n, ==, 1);
    if (outputs->detections) {
        const CnxDetections *d = outputs->detections;

        g_byte_array_append(bytes, (const guint8 *)d->items, d->n * sizeof *d->items);
    } else {
        const CnxMap *logits = &outputs->logits;

        g_byte_array_append(
            bytes, (const guint8 *)logits->data,
            (guint)(logits->height * logits->width * logits->channels * sizeof(float)));
    }
    g_assert_cmpuint(bytes->len, >, 0);
    g_assert_null(found->images[first]);
    found->images[first] = bytes;
}

/* Three different images, [HEIGHT, WIDTH, 3]. */
static void make_images(float *images[IMAGES])
{
    guint width, height;

    for (guint i = 0; i < IMAGES; i++) {
        images[i] = dense_input(INPUT, &width, &height);
        for (guint k = 0; k < WIDTH * HEIGHT * 3; k++)
            images[i][k] *= 1 - (float)i / 2;
    }
}

static void run(CnxClient *client, float *const *images, guint n, Found *found)
{
    GError *error = NULL;

    cnx_client_run(client, WIDTH, HEIGHT, (const float *const *)images, n, keep, found, &error);
    g_assert_no_error(error);
}

/* one, other: clients of networks that were opened one after the other. */
static void check_clients(CnxClient *one, CnxClient *other)
{
    float *images[IMAGES];
    g_auto(Found) together = {0};
    CnxQueueStats stats, others;

    make_images(images);
    run(one, images, IMAGES, &together);
    cnx_client_stats(one, &stats);
    g_assert_cmpuint(stats.images, ==, IMAGES);
    for (guint i = 0; i < IMAGES; i++) {
        g_auto(Found) alone = {0};

        run(i == 0 ? one : other, &images[i], 1, &alone);
        g_assert_cmpmem(alone.images[0]->data, alone.images[0]->len, together.images[i]->data,
                        together.images[i]->len);
        g_assert_true(
            i == 0 || alone.images[0]->len != together.images[0]->len ||
            memcmp(alone.images[0]->data, together.images[0]->data, alone.images[0]->len) != 0);
    }
    cnx_client_stats(other, &others);
    g_assert_cmpuint(others.clients, ==, 2);
    g_assert_cmpuint(others.images, ==, 2 * IMAGES);
    g_assert_cmpuint(others.memory, ==, stats.memory);
    for (guint i = 0; i < IMAGES; i++)
        g_free(images[i]);
}

static void test_segmenters(void)
{
    static const CnxWindows whole = {0};
    g_auto(DenseFixture) fixture = dense_open("segmenters/transformers-upernet-v2");
    g_autoptr(CnxSegmenter) a = cnx_segmenter_open(fixture.model, &options, NULL, NULL, NULL);
    g_autoptr(CnxSegmenter) b = cnx_segmenter_open(fixture.model, &options, NULL, NULL, NULL);
    g_autoptr(CnxClient) one = cnx_client_new_for(&cnx_segmenter_work, a, &whole, 1);
    g_autoptr(CnxClient) other = cnx_client_new_for(&cnx_segmenter_work, b, &whole, 1);

    g_assert_true(a == b);
    check_clients(one, other);
}

static void test_detectors(void)
{
    g_auto(DenseFixture) fixture = dense_open("detectors/torchvision-mask-rcnn");
    g_autoptr(CnxDetector) a = cnx_detector_open(fixture.model, &options, NULL, NULL, NULL);
    g_autoptr(CnxDetector) b = cnx_detector_open(fixture.model, &options, NULL, NULL, NULL);
    CnxDetectorSettings settings = cnx_detector_settings(a, NULL);
    g_autoptr(CnxClient) one = cnx_client_new_for(&cnx_detector_work, a, &settings, 1);
    g_autoptr(CnxClient) other = cnx_client_new_for(&cnx_detector_work, b, &settings, 1);
    CnxQueueStats stats;
    g_autoptr(GError) error = NULL;

    g_assert_true(a == b);
    check_clients(one, other);
    settings.max_objects = 1;
    g_autoptr(CnxClient) fewer = cnx_client_new_for(&cnx_detector_work, a, &settings, 1);
    g_assert_true(cnx_client_join(fewer, WIDTH, HEIGHT, &error));
    cnx_client_stats(fewer, &stats);
    g_assert_cmpuint(stats.clients, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/heads_queue/segmenters", test_segmenters);
    g_test_add_func("/heads_queue/detectors", test_detectors);
    return g_test_run();
}
