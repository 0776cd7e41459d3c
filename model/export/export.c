/* The folder is made under another name beside its place, and renamed when it is complete.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/export.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "model/base/encode.h"
#include "model/checkpoint/parts.h"
#include "model/dialect/names.h"
#include "model/export/writer.h"
#include "model/export/writers.h"

static const char *const file_names[] = {"model.safetensors", "config.json",
                                         "preprocessor_config.json", "labels.txt"};

typedef struct Exporter {
    CnxExport e;
    const CnxCheckpoint *checkpoint;
    const CnxExportOptions *options;
    const CnxExportLibrary *library;
    CnxNaming naming;
    GArray *tensors;    /* CnxTensor, to be written */
    GPtrArray *sources; /* const CnxTensor *, the same ones in the checkpoint */
    char *folder;       /* the temporary one */
} Exporter;

static void clear_tensor(gpointer tensor)
{
    g_free((char *)((CnxTensor *)tensor)->name);
}

static CnxDtype target_dtype(const CnxExportOptions *options, CnxDtype stored)
{
    return options->convert ? options->dtype : stored == CNX_DTYPE_F64 ? CNX_DTYPE_F32 : stored;
}

static gboolean plan_tensor(const char *canonical, guint rank, const guint64 *shape,
                            gpointer user_data)
{
    Exporter *x = user_data;
    const CnxTensor *source = cnx_checkpoint_tensor(x->checkpoint, canonical);
    char *name = cnx_naming_spell(&x->naming, canonical);

    if (!name) {
        const char *original = source ? source->name : canonical;
        g_autofree char *quoted = cnx_quote(original);

        return cnx_export_refuse(&x->e, "it has no place for tensor %s", quoted);
    }
    CnxTensor t = {.dtype = target_dtype(x->options, source->dtype), .rank = rank};
    memcpy(t.shape, shape, rank * sizeof *shape);
    t.name = x->library->adapt(&x->e, canonical, name, &t.rank, t.shape);
    g_array_append_val(x->tensors, t);
    g_ptr_array_add(x->sources, (gpointer)source);
    return TRUE;
}

static gboolean fill_tensor(const CnxTensor *t, guint8 *dst, gpointer user_data, GError **error)
{
    const Exporter *x = user_data;
    const CnxTensor *source = x->sources->pdata[t - (const CnxTensor *)x->tensors->data];
    g_autofree float *values = g_try_new(float, MAX(source->elements, 1));

    if (x->options->stop && *x->options->stop) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE, "interrupted: nothing was written");
        return FALSE;
    }
    if (!values) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for a tensor of %" G_GSIZE_FORMAT " numbers", source->elements);
        return FALSE;
    }
    cnx_tensor_to_float(source, values);
    const gsize overflows = cnx_tensor_from_float(t->dtype, values, source->elements, dst);
    if (!overflows)
        return TRUE;
    g_autofree char *name = cnx_quote(source->name);
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s has %" G_GSIZE_FORMAT " numbers that are too large for %s",
                x->e.source, name, overflows, cnx_dtype_name(t->dtype));
    return FALSE;
}

static gboolean unwritable(const char *path, const char *what, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE, "%s: %s", file, what);
    return FALSE;
}

static gboolean write_text(const Exporter *x, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(x->folder, name, NULL);

    g_autoptr(GError) cause = NULL;

    return g_file_set_contents(path, text, -1, &cause) ||
           unwritable(path, cause->message, x->e.error);
}

static gboolean write_json(const Exporter *x, const char *name, JsonNode *made)
{
    g_autoptr(JsonNode) node = made;

    if (!node)
        return TRUE;
    g_autofree char *text = json_to_string(node, TRUE);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    return write_text(x, name, lines);
}

/* One a line: a label that is empty or has several lines does not fit. */
static gboolean write_labels(const Exporter *x)
{
    char **labels = x->e.config->labels;

    if (!labels)
        return TRUE;
    for (guint i = 0; labels[i]; i++) {
        g_autofree char *stripped = g_strstrip(g_strdup(labels[i]));

        if (!*stripped || strpbrk(labels[i], "\r\n")) {
            cnx_export_note(
                &x->e, "labels.txt is left out: label %u is empty or has more than one line", i);
            return TRUE;
        }
    }
    g_autofree char *joined = g_strjoinv("\n", labels);
    g_autofree char *text = g_strconcat(joined, "\n", NULL);
    return write_text(x, "labels.txt", text);
}

