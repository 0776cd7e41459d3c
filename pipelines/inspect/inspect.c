/* convnext-inspect: describes a checkpoint and how the element would run it, converts it to a clean
 * folder, or evaluates it on labelled pictures. A file that the element refuses gets the same
 * sentence here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/inspect/inspect.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "model/export/export.h"
#include "pipelines/common/print.h"
#include "pipelines/inspect/evaluate.h"

#define MAX_INPUT_SIZE 8192 /* pixels; as the element's property */

typedef struct Options {
    gboolean json, tensors, backbone_only, version;
    RunOptions run;
    char *weights, *head_activation, *precision, *out, *layout, *dtype, *evaluate, *labels;
    char **paths;
} Options;

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = 1;
}

/* Finds word in words, which end with NULL. FALSE with an error if it is not among them. */
static gboolean find_word(const char *option, const char *word, const char *const *words,
                          guint *index, GError **error)
{
    for (*index = 0; words[*index]; (*index)++)
        if (!g_ascii_strcasecmp(word, words[*index]))
            return TRUE;
    g_autofree char *list = g_strjoinv(", ", (char **)words);
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS, "%s is '%s', expected one of %s", option,
                word, list);
    return FALSE;
}

static gboolean read_options(const Options *options, CnxOpenOptions *open, CnxExportOptions *export,
                             GError **error)
{
    static const char *const sets[] = {"auto", "raw", "ema", NULL}; /* as CnxWeightSet */
    static const char *const layouts[] = {"transformers", "timm", NULL};
    static const char *const dtypes[] = {"F32", "F16", "BF16", NULL}; /* as CnxDtype */
    guint index = CNX_WEIGHT_SET_AUTO;

    if (options->weights && !find_word("--weights", options->weights, sets, &index, error))
        return FALSE;
    open->weight_set = (CnxWeightSet)index;
    open->head_activation = options->head_activation;
    if (options->layout) {
        if (!find_word("--layout", options->layout, layouts, &index, error))
            return FALSE;
        export->layout = index ? CNX_EXPORT_TIMM : CNX_EXPORT_TRANSFORMERS;
    }
    if (options->dtype) {
        if (!find_word("--dtype", options->dtype, dtypes, &index, error))
            return FALSE;
        export->convert = TRUE;
        export->dtype = (CnxDtype)index;
    }
    return TRUE;
}

/* Reads a value of the element's property precision; NULL means auto. */
static gboolean read_precision(const char *word, CnxPrecision *precision, GError **error)
{
    static const char *const words[] = {"auto", "fp32", "bf16", "int8", NULL};
    static const CnxPrecision precisions[] = {CNX_PRECISION_FP32, CNX_PRECISION_FP32,
                                              CNX_PRECISION_BF16, CNX_PRECISION_INT8};
    guint index = 0;

    if (word && !find_word("--precision", word, words, &index, error))
        return FALSE;
    *precision = precisions[index];
    return TRUE;
}

static gboolean check_run_options(const RunOptions *run, GError **error)
{
    if (run->input_size < 0 || run->input_size > MAX_INPUT_SIZE || run->input_size % 32 != 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "--input-size is %d, expected a multiple of 32 up to %d", run->input_size,
                    MAX_INPUT_SIZE);
    else if (run->threads < 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS, "--threads is %d, expected 0 or more",
                    run->threads);
    else if (run->max_memory < 0)
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "--max-memory is %" G_GINT64_FORMAT ", expected a number of bytes",
                    run->max_memory);
    else
        return TRUE;
    return FALSE;
}

static gboolean check_options(const Options *options, GError **error)
{
    const char *problem = NULL;

    if (!options->paths)
        problem = "the path of a checkpoint file or folder is missing";
    else if (!*options->paths[0])
        problem = "the path of the checkpoint is empty";
    else if (options->paths[1])
        problem = "expected one checkpoint, found more than one path";
    else if (!options->out && (options->layout || options->dtype || options->backbone_only))
        problem = "--layout, --dtype and --backbone-only require --convert";
    else if (options->out && !*options->out)
        problem = "--convert is empty, expected the name of a folder";
    else if (options->evaluate && (options->out || options->tensors))
        problem = "--convert and --tensors cannot be combined with --evaluate";
    else if (options->evaluate && !*options->evaluate)
        problem = "--evaluate is empty, expected the name of a folder";
    else if (options->labels && !options->evaluate)
        problem = "--labels requires --evaluate";
    else if (options->out && (options->json || options->tensors))
        problem = "--json and --tensors cannot be combined with --convert, which prints no report";
    if (problem)
        g_set_error_literal(error, CNX_ERROR, CNX_ERROR_SETTINGS, problem);
    return !problem && check_run_options(&options->run, error);
}

