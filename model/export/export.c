/* Writes a temporary folder next to the target and renames it when it is complete.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/export.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "model/base/encode.h"
#include "model/checkpoint/parts.h"
#include "model/dialect/extras.h"
#include "model/dialect/names.h"
#include "model/export/export_timm.h"
#include "model/export/export_transformers.h"
#include "model/export/writer.h"

static const char *const file_names[] = {"model.safetensors", "config.json",
                                         "preprocessor_config.json", "labels.txt"};

typedef struct Exporter {
    CnxExport e;
    const CnxCheckpoint *checkpoint;
    const CnxExportOptions *options;
    const CnxExportWriter *writer;
    CnxNaming naming;
    CnxConfig config;   /* of the new folder; borrows the checkpoint's members */
    CnxTensor head[2];  /* weight and bias of options->head */
    GArray *tensors;    /* CnxTensor to write */
    GPtrArray *sources; /* const CnxTensor * of the checkpoint, in the same order */
    char *folder;       /* temporary */
} Exporter;

static void tensor_clear(gpointer tensor)
{
    g_free((char *)((CnxTensor *)tensor)->name);
}

static void exporter_clear(Exporter *x)
{
    cnx_naming_clear(&x->naming);
    g_array_unref(x->tensors);
    g_ptr_array_unref(x->sources);
    g_free(x->folder);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Exporter, exporter_clear)

static CnxDtype target_dtype(const CnxExportOptions *options, CnxDtype stored)
{
    const gboolean keep = stored == CNX_DTYPE_F16 || stored == CNX_DTYPE_BF16;

    return options->convert ? options->dtype : keep ? stored : CNX_DTYPE_F32;
}

static const CnxTensor *find_source(const Exporter *x, const char *canonical)
{
    for (guint i = 0; i < G_N_ELEMENTS(x->head) && x->options->head; i++)
        if (!strcmp(canonical, x->head[i].name))
            return &x->head[i];
    return cnx_checkpoint_tensor(x->checkpoint, canonical);
}

static gboolean plan_tensor(const char *canonical, guint rank, const guint64 *shape,
                            gpointer user_data)
{
    Exporter *x = user_data;
    const CnxTensor *source = find_source(x, canonical);
    char *name = cnx_naming_spell(&x->naming, canonical);

    if (!name) {
        const char *original = source ? source->name : canonical;
        g_autofree char *quoted = cnx_quote(original);

        return cnx_export_refuse(&x->e, "the library has no counterpart for tensor %s", quoted);
    }
    const gboolean is_new = source == &x->head[0] || source == &x->head[1];
    CnxTensor t = {.dtype = is_new ? CNX_DTYPE_F32 : target_dtype(x->options, source->dtype),
                   .rank = rank};
    memcpy(t.shape, shape, rank * sizeof *shape);
    t.name = x->writer->adapt_tensor(&x->e, canonical, name, &t.rank, t.shape);
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
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE,
                    "%s: the conversion was interrupted and wrote nothing", x->e.source);
        return FALSE;
    }
    if (!values) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "%s: not enough memory for a tensor of %" G_GSIZE_FORMAT " elements",
                    x->e.source, source->elements);
        return FALSE;
    }
    cnx_tensor_to_float(source, values);
    const gsize overflows = cnx_tensor_from_float(t->dtype, values, source->elements, dst);
    if (!overflows)
        return TRUE;
    g_autofree char *name = cnx_quote(source->name);
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s has %" G_GSIZE_FORMAT " elements that are too large for %s",
                x->e.source, name, overflows, cnx_dtype_name(t->dtype));
    return FALSE;
}

static gboolean fail_unwritable(const char *path, const char *what, GError **error)
{
    g_autofree char *file = g_filename_display_name(path);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE, "%s: %s", file, what);
    return FALSE;
}

static gboolean write_text(const Exporter *x, const char *name, const char *text)
{
    g_autoptr(GError) cause = NULL;
    g_autofree char *path = g_build_filename(x->folder, name, NULL);

    return g_file_set_contents(path, text, -1, &cause) ||
           fail_unwritable(path, cause->message, x->e.error);
}

/* Takes ownership of root. */
static gboolean write_json(const Exporter *x, const char *name, JsonNode *root)
{
    g_autoptr(JsonNode) node = root;

    if (!node)
        return TRUE;
    g_autofree char *text = json_to_string(node, TRUE);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    return write_text(x, name, lines);
}

