/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/threads/cpus.h"

#include <string.h>

#include "model/threads/affinity.h"
#include "model/threads/threads.h"

/* The first two numbers of a file; "max" and anything else that is no number read as -1. */
static gboolean read_numbers(const char *path, gint64 *first, gint64 *second)
{
    char *text = NULL, *end;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    *first = g_ascii_strtoll(text, &end, 10);
    if (end == text) {
        *first = -1;
        end += strcspn(end, " \n");
    }
    *second = g_ascii_strtoll(end, NULL, 10);
    g_free(text);
    return TRUE;
}

/* Quota of one group's folder, 0 for none. */
static guint folder_quota(const char *folder)
{
    char *v2 = g_build_filename(folder, "cpu.max", NULL);
    char *v1_quota = g_build_filename(folder, "cpu.cfs_quota_us", NULL);
    char *v1_period = g_build_filename(folder, "cpu.cfs_period_us", NULL);
    gint64 quota = -1, period = 0, ignored;

    if (!read_numbers(v2, &quota, &period) && read_numbers(v1_quota, &quota, &ignored))
        read_numbers(v1_period, &period, &ignored);

    g_free(v2);
    g_free(v1_quota);
    g_free(v1_period);
    if (quota <= 0 || period <= 0)
        return 0;
    return (guint)CLAMP((quota - 1) / period + 1, 1, CNX_THREADS_MAX);
}

/* The least quota of group and its parents, up to the mount itself. In a container the path may
 * name a folder that only the host sees: then the mount's own file is the one that counts. */
static guint group_quota(const char *mount, const char *group)
{
    char *path = g_strdup(group);
    guint least = 0;

    for (;;) {
        char *folder = g_build_filename(mount, path, NULL);
        const guint quota = folder_quota(folder);
        char *slash = strrchr(path, '/');

        g_free(folder);
        if (quota != 0 && (least == 0 || quota < least))
            least = quota;
        if (!slash)
            break;
        *slash = '\0';
    }
    g_free(path);
    return least;
}

static gboolean lists_cpu(const char *controllers)
{
    char **names = g_strsplit(controllers, ",", -1);
    const gboolean found = g_strv_contains((const char *const *)names, "cpu");

    g_strfreev(names);
    return found;
}

/* One line of the membership file, "id:controllers:path"; version 2 has no controllers. */
static guint line_quota(const char *line, const char *root)
{
    char **field = g_strsplit(line, ":", 3);
    guint quota = 0;

    if (g_strv_length(field) == 3 && field[1][0] == '\0') {
        quota = group_quota(root, field[2]);
    } else if (g_strv_length(field) == 3 && lists_cpu(field[1])) {
        char *mount = g_build_filename(root, field[1], NULL);
        char *alone = g_build_filename(root, "cpu", NULL);

        quota = group_quota(g_file_test(mount, G_FILE_TEST_IS_DIR) ? mount : alone, field[2]);
        g_free(mount);
        g_free(alone);
    }
    g_strfreev(field);
    return quota;
}

guint cnx_cpus_quota(const char *membership, const char *root)
{
    char *text = NULL, **lines;
    guint least = 0;

    if (!g_file_get_contents(membership, &text, NULL, NULL))
        return 0;
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        const guint quota = line_quota(*line, root);

        if (quota != 0 && (least == 0 || quota < least))
            least = quota;
    }
    g_strfreev(lines);
    g_free(text);
    return least;
}

static guint limit(guint cpus)
{
    const guint quota = cnx_cpus_quota("/proc/self/cgroup", "/sys/fs/cgroup");

    if (quota != 0)
        cpus = MIN(cpus, quota);
    return CLAMP(cpus, 1, CNX_THREADS_MAX);
}

guint cnx_cpus_allowed(void)
{
    return limit(cnx_affinity_allowed());
}

guint cnx_cpus_available(void)
{
    const guint pinned = cnx_affinity_count();

    return pinned > 0 ? limit(pinned) : cnx_cpus_allowed();
}
