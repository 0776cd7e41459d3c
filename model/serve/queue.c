/* One lock guards the table of queues, their jobs and their counts. It is never held during a
 * forward pass. The work of a queue belongs to the thread that set queue->busy, and only that
 * thread touches it, without the lock.
 *
 * The locks are POSIX's rather than GLib's because ThreadSanitizer understands them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/queue.h"

#include <pthread.h>

#include "model/threads/cpus.h"
#include "model/threads/threads.h"

typedef struct Queue {
    struct Queue *next;
    const CnxWorkKind *kind;
    gpointer network, settings;
    guint width, height;
    CnxClient *clients; /* the last one to leave frees the queue */
    CnxJob *first;      /* the waiting jobs */
    guint64 forwards, images;
    gsize memory;
    gboolean busy; /* a thread has the work */
    gpointer work;
} Queue;

struct CnxClient {
    CnxClient *next; /* of the same queue */
    const CnxWorkKind *kind;
    gpointer network, settings;
    guint threads;     /* 0: as many as possible */
    guint max_threads; /* while no processors are pinned */
    gsize memory;      /* bytes that a batch of several images may take */
    gboolean holds_pool;
    guint content_width, content_height;
    Queue *queue;
    CnxJob *job; /* under way */
    gboolean cancelled;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Queue *queues;

/* The table, with the lock held */

static Queue *find_queue(const CnxClient *client, guint width, guint height)
{
    for (Queue *q = queues; q != NULL; q = q->next)
        if (q->kind == client->kind && q->network == client->network && q->width == width &&
            q->height == height && q->kind->same_settings(q->settings, client->settings))
            return q;
    return NULL;
}

static Queue *add_queue(const CnxClient *client, guint width, guint height)
{
    Queue *q = g_new0(Queue, 1);

    q->kind = client->kind;
    q->network = client->network; /* the work's reference */
    q->settings = g_memdup2(client->settings, client->kind->settings_size);
    q->width = width;
    q->height = height;
    q->work = client->kind->create(client->network, client->settings, width, height);
    q->next = queues;
    queues = q;
    return q;
}

static void enter_queue(CnxClient *client, Queue *queue)
{
    client->queue = queue;
    client->next = queue->clients;
    queue->clients = client;
}

/* If the client was the last one, removes the queue from the table and returns it; the caller frees
 * it without the lock. */
static Queue *leave_queue(CnxClient *client)
{
    Queue *queue = client->queue, **link = &queues;
    CnxClient **place;

    if (!queue)
        return NULL;
    g_assert(!client->job);
    for (place = &queue->clients; *place != client;)
        place = &(*place)->next;
    *place = client->next;
    client->queue = NULL;
    if (queue->clients)
        return NULL;
    while (*link != queue)
        link = &(*link)->next;
    *link = queue->next;
    return queue;
}

/* Pinned processors may change from one turn to the next. */
static guint threads_of_client(const CnxClient *client)
{
    const guint pinned = cnx_cpus_pinned();

    return client->threads == 0 && pinned > 0 ? MIN(client->max_threads, pinned)
                                              : client->max_threads;
}

static guint threads_of_queue(const Queue *queue)
{
    guint most = 1;

    for (const CnxClient *c = queue->clients; c != NULL; c = c->next)
        most = MAX(most, threads_of_client(c));
    return most;
}

/* The least that one of the clients allows. */
static gsize memory_of_queue(const Queue *queue)
{
    gsize least = G_MAXSIZE;

    for (const CnxClient *c = queue->clients; c != NULL; c = c->next)
        least = MIN(least, c->memory);
    return least;
}

static void free_queue(Queue *queue)
{
    if (!queue)
        return;
    queue->kind->free(queue->work);
    g_free(queue->settings);
    g_free(queue);
}

/* Turns; the lock is held on entry and on return */

/* Releases the work and wakes the thread of the first job. */
static void release_work(Queue *queue)
{
    queue->busy = FALSE;
    queue->memory = queue->kind->memory(queue->work);
    if (queue->first)
        pthread_cond_signal(&queue->first->changed);
}

/* Takes the first job and those behind it that fit in the same batch off the queue. */
static CnxJob *take_turn(Queue *queue, guint *images)
{
    const guint room = queue->kind->limit(queue->work);
    CnxJob *taken = queue->first, *last = taken;

    last->state = CNX_JOB_TAKEN;
    *images = last->n;
    while (last->next && *images + last->next->n <= room) {
        last = last->next;
        last->state = CNX_JOB_TAKEN;
        *images += last->n;
    }
    queue->first = last->next;
    last->next = NULL;
    return taken;
}

static void run_turn(Queue *queue)
{
    g_autoptr(GError) error = NULL;
    const guint threads = threads_of_queue(queue);
    const gsize memory = memory_of_queue(queue);
    guint images, forwards = 0;
    CnxJob *job = take_turn(queue, &images), *next;

    queue->busy = TRUE;
    pthread_mutex_unlock(&lock);
    queue->kind->set_memory(queue->work, memory);
    if (queue->kind->prepare(queue->work, threads, images, &error)) {
        cnx_cpus_enter();
        forwards = queue->kind->run(queue->work, job);
        cnx_cpus_leave();
    }
    pthread_mutex_lock(&lock);
    queue->forwards += forwards;
    queue->images += forwards > 0 ? images : 0;
    release_work(queue); /* first, because the queue is idle until that thread is awake */
    for (; job != NULL; job = next) {
        next = job->next; /* a job may be gone once the lock is released */
        job->error = error ? g_error_copy(error) : NULL;
        job->state = CNX_JOB_DONE;
        pthread_cond_signal(&job->changed);
    }
}

static void append_job(Queue *queue, CnxJob *job)
{
    CnxJob **tail = &queue->first;

    while (*tail)
        tail = &(*tail)->next;
    *tail = job;
}

static void remove_job(Queue *queue, CnxJob *job)
{
    CnxJob **link = &queue->first;

    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
    if (link == &queue->first && !queue->busy)
        release_work(queue);
}

/* Returns when the job is done or cancelled. */
static void run_job(CnxClient *client, CnxJob *job)
{
    Queue *queue = client->queue;

    append_job(queue, job);
    client->job = job;
    job->cancelled = client->cancelled;
    while (job->state == CNX_JOB_WAITING && !job->cancelled && (queue->busy || queue->first != job))
        pthread_cond_wait(&job->changed, &lock);
    if (job->state == CNX_JOB_WAITING && job->cancelled) {
        remove_job(queue, job);
        g_set_error(&job->error, CNX_ERROR, CNX_ERROR_CANCELLED,
                    "the job was cancelled before its turn");
    } else if (job->state == CNX_JOB_WAITING) {
        run_turn(queue);
    } else {
        while (job->state != CNX_JOB_DONE)
            pthread_cond_wait(&job->changed, &lock);
    }
    client->job = NULL;
}

/* Clients */

CnxClient *cnx_client_new_for(const CnxWorkKind *kind, gpointer network, gconstpointer settings,
                              guint threads)
{
    CnxClient *client = g_new0(CnxClient, 1);

    client->kind = kind;
    client->network = kind->network_ref(network);
    client->settings = g_memdup2(settings, kind->settings_size);
    client->threads = threads;
    client->max_threads = cnx_client_threads(threads);
    client->memory = G_MAXSIZE;
    return client;
}

CnxClient *cnx_client_new(CnxModel *model, CnxOutput outputs, guint threads)
{
    return cnx_client_new_for(&cnx_batch_work, model, &outputs, threads);
}

guint cnx_client_threads(guint threads)
{
    return threads == 0 ? cnx_cpus_allowed() : MIN(threads, CNX_THREADS_MAX);
}

void cnx_client_set_memory(CnxClient *client, gsize memory)
{
    pthread_mutex_lock(&lock);
    client->memory = memory;
    pthread_mutex_unlock(&lock);
}

void cnx_client_free(CnxClient *client)
{
    if (!client)
        return;
    cnx_client_leave(client);
    client->kind->network_unref(client->network);
    g_free(client->settings);
    g_free(client);
}

void cnx_client_set_content(CnxClient *client, guint width, guint height)
{
    client->content_width = width;
    client->content_height = height;
}

/* Allocates the run of a new queue, so that a lack of memory shows before the first job. */
static gboolean prepare_queue(Queue *queue, GError **error)
{
    const guint threads = threads_of_queue(queue);
    gboolean prepared;

    if (queue->busy || queue->memory > 0)
        return TRUE;
    queue->busy = TRUE;
    pthread_mutex_unlock(&lock);
    prepared = queue->kind->prepare(queue->work, threads, 1, error);
    pthread_mutex_lock(&lock);
    release_work(queue);
    return prepared;
}

gboolean cnx_client_join(CnxClient *client, guint width, guint height, GError **error)
{
    Queue *queue, *unused = NULL;
    gboolean prepared;

    pthread_mutex_lock(&lock);
    queue = find_queue(client, width, height);
    if (!queue || queue != client->queue) {
        unused = leave_queue(client);
        enter_queue(client, queue ? queue : add_queue(client, width, height));
    }
    pthread_mutex_unlock(&lock);
    if (!client->holds_pool)
        cnx_threads_acquire(threads_of_client(client));
    client->holds_pool = TRUE;
    free_queue(unused); /* before the new run, so that there is memory for only one at a time */
    pthread_mutex_lock(&lock);
    prepared = prepare_queue(client->queue, error);
    pthread_mutex_unlock(&lock);
    if (!prepared)
        cnx_client_leave(client);
    return prepared;
}

void cnx_client_leave(CnxClient *client)
{
    Queue *unused;

    pthread_mutex_lock(&lock);
    unused = leave_queue(client);
    pthread_mutex_unlock(&lock);
    free_queue(unused);
    if (client->holds_pool)
        cnx_threads_release();
    client->holds_pool = FALSE;
}

gboolean cnx_client_run(CnxClient *client, guint width, guint height, const float *const *images,
                        guint n, CnxOutputsFn *fn, gpointer data, GError **error)
{
    CnxJob job = {.images = images,
                  .n = n,
                  .content_width = client->content_width,
                  .content_height = client->content_height,
                  .fn = fn,
                  .data = data};
    const Queue *queue = client->queue;

    g_assert(n > 0);
    if (!queue || queue->width != width || queue->height != height)
        if (!cnx_client_join(client, width, height, error))
            return FALSE;
    pthread_cond_init(&job.changed, NULL);
    pthread_mutex_lock(&lock);
    run_job(client, &job);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&job.changed);
    if (!job.error)
        return TRUE;
    g_propagate_error(error, job.error);
    return FALSE;
}

void cnx_client_cancel(CnxClient *client, gboolean cancel)
{
    pthread_mutex_lock(&lock);
    client->cancelled = cancel;
    if (cancel && client->job) { /* this job stays cancelled even if the client is not */
        client->job->cancelled = TRUE;
        pthread_cond_signal(&client->job->changed);
    }
    pthread_mutex_unlock(&lock);
}

void cnx_client_stats(CnxClient *client, CnxQueueStats *stats)
{
    const Queue *queue;

    *stats = (CnxQueueStats){0};
    pthread_mutex_lock(&lock);
    queue = client->queue;
    if (queue) {
        for (const CnxClient *c = queue->clients; c != NULL; c = c->next)
            stats->clients++;
        for (const CnxJob *job = queue->first; job != NULL; job = job->next)
            stats->waiting++;
        stats->threads = threads_of_queue(queue);
        stats->memory = queue->memory;
        stats->forwards = queue->forwards;
        stats->images = queue->images;
    }
    pthread_mutex_unlock(&lock);
}
