/* A thread that works on the newest task: a thread that submits one never waits.
 *
 *   submit ----> slot ----> running
 *                 ^ one place: a newer task replaces the one in it
 *
 * mode=latest submits jobs, a change of the model submits settings to open.
 *
 * submit, hold, drain and halt belong to the owner, one thread at a time; the rest to any thread.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct GstConvnextWorker GstConvnextWorker;

/* Runs a task, which it takes, in the worker's thread with no lock held. task: NULL after
 * gst_convnext_worker_wake(). */
typedef void GstConvnextWorkerRun(gpointer task, gpointer data);

/* name: of the thread; static. discard: frees a task that does not run. There is no thread before
 * the first task. */
GstConvnextWorker *gst_convnext_worker_new(const char *name, GstConvnextWorkerRun *run,
                                           GDestroyNotify discard, gpointer data);
void gst_convnext_worker_free(GstConvnextWorker *worker); /* halts; NULL allowed */

/* Makes task, which is taken, the next one. tag: for gst_convnext_worker_running_tag().
 * replaced: receives the task that was in the slot, which the caller owns, or NULL. FALSE with
 * error (CNX_ERROR) if the system has no thread; the caller keeps the task then. */
gboolean gst_convnext_worker_submit(GstConvnextWorker *worker, gpointer task, guint64 tag,
                                    gpointer *replaced, GError **error);

/* Runs once more, with the task in the slot or with NULL. FALSE if the system has no thread. */
gboolean gst_convnext_worker_wake(GstConvnextWorker *worker);

/* TRUE: the task in the slot does not begin, so that it can be replaced, until FALSE. */
void gst_convnext_worker_hold(GstConvnextWorker *worker, gboolean hold);

/* The tag of the task that runs; 0 if there is none, or if it was discarded. */
guint64 gst_convnext_worker_running_tag(GstConvnextWorker *worker);

/* For run: TRUE if its task was discarded meanwhile. */
gboolean gst_convnext_worker_is_discarded(GstConvnextWorker *worker);

/* For run: TRUE if a newer task is in the slot. */
gboolean gst_convnext_worker_has_next(GstConvnextWorker *worker);

/* Waits until every task has run or is discarded. */
void gst_convnext_worker_drain(GstConvnextWorker *worker);

/* Frees the task in the slot, and marks the one that runs as discarded. Does not wait. */
void gst_convnext_worker_discard(GstConvnextWorker *worker);

/* Frees the task in the slot, waits for the one that runs, and ends the thread. The next submit
 * starts another. */
void gst_convnext_worker_halt(GstConvnextWorker *worker);
