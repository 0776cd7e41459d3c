/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "model/threads/cpus.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

struct CnxCpusPin {
    struct CnxCpusPin *next;
    cpu_set_t cpus;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CnxCpusPin *pins;         /* under the lock */
static atomic_bool has_pins;     /* whether pins is non-NULL; read without the lock */
static cpu_set_t process;        /* under the lock; see process_set() */
static const pthread_t *workers; /* [n_workers], under the lock; owned by the pool */
static guint n_workers;

/* The calling thread's mask between enter and leave. */
static _Thread_local cpu_set_t mask_before;
static _Thread_local gboolean entered;

/* Control groups */

/* Reads the first two numbers of a file. "max", or anything else that is not a number, reads as
 * -1. */
static gboolean read_numbers(const char *path, gint64 *first, gint64 *second)
{
    g_autofree char *text = NULL;
    char *end;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return FALSE;
    *first = g_ascii_strtoll(text, &end, 10);
    if (end == text) {
        *first = -1;
        end += strcspn(end, " \n");
    }
    *second = g_ascii_strtoll(end, NULL, 10);
    return TRUE;
}

/* The quota of one group's folder; 0 means none. */
static guint folder_quota(const char *folder)
{
    g_autofree char *v2 = g_build_filename(folder, "cpu.max", NULL);
    g_autofree char *v1_quota = g_build_filename(folder, "cpu.cfs_quota_us", NULL);
    g_autofree char *v1_period = g_build_filename(folder, "cpu.cfs_period_us", NULL);
    gint64 quota = -1, period = 0, ignored;

    if (!read_numbers(v2, &quota, &period) && read_numbers(v1_quota, &quota, &ignored))
        read_numbers(v1_period, &period, &ignored);
    if (quota <= 0 || period <= 0)
        return 0;
    return (guint)CLAMP((quota - 1) / period + 1, 1, CNX_CPUS_MAX);
}

/* The smaller of two quotas; 0 means none. */
static guint smaller_quota(guint a, guint b)
{
    return a == 0 ? b : b == 0 ? a : MIN(a, b);
}

/* The smallest quota of the group and its parents, up to the mount. In a container the path may
 * name a folder that only the host sees; the mount's own file then applies. */
static guint group_quota(const char *mount, const char *group)
{
    g_autofree char *path = g_strdup(group);
    guint quota = 0;

    for (;;) {
        g_autofree char *folder = g_build_filename(mount, path, NULL);
        char *slash = strrchr(path, '/');

        quota = smaller_quota(quota, folder_quota(folder));
        if (!slash)
            return quota;
        *slash = '\0';
    }
}

static gboolean lists_cpu(const char *controllers)
{
    g_auto(GStrv) names = g_strsplit(controllers, ",", -1);

    return g_strv_contains((const char *const *)names, "cpu");
}

/* Reads one line of the membership file, "id:controllers:path"; version 2 lists no controllers. */
static guint line_quota(const char *line, const char *root)
{
    g_auto(GStrv) field = g_strsplit(line, ":", 3);

    if (g_strv_length(field) != 3)
        return 0;
    if (field[1][0] == '\0')
        return group_quota(root, field[2]);
    if (!lists_cpu(field[1]))
        return 0;
    g_autofree char *mount = g_build_filename(root, field[1], NULL);
    g_autofree char *cpu_mount = g_build_filename(root, "cpu", NULL);
    return group_quota(g_file_test(mount, G_FILE_TEST_IS_DIR) ? mount : cpu_mount, field[2]);
}

guint cnx_cpus_quota(const char *membership, const char *root)
{
    g_autofree char *text = NULL;
    guint quota = 0;

    if (!g_file_get_contents(membership, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++)
        quota = smaller_quota(quota, line_quota(*line, root));
    return quota;
}

/* Masks of the process */

/* The union of all threads' masks. */
static void read_masks(cpu_set_t *cpus)
{
    g_autoptr(GDir) threads = g_dir_open("/proc/self/task", 0, NULL);
    const char *name;
    cpu_set_t mask;

    CPU_ZERO(cpus);
    while (threads && (name = g_dir_read_name(threads)))
        if (sched_getaffinity((pid_t)g_ascii_strtoll(name, NULL, 10), sizeof mask, &mask) == 0)
            CPU_OR(cpus, cpus, &mask);
    if (CPU_COUNT(cpus) > 0 || sched_getaffinity(getpid(), sizeof *cpus, cpus) == 0)
        return;
    CPU_ZERO(cpus);
    for (guint i = 0; i < MIN(g_get_num_processors(), CPU_SETSIZE); i++)
        CPU_SET(i, cpus);
}

/* The processors of the process, even if the application has pinned some of its threads. While pins
 * exist, every thread may be pinned, so the set from before the first pin is kept. Called with the
 * lock held. */
static const cpu_set_t *process_set(void)
{
    if (!pins)
        read_masks(&process);
    return &process;
}

guint cnx_cpus_in_masks(void)
{
    pthread_mutex_lock(&lock);
    const guint count = (guint)CPU_COUNT(process_set());
    pthread_mutex_unlock(&lock);
    return count;
}

/* Parsing and describing lists of processors */

/* "0-3,6" */
static char *describe_set(const cpu_set_t *cpus)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < CPU_SETSIZE; i++) {
        guint last = i;

        if (!CPU_ISSET(i, cpus))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
            last++;
        g_string_append_printf(text, text->len > 0 ? ",%u" : "%u", i);
        if (last > i)
            g_string_append_printf(text, "-%u", last);
        i = last;
    }
    return g_string_free(text, FALSE);
}

