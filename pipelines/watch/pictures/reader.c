/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_BYTES (16 << 20)
#define MAX_WAITING 32 /* requests */

/* Reference counted, because a disk that hangs may outlive the rest. */
struct WatchReader {
    GThreadPool *pool; /* one thread */
    gboolean is_closed;
};

typedef struct Request {
    WatchReader *reader; /* a reference */
    char *folder, *name;
    GBytes *bytes; /* the result, or NULL */
    WatchReaderFunc func;
    gpointer data;
    GDestroyNotify free_data;
} Request;

static void request_free(gpointer data)
{
    Request *request = data;

    request->free_data(request->data);
    g_clear_pointer(&request->bytes, g_bytes_unref);
    g_atomic_rc_box_release(request->reader);
    g_free(request->folder);
    g_free(request->name);
    g_free(request);
}

static gboolean on_read(gpointer data)
{
    Request *request = data;

    if (!request->reader->is_closed)
        request->func(request->bytes, request->data);
    return G_SOURCE_REMOVE;
}

/* NULL if it is no file, too large, or shorter than it was. */
static GBytes *read_all(int fd)
{
    struct stat status;
    g_autofree char *bytes = NULL;
    gsize size;

    if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size > MAX_BYTES)
        return NULL;
    size = (gsize)status.st_size;
    bytes = g_malloc(size);
    for (gsize done = 0; done < size;) {
        const gssize length = read(fd, bytes + done, size - done);

        if (length == 0 || (length < 0 && errno != EINTR))
            return NULL;
        done += (gsize)MAX(length, 0);
    }
    return g_bytes_new_take(g_steal_pointer(&bytes), size);
}

/* In the thread. */
static void read_file(gpointer data, gpointer user_data)
{
    Request *request = data;
    const int folder = open(request->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const int fd =
        folder < 0 ? -1
                   : openat(folder, request->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0) {
        request->bytes = read_all(fd);
        close(fd);
    }
    if (folder >= 0)
        close(folder);
    g_idle_add_full(G_PRIORITY_DEFAULT, on_read, request, request_free);
}

WatchReader *watch_reader_new(void)
{
    WatchReader *reader = g_atomic_rc_box_new0(WatchReader);

    reader->pool = g_thread_pool_new(read_file, NULL, 1, FALSE, NULL);
    return reader;
}

void watch_reader_free(WatchReader *reader)
{
    reader->is_closed = TRUE;
    g_thread_pool_free(reader->pool, FALSE, FALSE);
    g_atomic_rc_box_release(reader);
}

void watch_reader_read(WatchReader *reader, const char *folder, const char *name,
                       WatchReaderFunc func, gpointer data, GDestroyNotify free_data)
{
    Request *request;

    if (g_thread_pool_unprocessed(reader->pool) >= MAX_WAITING) {
        func(NULL, data);
        free_data(data);
        return;
    }
    request = g_new0(Request, 1);
    request->reader = g_atomic_rc_box_acquire(reader);
    request->folder = g_strdup(folder);
    request->name = g_strdup(name);
    request->func = func;
    request->data = data;
    request->free_data = free_data;
    g_thread_pool_push(reader->pool, request, NULL);
}
