/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/asking.h"

#include <string.h>

#include "tests/fixtures/seeded.h"

float asking_pictures[PICTURES][SIDE * SIDE * 3];

static CnxModel *model;
static guint classes;
static float *expected; /* [PICTURES, classes] */

CnxModel *asking_init(void)
{
    g_autoptr(CnxRun) run = NULL;
    GError *error = NULL;

    model = cnx_model_open(FIXTURES "/networks/timm-v1", CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    classes = cnx_model_config(model)->classes;
    run = cnx_run_new(model, SIDE, SIDE, 1, CNX_OUTPUT_LOGITS, 1, &error);
    g_assert_no_error(error);
    expected = g_new(float, PICTURES *classes);
    for (guint i = 0; i < PICTURES; i++) {
        const float *image = asking_pictures[i];
        char name[16];

        g_snprintf(name, sizeof name, "queue %u", i);
        seeded_input(asking_pictures[i], name, SIDE, SIDE);
        memcpy(expected + i * classes, cnx_run_forward_images(run, &image, 1)->logits.data,
               classes * sizeof *expected);
    }
    return model;
}

void asking_free(void)
{
    g_clear_pointer(&model, cnx_model_unref);
    g_clear_pointer(&expected, g_free);
}

CnxClient *asking_client(guint threads)
{
    return cnx_client_new(model, CNX_OUTPUT_LOGITS, threads);
}

/* The job's pictures first, first + 1, ..., and the first one without outputs yet. */
typedef struct Progress {
    guint first;
    guint next;
} Progress;

static void compare_outputs(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                            gint64 microseconds)
{
    Progress *progress = data;

    g_assert_cmpuint(first, ==, progress->next);
    g_assert_cmpuint(outputs->logits.n, ==, n);
    g_assert_null(outputs->embedding.data);
    progress->next += n;
    for (guint i = 0; i < n * classes; i++) {
        const guint picture = (progress->first + first + i / classes) % PICTURES;

        g_assert_cmpfloat_with_epsilon(outputs->logits.data[i],
                                       expected[picture * classes + i % classes], 1e-5);
    }
}

gboolean asking(CnxClient *client, guint first, guint n, GError **error)
{
    const float *images[64];
    Progress progress = {.first = first};
    gboolean done;

    for (guint i = 0; i < n; i++)
        images[i] = asking_pictures[(first + i) % PICTURES];
    done = cnx_client_run(client, SIDE, SIDE, images, n, compare_outputs, &progress, error);
    g_assert_cmpuint(progress.next, ==, done ? n : 0);
    return done;
}
