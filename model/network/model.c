/* Models, which the process shares by their files (model/base/shared.h).
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/model.h"

#include <glib/gstdio.h>
#include <stdlib.h>

#include "model/base/isa.h"
#include "model/base/shared.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/locate.h"
#include "model/config/labels.h"
#include "model/network/forward.h"

struct CnxModel {
    CnxShared shared;
    CnxConfig *config;
    const CnxKernels *kernels;
    CnxForm form;
    CnxWeights *weights;
};

/* What to open. */
typedef struct Request {
    const char *path;
    const CnxOpenOptions *options;
    const CnxKernels *kernels;
    CnxForm form;           /* of the products */
    CnxModelCheckFn *check; /* may be NULL */
    gpointer user_data;
} Request;

/* Appends path, size and time of each file. */
static void append_files(GString *key, char *const *files)
{
    for (char *const *file = files; *file; file++) {
        g_autofree char *real = realpath(*file, NULL);
        GStatBuf st;

        if (real && g_stat(real, &st) == 0)
            g_string_append_printf(key, "|%s:%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ".%09ld",
                                   real, (guint64)st.st_size, (gint64)st.st_mtim.tv_sec,
                                   (long)st.st_mtim.tv_nsec);
        else
            g_string_append(key, "|-");
    }
}

/* The key of a model: the isa level, the precision, the options, and path, size and time of every
 * file that is read, including the lists of ImageNet names. Symbolic links are resolved for each
 * file, because links to one weights file (as in the Hub's cache) may have different configs next
 * to them. NULL if path does not resolve. */
static char *make_key(gconstpointer data)
{
    const Request *request = data;
    g_auto(GStrv) model_files = NULL, label_files = NULL;
    g_autofree char *real = realpath(request->path, NULL);
    GString *key;

    if (!real)
        return NULL;
    model_files = cnx_locate_files(request->path);
    label_files = cnx_labels_imagenet_files();
    key = g_string_new(cnx_isa_name(request->kernels->level));
    g_string_append_printf(
        key, "|%s|%s|%s|%s|%s", cnx_precision_name(cnx_form_precision(request->form)),
        cnx_weight_set_name(request->options->weight_set),
        request->options->no_config ? "no config" : "",
        request->options->head_activation ? request->options->head_activation : "", real);
    append_files(key, model_files);
    append_files(key, label_files);
    return g_string_free(key, FALSE);
}

static void model_free(CnxShared *shared)
{
    g_autofree CnxModel *model = (CnxModel *)shared;

    cnx_weights_free(model->weights);
    cnx_config_free(model->config);
}

static gboolean is_allowed(const Request *request, const CnxConfig *config, gsize weights,
                           GError **error)
{
    return !request->check || request->check(config, weights, request->user_data, error);
}

static CnxShared *load_model(gconstpointer data, GError **error)
{
    const Request *request = data;
    const CnxKernels *kernels = request->kernels;
    g_autoptr(CnxCheckpoint) checkpoint =
        cnx_checkpoint_open_with(request->path, request->options, error);
    CnxWeights *weights;
    CnxModel *model;

    if (!checkpoint || !is_allowed(request, cnx_checkpoint_config(checkpoint),
                                   cnx_weights_size(checkpoint, kernels, request->form), error))
        return NULL;
    weights = cnx_weights_new(checkpoint, kernels, request->form, error);
    if (!weights)
        return NULL;
    model = g_new0(CnxModel, 1);
    model->config = cnx_checkpoint_steal_config(checkpoint);
    model->kernels = kernels;
    model->form = request->form;
    model->weights = weights;
    return &model->shared;
}

static gboolean may_use(const CnxShared *shared, gconstpointer data, GError **error)
{
    const CnxModel *model = (const CnxModel *)shared;

    return is_allowed(data, model->config, model->weights->memory_size, error);
}

static const CnxSharedClass model_class = {make_key, load_model, may_use, model_free};

CnxModel *cnx_model_open_with(const char *path, const CnxOpenOptions *options,
                              CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    const CnxKernels *kernels = cnx_isa_kernels(error);
    Request request = {path, options, kernels, CNX_FORM_FLOAT, check, user_data};

    if (!kernels)
        return NULL;
    request.form = cnx_products_form(kernels, options->precision);
    return (CnxModel *)cnx_shared_open(&model_class, &request, error);
}

CnxModel *cnx_model_open(const char *path, CnxWeightSet weight_set, GError **error)
{
    const CnxOpenOptions options = {.weight_set = weight_set};

    return cnx_model_open_with(path, &options, NULL, NULL, error);
}

CnxModel *cnx_model_open_form(const char *path, const CnxKernels *kernels, CnxForm form,
                              GError **error)
{
    const CnxOpenOptions options = {.weight_set = CNX_WEIGHT_SET_AUTO};
    const Request request = {path, &options, kernels, form, NULL, NULL};

    return (CnxModel *)cnx_shared_load(&model_class, &request, error);
}

char *cnx_model_key(const char *path, const CnxOpenOptions *options)
{
    const CnxKernels *kernels = cnx_isa_kernels(NULL);
    Request request = {path, options, kernels, CNX_FORM_FLOAT, NULL, NULL};

    if (!kernels)
        return NULL;
    request.form = cnx_products_form(kernels, options->precision);
    return make_key(&request);
}

CnxModel *cnx_model_ref(CnxModel *model)
{
    cnx_shared_ref(&model->shared);
    return model;
}

void cnx_model_unref(CnxModel *model)
{
    if (model)
        cnx_shared_unref(&model->shared);
}

const CnxConfig *cnx_model_config(const CnxModel *model)
{
    return model->config;
}

gsize cnx_model_memory(const CnxModel *model)
{
    return model->weights->memory_size;
}

const char *cnx_model_isa(const CnxModel *model)
{
    return cnx_isa_name(model->kernels->level);
}

gboolean cnx_model_find_form(CnxPrecision requested, CnxForm *form, GError **error)
{
    const CnxKernels *kernels = cnx_isa_kernels(error);

    if (kernels)
        *form = cnx_products_form(kernels, requested);
    return kernels != NULL;
}

CnxForm cnx_model_form(const CnxModel *model)
{
    return model->form;
}

const CnxWeights *cnx_model_weights(const CnxModel *model)
{
    return model->weights;
}

const CnxKernels *cnx_model_kernels(const CnxModel *model)
{
    return model->kernels;
}
