/* One lock guards the table of services, their queues and counts, for moments only. A service's
 * batch belongs to the thread that made it busy, which is not under the lock while it computes.
 *
 * POSIX locks, not GLib's: ThreadSanitizer knows them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/queue.h"

#include <pthread.h>
#include <string.h>

#include "model/serve/batch.h"
#include "model/threads/cpus.h"
#include "model/threads/threads.h"

typedef enum State { WAITING, TAKEN, DONE } State;

typedef struct Request {
    struct Request *next; /* in the queue */
    CnxJob job;           /* its next: in the same turn */
    State state;
    gboolean cancelled;
    GError *error;
    pthread_cond_t turn; /* it is first and the service is free, or it is done, or cancelled */
} Request;

typedef struct Service {
    struct Service *next;
    CnxModel *model;
    guint width, height;
    CnxOutput outputs;
    CnxClient *clients; /* the last one to leave takes the service along */
    Request *first;     /* the queue */
    guint64 forwards, images;
    gsize memory;
    gboolean busy; /* a thread has the batch */
    CnxBatch *batch;
} Service;

struct CnxClient {
    CnxClient *next; /* of the service */
    CnxModel *model;
    CnxOutput outputs;
    guint threads; /* 0: as many as there are */
    guint most;    /* that it may use where no processors are pinned */
    gboolean holds_pool;
    Service *service;
    Request *request; /* under way */
    gboolean cancelled;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Service *services;

/* The table. The lock is held. */

static Service *find_service(const CnxClient *client, guint width, guint height)
{
    for (Service *s = services; s != NULL; s = s->next)
        if (s->model == client->model && s->width == width && s->height == height &&
            s->outputs == client->outputs)
            return s;
    return NULL;
}

static Service *add_service(const CnxClient *client, guint width, guint height)
{
    Service *s = g_new0(Service, 1);

    s->model = client->model; /* the batch's reference */
    s->width = width;
    s->height = height;
    s->outputs = client->outputs;
    s->batch = cnx_batch_new(client->model, width, height, client->outputs);
    s->next = services;
    services = s;
    return s;
}

static void enter(CnxClient *client, Service *service)
{
    client->service = service;
    client->next = service->clients;
    service->clients = client;
}

/* Returns the service if nobody is left in it: it is out of the table then, to be freed without the
 * lock. */
static Service *leave(CnxClient *client)
{
    Service *service = client->service, **link = &services;
    CnxClient **place;

    if (!service)
        return NULL;
    g_assert(!client->request);
    for (place = &service->clients; *place != client;)
        place = &(*place)->next;
    *place = client->next;
    client->service = NULL;
    if (service->clients)
        return NULL;
    while (*link != service)
        link = &(*link)->next;
    *link = service->next;
    return service;
}

/* Processors may be pinned, or no longer be, from one turn to the next. */
static guint threads_now(const CnxClient *client)
{
    const guint pinned = cnx_cpus_pinned();

    return client->threads == 0 && pinned > 0 ? MIN(client->most, pinned) : client->most;
}

static guint threads_of(const Service *service)
{
    guint most = 1;

    for (const CnxClient *c = service->clients; c != NULL; c = c->next)
        most = MAX(most, threads_now(c));
    return most;
}

static void free_service(Service *service)
{
    if (!service)
        return;
    cnx_batch_free(service->batch);
    g_free(service);
}

/* Turns. The lock is held on entry and on return. */

static void call_first(Service *s)
{
    s->busy = FALSE;
    s->memory = cnx_batch_memory(s->batch);
    if (s->first)
        pthread_cond_signal(&s->first->turn);
}

/* The first request, and those behind it that fit in the same batch: a list by their jobs. */
static Request *take_turn(Service *s, guint *images)
{
    const guint room = cnx_batch_limit(s->batch);
    Request *taken = s->first, *last = taken;

    last->state = TAKEN;
    *images = last->job.n;
    while (last->next && *images + last->next->job.n <= room) {
        last->job.next = &last->next->job;
        last = last->next;
        last->state = TAKEN;
        *images += last->job.n;
    }
    s->first = last->next;
    last->next = NULL;
    return taken;
}

static void lead(Service *s)
{
    const guint threads = threads_of(s);
    guint images, forwards = 0;
    Request *taken = take_turn(s, &images), *next;
    GError *error = NULL;

    s->busy = TRUE;
    pthread_mutex_unlock(&lock);
    if (cnx_batch_prepare(s->batch, threads, images, &error)) {
        cnx_cpus_enter();
        forwards = cnx_batch_run(s->batch, &taken->job);
        cnx_cpus_leave();
    }
    pthread_mutex_lock(&lock);
    s->forwards += forwards;
    s->images += forwards > 0 ? images : 0;
    call_first(s); /* before the others: the engine idles until that thread is awake */
    for (; taken != NULL; taken = next) {
        next = taken->next; /* its owner may be gone once the lock is */
        taken->error = error ? g_error_copy(error) : NULL;
        taken->state = DONE;
        pthread_cond_signal(&taken->turn);
    }
    g_clear_error(&error);
}

static void queue(Service *s, Request *request)
{
    Request **tail = &s->first;

    while (*tail)
        tail = &(*tail)->next;
    *tail = request;
}

static void unqueue(Service *s, Request *request)
{
    Request **link = &s->first;

    while (*link != request)
        link = &(*link)->next;
    *link = request->next;
    if (link == &s->first && !s->busy)
        call_first(s);
}

/* From the queue to the end of the request's turn. */
static void wait_and_run(CnxClient *client, Request *request)
{
    Service *s = client->service;

    queue(s, request);
    client->request = request;
    request->cancelled = client->cancelled;
    while (request->state == WAITING && !request->cancelled && (s->busy || s->first != request))
        pthread_cond_wait(&request->turn, &lock);
    if (request->state == WAITING && request->cancelled) {
        unqueue(s, request);
        g_set_error(&request->error, CNX_ERROR, CNX_ERROR_CANCELLED, "cancelled");
    } else if (request->state == WAITING) {
        lead(s);
    } else {
        while (request->state != DONE)
            pthread_cond_wait(&request->turn, &lock);
    }
    client->request = NULL;
}

/* Clients */

CnxClient *cnx_client_new(CnxModel *model, CnxOutput outputs, guint threads)
{
    CnxClient *client = g_new0(CnxClient, 1);

    client->model = cnx_model_ref(model);
    client->outputs = outputs;
    client->threads = threads;
    client->most = threads == 0 ? cnx_cpus_allowed() : MIN(threads, CNX_THREADS_MAX);
    return client;
}

void cnx_client_free(CnxClient *client)
{
    if (!client)
        return;
    cnx_client_leave(client);
    cnx_model_unref(client->model);
    g_free(client);
}

/* Makes the first run of a service, so that a lack of memory shows before there are requests. */
static gboolean make_first_run(Service *s, GError **error)
{
    const guint threads = threads_of(s);
    gboolean made;

    if (s->busy || s->memory > 0)
        return TRUE;
    s->busy = TRUE;
    pthread_mutex_unlock(&lock);
    made = cnx_batch_prepare(s->batch, threads, 1, error);
    pthread_mutex_lock(&lock);
    call_first(s);
    return made;
}

gboolean cnx_client_join(CnxClient *client, guint width, guint height, GError **error)
{
    Service *service, *left = NULL;
    gboolean changes, made;

    pthread_mutex_lock(&lock);
    service = find_service(client, width, height);
    changes = !service || service != client->service;
    if (changes) {
        left = leave(client);
        enter(client, service ? service : add_service(client, width, height));
    }
    pthread_mutex_unlock(&lock);
    if (!client->holds_pool)
        cnx_threads_acquire(threads_now(client));
    client->holds_pool = TRUE;
    free_service(left); /* before the new run: two at once would be twice the memory */
    pthread_mutex_lock(&lock);
    made = make_first_run(client->service, error);
    pthread_mutex_unlock(&lock);
    if (!made)
        cnx_client_leave(client);
    return made;
}

void cnx_client_leave(CnxClient *client)
{
    Service *left;

    pthread_mutex_lock(&lock);
    left = leave(client);
    pthread_mutex_unlock(&lock);
    free_service(left);
    if (client->holds_pool)
        cnx_threads_release();
    client->holds_pool = FALSE;
}

gboolean cnx_client_run(CnxClient *client, guint width, guint height, const float *const *images,
                        guint n, CnxOutputsFn *fn, gpointer data, GError **error)
{
    Request request = {.job = {.images = images, .n = n, .fn = fn, .data = data}};
    const Service *s = client->service;

    g_assert(n > 0);
    if (!s || s->width != width || s->height != height)
        if (!cnx_client_join(client, width, height, error))
            return FALSE;
    pthread_cond_init(&request.turn, NULL);
    pthread_mutex_lock(&lock);
    wait_and_run(client, &request);
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&request.turn);
    if (!request.error)
        return TRUE;
    g_propagate_error(error, request.error);
    return FALSE;
}

void cnx_client_cancel(CnxClient *client, gboolean cancel)
{
    pthread_mutex_lock(&lock);
    client->cancelled = cancel;
    if (cancel && client->request) { /* for good, though the next one may wait again */
        client->request->cancelled = TRUE;
        pthread_cond_signal(&client->request->turn);
    }
    pthread_mutex_unlock(&lock);
}

void cnx_client_stats(CnxClient *client, CnxQueueStats *stats)
{
    const Service *s;

    *stats = (CnxQueueStats){0};
    pthread_mutex_lock(&lock);
    s = client->service;
    if (s) {
        for (const CnxClient *c = s->clients; c != NULL; c = c->next)
            stats->clients++;
        for (const Request *r = s->first; r != NULL; r = r->next)
            stats->waiting++;
        stats->threads = threads_of(s);
        stats->memory = s->memory;
        stats->forwards = s->forwards;
        stats->images = s->images;
    }
    pthread_mutex_unlock(&lock);
}