/* Writes one label per line, unless a label is empty or has line breaks. */
static gboolean write_labels(const Exporter *x)
{
    char **labels = x->e.config->labels;

    if (!labels)
        return TRUE;
    for (guint i = 0; labels[i]; i++) {
        g_autofree char *stripped = g_strstrip(g_strdup(labels[i]));

        if (!*stripped || strpbrk(labels[i], "\r\n")) {
            cnx_export_note(
                &x->e, "labels.txt is omitted: label %u is empty or has more than one line", i);
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
           write_json(x, "config.json", x->writer->make_config(&x->e)) &&
           write_json(x, "preprocessor_config.json", x->writer->make_preprocessor(&x->e)) &&
           write_labels(x);
}

/* The folder must be empty or not exist. */
static gboolean check_target(const char *folder, GError **error)
{
    g_autoptr(GDir) dir = NULL;

    if (!g_file_test(folder, G_FILE_TEST_EXISTS))
        return TRUE;
    dir = g_dir_open(folder, 0, NULL);
    if (!dir)
        return fail_unwritable(folder, "exists and is not a readable folder", error);
    return !g_dir_read_name(dir) ||
           fail_unwritable(folder, "is not empty, expected a new or an empty folder", error);
}

static gboolean make_temporary(Exporter *x, const char *folder)
{
    x->folder = g_strconcat(folder, ".XXXXXX", NULL);
    if (g_mkdtemp_full(x->folder, 0777))
        return TRUE;
    g_autofree char *what = g_strdup_printf("cannot be created: %s", g_strerror(errno));
    g_clear_pointer(&x->folder, g_free);
    return fail_unwritable(folder, what, x->e.error);
}

static gboolean rename_temporary(const Exporter *x, const char *folder)
{
    if (g_rename(x->folder, folder) == 0)
        return TRUE;
    g_autofree char *what = g_strdup_printf("cannot be replaced: %s", g_strerror(errno));
    return fail_unwritable(folder, what, x->e.error);
}

static void remove_temporary(const Exporter *x)
{
    for (guint i = 0; i < G_N_ELEMENTS(file_names); i++) {
        g_autofree char *path = g_build_filename(x->folder, file_names[i], NULL);

        g_unlink(path);
    }
    g_rmdir(x->folder);
}

static gboolean detect_naming(Exporter *x)
{
    const char *witnesses[2] = {NULL, NULL};
    CnxTensor tensors[2] = {{0}};
    guint count = 0;

    x->writer->list_witnesses(&x->e, witnesses);
    while (count < 2 && witnesses[count]) {
        tensors[count].name = witnesses[count];
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
        cnx_export_note(&x->e, "%u tensors are not part of the network and are omitted", ignored);
}

/* The layouts are those of classifiers and backbones. */
static gboolean check_heads(const Exporter *x)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(x->checkpoint, &count);

    for (guint i = 0; i < count && !x->options->backbone_only; i++)
        if (cnx_extras_is_dense_head(parts[i].reason)) {
            g_autofree char *name = cnx_quote(parts[i].tensor->name);

            return cnx_export_refuse(&x->e, "it has a segmentation or detection head (tensor %s)%s",
                                     name,
                                     x->options->head ? " and no embedding of a picture"
                                                      : ": set --backbone-only to leave it out");
        }
    return TRUE;
}

/* A backbone may have norms of its outputs instead, which no classifier reads. */
static gboolean check_new_head(const Exporter *x)
{
    return !x->options->head || x->config.final_norm ||
           cnx_export_refuse(&x->e, "it has no norm in front of a classifier");
}

static gboolean export_to(Exporter *x, const char *folder)
{
    if (!check_heads(x) || !check_new_head(x) || !x->writer->check(&x->e) || !detect_naming(x) ||
        !cnx_parts_foreach(x->e.config, plan_tensor, x) || !check_target(folder, x->e.error) ||
        !make_temporary(x, folder))
        return FALSE;
    if (write_files(x) && rename_temporary(x, folder)) {
        note_ignored(x);
        return TRUE;
    }
    remove_temporary(x);
    return FALSE;
}

guint cnx_export_embedding(const CnxConfig *config)
{
    return config->projection ? 0
                              : cnx_head_features(&config->head, config->dims[config->stages - 1]);
}

/* Replaces the last linear layer of x's config, and describes its tensors. */
static void replace_head(Exporter *x)
{
    const CnxExportHead *new = x->options->head;
    CnxConfig *config = &x->config;
    const guint features = cnx_export_embedding(config);
    CnxHead *head = &config->head;
    const CnxHeadStep last = {CNX_HEAD_LINEAR, features,         new->classes, TRUE,
                              FALSE,           CNX_HEAD_ACT_NONE};

    head->output = MIN(head->output, CNX_HEAD_STEPS - 1);
    head->steps[head->output] = last;
    head->count = head->output + 1;
    config->classes = new->classes;
    config->labels = new->labels;
    config->decision = (CnxDecision){.rest_class = CNX_NO_CLASS};
    config->multi_label = config->regression = FALSE;
    x->head[0] = (CnxTensor){.name = "head.weight",
                             .rank = 2,
                             .shape = {new->classes, features},
                             .elements = (gsize) new->classes *features,
                             .data = (const guint8 *)new->weight};
    x->head[1] = (CnxTensor){.name = "head.bias",
                             .rank = 1,
                             .shape = {new->classes},
                             .elements = new->classes,
                             .data = (const guint8 *)new->bias};
    for (guint i = 0; i < G_N_ELEMENTS(x->head); i++)
        x->head[i].size = x->head[i].elements * sizeof(float);
}

gboolean cnx_export_folder(const CnxCheckpoint *checkpoint, const char *folder,
                           const CnxExportOptions *options, GPtrArray *notes, GError **error)
{
    static const CnxExportWriter *const writers[] = {
        [CNX_EXPORT_TRANSFORMERS] = &cnx_export_transformers,
        [CNX_EXPORT_TIMM] = &cnx_export_timm,
    };
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);
    g_autofree char *source = g_filename_display_name(cnx_checkpoint_files(checkpoint)[0]);
    g_autofree char *target = g_canonicalize_filename(folder, NULL);

    g_auto(Exporter) x = {.checkpoint = checkpoint,
                          .options = options,
                          .writer = writers[options->layout],
                          .config = *config,
                          .tensors = g_array_new(FALSE, FALSE, sizeof(CnxTensor)),
                          .sources = g_ptr_array_new()};

    if (options->head)
        replace_head(&x);
    x.e = (CnxExport){&x.config, source, x.writer->library, target_dtype(options, config->dtype),
                      notes,     error};
    g_array_set_clear_func(x.tensors, tensor_clear);
    return export_to(&x, target);
}
