/* Figures of this process for Prometheus, under the names that its own clients use.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct WatchProcess {
    double cpu_seconds; /* of all threads, user and system */
    guint64 resident_bytes, virtual_bytes;
    guint open_fds;
    guint64 max_fds;   /* 0: unlimited or unknown */
    double start_time; /* seconds since 1970 */
} WatchProcess;

/* Reads /proc. Figures that the system does not tell are 0. */
void watch_process_read(WatchProcess *process);