/* Parses one number and moves *text past it. */
static gboolean parse_number(const char **text, guint *number)
{
    *number = 0;
    if (!g_ascii_isdigit(**text))
        return FALSE;
    for (; g_ascii_isdigit(**text); (*text)++) {
        *number = *number * 10 + (guint)(**text - '0');
        if (*number >= CPU_SETSIZE)
            return FALSE;
    }
    return TRUE;
}

static gboolean parse_set(const char *list, cpu_set_t *cpus)
{
    guint first, last;

    CPU_ZERO(cpus);
    do {
        if (!parse_number(&list, &first))
            return FALSE;
        last = first;
        if (*list == '-') {
            list++;
            if (!parse_number(&list, &last) || last < first)
                return FALSE;
        }
        for (guint i = first; i <= last; i++)
            CPU_SET(i, cpus);
    } while (*list++ == ',');
    return list[-1] == '\0';
}

static gboolean read_list(const char *list, cpu_set_t *cpus, GError **error)
{
    cpu_set_t allowed, both;

    if (!parse_set(list, cpus)) {
        g_autofree char *quoted = cnx_quote(list);

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "cpu-affinity must be a list of processors below %d such as 0-3,6, not %s",
                    CPU_SETSIZE, quoted);
        return FALSE;
    }
    pthread_mutex_lock(&lock);
    allowed = *process_set();
    pthread_mutex_unlock(&lock);
    CPU_AND(&both, &allowed, cpus);
    if (!CPU_EQUAL(&both, cpus)) {
        g_autofree char *list_text = describe_set(cpus), *allowed_text = describe_set(&allowed);

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "cpu-affinity names the processors %s, but this process may only use %s",
                    list_text, allowed_text);
        return FALSE;
    }
    return TRUE;
}

gboolean cnx_cpus_check(const char *list, GError **error)
{
    cpu_set_t cpus;

    return read_list(list, &cpus, error);
}

/* Pinning */

/* Returns FALSE if there are no pins. Called with the lock held. */
static gboolean pinned_set(cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    for (const CnxCpusPin *pin = pins; pin != NULL; pin = pin->next)
        CPU_OR(cpus, cpus, &pin->cpus);
    return CPU_COUNT(cpus) > 0;
}

/* The same for callers that do not hold the lock; takes it only if there are pins. */
static gboolean get_pinned_set(cpu_set_t *cpus)
{
    if (!atomic_load(&has_pins))
        return FALSE;
    pthread_mutex_lock(&lock);
    const gboolean pinned = pinned_set(cpus);
    pthread_mutex_unlock(&lock);
    return pinned;
}

/* Moves the workers after the pins have changed. Called with the lock held. */
static void move_workers(void)
{
    cpu_set_t cpus;

    if (!pinned_set(&cpus))
        cpus = process;
    for (guint i = 0; i < n_workers; i++)
        pthread_setaffinity_np(workers[i], sizeof cpus, &cpus);
}

CnxCpusPin *cnx_cpus_pin(const char *list, GError **error)
{
    cpu_set_t cpus;

    if (!read_list(list, &cpus, error))
        return NULL;
    CnxCpusPin *pin = g_new0(CnxCpusPin, 1);
    pin->cpus = cpus;
    pthread_mutex_lock(&lock);
    pin->next = pins;
    pins = pin;
    atomic_store(&has_pins, TRUE);
    move_workers();
    pthread_mutex_unlock(&lock);
    return pin;
}

void cnx_cpus_unpin(CnxCpusPin *pin)
{
    CnxCpusPin **link = &pins;

    if (!pin)
        return;
    pthread_mutex_lock(&lock);
    while (*link != pin)
        link = &(*link)->next;
    *link = pin->next;
    atomic_store(&has_pins, pins != NULL);
    move_workers();
    pthread_mutex_unlock(&lock);
    g_free(pin);
}

guint cnx_cpus_pinned(void)
{
    cpu_set_t cpus;

    return get_pinned_set(&cpus) ? (guint)CPU_COUNT(&cpus) : 0;
}

/* A worker whose mask already is the process's is left alone: when a control group's set grows,
 * only threads whose mask was never set follow it. */
void cnx_cpus_set_workers(const pthread_t *list, guint n_old, guint n)
{
    cpu_set_t cpus, mask;

    pthread_mutex_lock(&lock);
    workers = list;
    n_workers = n;
    const gboolean pinned = pinned_set(&cpus);
    if (!pinned && n > n_old)
        cpus = *process_set();
    for (guint i = n_old; i < n; i++)
        if (pinned || pthread_getaffinity_np(workers[i], sizeof mask, &mask) != 0 ||
            !CPU_EQUAL(&mask, &cpus))
            pthread_setaffinity_np(workers[i], sizeof cpus, &cpus);
    pthread_mutex_unlock(&lock);
}

void cnx_cpus_enter(void)
{
    cpu_set_t cpus;

    g_assert(!entered);
    if (!get_pinned_set(&cpus) ||
        pthread_getaffinity_np(pthread_self(), sizeof mask_before, &mask_before) != 0)
        return;
    entered = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
}

void cnx_cpus_leave(void)
{
    if (entered)
        pthread_setaffinity_np(pthread_self(), sizeof mask_before, &mask_before);
    entered = FALSE;
}

/* Counts */

static guint apply_quota(guint cpus)
{
    const guint quota = cnx_cpus_quota("/proc/self/cgroup", "/sys/fs/cgroup");

    return CLAMP(smaller_quota(cpus, quota), 1, CNX_CPUS_MAX);
}

guint cnx_cpus_allowed(void)
{
    return apply_quota(cnx_cpus_in_masks());
}

guint cnx_cpus_available(void)
{
    const guint pinned = cnx_cpus_pinned();

    return pinned > 0 ? apply_quota(pinned) : cnx_cpus_allowed();
}
