/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/process.h"

#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* The seconds since 1970 at which the system started. */
static double boot_time(void)
{
    g_autofree char *text = NULL;
    const char *line;

    if (!g_file_get_contents("/proc/stat", &text, NULL, NULL) || !(line = strstr(text, "\nbtime ")))
        return 0;
    return g_ascii_strtod(line + strlen("\nbtime "), NULL);
}

/* Field 22 of /proc/self/stat, in clock ticks since boot. The second field, in parentheses, may
 * contain spaces. */
static double start_time(void)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) fields = NULL;
    const double boot = boot_time();
    const char *end;

    if (!boot || !g_file_get_contents("/proc/self/stat", &text, NULL, NULL) ||
        !(end = strrchr(text, ')')))
        return 0;
    fields = g_strsplit(end + 1, " ", -1); /* the first is empty, the second is field 3 */
    if (g_strv_length(fields) < 21)
        return 0;
    return boot + g_ascii_strtod(fields[20], NULL) / (double)sysconf(_SC_CLK_TCK);
}

static void read_memory(WatchProcess *process)
{
    g_autofree char *text = NULL;
    guint64 pages;
    char *end;

    if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
        return;
    pages = (guint64)sysconf(_SC_PAGESIZE);
    process->virtual_bytes = g_ascii_strtoull(text, &end, 10) * pages;
    process->resident_bytes = g_ascii_strtoull(end, NULL, 10) * pages;
}

static guint count_fds(void)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    if (!folder)
        return 0;
    while (g_dir_read_name(folder))
        count++;
    return count - 1; /* the folder itself */
}

void watch_process_read(WatchProcess *process)
{
    struct rusage usage;
    struct rlimit limit;

    memset(process, 0, sizeof *process);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        process->cpu_seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        process->max_fds = limit.rlim_cur;
    read_memory(process);
    process->open_fds = count_fds();
    process->start_time = start_time();
}
