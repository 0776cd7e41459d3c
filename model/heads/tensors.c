/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/tensors.h"

#include <math.h>
#include <string.h>

#include "model/dialect/wrappers.h"

/* The length of what precedes suffix, which begins a component of name; -1 if name does not end in
 * it. */
static gssize length_before(const char *name, const char *suffix)
{
    const gsize a = strlen(name), b = strlen(suffix);

    if (a < b || strcmp(name + a - b, suffix) || (a > b && name[a - b - 1] != '.'))
        return -1;
    return (gssize)(a - b);
}

char *cnx_head_find(const CnxCheckpoint *checkpoint, const char *file, const char *witness,
                    GError **error)
{
    g_autofree char *prefix = NULL;
    const char *first = NULL;
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);

    for (guint i = 0; i < count; i++) {
        const char *name = parts[i].tensor->name;
        g_autofree char *plain = cnx_wrappers_strip(name);
        const gssize length = length_before(plain, witness);

        if (length < 0)
            continue;
        if (prefix) {
            g_autofree char *one = cnx_quote(first), *other = cnx_quote(name);

            g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: has two heads (tensors %s and %s): keep only one", file, one, other);
            return NULL;
        }
        first = name;
        prefix = g_strndup(plain, (gsize)length);
    }
    return g_steal_pointer(&prefix);
}

gboolean cnx_head_tensors_init(CnxHeadTensors *self, const CnxCheckpoint *checkpoint,
                               const char *file, const char *prefix, GError **error)
{
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);

    *self = (CnxHeadTensors){
        .file = file,
        .prefix = g_strdup(prefix),
        .tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .used = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .data_size = cnx_checkpoint_data_size(checkpoint),
    };
    for (guint i = 0; i < count; i++) {
        const CnxTensor *tensor = parts[i].tensor;
        g_autofree char *name = cnx_wrappers_strip(tensor->name);

        if (parts[i].canonical || !g_str_has_prefix(name, prefix))
            continue;
        char *rest = g_strdup(name + strlen(prefix));
        const CnxTensor *other = g_hash_table_lookup(self->tensors, rest);
        if (other) {
            g_autofree char *one = cnx_quote(other->name), *two = cnx_quote(tensor->name);

            g_free(rest);
            g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                        "%s: tensors %s and %s map to the same part of the head", file, one, two);
            return FALSE;
        }
        g_hash_table_insert(self->tensors, rest, (gpointer)tensor);
    }
    return TRUE;
}

void cnx_head_tensors_clear(CnxHeadTensors *self)
{
    g_clear_pointer(&self->prefix, g_free);
    g_clear_pointer(&self->tensors, g_hash_table_unref);
    g_clear_pointer(&self->used, g_hash_table_unref);
}

const CnxTensor *cnx_head_tensor(const CnxHeadTensors *self, const char *name)
{
    return g_hash_table_lookup(self->tensors, name);
}

gboolean cnx_head_has(const CnxHeadTensors *self, const char *format, ...)
{
    g_autofree char *name = NULL;
    va_list arguments;

    va_start(arguments, format);
    name = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    return cnx_head_tensor(self, name) != NULL;
}

/* The sizes of dimensions from rank on must be 1. Fills in the zeros of shape. */
static gboolean shape_fits(const CnxTensor *tensor, guint rank, guint64 *shape)
{
    for (guint i = 0; i < MAX(rank, tensor->rank); i++) {
        const guint64 found = i < tensor->rank ? tensor->shape[i] : 1;
        const guint64 expected = i < rank ? shape[i] : 1;

        if (found == 0 || found > G_MAXINT || (expected != 0 && found != expected))
            return FALSE;
        if (i < rank)
            shape[i] = found;
    }
    return TRUE;
}

