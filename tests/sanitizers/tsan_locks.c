/* GMutex and GCond as POSIX locks, which ThreadSanitizer knows. GLib makes them of futexes and
 * atomic operations and is not built with it, so without this all that they protect would look like
 * a race. GRecMutex, GRWLock and threads are POSIX ones already.
 *
 * This and tsan_libraries.c are one module that is preloaded into programs which are built with
 * ThreadSanitizer: their calls come here, and those of the plugin and of GStreamer, but not those
 * inside of GLib, which has mutexes of its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <stdlib.h>

#pragma GCC visibility push(default)

/* A pointer to a POSIX one, made when it is first used, since a zeroed GMutex is a good one. */
static void *make_once(gpointer *place, void *(*make)(void), void (*destroy)(void *))
{
    void *there = __atomic_load_n(place, __ATOMIC_ACQUIRE);

    if (there)
        return there;
    void *mine = make();
    if (__atomic_compare_exchange_n(place, &there, mine, FALSE, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return mine;
    destroy(mine);
    return there;
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

/* end: microseconds of g_get_monotonic_time(). */
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
