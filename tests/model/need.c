/* What a model takes when it runs, against the estimate that is made before it is loaded.
 *
 * A child process loads the model, runs one image, then as many as fit in a batch, and keeps what a
 * stream keeps: inputs, preprocessing, results. The large parts must be exact, and the resident
 * memory of the process at most the estimate, which must not be much larger.
 *
 *   test-need                   checks, and prints the table
 *   test-need --run FOLDER WIDTH HEIGHT THREADS OUTPUTS
 *                               the child
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/network/model.h"
#include "model/preprocess/preprocess.h"
#include "model/serve/need.h"
#include "model/serve/queue.h"
#include "tests/fixtures/seeded.h"

#define SKIPPED 77
/* The largest share of the estimate to what is resident. With a large stem, the stem's map is the
 * largest, so that one of the two maps is touched in part only. ROUNDING, in bytes, is for huge
 * pages and for small things that are not estimated. */
#define MOST_SHARE 1.15
#define LARGE_STEM 1.5
#define ROUNDING ((gint64)8 << 20)

#define LOGITS CNX_OUTPUT_LOGITS
#define MAPS (CNX_OUTPUT_EMBEDDING | CNX_OUTPUT_STAGE1 | CNX_OUTPUT_STAGE4)

/* The child */

/* Bytes of anonymous memory. */
static gint64 resident_bytes(void)
{
    g_autofree char *status = NULL;

    g_assert_true(g_file_get_contents("/proc/self/status", &status, NULL, NULL));
    const char *line = strstr(status, "RssAnon:");
    g_assert_nonnull(line);
    return g_ascii_strtoll(line + strlen("RssAnon:"), NULL, 10) * 1024;
}

/* Takes the need of the config; refuses nothing. */
static gboolean note_need(const CnxConfig *config, gsize weights, gpointer user_data,
                          GError **error)
{
    CnxNeed *need = user_data;
    CnxNeedSettings settings = {
        need->width,    need->height,  (CnxOutput)need->images,
        CNX_FORM_FLOAT, need->threads, cnx_need_preprocessing(&config->recipe)};

    *need = cnx_need_of(config, weights, &settings, (CnxLimit){G_MAXUINT64, CNX_LIMIT_PROPERTY});
    return TRUE;
}

static void keep_results(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                         gint64 microseconds)
{
    gsize *forwards = data;

    (*forwards)++;
}

/* Preprocesses one frame into the image. */
static CnxPreprocess *preprocess(const CnxRecipe *recipe, float *image)
{
    const CnxImageInfo info = {.width = 1920,
                               .height = 1080,
                               .w = 1920,
                               .h = 1080,
                               .par_n = 1,
                               .par_d = 1,
                               .orientation = CNX_ORIENTATION_90R};
    g_autofree guint8 *frame = g_malloc0(3 * 1920 * 1080);
    const CnxImage picture = {.plane = {frame}, .stride = {3 * 1920}};
    GError *error = NULL;
    CnxPreprocess *self = cnx_preprocess_new(recipe, &info, &error);

    g_assert_no_error(error);
    cnx_preprocess_run(self, &picture, image, NULL);
    return self;
}

