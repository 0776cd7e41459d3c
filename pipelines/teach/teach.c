/* convnext-teach: makes a model of your own classes from pictures. The backbone stays as it is; the
 * last linear layer is a logistic regression on its embeddings.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/gst.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "pipelines/common/print.h"
#include "pipelines/teach/base.h"
#include "pipelines/teach/embed.h"
#include "pipelines/teach/report.h"

#define BUNDLED "the bundled model of gst-convnext"
#define BUNDLED_LICENCE "lgpl-2.1-or-later"

typedef struct Options {
    char *model, *out;
    gboolean add, version;
    char **sources;
} Options;

/* A run. Its temporary folder is beside the target; base/ is the base model with a head of zeros,
 * new/ becomes the target. */
typedef struct Run {
    const Options *options;
    TeachSet *set;
    TeachOrigin origin;
    CnxCheckpoint *checkpoint; /* of the base model */
    char *temporary, *base, *new;
    char **labels;
    TeachData data;
    float *x;
    guint *y;
    guint computed, old; /* pictures */
    double seconds;      /* of the embeddings */
} Run;

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    interrupted = 1;
}

/* The files of a folder that has none inside. */
static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
}

static void run_clear(Run *run)
{
    if (run->temporary) {
        remove_folder(run->base);
        remove_folder(run->new);
        g_rmdir(run->temporary);
    }
    teach_set_free(run->set);
    teach_origin_clear(&run->origin);
    cnx_checkpoint_close(run->checkpoint);
    g_free(run->temporary);
    g_free(run->base);
    g_free(run->new);
    g_strfreev(run->labels);
    g_free(run->x);
    g_free(run->y);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Run, run_clear)

static gboolean check_options(const Options *options, GError **error)
{
    if (!options->out || !*options->out)
        return teach_fail(error, "--out is missing, expected the name of a folder");
    if (options->model && !*options->model)
        return teach_fail(error, "--model is empty, expected the path of a checkpoint");
    return options->sources ||
           teach_fail(error,
                      "the classes are missing, expected a folder with a folder of pictures for "
                      "each class, or NAME=GLOB for each");
}

/* Without --add the target is new or empty; with it, it is the folder of an earlier run. */
static gboolean check_target(Run *run, guint *width, GError **error)
{
    const char *out = run->options->out;
    g_autoptr(GDir) dir = NULL;

    if (run->options->add)
        return teach_store_read(out, run->set, width, &run->origin, error);
    if (!g_file_test(out, G_FILE_TEST_EXISTS))
        return TRUE;
    dir = g_dir_open(out, 0, error);
    return dir &&
           (!g_dir_read_name(dir) ||
            teach_fail(error,
                       "%s is not empty, expected a new or an empty folder, or --add for one that "
                       "convnext-teach wrote",
                       out));
}

static gboolean make_temporary(Run *run, GError **error)
{
    g_autofree char *target = g_canonicalize_filename(run->options->out, NULL);
    g_autofree char *folder = g_strconcat(target, ".XXXXXX", NULL);

    if (!g_mkdtemp_full(folder, 0777))
        return teach_fail(error, "%s: cannot be written: %s", run->options->out, g_strerror(errno));
    run->base = g_build_filename(folder, "base", NULL);
    run->new = g_build_filename(folder, "new", NULL);
    run->temporary = g_steal_pointer(&folder);
    return TRUE;
}

/* Writes the base model as the new folder will have it, so that the embeddings are those of that
 * folder: its tensors may be rounded, and its recipe is in the words of one library. */
static gboolean write_base(Run *run, guint width, GError **error)
{
    g_autofree float *zeros = g_new0(float, 2 * (gsize)MAX(width, 1));
    char zero[] = "0", one[] = "1", *labels[] = {zero, one, NULL};
    const CnxExportHead head = {2, labels, zeros, zeros};

    return width > 0 ? teach_base_write(run->checkpoint, &head, run->base, &interrupted, error)
                     : teach_fail(error, "the base model ends with a projection (CLIP), expected a "
                                         "classifier or a backbone");
}

static gboolean is_bundled(const Run *run)
{
    return !g_strcmp0(run->origin.base, BUNDLED);
}

/* Opens the base model, and checks that an earlier run had the same one. */
static gboolean open_base(Run *run, guint *width, GError **error)
{
    const Options *options = run->options;
    g_autofree char *bundled = options->model || options->add ? NULL : teach_bundled_model(error);
    const char *path = options->model ? options->model : options->add ? options->out : bundled;
    const guint old_width = *width;

    if (!path)
        return FALSE;
    run->checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, error);
    if (!run->checkpoint)
        return FALSE;
    *width = cnx_export_embedding(cnx_checkpoint_config(run->checkpoint));
    if (!write_base(run, *width, error))
        return FALSE;
    g_autofree char *identity = teach_base_identity(run->base, error);
    if (!identity)
        return FALSE;
    if (options->add)
        return (*width == old_width && !strcmp(identity, run->origin.identity)) ||
               teach_fail(
                   error,
                   "%s: its embeddings are of another model than %s, expected the same base model",
                   options->out, path);
    g_autofree char *name = g_path_get_basename(path);
    run->origin.identity = g_steal_pointer(&identity);
    run->origin.base = bundled ? g_strdup(BUNDLED) : print_clean(name, PRINT_MAX_PART);
    run->origin.licence = bundled ? g_strdup(BUNDLED_LICENCE) : teach_base_licence(path);
    return TRUE;
}

