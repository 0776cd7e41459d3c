/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/folder.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <unistd.h>

static char *folder;

static void delete_folder(void)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = folder_file(name);

        g_unlink(path);
    }
    g_rmdir(folder);
    g_free(folder);
}

const char *folder_path(void)
{
    if (folder)
        return folder;
    folder = g_strdup("/dev/shm/convnext-fuzz-XXXXXX");
    if (!g_mkdtemp(folder)) {
        g_free(folder);
        folder = g_dir_make_tmp("convnext-fuzz-XXXXXX", NULL);
    }
    g_assert_nonnull(folder);
    atexit(delete_folder);
    return folder;
}

char *folder_file(const char *name)
{
    return g_build_filename(folder_path(), name, NULL);
}

void folder_write(const char *name, const guint8 *contents, gsize size)
{
    g_autofree char *path = folder_file(name);

    g_unlink(path); /* so that its identity changes too */
    if (size == 0)
        return;
    const int fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, contents, size), ==, (gssize)size);
    close(fd);
}