static void catch_signals(void)
{
    const struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static gboolean evaluate(const CnxCheckpoint *checkpoint, const Options *options, GError **error)
{
    const EvaluateOptions evaluate = {.model = options->paths[0],
                                      .folder = options->evaluate,
                                      .labels = options->labels,
                                      .precision = options->precision,
                                      .head_activation = options->head_activation,
                                      .weights = options->weights,
                                      .run = &options->run,
                                      .stop = &interrupted};

    catch_signals();
    g_autoptr(Evaluation) found =
        evaluation_new(cnx_checkpoint_config(checkpoint), &evaluate, error);
    if (found && options->json)
        evaluation_print_json(found);
    else if (found)
        evaluation_print_text(found);
    return found != NULL;
}

static gboolean convert(const CnxCheckpoint *checkpoint, const Options *options,
                        const CnxExportOptions *export, GError **error)
{
    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    catch_signals();
    const gboolean ok = cnx_export_folder(checkpoint, options->out, export, notes, error);
    for (guint i = 0; ok && i < notes->len; i++)
        print_error("note", "%s", (const char *)notes->pdata[i]);
    if (ok) {
        g_autofree char *folder = print_clean(options->out, PRINT_MAX_PART);

        g_print("wrote %s, for %s\n", folder,
                export->layout == CNX_EXPORT_TIMM ? "timm" : "transformers");
    }
    return ok;
}

/* FALSE with an error behind the report if the element would refuse the model for its memory. */
static gboolean print_report(const CnxCheckpoint *checkpoint, const Options *options,
                             const CnxOpenOptions *open, GError **error)
{
    g_autofree char *file = g_filename_display_name(options->paths[0]);

    g_autoptr(Report) report =
        report_new(checkpoint, options->paths[0], open, &options->run, error);

    if (!report)
        return FALSE;
    if (options->json)
        report_print_json(report, options->tensors);
    else
        report_print_text(report, options->tensors);
    return cnx_need_check(&report->need, report->config, file, error);
}

static gboolean run(Options *options, GError **error)
{
    CnxExportOptions export = {.layout = CNX_EXPORT_TRANSFORMERS, .stop = &interrupted};
    CnxOpenOptions open = {.head_activation = NULL};

    if (options->version) {
        g_print("convnext-inspect " CONVNEXT_VERSION "\n");
        return TRUE;
    }
    export.backbone_only = options->backbone_only;
    if (!check_options(options, error) || !read_options(options, &open, &export, error) ||
        !read_precision(options->precision, &options->run.precision, error))
        return FALSE;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open_with(options->paths[0], &open, error);
    if (!checkpoint)
        return FALSE;
    const gboolean ok = options->out        ? convert(checkpoint, options, &export, error)
                        : options->evaluate ? evaluate(checkpoint, options, error)
                                            : print_report(checkpoint, options, &open, error);
    cnx_checkpoint_close(checkpoint);
    return ok;
}

int main(int argc, char **argv)
{
    Options options = {.json = FALSE};
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "Print one JSON object", NULL},
        {"tensors", 't', 0, G_OPTION_ARG_NONE, &options.tensors,
         "List the tensors with data type, shape and part of the network", NULL},
        {"input-size", 'i', 0, G_OPTION_ARG_INT, &options.run.input_size,
         "Memory and cost for the element's property input-size", "PIXELS"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.run.threads,
         "The same for the property threads", "N"},
        {"max-memory", 'm', 0, G_OPTION_ARG_INT64, &options.run.max_memory,
         "The same for the property max-memory, in bytes", "BYTES"},
        {"precision", 'p', 0, G_OPTION_ARG_STRING, &options.precision,
         "The same for the property precision: fp32, bf16, int8 or auto (default)", "PRECISION"},
        {"weights", 'w', 0, G_OPTION_ARG_STRING, &options.weights,
         "For a file with two sets of weights: raw, ema or auto (default)", "SET"},
        {"head-activation", 0, 0, G_OPTION_ARG_STRING, &options.head_activation,
         "Activations in the head that the file does not record", "WORDS"},
        {"convert", 'c', 0, G_OPTION_ARG_FILENAME, &options.out,
         "Write the checkpoint to a new or empty folder", "FOLDER"},
        {"layout", 0, 0, G_OPTION_ARG_STRING, &options.layout,
         "The library that will load the folder: transformers (default) or timm", "LIBRARY"},
        {"dtype", 0, 0, G_OPTION_ARG_STRING, &options.dtype,
         "Round the weights to F32, F16 or BF16 (default: keep them as they are)", "DTYPE"},
        {"backbone-only", 0, 0, G_OPTION_ARG_NONE, &options.backbone_only,
         "Leave out a segmentation or detection head, which is refused otherwise", NULL},
        {"evaluate", 'e', 0, G_OPTION_ARG_FILENAME, &options.evaluate,
         "Print how often the model is right on pictures: a folder with a folder for each class",
         "FOLDER"},
        {"labels", 'l', 0, G_OPTION_ARG_FILENAME, &options.labels,
         "With --evaluate: the classes' labels, as for the element's property labels", "LABELS"},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version and quit", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.paths, NULL,
         "FILE | FOLDER"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    setlocale(LC_CTYPE, ""); /* does not change the format of numbers */
    g_option_context_set_summary(
        context,
        "Describes a ConvNeXt checkpoint and how the element convnext runs it, converts it to\n"
        "a clean folder of safetensors and config files, or evaluates it on labelled pictures.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || !run(&options, &error))
        print_error("convnext-inspect", "%s", error->message);

    g_strfreev(options.paths);
    g_free(options.weights);
    g_free(options.head_activation);
    g_free(options.out);
    g_free(options.evaluate);
    g_free(options.labels);
    g_free(options.precision);
    g_free(options.layout);
    g_free(options.dtype);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
