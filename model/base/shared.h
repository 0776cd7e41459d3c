/* Things that are expensive to load, such as a network's packed weights: reference counted, and
 * shared by the whole process under a key.
 *
 * Only one thread loads a key at a time, so two elements that start together load a file once; a
 * load of another key does not wait for it. A load may open other shared things.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct CnxShared CnxShared;

typedef struct CnxSharedClass {
    /* The key of what the request asks for, which tells everything apart that would be loaded
     * differently; with g_free. NULL: it is loaded, but not shared. */
    char *(*make_key)(gconstpointer request);
    /* A thing whose CnxShared is zeroed, or NULL with error. Called without locks. */
    CnxShared *(*load)(gconstpointer request, GError **error);
    /* Whether the request may use a thing that the process holds; FALSE with error. */
    gboolean (*is_allowed)(const CnxShared *shared, gconstpointer request, GError **error);
    void (*free)(CnxShared *shared);
} CnxSharedClass;

/* The first member of a shared thing */
struct CnxShared {
    const CnxSharedClass *class;
    guint references; /* under the lock of shared.c */
    char *key;        /* NULL: not shared */
};

/* A new reference to the thing that the process holds under the request's key, or else to the one
 * that is loaded. Thread safe: a call waits for another thread only while that thread loads the
 * same key. NULL with error. */
CnxShared *cnx_shared_open(const CnxSharedClass *class, gconstpointer request, GError **error);

/* The same without a key: the thing is not shared. */
CnxShared *cnx_shared_load(const CnxSharedClass *class, gconstpointer request, GError **error);

CnxShared *cnx_shared_ref(CnxShared *shared);
void cnx_shared_unref(CnxShared *shared); /* NULL allowed */
