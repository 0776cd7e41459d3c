/* The process's thread pool, shared by every run of every model.
 *
 * Each run holds the pool while it exists. The pool starts more workers when a run needs them, and
 * idle workers sleep. When the last run releases the pool, all workers are joined, so that none is
 * left when the plugin is unloaded.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <pthread.h>

#include "model/threads/cpus.h"

#define CNX_THREADS_MAX CNX_CPUS_MAX

/* Runs one task of a loop. slot is the index of the thread's scratch memory: 0 <= slot < threads,
 * and tasks of one loop that run concurrently have different slots. */
typedef void CnxTaskFn(gpointer data, guint task, guint slot);

/* Takes a hold on the pool and starts workers until loops of this many threads, including the
 * caller's, are possible. If the system refuses a worker, the pool runs with fewer. */
void cnx_threads_acquire(guint threads);

/* Releases a hold; the last one ends the workers. Must not be called from a task. */
void cnx_threads_release(void);

/* Calls fn for each task 0 <= task < tasks, on at most `threads` threads including the caller's,
 * and returns when all are done. Thread i of n starts at task tasks * i / n, so that equal loops
 * give it the same part each time. Loops of several callers run side by side. The caller must hold
 * the pool. */
void cnx_threads_loop(guint threads, guint tasks, CnxTaskFn *fn, gpointer data);

/* Calls fn for each live worker; for tests. */
void cnx_threads_each(void (*fn)(pthread_t worker));

/* Number of live workers; for tests. */
guint cnx_threads_workers(void);
