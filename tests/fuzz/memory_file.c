/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "tests/fuzz/memory_file.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

const char *memory_file(const guint8 *contents, gsize size)
{
    static char path[64];
    static int fd = -1;

    if (fd < 0) {
        fd = memfd_create("convnext-fuzz", MFD_CLOEXEC);
        g_assert_cmpint(fd, >=, 0);
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    g_assert_cmpint(ftruncate(fd, 0), ==, 0);
    g_assert_cmpint(pwrite(fd, contents, size, 0), ==, (gssize)size);
    return path;
}
