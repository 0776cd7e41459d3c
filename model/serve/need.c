/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/need.h"

#include "model/preprocess/preprocess.h"
#include "model/serve/batch.h"

#define STACK_BYTES ((gsize)128 << 10) /* that a thread of the pool touches, or less */

static gsize add(gsize a, gsize b)
{
    return a > G_MAXSIZE - b ? G_MAXSIZE : a + b;
}

static gsize multiply(gsize a, gsize b)
{
    gsize product;

    return g_size_checked_mul(&product, a, b) ? product : G_MAXSIZE;
}

gsize cnx_need_preprocessing(const CnxRecipe *recipe)
{
    const CnxImageInfo video = {.width = 1920,
                                .height = 1080,
                                .w = 1920,
                                .h = 1080,
                                .par_n = 1,
                                .par_d = 1,
                                .orientation = CNX_ORIENTATION_90R};
    CnxPreprocessSize size;

    return cnx_preprocess_measure(recipe, &video, &size, NULL) ? size.bytes : 0;
}

/* The largest batch that cnx_batch_prepare() will make. */
static void find_batch(CnxNeed *need, const CnxConfig *config, const CnxNeedSettings *settings)
{
    need->images = 1;
    need->batch = need->image;
    for (guint images = 2; images <= CNX_BATCH_IMAGES; images *= 2) {
        if (!cnx_batch_fits(config, need->width, need->height, settings->outputs, settings->form,
                            need->threads, images, cnx_need_batch_memory(need)))
            return;
        need->images = images;
        need->batch = cnx_run_measure(config, need->width, need->height, images, settings->outputs,
                                      settings->form, need->threads)
                          .images;
    }
}

CnxNeed cnx_need_of(const CnxConfig *config, gsize weights, const CnxNeedSettings *settings,
                    CnxLimit limit)
{
    const CnxRunSize size = cnx_run_measure(config, settings->width, settings->height, 1,
                                            settings->outputs, settings->form, settings->threads);
    const gsize input = multiply(multiply(settings->width, settings->height), 3 * sizeof(float));
    CnxNeed need = {
        .width = settings->width,
        .height = settings->height,
        .threads = settings->threads,
        .weights = weights,
        .image = size.images,
        .scratch = multiply(size.scratch, settings->threads),
        .stacks = multiply(STACK_BYTES, settings->threads),
        .inputs = multiply(CNX_NEED_INPUTS, input),
        .results = add(size.outputs, (gsize)config->classes * sizeof(float)),
        .preprocessing = settings->preprocessing,
        .limit = limit,
    };
    const gsize rest = add(add(need.inputs, need.results), add(need.preprocessing, need.stacks));

    need.least = add(add(need.weights, need.image), add(need.scratch, rest));
    find_batch(&need, config, settings);
    need.most = add(add(need.weights, need.batch), add(need.scratch, rest));
    return need;
}

/* "12.3 MB", or "4096 bytes": a limit that is so small may be meant in another unit. */
static char *format_bytes(guint64 bytes)
{
    if (bytes < 100000)
        return g_strdup_printf("%" G_GUINT64_FORMAT " byte%s", bytes, bytes == 1 ? "" : "s");
    return g_strdup_printf("%" G_GUINT64_FORMAT ".%u MB", bytes / 1000000,
                           (guint)(bytes / 100000 % 10));
}

gboolean cnx_need_check(const CnxNeed *need, const CnxConfig *config, const char *file,
                        GError **error)
{
    const guint64 limit = need->limit.bytes;

    if (need->least <= limit)
        return TRUE;
    g_autofree char *least = format_bytes(need->least), *most = format_bytes(limit);
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: a %s with inputs of %ux%u pixels and %u thread%s takes %s of memory, expected "
                "at most %s (%s): set %sa larger max-memory",
                file, config->variant, need->width, need->height, need->threads,
                need->threads > 1 ? "s" : "", least, most, cnx_limit_from_words(need->limit.from),
                need->weights >= limit ? ""
                : need->threads > 1    ? "a smaller input-size, fewer threads or "
                                       : "a smaller input-size or ");
    return FALSE;
}

gsize cnx_need_batch_memory(const CnxNeed *need)
{
    const gsize own = add(need->image, need->scratch);

    if (need->least > need->limit.bytes)
        return own;
    return add(own, (gsize)MIN(need->limit.bytes - need->least, G_MAXSIZE));
}

gsize cnx_need_job_memory(const CnxNeed *need)
{
    if (need->least > need->limit.bytes)
        return need->inputs / CNX_NEED_INPUTS;
    return add(need->inputs, (gsize)MIN(need->limit.bytes - need->least, G_MAXSIZE)) /
           CNX_NEED_INPUTS;
}
