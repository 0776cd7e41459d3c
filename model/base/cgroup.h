/* The control groups of this process, version 1 and 2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define CNX_CGROUP_MEMBERSHIP "/proc/self/cgroup"
#define CNX_CGROUP_ROOT "/sys/fs/cgroup"

typedef void CnxCgroupFn(const char *folder, gpointer user_data);

/* Calls fn for the folder of each group that limits this process, and of its parents up to the
 * mount. controller: "cpu", "memory". membership lists the groups in the format of
 * /proc/self/cgroup; they are mounted at root. Folders need not exist. */
void cnx_cgroup_foreach(const char *membership, const char *root, const char *controller,
                        CnxCgroupFn *fn, gpointer user_data);

/* Reads the first two numbers of a folder's file. "max", or anything else that is not a number,
 * reads as -1. FALSE if there is no such file. */
gboolean cnx_cgroup_read(const char *folder, const char *name, gint64 *first, gint64 *second);
