/* Models, and the registry of the models that this process holds.
 *
 * One lock guards the registry, the reference counts and the list of loads under way. It is never
 * held while a model loads. Only one thread loads a key at a time, so two elements that start
 * together load a file once; a load of another key does not wait for it.
 *
 * The locks are POSIX's rather than GLib's because ThreadSanitizer understands them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/model.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <stdlib.h>

#include "model/base/isa.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/locate.h"
#include "model/config/labels.h"
#include "model/network/forward.h"

struct CnxModel {
    guint references; /* under the lock */
    char *key;        /* in the registry; NULL: not in it */
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

/* A load under way, on the stack of its thread. */
typedef struct Loading {
    struct Loading *next;
    const char *key;
} Loading;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded = PTHREAD_COND_INITIALIZER; /* a load has ended, either way */
static GHashTable *registry; /* key -> CnxModel, not owned; NULL while empty */
static Loading *loadings;

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
static char *make_key(const Request *request)
{
    g_auto(GStrv) model_files = NULL, label_files = NULL;
    g_autofree char *real = realpath(request->path, NULL);
    GString *key;

    if (!real)
        return NULL;
    model_files = cnx_locate_files(request->path);
    label_files = cnx_labels_imagenet_files();
    key = g_string_new(cnx_isa_name(request->kernels->level));
    g_string_append_printf(
        key, "|%s|%s|%s|%s", cnx_precision_name(cnx_form_precision(request->form)),
        cnx_weight_set_name(request->options->weight_set),
        request->options->head_activation ? request->options->head_activation : "", real);
    append_files(key, model_files);
    append_files(key, label_files);
    return g_string_free(key, FALSE);
}

/* The registry, with the lock held */

/* A new reference to the model under this key, or NULL. */
static CnxModel *find_model(const char *key)
{
    CnxModel *model = registry ? g_hash_table_lookup(registry, key) : NULL;

    if (model)
        model->references++;
    return model;
}

static gboolean is_loading(const char *key)
{
    const Loading *l = loadings;

    while (l && !g_str_equal(l->key, key))
        l = l->next;
    return l != NULL;
}

static void register_model(CnxModel *model)
{
    if (!registry)
        registry = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(registry, model->key, model);
}

/* TRUE: *model is the model, or NULL for the caller to load it. FALSE: another thread's load has
 * just ended; the files may have changed since, so the caller starts over. */
static gboolean find_or_begin(Loading *loading, CnxModel **model)
{
    *model = find_model(loading->key);
    if (*model)
        return TRUE;
    if (!is_loading(loading->key)) {
        loading->next = loadings;
        loadings = loading;
        return TRUE;
    }
    while (is_loading(loading->key))
        pthread_cond_wait(&loaded, &lock);
    return FALSE;
}

static void end_loading(Loading *loading)
{
    Loading **link = &loadings;

    while (*link != loading)
        link = &(*link)->next;
    *link = loading->next;
    pthread_cond_broadcast(&loaded);
}

/* Loading */

static void model_free(CnxModel *model)
{
    cnx_weights_free(model->weights);
    cnx_config_free(model->config);
    g_free(model->key);
    g_free(model);
}

static gboolean is_allowed(const Request *request, const CnxConfig *config, gsize weights,
                           GError **error)
{
    return !request->check || request->check(config, weights, request->user_data, error);
}

static CnxModel *load_model(const Request *request, GError **error)
{
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
    model->references = 1;
    model->config = cnx_checkpoint_steal_config(checkpoint);
    model->kernels = kernels;
    model->form = request->form;
    model->weights = weights;
    return model;
}

/* Takes the key. */
static CnxModel *load_and_register(const Request *request, Loading *loading, char *key,
                                   GError **error)
{
    CnxModel *model = load_model(request, error);

    pthread_mutex_lock(&lock);
    if (model) {
        model->key = key;
        register_model(model);
    }
    end_loading(loading);
    pthread_mutex_unlock(&lock);
    if (!model)
        g_free(key);
    return model;
}

static CnxModel *open_model(const Request *request, GError **error)
{
    for (;;) {
        g_autofree char *key = make_key(request);
        Loading loading = {.key = key};
        CnxModel *model;
        gboolean ready;

        if (!key)
            return load_model(request, error);
        pthread_mutex_lock(&lock);
        ready = find_or_begin(&loading, &model);
        pthread_mutex_unlock(&lock);
        if (ready && !model)
            return load_and_register(request, &loading, g_steal_pointer(&key), error);
        if (ready && !is_allowed(request, model->config, model->weights->memory_size, error))
            g_clear_pointer(&model, cnx_model_unref);
        if (ready)
            return model;
    }
}

CnxModel *cnx_model_open_with(const char *path, const CnxOpenOptions *options,
                              CnxModelCheckFn *check, gpointer user_data, GError **error)
{
    const CnxKernels *kernels = cnx_isa_kernels(error);
    Request request = {path, options, kernels, CNX_FORM_FLOAT, check, user_data};

    if (!kernels)
        return NULL;
    request.form = cnx_products_form(kernels, options->precision);
    return open_model(&request, error);
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

    return load_model(&request, error);
}

CnxModel *cnx_model_ref(CnxModel *model)
{
    pthread_mutex_lock(&lock);
    model->references++;
    pthread_mutex_unlock(&lock);
    return model;
}

void cnx_model_unref(CnxModel *model)
{
    gboolean last;

    if (!model)
        return;
    pthread_mutex_lock(&lock);
    last = --model->references == 0;
    if (last && model->key) {
        g_hash_table_remove(registry, model->key);
        if (g_hash_table_size(registry) == 0)
            g_clear_pointer(&registry, g_hash_table_destroy);
    }
    pthread_mutex_unlock(&lock);
    if (last)
        model_free(model);
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