static gboolean write_files(Exporter *x)
{
    g_autofree char *weights = g_build_filename(x->folder, "model.safetensors", NULL);

    return cnx_writer_write(weights, (CnxTensor *)x->tensors->data, x->tensors->len, fill_tensor, x,
                            x->e.error) &&
           write_json(x, "config.json", x->library->make_config(&x->e)) &&
           write_json(x, "preprocessor_config.json", x->library->make_preprocessor(&x->e)) &&
           write_labels(x);
}

/* A new or an empty folder, in which nobody loses anything. */
static gboolean check_place(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = NULL;

    if (!g_file_test(folder, G_FILE_TEST_EXISTS))
        return TRUE;
    dir = g_dir_open(folder, 0, NULL);
    if (!dir)
        return unwritable(folder, "exists and is no folder that can be read", error);
    return !g_dir_read_name(dir) ||
           unwritable(folder, "is not empty, expected a new or an empty folder", error);
}

static gboolean make_temporary(Exporter *x, const char *folder)
{
    x->folder = g_strconcat(folder, ".XXXXXX", NULL);
    if (g_mkdtemp_full(x->folder, 0777))
        return TRUE;
    g_autofree char *what = g_strdup_printf("cannot be made: %s", g_strerror(errno));
    g_clear_pointer(&x->folder, g_free);
    return unwritable(folder, what, x->e.error);
}

static gboolean put_in_place(const Exporter *x, const char *folder)
{
    if (g_rename(x->folder, folder) == 0)
        return TRUE;
    g_autofree char *what = g_strdup_printf("cannot be replaced: %s", g_strerror(errno));
    return unwritable(folder, what, x->e.error);
}

static void remove_temporary(const Exporter *x)
{
    for (guint i = 0; i < G_N_ELEMENTS(file_names); i++) {
        g_autofree char *path = g_build_filename(x->folder, file_names[i], NULL);

        g_unlink(path);
    }
    g_rmdir(x->folder);
}

static gboolean learn_names(Exporter *x)
{
    const char *signs[2] = {NULL, NULL};
    CnxTensor tensors[2] = {{0}};
    guint count = 0;

    x->library->sign(&x->e, signs);
    while (count < 2 && signs[count]) {
        tensors[count].name = signs[count];
        count++;
    }
    return cnx_naming_detect(&x->naming, tensors, count, x->e.source, x->e.error);
}

static void note_ignored(const Exporter *x)
{
    guint count, ignored = 0;
    const CnxPart *parts = cnx_checkpoint_parts(x->checkpoint, &count);

    for (guint i = 0; i < count; i++)
        ignored += parts[i].canonical == NULL;
    if (ignored)
        cnx_export_note(&x->e, "%u tensors are no part of the network and are left out", ignored);
}

static gboolean export(Exporter *x, const char *folder)
{
    if (!x->library->check(&x->e) || !learn_names(x) ||
        !cnx_parts_foreach(x->e.config, plan_tensor, x) || !check_place(folder, x->e.error) ||
        !make_temporary(x, folder))
        return FALSE;
    if (write_files(x) && put_in_place(x, folder)) {
        note_ignored(x);
        return TRUE;
    }
    remove_temporary(x);
    return FALSE;
}

gboolean cnx_export_folder(const CnxCheckpoint *checkpoint, const char *folder,
                           const CnxExportOptions *options, GPtrArray *notes, GError **error)
{
    static const CnxExportLibrary *const libraries[] = {
        [CNX_EXPORT_TRANSFORMERS] = &cnx_export_transformers,
        [CNX_EXPORT_TIMM] = &cnx_export_timm,
    };
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    g_autofree char *source = g_filename_display_name(cnx_checkpoint_files(checkpoint)[0]);
    g_autofree char *place = g_canonicalize_filename(folder, NULL);
    Exporter x = {
        .checkpoint = checkpoint, .options = options, .library = libraries[options->layout]};

    x.e = (CnxExport){config, source, x.library->name, target_dtype(options, config->dtype),
                      notes,  error};
    x.tensors = g_array_new(FALSE, FALSE, sizeof(CnxTensor));
    g_array_set_clear_func(x.tensors, clear_tensor);
    x.sources = g_ptr_array_new();
    const gboolean ok = export(&x, place);
    cnx_naming_clear(&x.naming);
    g_ptr_array_unref(x.sources);
    g_array_unref(x.tensors);
    g_free(x.folder);
    return ok;
}
