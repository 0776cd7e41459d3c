/* The engine that streams share: requests of any number of threads become runs of one network.
 *
 * A client is one stream's seat. All clients of this process with the same model, input size and
 * outputs find the same service by themselves. It has one run, so one arena, however many streams
 * there are, and a queue, first come, first served. There is no thread of its own: the thread whose
 * request is first runs it, and those behind it in the same batch, on the process's workers.
 *
 *   fair     a client has one request at a time in the queue, so none waits behind more than one of
 *            each other client's
 *   batches  what waits when a run begins is run together, as far as model/serve/batch.h has room;
 *            nothing waits for company
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/batch.h"

typedef struct CnxClient CnxClient;

/* threads: that this client wants for a forward pass; 0: as many as this process may use. A service
 * has the most that one of its clients wants. Takes its own reference to the model. */
CnxClient *cnx_client_new(CnxModel *model, CnxOutput outputs, guint threads);
void cnx_client_free(CnxClient *client); /* NULL allowed. Not while a request is under way. */

/* Joins the service for inputs of width x height, leaves the one before, and sees that there is
 * memory for a run. FALSE with error otherwise: see cnx_run_new(). */
gboolean cnx_client_join(CnxClient *client, guint width, guint height, GError **error);

/* Leaves the service. The last one takes the run's memory with it. */
void cnx_client_leave(CnxClient *client);

/* Runs n images of width x height, [n] pointers to [height, width, 3] float, in one turn, and
 * returns when fn has had all their outputs. fn is called on any thread, never on two at a time for
 * one request; while it takes, the engine waits. Joins the service for that size where that has not
 * been done. One thread at a time for one client; different clients from any threads.
 *
 * FALSE with error: CNX_ERROR_CANCELLED when the client is or becomes cancelled before its turn has
 * come; otherwise as cnx_run_new(). fn has not been called then. */
gboolean cnx_client_run(CnxClient *client, guint width, guint height, const float *const *images,
                        guint n, CnxOutputsFn *fn, gpointer data, GError **error);

/* TRUE: a request that waits for its turn returns at once, and so do all that follow, until FALSE.
 * One whose turn has come is finished. From any thread. */
void cnx_client_cancel(CnxClient *client, gboolean cancel);

typedef struct CnxQueueStats {
    guint clients;    /* of the service now */
    guint waiting;    /* requests in the queue */
    guint threads;    /* of a forward pass, where there is memory for them */
    gsize memory;     /* bytes of the run */
    guint64 forwards; /* since the service is there */
    guint64 images;   /* in them */
} CnxQueueStats;

/* All 0 for a client that has not joined. */
void cnx_client_stats(CnxClient *client, CnxQueueStats *stats);
