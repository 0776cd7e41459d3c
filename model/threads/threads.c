/* The pool is a list of open loops under one lock. A worker joins the first loop that has a free
 * slot, takes tasks until none is left, and leaves. Each slot starts on its own range of the loop's
 * tasks, so that a thread finds its part of the previous layer's output in its caches; then it
 * helps with the other ranges. Between loops a worker spins briefly, because the layers of a
 * network follow each other within microseconds, and then sleeps.
 *
 * The locks are POSIX's rather than GLib's because ThreadSanitizer understands them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "model/threads/threads.h"

#include <signal.h>
#include <stdatomic.h>

/* Iterations of a spin, 20 to 50 ns each. Sleeping and waking up costs 30 to 50 us in a virtual
 * machine, and a network has about 50 loops in a frame, whose threads rarely end at the same time:
 * a thread waits about 0.1 ms for the others before it sleeps. */
#define SPIN 4000

/* The same for the pool's lock, which is held for less than 1 us. The threads of a loop need it at
 * the same time. */
#define LOCK_SPIN 100

/* The tasks next <= task < end of a loop, on a cache line of their own. */
typedef struct Range {
    _Alignas(64) atomic_uint next;
    guint end;
} Range;

typedef struct Loop {
    struct Loop *next;
    CnxTaskFn *fn;
    gpointer data;
    guint slots;        /* maximum number of threads */
    guint joined;       /* slots taken; under the lock */
    atomic_uint inside; /* workers running it; a worker's last access to the loop decrements it */
    Range *ranges;      /* [slots] */
} Loop;

static struct {
    pthread_mutex_t lifecycle; /* serialises starting and joining workers; taken before lock */
    guint holds;
    guint workers;
    pthread_t worker[CNX_THREADS_MAX];

    pthread_mutex_t lock; /* guards everything below; posted is also read without it */
    pthread_cond_t work;  /* a loop was posted, or quit was set */
    pthread_cond_t left;  /* the last worker left a loop */
    Loop *loops;
    guint sleepers;
    gboolean quit;
    atomic_uint posted; /* number of loops so far, watched by spinning workers */
} pool = {
    .lifecycle = PTHREAD_MUTEX_INITIALIZER,
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .work = PTHREAD_COND_INITIALIZER,
    .left = PTHREAD_COND_INITIALIZER,
};

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void lock_pool(void)
{
    for (int i = 0; i < LOCK_SPIN; i++) {
        if (pthread_mutex_trylock(&pool.lock) == 0)
            return;
        relax();
    }
    pthread_mutex_lock(&pool.lock);
}

/* home is the range to start with. */
static void run_tasks(Loop *loop, guint home, guint slot)
{
    for (guint i = 0; i < loop->slots; i++) {
        Range *range = &loop->ranges[(home + i) % loop->slots];
        guint task;

        while ((task = atomic_fetch_add(&range->next, 1)) < range->end)
            loop->fn(loop->data, task, slot);
    }
}

static gboolean has_tasks(Loop *loop)
{
    for (guint i = 0; i < loop->slots; i++)
        if (atomic_load(&loop->ranges[i].next) < loop->ranges[i].end)
            return TRUE;
    return FALSE;
}

static Loop *find_open_loop(void)
{
    for (Loop *loop = pool.loops; loop != NULL; loop = loop->next)
        if (loop->joined < loop->slots && has_tasks(loop))
            return loop;
    return NULL;
}

/* The lock is held on entry and on return. home is the worker's number. */
static void join_loop(Loop *loop, guint home)
{
    const guint slot = loop->joined++;

    atomic_fetch_add(&loop->inside, 1);
    pthread_mutex_unlock(&pool.lock);
    run_tasks(loop, home, slot);
    lock_pool();
    if (atomic_fetch_sub(&loop->inside, 1) == 1)
        pthread_cond_broadcast(&pool.left);
}

/* The lock is held on entry and on return. */
static void wait_for_work(void)
{
    const guint seen = atomic_load(&pool.posted);

    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < SPIN && atomic_load_explicit(&pool.posted, memory_order_relaxed) == seen;
         i++)
        relax();
    lock_pool();
    while (atomic_load(&pool.posted) == seen && !pool.quit) {
        pool.sleepers++;
        pthread_cond_wait(&pool.work, &pool.lock);
        pool.sleepers--;
    }
}

