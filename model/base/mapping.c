/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static CnxError code_from_errno(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return CNX_ERROR_NOT_FOUND;
    case ENOMEM:
        return CNX_ERROR_OUT_OF_MEMORY;
    default:
        return CNX_ERROR_UNREADABLE;
    }
}

static gboolean set_open_error(GError **error, const char *file)
{
    const int number = errno;

    g_set_error(error, CNX_ERROR, code_from_errno(number), "%s: cannot be opened: %s", file,
                g_strerror(number));
    return FALSE;
}

static gboolean check_regular(int fd, const char *file, GError **error)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return set_open_error(error, file);
    if (S_ISREG(info.st_mode))
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_UNREADABLE, "%s: is %s, not a regular file", file,
                S_ISDIR(info.st_mode) ? "a folder" : "a device, pipe or socket");
    return FALSE;
}

GMappedFile *cnx_map_file(const char *path, GError **error)
{
    g_autoptr(GError) cause = NULL;
    GMappedFile *map = NULL;
    g_autofree char *file = g_filename_display_name(path);

    /* O_NONBLOCK, so that opening a named pipe does not wait for its writer. */
    const int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0);
    if (fd < 0) {
        set_open_error(error, file);
        return NULL;
    }
    if (check_regular(fd, file, error)) {
        map = g_mapped_file_new_from_fd(fd, FALSE, &cause);
        if (!map)
            g_set_error(error, CNX_ERROR, CNX_ERROR_UNREADABLE, "%s: cannot be mapped: %s", file,
                        cause->message);
    }
    close(fd);
    return map;
}
