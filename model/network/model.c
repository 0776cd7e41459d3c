/* Models and the registry of those that this process holds.
 *
 * One lock guards the table, the reference counts and the list of what is being loaded, for moments
 * only. A key is loaded by one thread at a time, so that two elements that start together do not
 * load one file twice, and nobody waits for the loading of another one.
 * POSIX locks, not GLib's: ThreadSanitizer knows them.
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
    char *key;        /* in the registry */
    CnxConfig *config;
    const CnxKernels *kernels;
    CnxWeights *weights;
};

/* On the stack of the thread that loads. */
typedef struct Loading {
    struct Loading *next;
    const char *key;
} Loading;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded = PTHREAD_COND_INITIALIZER; /* or failed: one left the list */
static GHashTable *registry; /* key -> CnxModel, not owned; NULL while there are none */
static Loading *loadings;

/* files: freed. */
static void append_files(GString *key, char **files)
{
    for (char **file = files; *file; file++) {
        char *real = realpath(*file, NULL);
        GStatBuf st;

        if (real && g_stat(real, &st) == 0)
            g_string_append_printf(key, "|%s:%" G_GUINT64_FORMAT ":%" G_GINT64_FORMAT ".%09ld",
                                   real, (guint64)st.st_size, (gint64)st.st_mtim.tv_sec,
                                   (long)st.st_mtim.tv_nsec);
        else
            g_string_append(key, "|-");
        free(real);
    }
    g_strfreev(files);
}

/* What makes two openings the same model: place, size and time of every file that is read, the
 * lists of ImageNet's names among them; which of its sets of weights; and the level that they were
 * packed for. Links are followed file by file: those to one file of weights (the Hub's cache has
 * them) may stand beside different configs. NULL when path does not resolve. */
static char *make_key(const char *path, CnxWeightSet wanted, const CnxKernels *kernels)
{
    char *real = realpath(path, NULL);
    GString *key;

    if (!real)
        return NULL;
    key = g_string_new(cnx_isa_name(kernels->level));
    g_string_append_printf(key, "|%s|%s", cnx_weight_set_name(wanted), real);
    append_files(key, cnx_locate_files(path));
    append_files(key, cnx_labels_imagenet_files());
    free(real);
    return g_string_free(key, FALSE);
}

/* The lock is held */

/* A new reference to the model under this key, or NULL. */
static CnxModel *find(const char *key)
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

static void enter(CnxModel *model)
{
    if (!registry)
        registry = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(registry, model->key, model);
}

/* FALSE: somebody else was loading it, has ended, and the files may have changed meanwhile.
 * Otherwise *model is the model, or it is for the caller to load. */
static gboolean find_or_begin(Loading *loading, CnxModel **model)
{
    *model = find(loading->key);
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

static void finish(Loading *loading)
{
    Loading **link = &loadings;

    while (*link != loading)
        link = &(*link)->next;
    *link = loading->next;
    pthread_cond_broadcast(&loaded);
}

/* The public functions */

static void model_free(CnxModel *model)
{
    cnx_weights_free(model->weights);
    cnx_config_free(model->config);
    g_free(model->key);
    g_free(model);
}

static CnxModel *load(const char *path, CnxWeightSet wanted, const CnxKernels *kernels,
                      GError **error)
{
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, wanted, error);
    CnxWeights *weights;
    CnxModel *model = NULL;

    if (!checkpoint)
        return NULL;
    weights = cnx_weights_new(checkpoint, kernels, error);
    if (weights) {
        model = g_new0(CnxModel, 1);
        model->references = 1;
        model->config = cnx_checkpoint_steal_config(checkpoint);
        model->kernels = kernels;
        model->weights = weights;
    }
    cnx_checkpoint_close(checkpoint);
    return model;
}

/* key: taken over; the model's, if there is one. */
static CnxModel *load_and_enter(const char *path, CnxWeightSet wanted, const CnxKernels *kernels,
                                Loading *loading, char *key, GError **error)
{
    CnxModel *model = load(path, wanted, kernels, error);

    pthread_mutex_lock(&lock);
    if (model) {
        model->key = key;
        enter(model);
    }
    finish(loading);
    pthread_mutex_unlock(&lock);
    if (!model)
        g_free(key);
    return model;
}

CnxModel *cnx_model_open(const char *path, CnxWeightSet wanted, GError **error)
{
    const CnxKernels *kernels = cnx_isa_kernels(error);

    if (!kernels)
        return NULL;
    for (;;) {
        char *key = make_key(path, wanted, kernels);
        Loading loading = {.key = key};
        CnxModel *model;
        gboolean known;

        if (!key)
            return load(path, wanted, kernels, error);
        pthread_mutex_lock(&lock);
        known = find_or_begin(&loading, &model);
        pthread_mutex_unlock(&lock);
        if (known && !model)
            return load_and_enter(path, wanted, kernels, &loading, key, error);
        g_free(key);
        if (known)
            return model;
    }
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

const CnxWeights *cnx_model_weights(const CnxModel *model)
{
    return model->weights;
}

const CnxKernels *cnx_model_kernels(const CnxModel *model)
{
    return model->kernels;
}