static gboolean embed(Run *run, guint width, GError **error)
{
    const gint64 start = g_get_monotonic_time();

    if (!teach_embed(run->base, run->set, width, &run->computed, &interrupted, error))
        return FALSE;
    teach_set_drop_unknown(run->set);
    run->seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
    return TRUE;
}

/* Sorts the pictures and sets the data. */
static gboolean make_data(Run *run, guint width, GError **error)
{
    const GPtrArray *pictures = run->set->pictures;

    run->labels = teach_set_classes(run->set, &run->y, error);
    if (!run->labels)
        return FALSE;
    run->x = g_new(float, (gsize)pictures->len *width);
    for (guint i = 0; i < pictures->len; i++)
        memcpy(run->x + (gsize)i * width, ((const TeachPicture *)pictures->pdata[i])->embedding,
               width * sizeof *run->x);
    run->data = (TeachData){.count = pictures->len,
                            .width = width,
                            .classes = g_strv_length(run->labels),
                            .x = run->x,
                            .y = run->y};
    return TRUE;
}

/* Writes new/, except for what the card says. */
static gboolean write_model(Run *run, double penalty, GError **error)
{
    const TeachData *data = &run->data;
    g_autoptr(TeachModel) model = teach_model_fit(data, NULL, penalty, TEACH_EXACT, NULL);
    g_autofree float *weight = g_new(float, (gsize)data->classes * data->width);
    g_autofree float *bias = g_new(float, data->classes);
    const CnxExportHead head = {data->classes, run->labels, weight, bias};

    teach_model_export(model, weight, bias);
    return teach_base_write(run->checkpoint, &head, run->new, &interrupted, error) &&
           teach_store_write(run->new, run->set, data->width, &run->origin, error);
}

/* Moves new/ to the target. With --add each file replaces the one before it; others stay. */
static gboolean move(Run *run, GError **error)
{
    const char *out = run->options->out;
    g_autoptr(GDir) dir = NULL;
    const char *name;

    if (!run->options->add)
        return g_rename(run->new, out) == 0 ||
               teach_fail(error, "%s: cannot be written: %s", out, g_strerror(errno));
    dir = g_dir_open(run->new, 0, error);
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *from = g_build_filename(run->new, name, NULL);
        g_autofree char *to = g_build_filename(out, name, NULL);

        if (g_rename(from, to) != 0)
            return teach_fail(error, "%s: cannot be replaced: %s", to, g_strerror(errno));
    }
    return dir != NULL;
}

static gboolean teach(Run *run, GError **error)
{
    const gint64 start = g_get_monotonic_time();
    guint width = 0;

    if (!check_target(run, &width, error))
        return FALSE;
    run->old = run->set->pictures->len;
    if (!teach_set_collect(run->set, run->options->sources, error))
        return FALSE;
    g_autofree guint *y = NULL;
    char **labels = teach_set_classes(run->set, &y, error); /* before the long part */
    if (!labels)
        return FALSE;
    g_strfreev(labels);
    if (!make_temporary(run, error) || !open_base(run, &width, error) ||
        !embed(run, width, error) || !make_data(run, width, error))
        return FALSE;
    g_autoptr(TeachFolds) folds = teach_folds_new(&run->data);
    const TeachReport report = {run->set,     &run->data,  folds,
                                &run->origin, run->labels, is_bundled(run)};
    if (!write_model(run, folds->penalty, error) ||
        !teach_report_write_card(&report, run->new, error) || !move(run, error))
        return FALSE;
    g_print("embeddings of %u numbers: %u computed in %.1f s, %u kept\n", width, run->computed,
            run->seconds, run->old);
    teach_report_print(&report);
    g_autofree char *out = print_clean(run->options->out, PRINT_MAX_PART);
    g_print("\nwrote %s in %.1f s; run it with convnext model=%s\n", out,
            (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC, out);
    return TRUE;
}

static gboolean run_options(const Options *options, GError **error)
{
    const struct sigaction action = {.sa_handler = on_signal};
    g_auto(Run) run = {.options = options, .set = teach_set_new()};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return check_options(options, error) && teach(&run, error);
}

int main(int argc, char **argv)
{
    Options options = {0};
    const GOptionEntry entries[] = {
        {"model", 'm', 0, G_OPTION_ARG_FILENAME, &options.model,
         "Base model: a checkpoint (default: the bundled model; with --add: FOLDER)", "PATH"},
        {"out", 'o', 0, G_OPTION_ARG_FILENAME, &options.out,
         "Write the taught model to this new or empty folder", "FOLDER"},
        {"add", 'a', 0, G_OPTION_ARG_NONE, &options.add,
         "Keep the pictures that FOLDER was taught with, and add these", NULL},
        {"version", 0, 0, G_OPTION_ARG_NONE, &options.version, "Print the version", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.sources, NULL,
         "CLASSES | NAME=GLOB..."},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    setlocale(LC_CTYPE, "");
    g_option_context_set_summary(
        context,
        "Makes a model of your own classes from pictures: CLASSES is a folder with a folder\n"
        "of pictures for each class; or each class is given as NAME=GLOB.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, gst_init_get_option_group());
    gboolean ok = g_option_context_parse(context, &argc, &argv, &error);
    if (ok && options.version)
        g_print("convnext-teach " CONVNEXT_VERSION "\n");
    else
        ok = ok && run_options(&options, &error);
    if (!ok)
        print_error("convnext-teach", "%s", error->message);
    g_strfreev(options.sources);
    g_free(options.model);
    g_free(options.out);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
