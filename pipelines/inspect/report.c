/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "model/checkpoint/parts.h"
#include "model/heads/detector_config.h"
#include "model/heads/family.h"
#include "model/heads/recognise.h"
#include "model/network/cost.h"
#include "model/preprocess/preprocess.h"
#include "model/serve/queue.h"
#include "pipelines/inspect/inspect.h"

#define TYPICAL_WIDTH 1920 /* of a frame, pixels */
#define TYPICAL_HEIGHT 1080

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

/* Size of the input for a typical frame. */
static void find_input(const CnxRecipe *recipe, guint *width, guint *height)
{
    const CnxImageInfo video = {.width = TYPICAL_WIDTH,
                                .height = TYPICAL_HEIGHT,
                                .w = TYPICAL_WIDTH,
                                .h = TYPICAL_HEIGHT,
                                .par_n = 1,
                                .par_d = 1};
    CnxPreprocessSize measured;

    cnx_recipe_input(recipe, width, height);
    if (recipe->crop != CNX_CROP_FIT || !cnx_preprocess_measure(recipe, &video, &measured, NULL))
        return;
    *width = measured.view.width;
    *height = measured.view.height;
}

/* For the classes, or for the embedding of a network without any. */
static gboolean find_need(Report *report, const RunOptions *options, GError **error)
{
    const CnxConfig *config = report->config;
    const CnxLimit limit = cnx_limit_get((guint64)options->max_memory);
    CnxRecipe recipe = *report->recipe;
    CnxForm form;
    gsize weights;
    guint width, height;

    if (!cnx_cost_memory(report->checkpoint, options->precision, &form, &weights,
                         &report->isa_level, error))
        return FALSE;
    set_precision(report, options->precision, form);
    if (options->input_size > 0)
        cnx_recipe_set_size(&recipe, (guint)options->input_size);
    find_input(&recipe, &width, &height);
    const CnxNeedSettings settings = {
        .width = width,
        .height = height,
        .outputs = config->classes > 0 ? CNX_OUTPUT_LOGITS : CNX_OUTPUT_EMBEDDING,
        .form = form,
        .threads = cnx_client_threads((guint)options->threads),
        .preprocessing = cnx_need_preprocessing(&recipe),
    };
    const guint threads = settings.threads;
    const CnxNeedHead head = {
        .weights = weights + report->head_weights,
        .run = report->segmenter
                   ? cnx_segmenter_run_measure(report->segmenter, width, height, threads)
               : report->detector
                   ? cnx_detector_run_measure(report->detector, width, height, NULL, threads)
                   : 0,
    };
    report->need = report->head ? cnx_need_of_head(&head, &settings, limit)
                                : cnx_need_of(config, weights, &settings, limit);
    if (report->detector)
        report->need.advice = "a smaller min-size and max-size";
    report->macs = cnx_cost_macs(config, width, height);
    if (report->precision != CNX_PRECISION_FP32)
        report->rounded_macs = cnx_cost_rounded_macs(config, width, height);
    return TRUE;
}

/* The head */

static void open_head(Report *report, const char *path, const CnxOpenOptions *open,
                      CnxPrecision precision)
{
    CnxOpenOptions options = *open;
    g_autoptr(GError) error = NULL;

    options.precision = precision;
    if (cnx_recognise_detector(report->checkpoint)) {
        report->element = "convnextdetect";
        report->detector = cnx_detector_open(path, &options, NULL, NULL, &error);
    } else if (cnx_recognise_head(report->checkpoint)) {
        report->element = "convnextsegment";
        report->segmenter = cnx_segmenter_open(path, &options, NULL, NULL, &error);
    }
    if (error) {
        report->head_fault = g_strdup(error->message);
        report->element = "convnext";
    }
}

/* Where the packed backbone and head come from is the same. */
static void describe_head(Report *report)
{
    if (report->detector) {
        report->head = cnx_detector_info(report->detector);
        report->head_weights = cnx_detector_memory(report->detector) -
                               cnx_model_memory(cnx_detector_backbone(report->detector));
    } else if (report->segmenter) {
        report->head = cnx_segmenter_info(report->segmenter);
        report->head_weights = cnx_segmenter_memory(report->segmenter) -
                               cnx_model_memory(cnx_segmenter_backbone(report->segmenter));
    }
    report->recipe = report->head ? &report->head->recipe : &report->config->recipe;
    for (char **name = report->head ? report->head->tensors : NULL; name && *name; name++)
        g_hash_table_add(report->head_names, *name);
}

static gboolean is_of_head(const Report *report, const CnxPart *part)
{
    return !part->canonical && g_hash_table_contains(report->head_names, part->tensor->name);
}

gboolean report_uses(const Report *report, const CnxPart *part)
{
    return part->canonical || is_of_head(report, part);
}

static void count_tensors(Report *report)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(report->checkpoint, &count);

    for (guint i = 0; i < count; i++) {
        report->used += report_uses(report, &parts[i]);
        if (is_of_head(report, &parts[i]))
            report->head_parameters += parts[i].tensor->elements;
    }
    report->ignored = count - report->used;
}

guint report_level(const Report *report, guint level, guint *stage, gboolean *is_down)
{
    const CnxDetectorConfig *config = cnx_detector_config(report->detector);
    const gboolean is_extra = level >= config->inner;
    const guint module = config->modules[MIN(level, config->inner - 1)];
    const guint stride = cnx_family_stride(report->config, module / 2);

    *stage = is_extra ? 0 : module / 2 + 1;
    *is_down = module % 2 == 0;
    return is_extra ? 2 * stride : stride;
}

/* properties: "" or words with a space before each. The path is quoted for gst-launch in a shell.
 */
static char *launch_of(const char *element, const char *properties, const char *path)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-./+@%";
    g_autofree char *name = g_filename_display_name(path);
    g_autofree char *model = NULL;

    if (strspn(name, plain) == strlen(name)) {
        model = g_strconcat("model=", name, NULL);
    } else {
        g_autofree char *escaped = g_strescape(name, NULL);
        g_autofree char *word = g_strdup_printf("model=\"%s\"", escaped);

        model = g_shell_quote(word);
    }
    return g_strdup_printf("gst-launch-1.0 -q filesrc location=video.mp4 ! decodebin ! %s%s %s ! "
                           "convnextpublish ! fakesink",
                           element, properties, model);
}

Report *report_new(const CnxCheckpoint *checkpoint, const char *path, const CnxOpenOptions *open,
                   const RunOptions *options, GError **error)
{
    g_autoptr(Report) report = g_new0(Report, 1);

    report->checkpoint = checkpoint;
    report->config = cnx_checkpoint_config(checkpoint);
    report->bytes = count_bytes(cnx_checkpoint_files(checkpoint));
    report->missing = g_ptr_array_new_with_free_func(g_free);
    report->head_names = g_hash_table_new(g_str_hash, g_str_equal);
    report->element = "convnext";
    cnx_parts_foreach(report->config, add_missing, report);
    open_head(report, path, open, options->precision);
    describe_head(report);
    count_tensors(report);
    report->launch =
        launch_of(report->element,
                  report->head || report->config->classes > 0 ? "" : " outputs=embedding", path);
    if (!find_need(report, options, error))
        return NULL;
    return g_steal_pointer(&report);
}

void report_free(Report *report)
{
    g_ptr_array_unref(report->missing);
    g_free(report->remark);
    g_free(report->launch);
    cnx_segmenter_unref(report->segmenter);
    cnx_detector_unref(report->detector);
    g_free(report->head_fault);
    g_hash_table_unref(report->head_names);
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
