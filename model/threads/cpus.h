/* How many processors this process may use.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The processors that any thread of this process may run on; fewer where a control group's quota of
 * processor time is fewer; 1..CNX_THREADS_MAX. */
guint cnx_cpus_allowed(void);

/* The same of the processors of model/threads/affinity.h's set, where there is one. */
guint cnx_cpus_available(void);

/* The quota of processor time, in processors rounded up, of the control groups that a file in the
 * format of /proc/self/cgroup names, mounted at root (/sys/fs/cgroup): the least of the group's and
 * its parents'. 0: no limit. Version 1 and 2. */
guint cnx_cpus_quota(const char *membership, const char *root);