/* "[512,any,3,3]" */
static char *shape_words(guint rank, const guint64 *shape)
{
    g_autoptr(GString) text = g_string_new("[");

    for (guint i = 0; i < rank; i++) {
        g_string_append(text, i > 0 ? "," : "");
        if (shape[i] == 0)
            g_string_append(text, "any");
        else
            g_string_append_printf(text, "%" G_GUINT64_FORMAT, shape[i]);
    }
    g_string_append_c(text, ']');
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Tensors may share a storage, so that a small file could describe a head of any size. */
static gboolean count_bytes(CnxHeadTensors *self, const char *name, const CnxTensor *tensor,
                            GError **error)
{
    if (g_hash_table_add(self->used, g_strdup(name)))
        self->bytes += tensor->size;
    if (self->bytes <= self->data_size)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: the tensors of its head have %" G_GUINT64_FORMAT
                " bytes or more, but the file has only %" G_GSIZE_FORMAT
                ", so that many of them share one storage: save a copy of each",
                self->file, self->bytes, self->data_size);
    return FALSE;
}

static void fail_missing(const CnxHeadTensors *self, const char *name, guint rank,
                         const guint64 *shape, GError **error)
{
    g_autofree char *expected = shape_words(rank, shape);

    g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                "%s: has no tensor \"%s%s\" of shape %s, which its head needs", self->file,
                self->prefix, name, expected);
}

static void fail_shape(const CnxHeadTensors *self, const CnxTensor *tensor, guint rank,
                       const guint64 *shape, GError **error)
{
    g_autofree char *expected = shape_words(rank, shape);
    g_autofree char *quoted = cnx_quote(tensor->name);
    g_autofree char *found = cnx_shape_text(tensor->rank, tensor->shape);

    g_set_error(error, CNX_ERROR, CNX_ERROR_MISMATCH, "%s: tensor %s has shape %s, expected %s",
                self->file, quoted, found, expected);
}

static void fail_dtype(const CnxHeadTensors *self, const CnxTensor *tensor, GError **error)
{
    g_autofree char *quoted = cnx_quote(tensor->name);
    g_autofree char *found = cnx_shape_text(tensor->rank, tensor->shape);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s of shape %s has the dtype %s, expected F32, F16, BF16, F64 or "
                "F8: save the weights as F32",
                self->file, quoted, found, cnx_tensor_dtype_name(tensor));
}

const CnxTensor *cnx_head_need(CnxHeadTensors *self, const char *name, guint rank, guint64 *shape,
                               GError **error)
{
    const CnxTensor *tensor = cnx_head_tensor(self, name);
    guint64 expected[CNX_MAX_RANK];

    g_assert(rank <= CNX_MAX_RANK);
    memcpy(expected, shape, rank * sizeof *expected); /* before its zeros are filled in */
    if (!tensor)
        fail_missing(self, name, rank, shape, error);
    else if (!shape_fits(tensor, rank, shape))
        fail_shape(self, tensor, rank, expected, error);
    else if (tensor->dtype == CNX_DTYPE_OTHER)
        fail_dtype(self, tensor, error);
    else if (count_bytes(self, name, tensor, error))
        return tensor;
    return NULL;
}

static void fail_number(const CnxHeadTensors *self, const CnxTensor *tensor, float number, gsize i,
                        GError **error)
{
    g_autofree char *quoted = cnx_quote(tensor->name);

    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s has the value %g at index %" G_GSIZE_FORMAT
                ", expected finite numbers: its training has diverged",
                self->file, quoted, (double)number, i);
}

static void fail_memory(const CnxHeadTensors *self, const CnxTensor *tensor, GError **error)
{
    g_autofree char *quoted = cnx_quote(tensor->name);

    g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                "%s: not enough memory to read tensor %s", self->file, quoted);
}

float *cnx_head_read_numbers(const CnxHeadTensors *self, const CnxTensor *tensor, GError **error)
{
    g_autofree float *numbers = g_try_new(float, tensor->elements);

    if (!numbers) {
        fail_memory(self, tensor, error);
        return NULL;
    }
    cnx_tensor_to_float(tensor, numbers);
    for (gsize i = 0; i < tensor->elements; i++)
        if (!isfinite(numbers[i])) {
            fail_number(self, tensor, numbers[i], i, error);
            return NULL;
        }
    return g_steal_pointer(&numbers);
}

float *cnx_head_read_vector(CnxHeadTensors *self, const char *name, guint count, GError **error)
{
    guint64 shape[] = {count};
    const CnxTensor *tensor = cnx_head_need(self, name, 1, shape, error);

    return tensor ? cnx_head_read_numbers(self, tensor, error) : NULL;
}

static char *member_of(const char *module, const char *leaf)
{
    return g_strconcat(module, ".", leaf, NULL);
}

