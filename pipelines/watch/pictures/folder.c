/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/pictures/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MAX_CAMERA 48 /* bytes of a camera's name in a file name */
#define DIGEST 8      /* hexadecimal digits that tell changed names apart */
#define SUFFIX ".jpg"
#define TEMPORARY ".jpg.tmp"

struct WatchFolder {
    char *path;
    GHashTable *names; /* watch_folder_camera() -> GQueue of its files, oldest first */
};

static void free_names(gpointer names)
{
    g_queue_free_full(names, g_free);
}

WatchFolder *watch_folder_new(const char *path)
{
    WatchFolder *folder = g_new0(WatchFolder, 1);

    folder->path = g_strdup(path);
    folder->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_names);
    return folder;
}

void watch_folder_free(WatchFolder *folder)
{
    g_hash_table_unref(folder->names);
    g_free(folder->path);
    g_free(folder);
}

/* Names */

static gboolean is_safe(char c)
{
    return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
}

/* A name that is changed gets a digest behind a tilde, which no unchanged name contains. */
char *watch_folder_camera(const char *camera)
{
    g_autoptr(GString) name = g_string_new(NULL);
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, camera, -1);

    for (const char *c = camera; *c && name->len < MAX_CAMERA; c++) {
        const gboolean may_begin = name->len > 0 || (*c != '.' && *c != '-');

        g_string_append_c(name, is_safe(*c) && may_begin ? *c : '_');
    }
    if (strcmp(name->str, camera) != 0)
        g_string_append_printf(name, "~%.*s", DIGEST, digest);
    return g_strdup(name->str);
}

/* 2026-01-05T12:03:10.500000Z becomes 20260105T120310.500000Z. */
char *watch_folder_name(const char *camera, const char *time, const char *event)
{
    g_autofree char *safe = watch_folder_camera(camera);
    g_autoptr(GString) digits = g_string_new(time);

    g_string_replace(digits, "-", "", 0);
    g_string_replace(digits, ":", "", 0);
    return g_strconcat(safe, "-", digits->str, event ? "-" : "", event ? event : "", SUFFIX, NULL);
}

/* Whether watch_folder_name() makes this name for the camera, with this ending instead of SUFFIX.
 */
static gboolean is_name(const char *name, const char *safe_camera, const char *ending)
{
    static const char pattern[] = "-########T######.######Z-";
    const char *event;

    if (!g_str_has_prefix(name, safe_camera))
        return FALSE;
    name += strlen(safe_camera);
    for (const char *p = pattern; *p; p++, name++) {
        if (*p == '#' ? !g_ascii_isdigit(*name) : *name != *p)
            return FALSE;
    }
    event = name;
    name += strspn(name, "abcdefghijklmnopqrstuvwxyz-");
    return name > event && strcmp(name, ending) == 0;
}

gboolean watch_folder_is_name(const char *name, const char *camera)
{
    g_autofree char *safe = watch_folder_camera(camera);

    return is_name(name, safe, SUFFIX);
}

/* Keeping */

static int compare_names(gconstpointer a, gconstpointer b, gpointer data)
{
    return strcmp(a, b);
}

/* Reads which files a camera has, and deletes those that were not completed. */
static GQueue *read_names(int fd, const char *safe_camera)
{
    GQueue *names = g_queue_new();
    const int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = copy >= 0 ? fdopendir(copy) : NULL;
    const struct dirent *file;

    while (folder && (file = readdir(folder))) {
        if (is_name(file->d_name, safe_camera, SUFFIX))
            g_queue_push_tail(names, g_strdup(file->d_name));
        else if (is_name(file->d_name, safe_camera, TEMPORARY))
            unlinkat(fd, file->d_name, 0);
    }
    if (folder)
        closedir(folder);
    else if (copy >= 0)
        close(copy);
    g_queue_sort(names, compare_names, NULL); /* by time */
    return names;
}

static GQueue *find_names(WatchFolder *folder, int fd, const char *camera)
{
    g_autofree char *safe_camera = watch_folder_camera(camera);
    GQueue *names = g_hash_table_lookup(folder->names, safe_camera);

    if (!names) {
        names = read_names(fd, safe_camera);
        g_hash_table_insert(folder->names, g_steal_pointer(&safe_camera), names);
    }
    return names;
}

static void delete_oldest(GQueue *names, int fd, guint keep)
{
    while (g_queue_get_length(names) > keep) {
        g_autofree char *name = g_queue_pop_head(names);

        unlinkat(fd, name, 0); /* may be gone already */
    }
}

/* Writing */

static gboolean write_all(int fd, GBytes *bytes)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    for (gsize done = 0; done < length;) {
        const gssize written = write(fd, data + done, length - done);

        if (written < 0 && errno != EINTR)
            return FALSE;
        done += (gsize)MAX(written, 0);
    }
    return TRUE;
}

/* Leaves the cause of a failure in errno. A link in the place of the file is not followed. */
static gboolean write_file(int folder, const char *name, GBytes *jpeg)
{
    g_autofree char *temporary = g_strconcat(name, ".tmp", NULL);
    int fd, cause;

    unlinkat(folder, temporary, 0);
    fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return FALSE;
    cause = write_all(fd, jpeg) ? 0 : errno;
    if (close(fd) < 0 && cause == 0) /* a file server may report a full disk only now */
        cause = errno;
    if (cause == 0 && renameat(folder, temporary, folder, name) == 0)
        return TRUE;
    if (cause == 0)
        cause = errno;
    unlinkat(folder, temporary, 0);
    errno = cause;
    return FALSE;
}

gboolean watch_folder_write(WatchFolder *folder, const char *camera, const char *name, GBytes *jpeg,
                            guint keep, GError **error)
{
    const int fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    GQueue *names = fd >= 0 ? find_names(folder, fd, camera) : NULL;

    if (!names || !write_file(fd, name, jpeg)) {
        const int cause = errno;

        g_set_error_literal(error, G_FILE_ERROR, g_file_error_from_errno(cause), g_strerror(cause));
        if (fd >= 0)
            close(fd);
        return FALSE;
    }
    g_queue_push_tail(names, g_strdup(name));
    delete_oldest(names, fd, keep);
    close(fd);
    return TRUE;
}
