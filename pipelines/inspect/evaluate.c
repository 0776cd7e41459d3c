/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/inspect/evaluate.h"

#include <gst/gst.h>

#include "model/base/text.h"
#include "model/config/labels.h"
#include "pipelines/common/classes.h"
#include "pipelines/common/picture.h"
#include "pipelines/common/print.h"

#define PROGRAM "convnext-inspect"
#define SHOWN 5 /* labels in a message */

typedef struct Run {
    Evaluation *found;
    const EvaluateOptions *options;
    GHashTable *index; /* label -> class + 1, or to AMBIGUOUS */
    PictureReader *reader;
    guint class; /* of the folder that is visited */
} Run;

#define AMBIGUOUS G_MAXUINT

static gboolean fail(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean fail(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    g_set_error_literal(error, CNX_ERROR, CNX_ERROR_MISMATCH, text);
    return FALSE;
}

static void wrong_clear(gpointer data)
{
    g_free(((EvaluateWrong *)data)->path);
}

void evaluation_free(Evaluation *evaluation)
{
    if (!evaluation)
        return;
    g_strfreev(evaluation->labels);
    g_free(evaluation->pictures);
    g_free(evaluation->right);
    g_free(evaluation->said);
    g_array_unref(evaluation->wrong);
    g_free(evaluation);
}

static Evaluation *evaluation_of(guint classes, char **labels)
{
    Evaluation *found = g_new0(Evaluation, 1);

    found->classes = classes;
    found->labels = labels;
    found->pictures = g_new0(guint, classes);
    found->right = g_new0(guint, classes);
    found->said = g_new0(guint, classes);
    found->wrong = g_array_new(FALSE, FALSE, sizeof(EvaluateWrong));
    g_array_set_clear_func(found->wrong, wrong_clear);
    return found;
}

static GHashTable *index_labels(char **labels)
{
    GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; labels[i]; i++)
        g_hash_table_insert(
            index, labels[i],
            GUINT_TO_POINTER(g_hash_table_contains(index, labels[i]) ? AMBIGUOUS : i + 1));
    return index;
}

static gboolean start_class(const char *label, gpointer user_data, GError **error)
{
    Run *run = user_data;
    g_autofree char *clean = cnx_printable(label, -1); /* as labels are */
    const guint place = GPOINTER_TO_UINT(g_hash_table_lookup(run->index, clean));
    g_autofree char *quoted = cnx_quote(label);

    run->class = place - 1;
    if (place == AMBIGUOUS)
        return fail(error, "%s: the folder %s may be one of several classes with this label",
                    run->options->folder, quoted);
    if (place)
        return TRUE;
    g_autofree char *list = cnx_quote_list((const char *const *)run->found->labels, SHOWN);
    return fail(error,
                "%s: the folder %s is none of the %u classes (%s); --labels names them, such as "
                "--labels FOLDER for the folder of the training pictures",
                run->options->folder, quoted, run->found->classes, list);
}

/* Whether class is among the first of what the model says. */
static gboolean is_among(const GstConvnextClass *said, guint count, guint class)
{
    for (guint i = 0; i < MIN(count, EVALUATE_BEST); i++)
        if (said[i].index == class)
            return TRUE;
    return FALSE;
}

static void judge(Run *run, const char *path, GstConvnextResult *result)
{
    Evaluation *found = run->found;
    guint count;
    const GstConvnextClass *said = gst_convnext_result_get_classes(result, &count);
    const EvaluateWrong wrong = {NULL, run->class, count ? said->index : found->classes,
                                 count ? said->score : 0};

    found->total++;
    found->pictures[run->class]++;
    found->in_best += is_among(said, count, run->class);
    if (count)
        found->said[wrong.said]++;
    if (wrong.said == run->class) {
        found->correct++;
        found->right[run->class]++;
        return;
    }
    g_array_append_val(found->wrong, wrong);
    g_array_index(found->wrong, EvaluateWrong, found->wrong->len - 1).path = g_strdup(path);
}

static gboolean run_picture(const char *path, const char *label, gpointer user_data, GError **error)
{
    Run *run = user_data;
    g_autoptr(GstConvnextResult) result = NULL;
    g_autofree char *cause = NULL;

    if (!picture_reader_run(run->reader, path, &result, &cause, run->options->stop, error))
        return FALSE;
    if (result) {
        judge(run, path, result);
        return TRUE;
    }
    run->found->left_out++;
    print_error(PROGRAM, "%s: left out, %s", path, cause);
    return TRUE;
}

static char *number_or_null(gint64 number)
{
    return number ? g_strdup_printf("%" G_GINT64_FORMAT, number) : NULL;
}

static PictureReader *open_reader(const EvaluateOptions *o, GError **error)
{
    g_autofree char *input_size = number_or_null(o->run->input_size);
    g_autofree char *threads = number_or_null(o->run->threads);
    g_autofree char *max_memory = number_or_null(o->run->max_memory);
    const char *const properties[] = {"model",
                                      o->model,
                                      "top-k",
                                      G_STRINGIFY(EVALUATE_BEST),
                                      "labels",
                                      o->labels,
                                      "weights",
                                      o->weights,
                                      "precision",
                                      o->precision,
                                      "input-size",
                                      input_size,
                                      "threads",
                                      threads,
                                      "max-memory",
                                      max_memory,
                                      "head-activation",
                                      o->head_activation,
                                      NULL};

    gst_init(NULL, NULL);
    return picture_reader_new(properties, error);
}

/* The names by which folders are found. NULL with error. */
static char **read_labels(const CnxConfig *config, const EvaluateOptions *options, GError **error)
{
    if (config->classes == 0)
        fail(error, "%s: has no classes, expected a classifier for --evaluate", options->model);
    else if (options->labels)
        return cnx_labels_read(options->labels, config->classes, error);
    else if (config->labels)
        return g_strdupv(config->labels);
    else
        fail(error,
             "%s: its %u classes have no labels, expected --labels with a file, or with the folder "
             "of the training pictures",
             options->model, config->classes);
    return NULL;
}

Evaluation *evaluation_new(const CnxConfig *config, const EvaluateOptions *options, GError **error)
{
    char **labels = read_labels(config, options, error);

    if (!labels)
        return NULL;
    g_autoptr(Evaluation) found = evaluation_of(config->classes, labels);
    g_autoptr(GHashTable) index = index_labels(labels);
    g_autoptr(PictureReader) reader = open_reader(options, error);
    Run run = {found, options, index, reader, 0};
    const ClassVisitor visitor = {start_class, run_picture, &run, PROGRAM};

    if (!reader || !classes_visit(options->folder, &visitor, error))
        return NULL;
    if (found->total == 0) {
        fail(error, "%s: has no picture that can be read", options->folder);
        return NULL;
    }
    return g_steal_pointer(&found);
}
