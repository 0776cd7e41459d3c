/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/pictures.h"

#include "pipelines/common/print.h"
#include "pipelines/watch/pictures/encoder.h"

/* Of JPEG: what jpegenc takes by default, and what hardly changes a camera's picture. */
#define QUALITY_TO_SHOW 85
#define QUALITY_TO_LEARN 95

struct WatchPictures {
    WatchPictureUse use;
    gint64 limit;
    GHashTable *entries;   /* name of a camera -> Entry */
    gboolean is_closed;    /* watch_pictures_free() was called */
    GThreadPool *worker;   /* one thread, the only user of the members below */
    WatchEncoder *encoder; /* NULL before the first picture */
    gboolean has_reported;
};

/* A picture in the making: main thread, then the streaming thread, the worker, the main thread. */
typedef struct Job {
    WatchPictures *pictures; /* a reference */
    char *camera;
    guint max_width; /* 0: not scaled */
    GstBuffer *frame;
    GstCaps *caps;
    gint64 time;
    WatchPicture *picture; /* the result, or NULL */
} Job;

/* Of one camera. */
typedef struct Entry {
    char *source;       /* as in the list */
    WatchPicture *last; /* or NULL */
    Job *job;           /* under way, or NULL */
    WatchTap *tap;      /* from which the job gets its frame */
    GQueue waiters;     /* Waiter, oldest first */
} Entry;

/* A request. */
typedef struct Waiter {
    WatchPictures *pictures;
    Entry *entry;
    WatchPictureFunc func;
    gpointer data;
    guint timeout; /* event source */
} Waiter;

static void clear_pictures(gpointer data)
{
    g_clear_pointer(&((WatchPictures *)data)->encoder, watch_encoder_free);
}

static void job_free(gpointer data)
{
    Job *job = data;

    gst_clear_buffer(&job->frame);
    gst_clear_caps(&job->caps);
    g_clear_pointer(&job->picture, watch_picture_unref);
    g_atomic_rc_box_release_full(job->pictures, clear_pictures);
    g_free(job->camera);
    g_free(job);
}

/* Requests */

/* Gives all requests their answer. New ones may arrive meanwhile. */
static void answer(Entry *entry, WatchPicture *picture)
{
    GQueue waiters = entry->waiters;
    Waiter *waiter;

    g_queue_init(&entry->waiters);
    while ((waiter = g_queue_pop_head(&waiters))) {
        g_source_remove(waiter->timeout);
        waiter->func(picture, waiter->data);
        g_free(waiter);
    }
}

/* Ends the job unless it has its frame. */
static gboolean cancel_job(Entry *entry)
{
    if (!entry->job || !watch_tap_close(entry->tap))
        return FALSE;
    g_clear_pointer(&entry->job, job_free);
    return TRUE;
}

static gboolean on_timeout(gpointer data)
{
    Waiter *waiter = data;

    g_queue_remove(&waiter->entry->waiters, waiter);
    if (g_queue_is_empty(&waiter->entry->waiters))
        cancel_job(waiter->entry);
    waiter->func(NULL, waiter->data);
    g_free(waiter);
    return G_SOURCE_REMOVE;
}

static void entry_free(gpointer data)
{
    Entry *entry = data;

    cancel_job(entry);
    answer(entry, NULL);
    g_clear_pointer(&entry->tap, watch_tap_unref);
    g_clear_pointer(&entry->last, watch_picture_unref);
    g_free(entry->source);
    g_free(entry);
}

/* Making a picture */

static gboolean on_encoded(gpointer data)
{
    Job *job = data;
    Entry *entry =
        job->pictures->is_closed ? NULL : g_hash_table_lookup(job->pictures->entries, job->camera);

    if (!entry || entry->job != job) /* its camera was removed */
        return G_SOURCE_REMOVE;
    entry->job = NULL; /* freed by the source */
    if (job->picture) {
        g_clear_pointer(&entry->last, watch_picture_unref);
        entry->last = watch_picture_ref(job->picture);
    }
    answer(entry, job->picture);
    return G_SOURCE_REMOVE;
}

/* In the worker. */
static void encode(gpointer data, gpointer user_data)
{
    Job *job = data;
    WatchPictures *pictures = user_data;
    g_autoptr(GError) error = NULL;

    if (!pictures->encoder)
        pictures->encoder = watch_encoder_new(
            pictures->use == WATCH_PICTURES_TO_LEARN ? QUALITY_TO_LEARN : QUALITY_TO_SHOW, &error);
    if (pictures->encoder)
        job->picture = watch_encoder_encode(pictures->encoder, job->frame, job->caps,
                                            job->max_width, job->time, &error);
    if (error && !pictures->has_reported) {
        pictures->has_reported = TRUE;
        print_error("convnext-watch", "%s: no picture: %s", job->camera, error->message);
    }
    gst_clear_buffer(&job->frame);
    g_idle_add_full(G_PRIORITY_DEFAULT, on_encoded, job, job_free);
}