static gboolean check_vector(CnxHeadTensors *self, const char *module, const char *leaf,
                             guint count, GError **error)
{
    g_autofree char *name = member_of(module, leaf);
    guint64 shape[] = {count};

    return cnx_head_need(self, name, 1, shape, error) != NULL;
}

static const char *const norm_leaves[] = {"weight", "bias", "running_mean", "running_var"};

static gboolean has_norm(const CnxHeadTensors *self, const char *module)
{
    for (guint i = 0; i < G_N_ELEMENTS(norm_leaves); i++)
        if (cnx_head_has(self, "%s.%s", module, norm_leaves[i]))
            return TRUE;
    return FALSE;
}

static gboolean check_norm(CnxHeadTensors *self, const char *module, guint n, GError **error)
{
    if (cnx_head_has(self, "%s.weight", module) && !cnx_head_has(self, "%s.running_mean", module)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                    "%s: has no tensor \"%s%s.running_mean\": this batch norm has no running "
                    "statistics (track_running_stats=False), so its result depends on the batch",
                    self->file, self->prefix, module);
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(norm_leaves); i++)
        if (!check_vector(self, module, norm_leaves[i], n, error))
            return FALSE;
    return TRUE;
}

/* The bias and the norm behind the weights, of which there must be one. */
static gboolean check_shift(CnxHeadTensors *self, const CnxHeadLayer *layer, GError **error)
{
    const gboolean has_bias = cnx_head_has(self, "%s.bias", layer->module);

    if (layer->norm && !has_bias && !has_norm(self, layer->norm)) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: has neither a tensor \"%s%s.bias\" nor a batch norm \"%s%s\", but a "
                    "convolution of this head has one of them",
                    self->file, self->prefix, layer->module, self->prefix, layer->norm);
        return FALSE;
    }
    if ((has_bias || (!layer->norm && !layer->no_bias)) &&
        !check_vector(self, layer->module, "bias", layer->n, error))
        return FALSE;
    return !layer->norm || check_norm(self, layer->norm, layer->n, error);
}

gboolean cnx_head_layer_check(CnxHeadTensors *self, CnxHeadLayer *layer, GError **error)
{
    g_autofree char *name = member_of(layer->module, "weight");
    guint64 shape[] = {layer->n, layer->k, layer->side, layer->side};

    if (!cnx_head_need(self, name, layer->is_linear ? 2 : 4, shape, error))
        return FALSE;
    layer->n = (guint)shape[0];
    layer->k = (guint)shape[1];
    return (!layer->before || check_norm(self, layer->before, layer->k, error)) &&
           check_shift(self, layer, error);
}

gboolean cnx_head_has_norm(const CnxHeadTensors *self, const char *module, const char *norm)
{
    return has_norm(self, norm) || !cnx_head_has(self, "%s.bias", module);
}

static float *read_member(CnxHeadTensors *self, const char *module, const char *leaf, guint count,
                          GError **error)
{
    g_autofree char *name = member_of(module, leaf);

    return cnx_head_read_vector(self, name, count, error);
}

static gboolean check_variances(const CnxHeadTensors *self, const char *module, const float *var,
                                guint n, GError **error)
{
    for (guint i = 0; i < n; i++)
        if (var[i] < 0) {
            g_set_error(error, CNX_ERROR, CNX_ERROR_CORRUPT,
                        "%s: tensor \"%s%s.running_var\" has the value %g at index %u, expected "
                        "variances of at least 0",
                        self->file, self->prefix, module, (double)var[i], i);
            return FALSE;
        }
    return TRUE;
}

/* The batch norm of this module as x scale + shift: the n scales, then the n shifts. NULL with
 * error; free with g_free. */
static double *read_norm(CnxHeadTensors *self, const char *module, guint n, GError **error)
{
    g_autofree float *weight = read_member(self, module, "weight", n, error);
    g_autofree float *bias = weight ? read_member(self, module, "bias", n, error) : NULL;
    g_autofree float *mean = bias ? read_member(self, module, "running_mean", n, error) : NULL;
    g_autofree float *var = mean ? read_member(self, module, "running_var", n, error) : NULL;

    if (!var || !check_variances(self, module, var, n, error))
        return NULL;
    double *norm = g_new(double, 2 * (gsize)n);
    for (guint i = 0; i < n; i++) {
        norm[i] = weight[i] / sqrt(var[i] + CNX_HEAD_BATCH_NORM_EPS);
        norm[n + i] = bias[i] - mean[i] * norm[i];
    }
    return norm;
}

