/* The queue that streams share: jobs from any number of threads become forward passes of one
 * network.
 *
 * A client is one stream's access to a queue. All clients in this process with the same network (in
 * the same precision), input size and settings, such as a model's outputs, share one queue
 * automatically. A queue has one run, so the memory does not grow with the number of streams. It
 * serves jobs first come, first served, without a thread of its own: the thread whose job is first
 * runs that job, and those behind it that fit in the same batch, on the thread pool of the process.
 *
 *   fairness  a client has at most one job in the queue, so a job waits for at most one job of each
 *             other client
 *   batches   a turn takes as many waiting jobs as fit in the batch; no job waits for a batch to
 *             fill
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/batch.h"

typedef struct CnxClient CnxClient;

/* threads: number of threads that this client requests for a forward pass; 0 means as many as this
 * process may use. A queue uses the largest number that one of its clients requests. Takes its own
 * reference to the model. */
CnxClient *cnx_client_new(CnxModel *model, CnxOutput outputs, guint threads);

/* The same for any network: takes its own reference to it, and a copy of the settings. */
CnxClient *cnx_client_new_for(const CnxWorkKind *kind, gpointer network, gconstpointer settings,
                              guint threads);
void cnx_client_free(CnxClient *client); /* NULL allowed. Not while a job is under way. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxClient, cnx_client_free)

/* The number of threads that a request for this many means, without pinned processors. */
guint cnx_client_threads(guint threads);

/* Limits the memory of a batch of several images, in bytes; at first there is no limit. A queue
 * keeps to the least that one of its clients allows. */
void cnx_client_set_memory(CnxClient *client, gsize memory);

/* Sets which part of the next job's images shows the frame, in their top left corner, pixels; at
 * first all of it. Detectors clip to it. */
void cnx_client_set_content(CnxClient *client, guint width, guint height);

/* Joins the queue for inputs of width x height, leaving any other, and makes sure that there is
 * memory for a run. FALSE with error (see cnx_run_new()) if there is none. */
gboolean cnx_client_join(CnxClient *client, guint width, guint height, GError **error);

/* Leaves the queue. The last client to leave frees the queue and its run. */
void cnx_client_leave(CnxClient *client);

/* Runs n images of width x height, [n] pointers to [height, width, 3] float, in one turn. Returns
 * after fn has received all outputs. fn may be called on any thread, but never on two at a time for
 * one job; the queue waits until it returns. Joins the queue for this size if necessary. A client
 * runs one job at a time; different clients may run theirs on any threads.
 *
 * FALSE with error: CNX_ERROR_CANCELLED if the client was cancelled before the job's turn,
 * otherwise as cnx_run_new(), or that of the kind. In both cases fn has not been called. */
gboolean cnx_client_run(CnxClient *client, guint width, guint height, const float *const *images,
                        guint n, CnxOutputsFn *fn, gpointer data, GError **error);

/* TRUE makes a waiting job return at once, and all later ones too until FALSE is set. A job whose
 * turn has come is completed. Thread safe. */
void cnx_client_cancel(CnxClient *client, gboolean cancel);

typedef struct CnxQueueStats {
    guint clients;    /* of the queue now */
    guint waiting;    /* jobs in the queue */
    guint threads;    /* of a forward pass, memory permitting */
    gsize memory;     /* bytes of the run */
    guint64 forwards; /* forward passes since the queue was created */
    guint64 images;   /* in those passes */
} CnxQueueStats;

/* All 0 for a client that has not joined a queue. */
void cnx_client_stats(CnxClient *client, CnxQueueStats *stats);
