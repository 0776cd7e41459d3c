/* One pool of worker threads for the whole process, shared by every run of every model.
 *
 * A run holds the pool while it exists. Workers are made when a run asks for more than there are,
 * sleep when there is nothing to do, and are joined when the last run lets go, so that none is
 * left when a plugin is unloaded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <pthread.h>

#define CNX_THREADS_MAX 256u

/* Task number `task` of a loop. slot: 0 <= slot < threads, and no two tasks that run at the same
 * time in one loop share it: the index of a thread's scratch. */
typedef void CnxTaskFn(gpointer data, guint task, guint slot);

/* Takes a hold of the pool and sees that it has workers for loops of so many threads, the caller's
 * included. A worker that the system refuses is done without. */
void cnx_threads_acquire(guint threads);

/* Returns a hold; with the last one the workers end. Not from within a task. */
void cnx_threads_release(void);

/* Calls fn for each task 0 <= task < tasks, on at most threads threads, the caller's among them,
 * and returns when all are done. Thread i of n begins at task tasks * i / n, so that equal loops
 * give it the same part each time. Loops of several callers run side by side.
 * The caller has a hold of the pool. */
void cnx_threads_loop(guint threads, guint tasks, CnxTaskFn *fn, gpointer data);

/* Calls fn for each worker alive. */
void cnx_threads_each(void (*fn)(pthread_t worker));

/* Workers alive; for tests. */
guint cnx_threads_workers(void);