/* Folds the batch norm behind the layer into its rows. */
static gboolean fold_norm(CnxHeadTensors *self, const CnxHeadLayer *layer, CnxHeadRows *rows,
                          GError **error)
{
    const gsize columns = (gsize)layer->k * layer->side * layer->side;
    g_autofree double *norm = read_norm(self, layer->norm, layer->n, error);

    for (guint i = 0; norm && i < layer->n; i++) {
        float *row = rows->weight + i * columns;

        for (gsize k = 0; k < columns; k++)
            row[k] = (float)(row[k] * norm[i]);
        rows->bias[i] = (float)(rows->bias[i] * norm[i] + norm[layer->n + i]);
    }
    return norm != NULL;
}

/* Folds the batch norm in front of the layer into its rows. */
static gboolean fold_before(CnxHeadTensors *self, const CnxHeadLayer *layer, CnxHeadRows *rows,
                            GError **error)
{
    g_autofree double *norm = read_norm(self, layer->before, layer->k, error);

    for (guint i = 0; norm && i < layer->n; i++) {
        float *row = rows->weight + (gsize)i * layer->k;
        double bias = rows->bias[i];

        for (guint k = 0; k < layer->k; k++) {
            bias += row[k] * norm[layer->k + k];
            row[k] = (float)(row[k] * norm[k]);
        }
        rows->bias[i] = (float)bias;
    }
    return norm != NULL;
}

gboolean cnx_head_layer_read(CnxHeadTensors *self, const CnxHeadLayer *layer, CnxHeadRows *rows,
                             GError **error)
{
    g_autofree char *name = member_of(layer->module, "weight");

    *rows = (CnxHeadRows){NULL, NULL};
    rows->weight = cnx_head_read_numbers(self, cnx_head_tensor(self, name), error);
    if (!rows->weight)
        return FALSE;
    rows->bias = cnx_head_has(self, "%s.bias", layer->module)
                     ? read_member(self, layer->module, "bias", layer->n, error)
                     : g_new0(float, layer->n);
    return rows->bias && (!layer->before || fold_before(self, layer, rows, error)) &&
           (!layer->norm || fold_norm(self, layer, rows, error));
}

void cnx_head_rows_clear(CnxHeadRows *rows)
{
    g_clear_pointer(&rows->weight, g_free);
    g_clear_pointer(&rows->bias, g_free);
}

void cnx_head_ignore(CnxHeadTensors *self, const char *module)
{
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, self->tensors);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (g_str_has_prefix(name, module))
            g_hash_table_insert(self->used, g_strdup(name), NULL);
}

char **cnx_head_list_read(const CnxHeadTensors *self)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    GHashTableIter iter;
    gpointer name, is_read;

    g_hash_table_iter_init(&iter, self->used);
    while (g_hash_table_iter_next(&iter, &name, &is_read)) {
        const CnxTensor *tensor = g_hash_table_lookup(self->tensors, name);

        if (is_read && tensor)
            g_strv_builder_add(builder, tensor->name);
    }
    return g_strv_builder_end(builder);
}

gboolean cnx_head_check_used(const CnxHeadTensors *self, const char *module, const char *family,
                             GError **error)
{
    GHashTableIter iter;
    gpointer name, value;
    const CnxTensor *unused = NULL; /* the first by name, so that the message is always the same */

    g_hash_table_iter_init(&iter, self->tensors);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const CnxTensor *tensor = value;

        if (g_str_has_prefix(name, module) && !g_str_has_suffix(name, "num_batches_tracked") &&
            !g_hash_table_contains(self->used, name) &&
            (!unused || strcmp(tensor->name, unused->name) < 0))
            unused = tensor;
    }
    if (!unused)
        return TRUE;
    g_autofree char *quoted = cnx_quote(unused->name);
    g_autofree char *shape = cnx_shape_text(unused->rank, unused->shape);
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s of shape %s is not part of a %s that this version knows", self->file,
                quoted, shape, family);
    return FALSE;
}
