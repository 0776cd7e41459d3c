/* A thread that runs the newest task. Submitting a task never waits.
 *
 *   submit ----> slot ----> running
 *                 ^ one place: a newer task replaces the one in it
 *
 * mode=latest submits jobs; a change of the model submits settings to open an engine with.
 *
 * submit, hold, drain and halt are for the owner, in one thread at a time; the rest are for any
 * thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct GstConvnextWorker GstConvnextWorker;

/* Runs a task, which it takes, in the worker's thread with no lock held. task: NULL after
 * gst_convnext_worker_wake(). */
typedef void GstConvnextWorkerRun(gpointer task, gpointer data);

/* name: of the thread; static. discard: frees a task that does not run. The thread starts with the
 * first task. */
GstConvnextWorker *gst_convnext_worker_new(const char *name, GstConvnextWorkerRun *run,
                                           GDestroyNotify discard, gpointer data);
void gst_convnext_worker_free(GstConvnextWorker *worker); /* halts; NULL allowed */

/* Takes task and makes it the next one. tag: for gst_convnext_worker_running_tag(). replaced:
 * receives the task that was in the slot, which the caller owns, or NULL. FALSE with error
 * (CNX_ERROR) if the thread cannot be started; then the caller keeps the task. */
gboolean gst_convnext_worker_submit(GstConvnextWorker *worker, gpointer task, guint64 tag,
                                    gpointer *replaced, GError **error);

/* Makes the thread call run once more, with the task in the slot or with NULL. FALSE if the thread
 * cannot be started. */
gboolean gst_convnext_worker_wake(GstConvnextWorker *worker);

/* TRUE keeps the task in the slot from starting, so that it can be replaced, until FALSE is set. */
void gst_convnext_worker_hold(GstConvnextWorker *worker, gboolean hold);

/* The tag of the running task; 0 if none runs or if it was discarded. */
guint64 gst_convnext_worker_running_tag(GstConvnextWorker *worker);

/* For run: TRUE if its task was discarded meanwhile. */
gboolean gst_convnext_worker_is_discarded(GstConvnextWorker *worker);

/* For run: TRUE if a newer task is in the slot. */
gboolean gst_convnext_worker_has_next(GstConvnextWorker *worker);

/* Waits until every task has run or was discarded. */
void gst_convnext_worker_drain(GstConvnextWorker *worker);

/* Frees the task in the slot and marks the running one as discarded. Does not wait. */
void gst_convnext_worker_discard(GstConvnextWorker *worker);

/* Frees the task in the slot, waits for the running one, and ends the thread. The next submit
 * starts another thread. */
void gst_convnext_worker_halt(GstConvnextWorker *worker);