static int run_model(const char *folder, guint width, guint height, guint threads,
                     CnxOutput outputs)
{
    CnxNeed need = {.width = width, .height = height, .threads = threads, .images = outputs};
    const gsize floats = (gsize)width * height * 3;
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    const float *images[CNX_BATCH_IMAGES];
    const gint64 begin = resident_bytes();
    GError *error = NULL;
    CnxModel *model = cnx_model_open_with(folder, &options, note_need, &need, &error);
    float *inputs = g_new0(float, CNX_NEED_INPUTS *floats);
    CnxQueueStats one, all;
    gsize forwards = 0;

    g_assert_no_error(error);
    CnxClient *client = cnx_client_new(model, outputs, threads);
    CnxPreprocess *preprocessing =
        width == height ? preprocess(&cnx_model_config(model)->recipe, inputs) : NULL;
    memset(inputs, 0, CNX_NEED_INPUTS * floats * sizeof *inputs);
    for (guint i = 0; i < CNX_BATCH_IMAGES; i++)
        images[i] = inputs + i % CNX_NEED_INPUTS * floats;
    cnx_client_run(client, width, height, images, 1, keep_results, &forwards, &error);
    g_assert_no_error(error);
    cnx_client_stats(client, &one);
    cnx_client_run(client, width, height, images, need.images, keep_results, &forwards, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(forwards, ==, 2);
    cnx_client_stats(client, &all);
    guint8 *results = g_malloc(need.results);
    memset(results, 1, need.results);
    g_assert_nonnull(preprocessing ? (gpointer)preprocessing : (gpointer)results);

    g_assert_cmpuint(cnx_model_memory(model), ==, need.weights);
    g_assert_cmpuint(one.memory, ==, need.image + need.scratch);
    g_assert_cmpuint(all.memory, ==, need.batch + need.scratch);
    printf("%zu %u %zu %" G_GINT64_FORMAT "\n", need.least, need.images, need.most,
           resident_bytes() - begin);
    return 0;
}

/* The parent */

static gboolean check_model(const char *program, const char *name, const char *folder, guint width,
                            guint height, guint threads, CnxOutput outputs, double share)
{
    g_autofree char *w = g_strdup_printf("%u", width), *h = g_strdup_printf("%u", height);
    g_autofree char *t = g_strdup_printf("%u", threads), *o = g_strdup_printf("%d", (int)outputs);
    const char *const args[] = {program, "--run", folder, w, h, t, o, NULL};
    g_auto(GStrv) environment = g_environ_unsetenv(g_get_environ(), "MALLOC_PERTURB_");
    g_autofree char *out = NULL;
    GError *error = NULL;
    char *next;
    int status;

    g_spawn_sync(NULL, (char **)args, environment, G_SPAWN_DEFAULT, NULL, NULL, &out, NULL, &status,
                 &error);
    g_assert_no_error(error);
    if (!g_spawn_check_wait_status(status, &error))
        g_error("%s: %s", name, error->message);
    const double least = g_ascii_strtod(out, &next);
    const guint images = (guint)g_ascii_strtoull(next, &next, 10);
    const double most = g_ascii_strtod(next, &next), taken = g_ascii_strtod(next, &next);
    const gboolean ok = taken <= most + ROUNDING && most <= share * taken + ROUNDING;
    printf("%-22s %4ux%-4u %7u %-10s %8.1f %6u %8.1f %8.1f %6.2f%s\n", name, width, height, threads,
           outputs == LOGITS ? "classes" : "maps", least / 1e6, images, most / 1e6, taken / 1e6,
           most / taken, ok ? "" : " WRONG");
    return ok;
}

int main(int argc, char **argv)
{
    static const struct {
        guint network; /* in seeded_networks, or SEEDED_NETWORKS: a fixture */
        const char *fixture;
        guint width, height, threads;
        CnxOutput outputs;
        double share;
    } cases[] = {
        {0, NULL, 224, 224, 1, LOGITS, MOST_SHARE},
        {0, NULL, 224, 224, 4, MAPS, MOST_SHARE},
        {0, NULL, 768, 768, 2, LOGITS, MOST_SHARE},
        {1, NULL, 224, 224, 2, LOGITS, MOST_SHARE},
        {1, NULL, 512, 512, 2, MAPS, MOST_SHARE},
        {1, NULL, 224, 640, 2, LOGITS, MOST_SHARE},
        {2, NULL, 224, 224, 2, LOGITS, MOST_SHARE},
        {2, NULL, 256, 256, 8, MAPS, MOST_SHARE},
        {SEEDED_NETWORKS, "timm-nano-ols", 512, 512, 2, LOGITS, LARGE_STEM},
        {SEEDED_NETWORKS, "timm-patch2", 512, 512, 2, MAPS, LARGE_STEM},
        {SEEDED_NETWORKS, "timm-stride8", 512, 512, 2, LOGITS, LARGE_STEM},
        {SEEDED_NETWORKS, "timm-hnf", 1024, 1024, 3, LOGITS, MOST_SHARE},
    };
    guint failed = 0;

    if (argc == 7)
        return run_model(argv[2], (guint)atoi(argv[3]), (guint)atoi(argv[4]), (guint)atoi(argv[5]),
                         (CnxOutput)atoi(argv[6]));
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return SKIPPED; /* the sanitizer's own memory is counted too */
#endif
    g_autofree char *folder = g_dir_make_tmp("convnext-need-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
    g_setenv("XDG_DATA_HOME", folder, TRUE);
    printf("%-22s %9s %7s %-10s %8s %6s %8s %8s %6s\n", "network", "input", "threads", "outputs",
           "least MB", "images", "most MB", "taken MB", "ratio");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        const gboolean is_seeded = cases[i].network < SEEDED_NETWORKS;
        g_autofree char *fixture = g_build_filename(FIXTURES "/networks", cases[i].fixture, NULL);
        const SeededNetwork *network = is_seeded ? &seeded_networks[cases[i].network] : NULL;
        GError *error = NULL;

        if (is_seeded)
            seeded_checkpoint(path, network, &error);
        g_assert_no_error(error);
        failed += !check_model(argv[0], is_seeded ? network->variant : cases[i].fixture,
                               is_seeded ? folder : fixture, cases[i].width, cases[i].height,
                               cases[i].threads, cases[i].outputs, cases[i].share);
    }
    g_remove(path);
    g_rmdir(folder);
    return failed > 0;
}
