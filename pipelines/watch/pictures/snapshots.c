/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/snapshots.h"

#include "pipelines/common/print.h"
#include "pipelines/watch/pictures/folder.h"

#define MAX_WAITING 64 /* pictures that wait for the disk */

/* The writing thread's part. Reference counted, because a disk that hangs may outlive the rest. */
typedef struct Writer {
    char *path;
    WatchFolder *folder;
    guint lost; /* pictures since the last one that was written */
} Writer;

struct WatchSnapshots {
    Writer *writer;
    GThreadPool *pool; /* one thread */
    WatchPictures *pictures;
    gint64 limit;
    WatchAlarmFunc publish;
    gpointer data;
    GHashTable *queues;   /* name of a camera -> GQueue of Item, oldest first */
    guint events;         /* in the queues */
    gboolean is_too_slow; /* the disk, as last reported */
};

/* An event that waits. Each operation that is under way holds a reference. */
typedef struct Item {
    WatchSnapshots *snapshots; /* NULL once it is published */
    WatchEvent *event;         /* likewise */
    GQueue *queue;             /* likewise */
    gboolean is_ready;
    guint timeout; /* event source, or 0 */
    /* For the writing thread: */
    Writer *writer;
    WatchPicture *picture; /* or NULL */
    char *camera, *name;
    guint keep;
    gboolean is_written;
} Item;

static void clear_writer(gpointer data)
{
    Writer *writer = data;

    watch_folder_free(writer->folder);
    g_free(writer->path);
}

static void clear_item(gpointer data)
{
    Item *item = data;

    g_clear_pointer(&item->picture, watch_picture_unref);
    g_atomic_rc_box_release_full(item->writer, clear_writer);
    g_free(item->camera);
    g_free(item->name);
}

static void item_unref(gpointer item)
{
    g_atomic_rc_box_release_full(item, clear_item);
}

/* Publishing */

static void publish_item(Item *item)
{
    WatchSnapshots *snapshots = item->snapshots;
    WatchEvent *event = g_steal_pointer(&item->event);

    if (item->timeout)
        g_source_remove(item->timeout);
    item->timeout = 0;
    item->snapshots = NULL;
    item->queue = NULL;
    item_unref(item);
    snapshots->events--;
    snapshots->publish(event, snapshots->data);
}

/* The event needs nothing more. It is published once the earlier ones of its camera are. */
static void set_ready(Item *item)
{
    GQueue *queue = item->queue;

    item->is_ready = TRUE;
    while (!g_queue_is_empty(queue) && ((Item *)g_queue_peek_head(queue))->is_ready)
        publish_item(g_queue_pop_head(queue));
}

/* Writing */

static void report_slow(WatchSnapshots *snapshots)
{
    if (!snapshots->is_too_slow)
        print_error("convnext-watch",
                    "writing snapshots to %s takes too long; events go on without them",
                    snapshots->writer->path);
    snapshots->is_too_slow = TRUE;
}

static gboolean on_written(gpointer data)
{
    Item *item = data;
    g_autofree char *path = NULL;

    if (!item->snapshots) /* too late */
        return G_SOURCE_REMOVE;
    item->snapshots->is_too_slow = FALSE;
    if (item->is_written) {
        path = g_build_filename(item->writer->path, item->name, NULL);
        watch_event_add_text(item->event, "snapshot", path);
    }
    set_ready(item);
    return G_SOURCE_REMOVE;
}

/* In the writing thread. Failure and recovery are reported once each. */
static void write_picture(gpointer data, gpointer user_data)
{
    Item *item = data;
    Writer *writer = item->writer;
    g_autoptr(GError) error = NULL;

    item->is_written = watch_folder_write(writer->folder, item->camera, item->name,
                                          item->picture->jpeg, item->keep, &error);
    if (!item->is_written && writer->lost++ == 0) {
        print_error("convnext-watch", "cannot write snapshots to %s: %s; events go on without them",
                    writer->path, error->message);
    } else if (item->is_written && writer->lost > 0) {
        print_error("convnext-watch", "writing snapshots to %s again; %u were lost", writer->path,
                    writer->lost);
        writer->lost = 0;
    }
    g_idle_add_full(G_PRIORITY_DEFAULT, on_written, item, item_unref);
}

