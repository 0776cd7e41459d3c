/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/limit.h"

#include <sys/resource.h>
#include <unistd.h>

#include "model/base/cgroup.h"

#define SHARE_OF(words) "three quarters of " words

static const struct {
    const char *name, *words;
} froms[] = {
    [CNX_LIMIT_PROPERTY] = {"property", "max-memory"},
    [CNX_LIMIT_CGROUP] = {"cgroup", SHARE_OF("the control group's memory")},
    [CNX_LIMIT_MACHINE] = {"machine", SHARE_OF("the machine's memory")},
    [CNX_LIMIT_ADDRESS_SPACE] = {"address-space", SHARE_OF("the address space, ulimit -v")},
    [CNX_LIMIT_DATA] = {"data-segment", SHARE_OF("the data segment, ulimit -d")},
};

const char *cnx_limit_from_name(CnxLimitFrom from)
{
    return froms[from].name;
}

const char *cnx_limit_from_words(CnxLimitFrom from)
{
    return froms[from].words;
}

/* *least = the smaller limit; 0 means none. */
static void lower_limit(guint64 *least, guint64 bytes)
{
    if (bytes > 0 && (*least == 0 || bytes < *least))
        *least = bytes;
}

/* Version 1 writes a huge number for no limit. */
static void read_folder(const char *folder, gpointer user_data)
{
    gint64 bytes = 0, ignored;

    if ((cnx_cgroup_read(folder, "memory.max", &bytes, &ignored) ||
         cnx_cgroup_read(folder, "memory.limit_in_bytes", &bytes, &ignored)) &&
        bytes > 0 && bytes < G_MAXINT64 / 2)
        lower_limit(user_data, (guint64)bytes);
}

guint64 cnx_limit_of_groups(const char *membership, const char *root)
{
    guint64 least = 0;

    cnx_cgroup_foreach(membership, root, "memory", read_folder, &least);
    return least;
}

static guint64 machine_memory(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

    return pages > 0 && size > 0 ? (guint64)pages * (guint64)size : 0;
}

static guint64 resource_limit(int resource)
{
    struct rlimit limit;

    return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
               ? MAX((guint64)limit.rlim_cur, 1)
               : 0;
}

CnxLimit cnx_limit_get(guint64 max_memory)
{
    const guint64 limits[] = {
        [CNX_LIMIT_CGROUP] = cnx_limit_of_groups(CNX_CGROUP_MEMBERSHIP, CNX_CGROUP_ROOT),
        [CNX_LIMIT_MACHINE] = machine_memory(),
        [CNX_LIMIT_ADDRESS_SPACE] = resource_limit(RLIMIT_AS),
        [CNX_LIMIT_DATA] = resource_limit(RLIMIT_DATA),
    };
    CnxLimit least = {G_MAXUINT64, CNX_LIMIT_MACHINE};

    if (max_memory > 0)
        return (CnxLimit){max_memory, CNX_LIMIT_PROPERTY};
    for (guint i = CNX_LIMIT_CGROUP; i < G_N_ELEMENTS(limits); i++)
        if (limits[i] > 0 && limits[i] / 4 * 3 < least.bytes)
            least = (CnxLimit){limits[i] / 4 * 3, (CnxLimitFrom)i};
    return least;
}
