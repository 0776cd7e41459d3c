/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/checkpoint/checkpoint.h"

#include <string.h>

#include "model/checkpoint/architecture.h"
#include "model/checkpoint/extras.h"
#include "model/checkpoint/head.h"
#include "model/checkpoint/locate.h"
#include "model/checkpoint/normalisation.h"
#include "model/checkpoint/parts.h"
#include "model/config/config_files.h"
#include "model/config/config_smp.h"
#include "model/config/recipe_defaults.h"
#include "model/dialect/names.h"
#include "model/forms/formula.h"
#include "model/forms/forms.h"

#define CONFIGS_FIXED (8 << 20) /* bytes that config files may take, besides the budget */
#define EMPTY                                                                                  \
    "is empty: if DeepSpeed (ZeRO stage 3) saved it, run zero_to_fp32.py from the checkpoint " \
    "folder and use the result"
#define RUN_FIXED ((guint64)64 << 20) /* bytes that any network may take at its input's size */

struct CnxCheckpoint {
    CnxContainer *weights;
    CnxForms forms; /* tensors of the container, composed */
    CnxConfig *config;
    GHashTable *tensors; /* canonical name -> CnxTensor of canonical shape */
    GArray *parts;       /* CnxPart, with canonical names in names */
    GStringChunk *names;
    CnxNormalisation normalisation;
};

/* State of cnx_checkpoint_open. */
typedef struct Opening {
    const char *file; /* for messages */
    const CnxOpenOptions *options;
    CnxNaming naming;
    GHashTable *renamed; /* canonical name -> const CnxTensor * as in the file */
    CnxCheckpoint *self;
    guint64 elements[CNX_DTYPE_OTHER]; /* of the network's tensors, by dtype */
    guint64 bytes;                     /* of the network's tensors */
    GError **error;
} Opening;

