/* The processors that this process may use: their number, and pinning to some of them.
 *
 * The process has one thread pool and one pinned set: the union of the processors that its pins
 * name. The pool's workers run on that set, and so does a caller's thread while it computes.
 * Thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>

#include "model/base/error.h"

#define CNX_CPUS_MAX 256u /* counts are capped at this */

/* Processors that any thread of this process may run on, or the control group's quota of processor
 * time if that is smaller; 1..CNX_CPUS_MAX. */
guint cnx_cpus_allowed(void);

/* The same for the pinned set, or cnx_cpus_allowed() without pins. */
guint cnx_cpus_available(void);

/* Processors in the affinity masks of all threads of this process, without the quota. While pins
 * exist, those from before the first pin. */
guint cnx_cpus_in_masks(void);

/* The quota of processor time, in processors and rounded up, of the control groups listed in
 * membership (format of /proc/self/cgroup, version 1 or 2) and mounted at root (/sys/fs/cgroup):
 * the smallest of each group and its parents. 0 means no limit. */
guint cnx_cpus_quota(const char *membership, const char *root);

typedef struct CnxCpusPin CnxCpusPin;

/* Adds the processors in list ("0-3,6") to the pinned set and moves the workers there. Returns NULL
 * with error (CNX_ERROR_SETTINGS) if list is malformed or names a processor that this process may
 * not use. */
CnxCpusPin *cnx_cpus_pin(const char *list, GError **error);

/* Whether cnx_cpus_pin() would accept list; FALSE with the same error. */
gboolean cnx_cpus_check(const char *list, GError **error);

/* Removes a pin; after the last one the workers may run anywhere again. NULL allowed. */
void cnx_cpus_unpin(CnxCpusPin *pin);

/* Processors in the pinned set; 0 without pins. */
guint cnx_cpus_pinned(void);

/* Sets the pool's workers [n], borrowed until the next call. The first n_old are those of the
 * previous call. Pins the new ones to the set; without pins they may run on every processor of the
 * process, not just on those of the thread that created them. */
void cnx_cpus_set_workers(const pthread_t *workers, guint n_old, guint n);

/* Brackets computation on the calling thread, which runs on the pinned set in between. Cheap
 * without pins. Do not nest. */
void cnx_cpus_enter(void);
void cnx_cpus_leave(void);
