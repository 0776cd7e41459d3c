/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/follow.h"

#include <string.h>
#include <sys/stat.h>

typedef struct Identity {
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
} Identity;

struct WatchFollow {
    char *path;
    Identity known, seen; /* at the last change, and at the last call */
};

/* All zeros if there is no file. */
static Identity identify(const char *path)
{
    struct stat info;
    Identity identity;

    memset(&identity, 0, sizeof identity); /* the padding too */
    if (stat(path, &info) == 0) {
        identity.device = info.st_dev;
        identity.inode = info.st_ino;
        identity.size = info.st_size;
        identity.changed = info.st_mtim;
    }
    return identity;
}

WatchFollow *watch_follow_new(const char *path)
{
    WatchFollow *self = g_new0(WatchFollow, 1);

    self->path = g_strdup(path);
    self->known = self->seen = identify(path);
    return self;
}

void watch_follow_free(WatchFollow *self)
{
    if (!self)
        return;
    g_free(self->path);
    g_free(self);
}

gboolean watch_follow_check(WatchFollow *self)
{
    const Identity now = identify(self->path);
    const gboolean is_quiet = memcmp(&now, &self->seen, sizeof now) == 0;

    self->seen = now;
    if (!is_quiet || memcmp(&now, &self->known, sizeof now) == 0)
        return FALSE;
    self->known = now;
    return TRUE;
}