static void opening_clear(Opening *o)
{
    cnx_naming_clear(&o->naming);
    g_clear_pointer(&o->renamed, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Opening, opening_clear)

/* Such a name is not final before model/checkpoint/head.h has read the head. */
static gboolean is_of_head(const char *canonical)
{
    return g_str_has_prefix(canonical, "head.") || g_str_has_prefix(canonical, "norm.");
}

static gboolean rename_tensors(Opening *o)
{
    const CnxForms *forms = &o->self->forms;
    const CnxTensor *tensors = forms->tensors;

    for (guint i = 0; i < forms->count; i++) {
        g_autofree char *canonical = cnx_naming_canonical(&o->naming, tensors[i].name);
        const gboolean is_empty = tensors[i].elements == 0;
        const CnxPart part = {
            .tensor = &tensors[i],
            .canonical = canonical ? g_string_chunk_insert(o->self->names, canonical) : NULL,
            .fault = forms->faults[i]        ? forms->faults[i]
                     : canonical && is_empty ? EMPTY
                                             : NULL,
        };

        g_array_append_val(o->self->parts, part);
        if (!canonical || is_of_head(canonical))
            continue;
        const CnxTensor *other = g_hash_table_lookup(o->renamed, canonical);
        if (other) {
            g_autofree char *a = cnx_quote(other->name), *b = cnx_quote(tensors[i].name);

            g_set_error(o->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                        "%s: tensors %s and %s map to the same part of the network", o->file, a, b);
            return FALSE;
        }
        g_hash_table_insert(o->renamed, g_steal_pointer(&canonical), (gpointer)&tensors[i]);
    }
    return TRUE;
}

/* Whether the tensor has this shape, apart from extra dimensions of 1 in a vector or matrix. */
static gboolean shape_fits(const CnxTensor *t, guint rank, const guint64 *shape)
{
    if (rank == 1) { /* a vector: [C], [C,1,1], [1,1,1,4C] */
        guint wide = 0;

        for (guint i = 0; i < t->rank; i++)
            wide += t->shape[i] != 1;
        return wide <= 1 && t->rank >= 1 && t->elements == shape[0];
    }
    if (t->rank < rank || memcmp(t->shape, shape, rank * sizeof *shape))
        return FALSE;
    for (guint i = rank; i < t->rank; i++) /* a matrix: [O,I], [O,I,1,1] */
        if (t->shape[i] != 1)
            return FALSE;
    return TRUE;
}

/* Sets the stride of a vector that has lost its dimensions of 1. */
static void squeeze_strides(CnxTensor *t, guint rank)
{
    for (guint i = 0; rank == 1 && i < t->rank; i++)
        if (t->shape[i] != 1)
            t->strides[0] = t->strides[i];
}

static gboolean fail_dtype(const Opening *o, const CnxTensor *t)
{
    g_autofree char *name = cnx_quote(t->name);
    g_autofree char *shape = cnx_shape_text(t->rank, t->shape);

    g_set_error(o->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: tensor %s of shape %s has the dtype %s, expected F32, F16, BF16, F64 or F8, "
                "or a quantised weight with its scale: save the weights as F32",
                o->file, name, shape, cnx_tensor_dtype_name(t));
    return FALSE;
}

static gboolean bind_tensor(const char *canonical, guint rank, const guint64 *shape,
                            gpointer user_data)
{
    Opening *o = user_data;
    const CnxTensor *found = g_hash_table_lookup(o->renamed, canonical);
    g_autofree char *expected = cnx_shape_text(rank, shape);

    if (!found) {
        g_autofree char *original = cnx_naming_original(&o->naming, canonical);

        g_set_error(o->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: has no tensor \"%s\" of shape %s, which a %s needs", o->file, original,
                    expected, o->self->config->variant);
        return FALSE;
    }
    if (found->dtype == CNX_DTYPE_OTHER)
        return fail_dtype(o, found);
    if (!shape_fits(found, rank, shape)) {
        g_autofree char *name = cnx_quote(found->name);
        g_autofree char *actual = cnx_shape_text(found->rank, found->shape);

        g_set_error(o->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: tensor %s has shape %s, expected %s", o->file, name, actual, expected);
        return FALSE;
    }
    CnxTensor *t = g_memdup2(found, sizeof *found);
    squeeze_strides(t, rank);
    t->rank = rank;
    memcpy(t->shape, shape, rank * sizeof *shape);
    o->elements[t->dtype] += t->elements;
    o->self->config->is_quantised |= cnx_formula_is_quantised(t);
    o->bytes += t->size;
    if (t->size == t->elements) /* 8 bits become 32, while the pages of the file are released */
        cnx_budget_give(cnx_container_budget(o->self->weights), t->size);
    o->self->config->parameters += t->elements;
    g_hash_table_insert(o->self->tensors, g_strdup(canonical), t);
    return TRUE;
}

/* A tensor that has a ConvNeXt name but is not part of this network is a sign of damage. */
static gboolean check_all_bound(Opening *o)
{
    GHashTableIter iter;
    gpointer canonical, value;

    g_hash_table_iter_init(&iter, o->renamed);
    while (g_hash_table_iter_next(&iter, &canonical, &value)) {
        if (g_hash_table_contains(o->self->tensors, canonical))
            continue;
        g_autofree char *name = cnx_quote(((const CnxTensor *)value)->name);
        g_set_error(o->error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT,
                    "%s: tensor %s does not belong to a %s", o->file, name,
                    o->self->config->variant);
        return FALSE;
    }
    return TRUE;
}

/* Tensors may share a storage, so that a small file could describe a network of any size. */
static gboolean check_shared(const Opening *o)
{
    const gsize size = cnx_container_data_size(o->self->weights);

    if (o->bytes <= size)
        return TRUE;
    g_set_error(o->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: the tensors of its %s have %" G_GUINT64_FORMAT
                " bytes, but the file has only %" G_GSIZE_FORMAT
                ", so that many of them share one storage: save a copy of each",
                o->file, o->self->config->variant, o->bytes, size);
    return FALSE;
}

static CnxDtype find_main_dtype(const guint64 *elements)
{
    CnxDtype most = CNX_DTYPE_F32;

    for (int dtype = 0; dtype < CNX_DTYPE_OTHER; dtype++)
        if (elements[dtype] > elements[most])
            most = dtype;
    return most;
}

/* Without a config, the decoder shows whether smp has dilated its encoder. */
static void dilate_for_decoder(const Opening *o)
{
    const CnxPart *parts = (const CnxPart *)o->self->parts->data;
    guint stride = CNX_SMP_OUTPUT_STRIDE;

    if (o->self->config->dialect != CNX_DIALECT_TIMM)
        return;
    for (guint i = 0; i < o->self->parts->len; i++)
        if (!parts[i].canonical)
            stride = MIN(stride, cnx_config_smp_output_stride(parts[i].tensor->name));
    if (stride < CNX_SMP_OUTPUT_STRIDE)
        cnx_config_dilate(o->self->config, stride);
}

static gboolean read_network(Opening *o)
{
    CnxConfig *config = o->self->config;

    if (!rename_tensors(o))
        return FALSE;
    CnxPart *parts = (CnxPart *)o->self->parts->data;
    const guint count = o->self->parts->len;
    const CnxExtras extras = {parts, count, &o->naming, o->file};
    const CnxHeadSource head = {
        parts, count, &o->naming, o->renamed, o->self->names, o->file, o->options->head_activation};
    if (!cnx_extras_sort(&extras, &o->self->normalisation, o->error) ||
        !cnx_head_read(&head, config, o->error) ||
        !cnx_architecture_detect(o->renamed, &o->naming, o->file, config, o->error) ||
        !cnx_parts_foreach(config, bind_tensor, o) || !check_all_bound(o) || !check_shared(o) ||
        !cnx_extras_check(&extras, o->error))
        return FALSE;
    dilate_for_decoder(o);
    config->dtype = find_main_dtype(o->elements);
    cnx_recipe_set_defaults(&config->recipe, config->dialect, config->variant);
    return TRUE;
}

static void set_source(CnxConfig *config, const CnxContainer *weights)
{
    config->container = cnx_container_format(weights);
    config->weight_set = cnx_container_weight_set(weights);
    config->weights_key = g_strdup(cnx_container_weights_key(weights));
}

static gboolean fail_adapter(const Opening *o)
{
    g_autofree char *name = cnx_quote(o->self->forms.adapter);

    g_set_error(o->error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: has an adapter (tensor %s) without its base network: load both in Python, "
                "call merge_and_unload() of PEFT and save the result",
                o->file, name);
    return FALSE;
}

static gboolean detect_naming(Opening *o)
{
    const CnxForms *forms = &o->self->forms;
    g_autoptr(GError) cause = NULL;

    if (cnx_naming_detect(&o->naming, forms->tensors, forms->count, o->file, &cause))
        return TRUE;
    if (forms->adapter)
        return fail_adapter(o);
    g_propagate_error(o->error, g_steal_pointer(&cause));
    return FALSE;
}

static gboolean load_weights(CnxCheckpoint *self, const char *path, const CnxOpenOptions *options,
                             GError **error)
{
    g_autofree char *file = g_filename_display_name(path), *folder = g_path_get_dirname(path);

    g_auto(Opening) o = {.file = file, .options = options, .self = self, .error = error};

    self->weights = cnx_container_open(path, options->weight_set, error);
    if (!self->weights)
        return FALSE;
    set_source(self->config, self->weights);
    if (!cnx_forms_compose(&self->forms, self->weights, folder, file, error) || !detect_naming(&o))
        return FALSE;
    o.renamed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return read_network(&o);
}

/* Bytes of the largest maps of one image, which make up most of a run's memory. */
static guint64 maps_memory(const CnxConfig *config)
{
    const guint64 patch = config->patch;
    const guint64 stem = config->stem == CNX_STEM_PATCH ? MAX(patch, 1) : 2;
    guint width, height;

    cnx_recipe_input(&config->recipe, &width, &height);
    guint64 largest = width / stem * (height / stem) * config->stem_width, hidden = 0;
    guint64 stride = config->stem == CNX_STEM_PATCH ? stem : 4;
    for (guint i = 0; i < config->stages; i++) {
        stride *= i > 0 || config->first_down ? cnx_config_stride(config, i) : 1;
        const guint64 pixels = width / stride * (height / stride);

        largest = MAX(largest, pixels * config->dims[i]);
        hidden = MAX(hidden, config->grn ? 4 * pixels * config->dims[i] : 0);
    }
    return (3 * (guint64)width * height + 2 * largest + hidden) * sizeof(float);
}

/* Checks that no config file makes the input much larger than the weights justify. */
static gboolean check_input(const CnxCheckpoint *self, const char *folder, GError **error)
{
    const CnxConfig *config = self->config;
    const guint64 needed = maps_memory(config);
    const guint64 size = cnx_container_size(self->weights), limit = 4 * size + RUN_FIXED;

    if (config->origin[CNX_ITEM_SIZE] == CNX_ORIGIN_LIBRARY || needed <= limit)
        return TRUE;
    g_autofree char *path =
        g_build_filename(folder, cnx_origin_name(config->origin[CNX_ITEM_SIZE]), NULL);
    guint width, height;

    cnx_recipe_input(&config->recipe, &width, &height);
    g_autofree char *file = g_filename_display_name(path);
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNSUPPORTED,
                "%s: sets an input of %ux%u pixels, for which a %s takes %" G_GUINT64_FORMAT
                " bytes of memory, expected at most %" G_GUINT64_FORMAT
                " for a checkpoint of %" G_GUINT64_FORMAT " bytes",
                file, width, height, config->variant, needed, limit, size);
    return FALSE;
}

static gboolean load_configs(CnxCheckpoint *self, const char *folder, gboolean strict,
                             const CnxOpenOptions *options, GError **error)
{
    CnxBudget budget = *cnx_container_budget(self->weights);

    self->config->no_config = options->no_config;
    if (options->no_config)
        return TRUE;
    cnx_budget_give(&budget, CONFIGS_FIXED);
    return cnx_config_load(self->config, folder, strict, &budget, error) &&
           check_input(self, folder, error);
}

CnxCheckpoint *cnx_checkpoint_open(const char *path, CnxWeightSet requested_set, GError **error)
{
    const CnxOpenOptions options = {.weight_set = requested_set};

    return cnx_checkpoint_open_with(path, &options, error);
}

CnxCheckpoint *cnx_checkpoint_open_with(const char *path, const CnxOpenOptions *options,
                                        GError **error)
{
    g_autofree char *weights = cnx_locate_weights(path, error);
    gboolean is_folder = g_file_test(path, G_FILE_TEST_IS_DIR);

    if (!weights)
        return NULL;
    g_autofree char *folder = g_path_get_dirname(weights), *file = g_filename_display_name(weights);
    g_autoptr(CnxCheckpoint) self = g_new0(CnxCheckpoint, 1);
    self->config = cnx_config_new();
    self->tensors = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->parts = g_array_new(FALSE, FALSE, sizeof(CnxPart));
    self->names = g_string_chunk_new(4096);
    if (!load_weights(self, weights, options, error) ||
        !load_configs(self, folder, is_folder, options, error) ||
        !cnx_normalisation_apply(&self->normalisation, self->config, file, error))
        return NULL;
    return g_steal_pointer(&self);
}

void cnx_checkpoint_close(CnxCheckpoint *self)
{
    if (!self)
        return;
    g_hash_table_unref(self->tensors);
    g_array_unref(self->parts);
    g_string_chunk_free(self->names);
    cnx_config_free(self->config);
    cnx_forms_clear(&self->forms);
    cnx_container_close(self->weights);
    g_free(self);
}

const CnxConfig *cnx_checkpoint_config(const CnxCheckpoint *self)
{
    return self->config;
}

CnxConfig *cnx_checkpoint_steal_config(CnxCheckpoint *self)
{
    return g_steal_pointer(&self->config);
}

const char *cnx_checkpoint_container(const CnxCheckpoint *self)
{
    return cnx_container_format(self->weights);
}

const CnxDataset *cnx_checkpoint_dataset(const CnxCheckpoint *self)
{
    return cnx_container_dataset(self->weights);
}

const char *const *cnx_checkpoint_files(const CnxCheckpoint *self)
{
    return cnx_container_files(self->weights);
}

gsize cnx_checkpoint_size(const CnxCheckpoint *self, gsize *budget)
{
    *budget = cnx_container_budget(self->weights)->left;
    return cnx_container_size(self->weights);
}

gsize cnx_checkpoint_data_size(const CnxCheckpoint *self)
{
    return cnx_container_data_size(self->weights);
}

void cnx_checkpoint_release_pages(const CnxCheckpoint *self)
{
    cnx_container_release_pages(self->weights);
}

const CnxPart *cnx_checkpoint_parts(const CnxCheckpoint *self, guint *count)
{
    *count = self->parts->len;
    return (const CnxPart *)self->parts->data;
}

char **cnx_checkpoint_forms(const CnxCheckpoint *self)
{
    CnxFormsSummary *summary = cnx_forms_summary_new();

    for (guint i = 0; i < self->parts->len; i++) {
        const CnxPart *part = &g_array_index(self->parts, CnxPart, i);

        if (part->canonical)
            cnx_forms_summary_add(summary, part->tensor);
    }
    return cnx_forms_summary_end(summary);
}

const CnxTensor *cnx_checkpoint_tensor(const CnxCheckpoint *self, const char *canonical)
{
    return g_hash_table_lookup(self->tensors, canonical);
}
