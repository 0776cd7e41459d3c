/* GMutex and GCond as POSIX locks, which ThreadSanitizer knows. GLib implements them with futexes
 * and atomic operations and is not instrumented, so every access that they protect would look like
 * a race. GRecMutex, GRWLock and threads use POSIX already.
 *
 * This file and tsan_libraries.c form one module that is preloaded into programs built with
 * ThreadSanitizer. Calls from these programs, the plugin and GStreamer arrive here; calls inside
 * GLib do not, and use its own mutexes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

#pragma GCC visibility push(default)

/* Returns the POSIX lock of a GLib lock. Made on first use, because a zeroed GMutex is valid. */
static void *make_once(gpointer *place, void *(*make)(void), void (*destroy)(void *))
{
    void *existing = __atomic_load_n(place, __ATOMIC_ACQUIRE);

    if (existing)
        return existing;
    void *made = make();
    if (__atomic_compare_exchange_n(place, &existing, made, FALSE, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return made;
    destroy(made);
    return existing;
}

static void *mutex_make(void)
{
    pthread_mutex_t *mutex = malloc(sizeof *mutex);

    pthread_mutex_init(mutex, NULL);
    return mutex;
}

static void mutex_destroy(void *mutex)
{
    pthread_mutex_destroy(mutex);
    free(mutex);
}

static void *cond_make(void)
{
    pthread_cond_t *cond = malloc(sizeof *cond);
    pthread_condattr_t attributes;

    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(cond, &attributes);
    pthread_condattr_destroy(&attributes);
    return cond;
}

static void cond_destroy(void *cond)
{
    pthread_cond_destroy(cond);
    free(cond);
}

static pthread_mutex_t *mutex_of(GMutex *mutex)
{
    return make_once(&mutex->p, mutex_make, mutex_destroy);
}

static pthread_cond_t *cond_of(GCond *cond)
{
    return make_once(&cond->p, cond_make, cond_destroy);
}

void g_mutex_init(GMutex *mutex)
{
    mutex->p = NULL;
}

void g_mutex_clear(GMutex *mutex)
{
    if (mutex->p)
        mutex_destroy(mutex->p);
    mutex->p = NULL;
}

void g_mutex_lock(GMutex *mutex)
{
    pthread_mutex_lock(mutex_of(mutex));
}

gboolean g_mutex_trylock(GMutex *mutex)
{
    return pthread_mutex_trylock(mutex_of(mutex)) == 0;
}

void g_mutex_unlock(GMutex *mutex)
{
    pthread_mutex_unlock(mutex_of(mutex));
}

void g_cond_init(GCond *cond)
{
    cond->p = NULL;
}

void g_cond_clear(GCond *cond)
{
    if (cond->p)
        cond_destroy(cond->p);
    cond->p = NULL;
}

void g_cond_wait(GCond *cond, GMutex *mutex)
{
    pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

/* end is in microseconds, as g_get_monotonic_time() returns them. */
gboolean g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end)
{
    struct timespec until = {end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000};

    return pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &until) != ETIMEDOUT;
}

void g_cond_signal(GCond *cond)
{
    pthread_cond_signal(cond_of(cond));
}

void g_cond_broadcast(GCond *cond)
{
    pthread_cond_broadcast(cond_of(cond));
}
