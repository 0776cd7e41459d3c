/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "model/checkpoint/parts.h"
#include "model/network/cost.h"
#include "model/serve/queue.h"
#include "pipelines/inspect/inspect.h"

static guint64 count_bytes(const char *const *files)
{
    guint64 bytes = 0;
    GStatBuf info;

    for (; *files; files++)
        if (g_stat(*files, &info) == 0)
            bytes += (guint64)info.st_size;
    return bytes;
}

static gboolean add_missing(const char *canonical, guint rank, const guint64 *shape,
                            gpointer user_data)
{
    Report *report = user_data;

    if (!cnx_checkpoint_tensor(report->checkpoint, canonical))
        g_ptr_array_add(report->missing, g_strdup(canonical));
    return TRUE;
}

/* Sets the precision that runs, and a remark on it if the user should know. */
static void set_precision(Report *report, CnxPrecision requested, CnxForm form)
{
    report->precision = cnx_form_precision(form);
    report->remark = cnx_precision_remark(requested, form, report->isa_level);
    if (!report->remark && form == CNX_FORM_INT8 && report->config->is_quantised)
        report->remark = g_strdup("some weights are stored as 8-bit integers with other scales; "
                                  "int8 rounds them a second time");
}

/* For the classes, or for the embedding of a network without any. */
static gboolean find_need(Report *report, const RunOptions *options, GError **error)
{
    const CnxConfig *config = report->config;
    CnxRecipe recipe = config->recipe;
    CnxForm form;
    gsize weights;
    guint width, height;

    if (!cnx_cost_memory(report->checkpoint, options->precision, &form, &weights,
                         &report->isa_level, error))
        return FALSE;
    set_precision(report, options->precision, form);
    if (options->input_size > 0)
        cnx_recipe_set_size(&recipe, (guint)options->input_size);
    cnx_recipe_input(&recipe, &width, &height);
    const CnxNeedSettings settings = {
        .width = width,
        .height = height,
        .outputs = config->classes > 0 ? CNX_OUTPUT_LOGITS : CNX_OUTPUT_EMBEDDING,
        .form = form,
        .threads = cnx_client_threads((guint)options->threads),
        .preprocessing = cnx_need_preprocessing(&recipe),
    };
    report->need =
        cnx_need_of(config, weights, &settings, cnx_limit_get((guint64)options->max_memory));
    report->macs = cnx_cost_macs(config, width, height);
    if (report->precision != CNX_PRECISION_FP32)
        report->rounded_macs = cnx_cost_rounded_macs(config, width, height);
    return TRUE;
}

static void find_segmenter(Report *report, const char *path, CnxPrecision precision)
{
    const CnxOpenOptions options = {.precision = precision};
    g_autoptr(GError) error = NULL;

    report->segmenter = cnx_segmenter_inspect(report->checkpoint, path, &options,
                                              &report->segmenter_weights, &error);
    if (error)
        report->segmenter_fault = g_strdup(error->message);
}

Report *report_new(const CnxCheckpoint *checkpoint, const char *path, const RunOptions *options,
                   GError **error)
{
    g_autoptr(Report) report = g_new0(Report, 1);
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);

    report->checkpoint = checkpoint;
    report->config = cnx_checkpoint_config(checkpoint);
    report->bytes = count_bytes(cnx_checkpoint_files(checkpoint));
    for (guint i = 0; i < count; i++)
        report->used += parts[i].canonical != NULL;
    report->ignored = count - report->used;
    report->missing = g_ptr_array_new_with_free_func(g_free);
    cnx_parts_foreach(report->config, add_missing, report);
    find_segmenter(report, path, options->precision);
    if (!find_need(report, options, error))
        return NULL;
    return g_steal_pointer(&report);
}

void report_free(Report *report)
{
    g_ptr_array_unref(report->missing);
    g_free(report->remark);
    cnx_head_info_free(report->segmenter);
    g_free(report->segmenter_fault);
    g_free(report);
}

const char *report_act(const Report *report)
{
    switch (report->config->act) {
    case CNX_ACT_GELU:
        return "gelu";
    case CNX_ACT_GELU_TANH:
        return "gelu-tanh";
    case CNX_ACT_SILU:
        return "silu";
    default:
        g_assert_not_reached();
    }
}

const char *report_norm(const Report *report)
{
    switch (report->config->norm) {
    case CNX_NORM_LAYER:
        return "layer norm";
    case CNX_NORM_RMS:
        return "RMS norm";
    case CNX_NORM_SIMPLE:
        return "simple norm";
    }
    g_assert_not_reached();
}
