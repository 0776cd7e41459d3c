/* Which processors the engine's threads run on, where the user says so.
 *
 * One set for the whole process, as there is one pool of workers: the processors that any hold
 * names. It holds for the workers, and for a caller's thread while it computes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>

#include "model/base/error.h"

typedef struct CnxAffinity CnxAffinity;

/* Takes a hold of the processors that list names, "0-3,6", and pins the workers to the set. NULL
 * with error (CNX_ERROR_SETTINGS) when list is no such list, or names a processor that this process
 * may not use. */
CnxAffinity *cnx_affinity_acquire(const char *list, GError **error);

/* Whether that would give a hold; FALSE with the same error. */
gboolean cnx_affinity_check(const char *list, GError **error);

/* Returns a hold; after the last one the workers may run anywhere again. NULL allowed. */
void cnx_affinity_release(CnxAffinity *affinity);

/* Processors of the set; 0: there is none. */
guint cnx_affinity_count(void);

/* Processors that this process may use: those that any of its threads may. */
guint cnx_affinity_allowed(void);

/* Pins n new workers to the set, or, without one, lets them run wherever the process may, and not
 * only where the thread may that makes them. */
void cnx_affinity_pin(const pthread_t *workers, guint n);

/* Around work that the calling thread does in the engine's name: it runs on the set meanwhile.
 * Cheap without a set. Not nested. */
void cnx_affinity_enter(void);
void cnx_affinity_leave(void);