static gboolean on_timeout(gpointer data)
{
    Item *item = data;

    item->timeout = 0;
    report_slow(item->snapshots);
    set_ready(item);
    return G_SOURCE_REMOVE;
}

/* Takes the reference that the request held. */
static void on_picture(WatchPicture *picture, gpointer data)
{
    Item *item = data;
    WatchSnapshots *snapshots = item->snapshots;

    if (snapshots && picture && g_thread_pool_unprocessed(snapshots->pool) < MAX_WAITING) {
        item->picture = watch_picture_ref(picture);
        item->timeout = g_timeout_add((guint)(snapshots->limit / 1000), on_timeout, item);
        g_thread_pool_push(snapshots->pool, item, NULL);
        return;
    }
    if (snapshots && picture)
        report_slow(snapshots);
    if (snapshots)
        set_ready(item);
    item_unref(item);
}

/* Events */

static GQueue *find_queue(WatchSnapshots *snapshots, const char *camera)
{
    GQueue *queue = g_hash_table_lookup(snapshots->queues, camera);

    if (!queue) {
        queue = g_queue_new();
        g_hash_table_insert(snapshots->queues, g_strdup(camera), queue);
    }
    return queue;
}

void watch_snapshots_add(WatchSnapshots *snapshots, WatchCamera *camera, WatchEvent *event)
{
    const char *name = watch_event_camera(event);
    Item *item = g_atomic_rc_box_new0(Item);

    item->snapshots = snapshots;
    item->event = event;
    item->queue = find_queue(snapshots, name);
    item->writer = g_atomic_rc_box_acquire(snapshots->writer);
    g_queue_push_tail(item->queue, item);
    snapshots->events++;
    if (!camera || !watch_event_has_picture(event)) {
        set_ready(item);
        return;
    }
    item->camera = g_strdup(watch_camera_settings(camera)->name);
    item->name =
        watch_folder_name(item->camera, watch_event_text(event, "time"), watch_event_name(event));
    item->keep = watch_camera_settings(camera)->snapshots_keep;
    watch_pictures_get(snapshots->pictures, camera, 0, on_picture, g_atomic_rc_box_acquire(item));
}

/* Lifetime */

WatchSnapshots *watch_snapshots_new(const char *path, WatchPictures *pictures, gint64 limit,
                                    WatchAlarmFunc publish, gpointer data)
{
    WatchSnapshots *snapshots = g_new0(WatchSnapshots, 1);

    snapshots->writer = g_atomic_rc_box_new0(Writer);
    snapshots->writer->path = g_strdup(path);
    snapshots->writer->folder = watch_folder_new(path);
    snapshots->pool = g_thread_pool_new(write_picture, NULL, 1, FALSE, NULL);
    snapshots->pictures = pictures;
    snapshots->limit = limit;
    snapshots->publish = publish;
    snapshots->data = data;
    snapshots->queues =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_queue_free);
    return snapshots;
}

void watch_snapshots_flush(WatchSnapshots *snapshots)
{
    GHashTableIter queues;
    gpointer queue;

    g_hash_table_iter_init(&queues, snapshots->queues);
    while (g_hash_table_iter_next(&queues, NULL, &queue)) {
        while (!g_queue_is_empty(queue))
            publish_item(g_queue_pop_head(queue));
    }
}

void watch_snapshots_free(WatchSnapshots *snapshots)
{
    watch_snapshots_flush(snapshots);
    g_hash_table_unref(snapshots->queues);
    g_thread_pool_free(snapshots->pool, FALSE, FALSE); /* does not wait for the disk */
    g_atomic_rc_box_release_full(snapshots->writer, clear_writer);
    g_free(snapshots);
}

const char *watch_snapshots_path(const WatchSnapshots *snapshots)
{
    return snapshots->writer->path;
}

gboolean watch_snapshots_are_busy(const WatchSnapshots *snapshots)
{
    return snapshots->events > 0;
}
