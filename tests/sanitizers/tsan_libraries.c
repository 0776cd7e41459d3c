/* Reports to ThreadSanitizer the order that GLib and GStreamer establish with atomic operations and
 * locks, which it cannot see because the libraries are not instrumented. Each function here calls
 * the real one and reports only the order that the real one guarantees: a drop of a reference comes
 * after earlier drops, a pop from a queue after the push. Races in our code are still reported.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#define GLIB_DISABLE_DEPRECATION_WARNINGS
#include <dlfcn.h>
#include <gst/gst.h>
#include <pthread.h>
#include <sanitizer/tsan_interface.h>

#pragma GCC visibility push(default)

/* The library function that this one replaces. */
#define REAL(name)                                                            \
    ({                                                                        \
        static __typeof__(&(name)) real;                                      \
        __typeof__(&(name)) found = __atomic_load_n(&real, __ATOMIC_RELAXED); \
        if (!found) {                                                         \
            found = (__typeof__(&(name)))dlsym(RTLD_NEXT, #name);             \
            __atomic_store_n(&real, found, __ATOMIC_RELAXED);                 \
        }                                                                     \
        found;                                                                \
    })

/* Orders like an atomic operation on *at, or like a lock that belongs to it. */
static void order(gconstpointer at)
{
    __tsan_acquire((void *)at);
    __tsan_release((void *)at);
}

/* References. The thread that drops the last one sees everything that others did before they
 * dropped theirs. If the count is accessible, it is decremented here while other references remain,
 * so that the last drop is known before anything is freed, even if two threads drop theirs at the
 * same time. */

/* Not instrumented: the object may be freed right after. */
__attribute__((no_sanitize_thread)) static gboolean lower_unless_last(int *count)
{
    int left = __atomic_load_n(count, __ATOMIC_ACQUIRE);

    while (left > 1 && !__atomic_compare_exchange_n(count, &left, left - 1, FALSE, __ATOMIC_ACQ_REL,
                                                    __ATOMIC_ACQUIRE))
        ;
    return left > 1;
}

/* The private layout of GPtrArray; the test finds-races fails if it changes. */
typedef struct CountedArray {
    gpointer *data;
    guint length, room;
    int count;
} CountedArray;

#define DROPS_COUNTED(name, Type, count)        \
    void(name)(Type * object)                   \
    {                                           \
        __tsan_release(object);                 \
        if (lower_unless_last((int *)&(count))) \
            return;                             \
        __tsan_acquire(object);                 \
        REAL(name)(object);                     \
    }
DROPS_COUNTED(g_object_unref, void,
              ((GObject *)object)->ref_count) /* no object has toggle references */
DROPS_COUNTED(g_ptr_array_unref, GPtrArray, ((CountedArray *)object)->count)
DROPS_COUNTED(gst_mini_object_unref, GstMiniObject, object->refcount)

#define DROPS(name, Type)     \
    void(name)(Type * object) \
    {                         \
        order(object);        \
        REAL(name)(object);   \
    }
DROPS(g_array_unref, GArray)
DROPS(g_bytes_unref, GBytes)
DROPS(g_closure_unref, GClosure)
DROPS(g_hash_table_unref, GHashTable)

void(g_atomic_ref_count_inc)(gatomicrefcount *count)
{
    __atomic_fetch_add(count, 1, __ATOMIC_RELAXED);
}

gboolean(g_atomic_ref_count_dec)(gatomicrefcount *count)
{
    return __atomic_fetch_sub(count, 1, __ATOMIC_ACQ_REL) == 1;
}

static __thread GDestroyNotify clear_box; /* of the current g_atomic_rc_box_release_full() */

static void on_clear_box(gpointer box)
{
    __tsan_acquire(box);
    clear_box(box);
}

void g_atomic_rc_box_release_full(gpointer box, GDestroyNotify clear)
{
    GDestroyNotify outer = clear_box;

    __tsan_release(box);
    clear_box = clear;
    REAL(g_atomic_rc_box_release_full)(box, clear ? on_clear_box : NULL);
    clear_box = outer;
}

/* Stores the object in this place and drops the previous one. */
gboolean gst_mini_object_take(GstMiniObject **place, GstMiniObject *object)
{
    GstMiniObject *old = __atomic_exchange_n(place, object, __ATOMIC_ACQ_REL);

    if (old)
        gst_mini_object_unref(old);
    return old != object;
}

gboolean gst_mini_object_replace(GstMiniObject **place, GstMiniObject *object)
{
    return gst_mini_object_take(place, object ? gst_mini_object_ref(object) : NULL);
}

/* GStreamer also drops references internally, without calling these functions. Freeing memory comes
 * after the drops that were seen. */
void(g_free)(gpointer memory)
{
    if (memory)
        __tsan_acquire(memory);
    REAL(g_free)(memory);
}

void g_slice_free1(gsize size, gpointer memory)
{
    if (memory)
        __tsan_acquire(memory);
    REAL(g_slice_free1)(size, memory);
}

/* A thread that holds the only reference may write, after everything that others did. */
gboolean gst_mini_object_is_writable(const GstMiniObject *object)
{
    gboolean writable = REAL(gst_mini_object_is_writable)(object);

    __tsan_acquire((void *)object);
    return writable;
}

GstMiniObject *gst_mini_object_make_writable(GstMiniObject *object)
{
    order(object);
    return REAL(gst_mini_object_make_writable)(object);
}

GstFlowReturn gst_buffer_pool_acquire_buffer(GstBufferPool *pool, GstBuffer **buffer,
                                             GstBufferPoolAcquireParams *params)
{
    GstFlowReturn flow = REAL(gst_buffer_pool_acquire_buffer)(pool, buffer, params);

    if (flow == GST_FLOW_OK)
        __tsan_acquire(*buffer);
    return flow;
}

/* One-time initialisation, and interned strings. In g_once the caller reads atomically. */

void(g_once_init_leave)(volatile void *location, gsize result)
{
    __tsan_release((void *)location);
    REAL(g_once_init_leave)(location, result);
}

gboolean(g_once_init_enter)(volatile void *location)
{
    gboolean first = REAL(g_once_init_enter)(location);

    __tsan_acquire((void *)location);
    return first;
}

static pthread_mutex_t names = PTHREAD_MUTEX_INITIALIZER; /* replaces the lock of GLib's table */

#define NAMES(Type, name, Argument)         \
    Type name(Argument argument)            \
    {                                       \
        pthread_mutex_lock(&names);         \
        Type result = REAL(name)(argument); \
        pthread_mutex_unlock(&names);       \
        return result;                      \
    }
NAMES(GQuark, g_quark_from_string, const char *)
NAMES(GQuark, g_quark_from_static_string, const char *)
NAMES(GQuark, g_quark_try_string, const char *)
NAMES(const char *, g_quark_to_string, GQuark)
NAMES(const char *, g_intern_string, const char *)
NAMES(const char *, g_intern_static_string, const char *)

/* Queues */

void g_async_queue_push(GAsyncQueue *queue, gpointer item)
{
    order(queue);
    REAL(g_async_queue_push)(queue, item);
}

#define POPS(name, parameters, arguments)     \
    gpointer name parameters                  \
    {                                         \
        gpointer item = REAL(name) arguments; \
        order(queue);                         \
        return item;                          \
    }
POPS(g_async_queue_pop, (GAsyncQueue * queue), (queue))
POPS(g_async_queue_try_pop, (GAsyncQueue * queue), (queue))
POPS(g_async_queue_timeout_pop, (GAsyncQueue * queue, guint64 timeout), (queue, timeout))

void g_async_queue_lock(GAsyncQueue *queue)
{
    REAL(g_async_queue_lock)(queue);
    order(queue);
}

void g_async_queue_unlock(GAsyncQueue *queue)
{
    order(queue);
    REAL(g_async_queue_unlock)(queue);
}

int g_async_queue_length(GAsyncQueue *queue)
{
    int length = REAL(g_async_queue_length)(queue);

    order(queue);
    return length;
}

void g_async_queue_unref(GAsyncQueue *queue)
{
    order(queue);
    REAL(g_async_queue_unref)(queue);
}

/* Thread pools. Work comes after its push, and before the end of the pool. */

typedef struct Work {
    GFunc func;
    gpointer data;
} Work;

static void do_work(gpointer item, gpointer data)
{
    const Work *work = data;

    __tsan_acquire(item);
    work->func(item, work->data);
    __tsan_release(data);
}

GThreadPool *g_thread_pool_new(GFunc func, gpointer data, int most, gboolean exclusive,
                               GError **error)
{
    Work *work = g_new(Work, 1); /* never freed: the pool may end by itself */

    *work = (Work){func, data};
    return REAL(g_thread_pool_new)(do_work, work, most, exclusive, error);
}

gboolean g_thread_pool_push(GThreadPool *pool, gpointer item, GError **error)
{
    __tsan_release(item);
    return REAL(g_thread_pool_push)(pool, item, error);
}

/* Not instrumented: the pool's last thread may free it, under a lock of GLib. */
__attribute__((no_sanitize_thread)) static gpointer work_of(const GThreadPool *pool)
{
    return pool->user_data;
}

void g_thread_pool_free(GThreadPool *pool, gboolean immediate, gboolean wait)
{
    gpointer work = work_of(pool);

    REAL(g_thread_pool_free)(pool, immediate, wait);
    if (wait)
        __tsan_acquire(work);
}

/* Callbacks of the main loop. Adding and calling one takes the loop's lock. */
static pthread_mutex_t loop_lock = PTHREAD_MUTEX_INITIALIZER;

static void pass_loop_lock(void)
{
    pthread_mutex_lock(&loop_lock);
    pthread_mutex_unlock(&loop_lock);
}

typedef struct Call {
    GSourceFunc func;
    gpointer data;
    GDestroyNotify free_data;
} Call;

static gboolean on_call(gpointer data)
{
    const Call *call = data;

    pass_loop_lock();
    gboolean again = call->func(call->data);
    pass_loop_lock();
    return again;
}

static void free_call(gpointer data)
{
    Call *call = data;

    pass_loop_lock();
    if (call->free_data)
        call->free_data(call->data);
    g_free(call);
}

static guint add_call(GSource *source, int priority, GSourceFunc func, gpointer data,
                      GDestroyNotify free_data)
{
    Call *call = g_new(Call, 1);

    *call = (Call){func, data, free_data};
    g_source_set_priority(source, priority);
    g_source_set_callback(source, on_call, call, free_call);
    pthread_mutex_lock(&loop_lock);
    guint id = g_source_attach(source, NULL);
    pthread_mutex_unlock(&loop_lock);
    g_source_unref(source);
    return id;
}

guint g_idle_add_full(int priority, GSourceFunc func, gpointer data, GDestroyNotify free_data)
{
    return add_call(g_idle_source_new(), priority, func, data, free_data);
}

guint g_timeout_add_full(int priority, guint interval, GSourceFunc func, gpointer data,
                         GDestroyNotify free_data)
{
    return add_call(g_timeout_source_new(interval), priority, func, data, free_data);
}

/* The bus drops a message after its handler returns */

typedef struct Watch {
    GstBusFunc func;
    gpointer data;
    GDestroyNotify free_data;
} Watch;

static gboolean on_message(GstBus *bus, GstMessage *message, gpointer data)
{
    const Watch *watch = data;
    gboolean again = watch->func(bus, message, watch->data);

    order(message);
    return again;
}

static void free_watch(gpointer data)
{
    Watch *watch = data;

    if (watch->free_data)
        watch->free_data(watch->data);
    g_free(watch);
}

guint gst_bus_add_watch_full(GstBus *bus, int priority, GstBusFunc func, gpointer data,
                             GDestroyNotify free_data)
{
    Watch *watch = g_new(Watch, 1);

    *watch = (Watch){func, data, free_data};
    return REAL(gst_bus_add_watch_full)(bus, priority, on_message, watch, free_watch);
}

guint gst_bus_add_watch(GstBus *bus, GstBusFunc func, gpointer data)
{
    return gst_bus_add_watch_full(bus, G_PRIORITY_DEFAULT, func, data, NULL);
}
