/* A worker thread that runs the newest request: whoever submits never waits for the network.
 *
 *   submit ----> waiting ----> running ----> done
 *                 ^ one place: a newer request replaces the one that waits
 *
 * What waits is an input, made in the streaming thread, not the frame. To hold the frame until it
 * is its turn was tried too, with tests/bench/live.c: 720p, inputs of 416 x 416, ten times too
 * slow, a driver with 3 or 4 buffers. Neither ever left the driver without a buffer. An input costs
 * 0.9 ms of the streaming thread, most of it for nothing, a held frame 0.06; but a held frame is
 * not there for whoever has it from a small pool, must be let go when that pool is drained or
 * changed, and is copied by the elements behind that draw on it.
 *
 * Requests change places, their memory is used again: there are three of them at most, one being
 * filled by the owner, one waiting, one running.
 *
 * submit, hold, drain and halt are the owner's, one thread at a time; discard is anybody's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"

typedef struct GstConvnextWorker GstConvnextWorker;

/* Called in the worker's thread for each request that ran and was not discarded, in their order,
 * with no lock held. results: of gst_convnext_engine_infer(), borrowed; or NULL with error. */
typedef void GstConvnextWorkerDone(const GstConvnextJob *request, GPtrArray *results,
                                   const GError *error, gpointer data);

/* Has no thread before the first request. */
GstConvnextWorker *gst_convnext_worker_new(GstConvnextWorkerDone *done, gpointer data);
void gst_convnext_worker_free(GstConvnextWorker *worker); /* halts; NULL allowed */

/* Has the request run next. Takes *request and puts another one there, for the next frame.
 * replaced: whether an older one that was waiting gave way. FALSE with error (CNX_ERROR) when the
 * system has no thread for it; the request stays then. */
gboolean gst_convnext_worker_submit(GstConvnextWorker *worker, GstConvnextEngine *engine,
                                    GstConvnextJob **request, gboolean *replaced, GError **error);

/* Until it is let go, what waits is not begun, so that it can be replaced by who knows what runs.
 */
void gst_convnext_worker_hold(GstConvnextWorker *worker, gboolean hold);

/* What the worker looks at now: `seen` of its regions; 0: at nothing, or at nothing that is heard
 * of. What it looked at before has been told. */
guint64 gst_convnext_worker_running(GstConvnextWorker *worker);

/* Waits until what was submitted is done or discarded. */
void gst_convnext_worker_drain(GstConvnextWorker *worker);

/* Nothing more is heard of what was submitted so far. Does not wait. */
void gst_convnext_worker_discard(GstConvnextWorker *worker);

/* Discards, ends the thread, and gives memory and engine back. The next submit starts anew. */
void gst_convnext_worker_halt(GstConvnextWorker *worker);