/* number counts from 1; 0 is the thread that posts a loop. */
static void *worker_main(void *number)
{
    lock_pool();
    while (!pool.quit) {
        Loop *loop = find_open_loop();

        if (loop)
            join_loop(loop, GPOINTER_TO_UINT(number));
        else
            wait_for_work();
    }
    pthread_mutex_unlock(&pool.lock);
    return NULL;
}

/* Workers block all signals, which are meant for the application's threads. */
static gboolean start_worker(pthread_t *thread, guint number)
{
    sigset_t all, before;
    gboolean started;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    started = pthread_create(thread, NULL, worker_main, GUINT_TO_POINTER(number)) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        pthread_setname_np(*thread, "convnext");
    return started;
}

void cnx_threads_acquire(guint threads)
{
    g_assert(threads >= 1 && threads <= CNX_THREADS_MAX);
    pthread_mutex_lock(&pool.lifecycle);
    pool.holds++;
    const guint before = pool.workers;
    while (pool.workers + 1 < threads && start_worker(&pool.worker[pool.workers], pool.workers + 1))
        pool.workers++;
    cnx_cpus_set_workers(pool.worker, before, pool.workers);
    pthread_mutex_unlock(&pool.lifecycle);
}

void cnx_threads_release(void)
{
    pthread_mutex_lock(&pool.lifecycle);
    g_assert(pool.holds > 0);
    if (--pool.holds == 0) {
        lock_pool();
        pool.quit = TRUE;
        pthread_cond_broadcast(&pool.work);
        pthread_mutex_unlock(&pool.lock);
        cnx_cpus_set_workers(NULL, 0, 0);
        while (pool.workers > 0)
            pthread_join(pool.worker[--pool.workers], NULL);
        pool.quit = FALSE;
    }
    pthread_mutex_unlock(&pool.lifecycle);
}

static void post_loop(Loop *loop)
{
    Loop **tail = &pool.loops;

    lock_pool();
    while (*tail)
        tail = &(*tail)->next;
    *tail = loop;
    atomic_fetch_add(&pool.posted, 1);
    for (guint i = 0; i < MIN(pool.sleepers, loop->slots - 1); i++)
        pthread_cond_signal(&pool.work);
    pthread_mutex_unlock(&pool.lock);
}

/* After this no worker can join the loop. */
static void withdraw_loop(Loop *loop)
{
    Loop **link = &pool.loops;

    lock_pool();
    while (*link != loop)
        link = &(*link)->next;
    *link = loop->next;
    pthread_mutex_unlock(&pool.lock);
}

static void wait_for_workers(Loop *loop)
{
    for (int i = 0; i < SPIN && atomic_load(&loop->inside) != 0; i++)
        relax();
    if (atomic_load(&loop->inside) == 0)
        return;
    lock_pool();
    while (atomic_load(&loop->inside) != 0)
        pthread_cond_wait(&pool.left, &pool.lock);
    pthread_mutex_unlock(&pool.lock);
}

void cnx_threads_loop(guint threads, guint tasks, CnxTaskFn *fn, gpointer data)
{
    Range ranges[CNX_THREADS_MAX];
    Loop loop = {
        .fn = fn, .data = data, .slots = MIN(threads, tasks), .joined = 1, .ranges = ranges};
    guint end = 0;

    for (guint i = 0; i < loop.slots; i++) {
        atomic_init(&ranges[i].next, end);
        end = (guint)((guint64)tasks * (i + 1) / loop.slots);
        ranges[i].end = end;
    }
    if (loop.slots <= 1) {
        run_tasks(&loop, 0, 0);
        return;
    }
    post_loop(&loop);
    run_tasks(&loop, 0, 0);
    withdraw_loop(&loop);
    wait_for_workers(&loop);
}

void cnx_threads_each(void (*fn)(pthread_t worker))
{
    pthread_mutex_lock(&pool.lifecycle);
    for (guint i = 0; i < pool.workers; i++)
        fn(pool.worker[i]);
    pthread_mutex_unlock(&pool.lifecycle);
}

guint cnx_threads_workers(void)
{
    guint workers;

    pthread_mutex_lock(&pool.lifecycle);
    workers = pool.workers;
    pthread_mutex_unlock(&pool.lifecycle);
    return workers;
}