/* In the streaming thread. */
static void on_frame(GstBuffer *frame, GstCaps *caps, gpointer data)
{
    Job *job = data;

    job->frame = frame;
    job->caps = caps;
    job->time = g_get_real_time();
    g_thread_pool_push(job->pictures->worker, job, NULL);
}

static void start_job(WatchPictures *pictures, Entry *entry, WatchCamera *camera)
{
    Job *job = g_new0(Job, 1);

    job->pictures = g_atomic_rc_box_acquire(pictures);
    job->camera = g_strdup(watch_camera_settings(camera)->name);
    if (pictures->use == WATCH_PICTURES_TO_SHOW)
        job->max_width = watch_camera_settings(camera)->snapshot_width;
    entry->job = job;
    g_clear_pointer(&entry->tap, watch_tap_unref);
    entry->tap = watch_tap_ref(watch_camera_tap(camera));
    watch_tap_open(entry->tap, on_frame, job);
}

/* Pictures */

WatchPictures *watch_pictures_new(WatchPictureUse use, gint64 limit)
{
    WatchPictures *pictures = g_atomic_rc_box_new0(WatchPictures);

    pictures->use = use;
    pictures->limit = limit;
    pictures->entries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, entry_free);
    pictures->worker = g_thread_pool_new(encode, pictures, 1, FALSE, NULL);
    return pictures;
}

void watch_pictures_free(WatchPictures *pictures)
{
    pictures->is_closed = TRUE;
    g_hash_table_unref(pictures->entries);
    g_thread_pool_free(pictures->worker, FALSE, TRUE);
    g_atomic_rc_box_release_full(pictures, clear_pictures);
}

static gboolean shows_frames(WatchCamera *camera)
{
    const WatchState state = watch_camera_state(camera);

    return state == WATCH_CONNECTING || state == WATCH_PLAYING;
}

static Entry *find_entry(WatchPictures *pictures, const WatchSettings *camera)
{
    Entry *entry = g_hash_table_lookup(pictures->entries, camera->name);

    if (entry)
        return entry;
    entry = g_new0(Entry, 1);
    entry->source = g_strdup(camera->source);
    g_queue_init(&entry->waiters);
    g_hash_table_insert(pictures->entries, g_strdup(camera->name), entry);
    return entry;
}

void watch_pictures_get(WatchPictures *pictures, WatchCamera *camera, gint64 max_age,
                        WatchPictureFunc func, gpointer data)
{
    Entry *entry;
    Waiter *waiter;
    gint64 age;

    if (pictures->is_closed) {
        func(NULL, data);
        return;
    }
    entry = find_entry(pictures, watch_camera_settings(camera));
    age = entry->last ? g_get_real_time() - entry->last->time : G_MAXINT64;
    if (age >= 0 && age <= max_age) {
        func(entry->last, data);
        return;
    }
    if (!shows_frames(camera)) {
        func(NULL, data);
        return;
    }
    waiter = g_new(Waiter, 1);
    *waiter = (Waiter){.pictures = pictures, .entry = entry, .func = func, .data = data};
    waiter->timeout = g_timeout_add((guint)(pictures->limit / 1000), on_timeout, waiter);
    g_queue_push_tail(&entry->waiters, waiter);
    if (!entry->job)
        start_job(pictures, entry, camera);
}

WatchPicture *watch_pictures_last(WatchPictures *pictures, const char *camera)
{
    const Entry *entry = g_hash_table_lookup(pictures->entries, camera);

    return entry ? entry->last : NULL;
}

void watch_pictures_camera_changed(WatchPictures *pictures, WatchCamera *camera)
{
    Entry *entry = g_hash_table_lookup(pictures->entries, watch_camera_settings(camera)->name);

    if (entry && !shows_frames(camera) && entry->tap == watch_camera_tap(camera) &&
        cancel_job(entry))
        answer(entry, NULL);
}

static gboolean has_camera(GPtrArray *cameras, const char *name, const char *source)
{
    for (guint i = 0; i < cameras->len; i++) {
        const WatchSettings *settings = watch_camera_settings(cameras->pdata[i]);

        if (g_str_equal(settings->name, name))
            return g_str_equal(settings->source, source);
    }
    return FALSE;
}

void watch_pictures_keep(WatchPictures *pictures, GPtrArray *cameras)
{
    GHashTableIter entries;
    gpointer name, entry;
    g_autoptr(GPtrArray) removed = g_ptr_array_new_with_free_func(entry_free);

    g_hash_table_iter_init(&entries, pictures->entries);
    while (g_hash_table_iter_next(&entries, &name, &entry)) {
        if (has_camera(cameras, name, ((Entry *)entry)->source))
            continue;
        g_hash_table_iter_steal(&entries);
        g_ptr_array_add(removed, entry);
        g_free(name);
    }
}
