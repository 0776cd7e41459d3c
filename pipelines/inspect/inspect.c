/* convnext-inspect: says what a checkpoint is and how the element would run it, or writes it anew
 * as a clean folder. A file that the element refuses gets the same sentence here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/inspect/inspect.h"

#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "model/export/export.h"

typedef struct Options {
    gboolean json, tensors;
    char *weights, *out, *layout, *dtype;
    char **paths;
} Options;

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = 1;
}

/* Index of word in words [count]; FALSE with error. */
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

static gboolean read_words(const Options *options, CnxWeightSet *set, CnxExportOptions *export,
                           GError **error)
{
    static const char *const sets[] = {"auto", "raw", "ema", NULL}; /* as CnxWeightSet */
    static const char *const layouts[] = {"transformers", "timm", NULL};
    static const char *const dtypes[] = {"F32", "F16", "BF16", NULL}; /* as CnxDtype */
    guint index = CNX_WEIGHT_SET_AUTO;

    if (options->weights && !find_word("--weights", options->weights, sets, &index, error))
        return FALSE;
    *set = (CnxWeightSet)index;
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

static gboolean check(const Options *options, GError **error)
{
    const char *what = NULL;

    if (!options->paths)
        what = "the path of a checkpoint file or folder is missing";
    else if (options->paths[1])
        what = "one checkpoint at a time: more than one path was given";
    else if (!options->out && (options->layout || options->dtype))
        what = "--layout and --dtype belong to --convert";
    else if (options->out && (options->json || options->tensors))
        what = "--convert writes a folder and prints no report: --json and --tensors do not go "
               "with it";
    if (what)
        g_set_error_literal(error, CNX_ERROR, CNX_ERROR_SETTINGS, what);
    return !what;
}

static gboolean convert(const CnxCheckpoint *checkpoint, const Options *options,
                        const CnxExportOptions *export, GError **error)
{
    const struct sigaction action = {.sa_handler = on_signal};

    g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    const gboolean ok = cnx_export_folder(checkpoint, options->out, export, notes, error);
    for (guint i = 0; ok && i < notes->len; i++)
        g_printerr("note: %s\n", (const char *)notes->pdata[i]);
    return ok;
}

static gboolean report(const CnxCheckpoint *checkpoint, const Options *options, GError **error)
{
    Report *made = report_new(checkpoint, error);

    if (!made)
        return FALSE;
    if (options->json)
        report_print_json(made, options->tensors);
    else
        report_print_text(made, options->tensors);
    report_free(made);
    return TRUE;
}

static gboolean run(const Options *options, GError **error)
{
    CnxExportOptions export = {.layout = CNX_EXPORT_TRANSFORMERS, .stop = &interrupted};

    CnxWeightSet set;

    if (!check(options, error) || !read_words(options, &set, &export, error))
        return FALSE;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(options->paths[0], set, error);
    if (!checkpoint)
        return FALSE;
    const gboolean ok = options->out ? convert(checkpoint, options, &export, error)
                                     : report(checkpoint, options, error);
    cnx_checkpoint_close(checkpoint);
    return ok;
}

int main(int argc, char **argv)
{
    Options options = {FALSE};
    const GOptionEntry entries[] = {
        {"json", 'j', 0, G_OPTION_ARG_NONE, &options.json, "Print one JSON object", NULL},
        {"tensors", 't', 0, G_OPTION_ARG_NONE, &options.tensors,
         "List the tensors with dtypes, shapes and places in the network", NULL},
        {"weights", 'w', 0, G_OPTION_ARG_STRING, &options.weights,
         "Of two sets in one file: raw, ema, or auto (default)", "SET"},
        {"convert", 'c', 0, G_OPTION_ARG_FILENAME, &options.out,
         "Write a clean folder, which must be new or empty", "FOLDER"},
        {"layout", 0, 0, G_OPTION_ARG_STRING, &options.layout,
         "The library that shall load it: transformers (default) or timm", "LIBRARY"},
        {"dtype", 0, 0, G_OPTION_ARG_STRING, &options.dtype,
         "Round the weights to F32, F16 or BF16; without it they stay as they are", "DTYPE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.paths, NULL,
         "FILE | FOLDER"},
        {NULL},
    };

    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    setlocale(LC_CTYPE, ""); /* not the numbers */
    g_option_context_set_summary(
        context, "Says what a ConvNeXt checkpoint is and how the element convnext runs it,\n"
                 "or writes it as a clean folder of safetensors and config files.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || !run(&options, &error))
        g_printerr("convnext-inspect: %s\n", error->message);

    g_strfreev(options.paths);
    g_free(options.weights);
    g_free(options.out);
    g_free(options.layout);
    g_free(options.dtype);
    return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
