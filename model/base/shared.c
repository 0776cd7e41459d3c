/* One lock guards the registry, the reference counts and the list of loads under way. It is never
 * held while something loads.
 *
 * The locks are POSIX's rather than GLib's because ThreadSanitizer understands them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/shared.h"

#include <pthread.h>

/* A load under way, on the stack of its thread. */
typedef struct Loading {
    struct Loading *next;
    const char *key;
} Loading;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t loaded = PTHREAD_COND_INITIALIZER; /* a load has ended, either way */
static GHashTable *registry; /* key -> CnxShared, not owned; NULL while empty */
static Loading *loadings;

/* The registry, with the lock held */

/* A new reference to the thing under this key, or NULL. */
static CnxShared *find_shared(const char *key)
{
    CnxShared *shared = registry ? g_hash_table_lookup(registry, key) : NULL;

    if (shared)
        shared->references++;
    return shared;
}

static gboolean is_loading(const char *key)
{
    const Loading *l = loadings;

    while (l && !g_str_equal(l->key, key))
        l = l->next;
    return l != NULL;
}

static void add_shared(CnxShared *shared)
{
    if (!registry)
        registry = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(registry, shared->key, shared);
}

/* TRUE: *shared is the thing, or NULL for the caller to load it. FALSE: another thread's load has
 * just ended; the files may have changed since, so the caller starts over. */
static gboolean find_or_begin(Loading *loading, CnxShared **shared)
{
    *shared = find_shared(loading->key);
    if (*shared)
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

CnxShared *cnx_shared_load(const CnxSharedClass *class, gconstpointer request, GError **error)
{
    CnxShared *shared = class->load(request, error);

    if (shared) {
        shared->class = class;
        shared->references = 1;
    }
    return shared;
}

/* Takes the key. */
static CnxShared *load_and_add(const CnxSharedClass *class, gconstpointer request, Loading *loading,
                               char *key, GError **error)
{
    CnxShared *shared = cnx_shared_load(class, request, error);

    pthread_mutex_lock(&lock);
    if (shared) {
        shared->key = key;
        add_shared(shared);
    }
    end_loading(loading);
    pthread_mutex_unlock(&lock);
    if (!shared)
        g_free(key);
    return shared;
}

CnxShared *cnx_shared_open(const CnxSharedClass *class, gconstpointer request, GError **error)
{
    for (;;) {
        g_autofree char *key = class->make_key(request);
        Loading loading = {.key = key};
        CnxShared *shared;
        gboolean ready;

        if (!key)
            return cnx_shared_load(class, request, error);
        pthread_mutex_lock(&lock);
        ready = find_or_begin(&loading, &shared);
        pthread_mutex_unlock(&lock);
        if (ready && !shared)
            return load_and_add(class, request, &loading, g_steal_pointer(&key), error);
        if (ready && !class->is_allowed(shared, request, error))
            g_clear_pointer(&shared, cnx_shared_unref);
        if (ready)
            return shared;
    }
}

CnxShared *cnx_shared_ref(CnxShared *shared)
{
    pthread_mutex_lock(&lock);
    shared->references++;
    pthread_mutex_unlock(&lock);
    return shared;
}

void cnx_shared_unref(CnxShared *shared)
{
    gboolean last;

    if (!shared)
        return;
    pthread_mutex_lock(&lock);
    last = --shared->references == 0;
    if (last && shared->key) {
        g_hash_table_remove(registry, shared->key);
        if (g_hash_table_size(registry) == 0)
            g_clear_pointer(&registry, g_hash_table_destroy);
    }
    pthread_mutex_unlock(&lock);
    if (!last)
        return;
    g_free(shared->key);
    shared->class->free(shared);
}
