/* The worker of peers.py and trained.py for gst-convnext:
 *
 *   bench-engine MODEL PRECISION THREADS SIZE BATCH INPUT OUTPUT
 *
 * INPUT holds network inputs, [n, SIZE, SIZE, 3] floats; n is a multiple of BATCH. Writes the
 * logits to OUTPUT, [n, classes] floats. Then it serves (serve.h); a frame is the first batch.
 *
 * PRECISION is fp32, bf16 or int8. The prefix "exactly-" runs it even if the processor does not
 * accelerate it, with the C version if the isa level has no kernel. The logits are then those of a
 * processor that accelerates it, up to fp32 rounding, but the times mean nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>

#include "model/base/isa.h"
#include "model/network/forward.h"
#include "model/network/run.h"
#include "tests/bench/clock.h"
#include "tests/bench/serve.h"

#define BATCH_MAX 64

/* The images of the first batch, which is a frame. */
typedef struct Batch {
    CnxRun *run;
    guint n;
    const float *images[BATCH_MAX];
} Batch;

static const CnxOutputs *run_images(const Batch *batch, gsize offset)
{
    const float *images[BATCH_MAX];

    for (guint i = 0; i < batch->n; i++)
        images[i] = batch->images[i] + offset;
    return cnx_run_forward_images(batch->run, images, batch->n);
}

static void run_frame(void *batch)
{
    run_images(batch, 0);
}

/* FALSE if word is not a precision. */
static gboolean parse_form(const char *word, CnxForm *form)
{
    static const CnxForm forms[] = {CNX_FORM_FLOAT, CNX_FORM_BF16, CNX_FORM_INT8};

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++)
        if (g_str_equal(word, cnx_precision_name(cnx_form_precision(forms[i])))) {
            *form = forms[i];
            return TRUE;
        }
    return FALSE;
}

static CnxModel *open_model(const char *path, const char *precision, GError **error)
{
    const gboolean exactly = g_str_has_prefix(precision, "exactly-");
    CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    const CnxKernels *kernels = cnx_isa_kernels(error);
    CnxForm form;

    if (!kernels)
        return NULL;
    if (!parse_form(precision + (exactly ? strlen("exactly-") : 0), &form)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "precision: expected fp32, bf16 or int8, found %s", precision);
        return NULL;
    }
    if (exactly)
        return cnx_model_open_form(path, kernels, form, error);
    options.precision = cnx_form_precision(form);
    return cnx_model_open_with(path, &options, NULL, NULL, error);
}

/* Runs n images, a batch at a time. Returns the logits, [n, classes] floats. image: floats of an
 * image. */
static GBytes *run_all(const Batch *batch, gsize n, gsize image)
{
    GByteArray *logits = g_byte_array_new();

    for (gsize i = 0; i < n; i += batch->n) {
        const CnxMap *map = &run_images(batch, i * image)->logits;

        g_byte_array_append(logits, (const guint8 *)map->data,
                            (guint)(map->n * map->channels * sizeof *map->data));
    }
    return g_byte_array_free_to_bytes(logits);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(CnxModel) model = NULL;
    g_autoptr(CnxRun) run = NULL;
    g_autoptr(GMappedFile) input = NULL;
    g_autoptr(GBytes) logits = NULL;
    Batch batch;

    if (argc != 8) {
        fprintf(stderr, "usage: bench-engine MODEL PRECISION THREADS SIZE BATCH INPUT OUTPUT\n");
        return 2;
    }
    const guint threads = (guint)atoi(argv[3]), size = (guint)atoi(argv[4]);
    const gsize image = (gsize)3 * size * size;

    batch.n = (guint)CLAMP(atoi(argv[5]), 1, BATCH_MAX);
    input = g_mapped_file_new(argv[6], FALSE, &error);
    if (!input)
        goto failed;
    const gsize bytes = g_mapped_file_get_length(input), expected = batch.n * image * sizeof(float);

    if (bytes == 0 || bytes % expected != 0) {
        fprintf(stderr, "%s: expected a multiple of %zu bytes, found %zu\n", argv[6], expected,
                bytes);
        return 1;
    }
    for (guint i = 0; i < batch.n; i++)
        batch.images[i] = (const float *)(void *)g_mapped_file_get_contents(input) + i * image;

    const double begin = clock_ms();

    model = open_model(argv[1], argv[2], &error);
    if (!model)
        goto failed;
    run = cnx_run_new(model, size, size, batch.n, CNX_OUTPUT_LOGITS, threads, &error);
    if (!run)
        goto failed;
    batch.run = run;
    run_frame(&batch);
    const double load = clock_ms() - begin;

    logits = run_all(&batch, bytes / image / sizeof(float), image);
    if (!g_file_set_contents(argv[7], g_bytes_get_data(logits, NULL),
                             (gssize)g_bytes_get_size(logits), &error))
        goto failed;
    serve(load, cnx_precision_name(cnx_form_precision(cnx_model_form(model))), run_frame, &batch);
    return 0;

failed:
    fprintf(stderr, "%s\n", error->message);
    return 1;
}
