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

/* What does not depend on the network. */
static CnxNeed need_of_stream(const CnxNeedSettings *settings, CnxLimit limit)
{
    const gsize input = multiply(multiply(settings->width, settings->height), 3 * sizeof(float));

    return (CnxNeed){
        .width = settings->width,
        .height = settings->height,
        .threads = settings->threads,
        .stacks = multiply(STACK_BYTES, settings->threads),
        .inputs = multiply(CNX_NEED_INPUTS, input),
        .preprocessing = settings->preprocessing,
        .limit = limit,
    };
}

/* Everything but the maps of the images. */
static gsize add_rest(const CnxNeed *need)
{
    return add(add(need->weights, need->scratch),
               add(add(need->inputs, need->results), add(need->preprocessing, need->stacks)));
}

CnxNeed cnx_need_of(const CnxConfig *config, gsize weights, const CnxNeedSettings *settings,
                    CnxLimit limit)
{
    const CnxRunSize size = cnx_run_measure(config, settings->width, settings->height, 1,
                                            settings->outputs, settings->form, settings->threads);
    CnxNeed need = need_of_stream(settings, limit);

    need.weights = weights;
    need.image = size.images;
    need.scratch = multiply(size.scratch, settings->threads);
    need.results = add(size.outputs, (gsize)config->classes * sizeof(float));
    need.least = add(add_rest(&need), need.image);
    find_batch(&need, config, settings);
    need.most = add(add_rest(&need), need.batch);
    return need;
}

CnxNeed cnx_need_of_head(const CnxNeedHead *head, const CnxNeedSettings *settings, CnxLimit limit)
{
    CnxNeed need = need_of_stream(settings, limit);

    need.weights = head->weights;
    need.image = need.batch = head->run;
    need.images = 1;
    need.scratch = head->scratch;
    need.results = head->results;
    need.least = need.most = add(add_rest(&need), need.image);
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
    const char *advice = need->advice ? need->advice : "a smaller input-size";
    if (need->width == 0) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: the weights of the network on a %s take %s of memory, expected at most %s "
                    "(%s): set a larger max-memory",
                    file, config->variant, least, most, cnx_limit_from_words(need->limit.from));
        return FALSE;
    }
    g_autofree char *others =
        need->weights >= limit
            ? g_strdup("")
            : g_strconcat(advice, need->threads > 1 ? ", fewer threads or " : " or ", NULL);
    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: a %s with inputs of %ux%u pixels and %u thread%s takes %s of memory, expected "
                "at most %s (%s): set %sa larger max-memory",
                file, config->variant, need->width, need->height, need->threads,
                need->threads > 1 ? "s" : "", least, most, cnx_limit_from_words(need->limit.from),
                others);
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
