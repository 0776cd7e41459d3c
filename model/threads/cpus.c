/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "model/threads/cpus.h"

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "model/base/cgroup.h"

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

/* The smaller of two quotas; 0 means none. */
static guint smaller_quota(guint a, guint b)
{
    return a == 0 ? b : b == 0 ? a : MIN(a, b);
}

/* Lowers *user_data to the quota of one group's folder. */
static void read_folder(const char *folder, gpointer user_data)
{
    guint *least = user_data;
    gint64 quota = -1, period = 0, ignored;

    if (!cnx_cgroup_read(folder, "cpu.max", &quota, &period) &&
        cnx_cgroup_read(folder, "cpu.cfs_quota_us", &quota, &ignored))
        cnx_cgroup_read(folder, "cpu.cfs_period_us", &period, &ignored);
    if (quota > 0 && period > 0)
        *least = smaller_quota(*least, (guint)CLAMP((quota - 1) / period + 1, 1, CNX_CPUS_MAX));
}

guint cnx_cpus_quota(const char *membership, const char *root)
{
    guint least = 0;

    cnx_cgroup_foreach(membership, root, "cpu", read_folder, &least);
    return least;
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
    const guint quota = cnx_cpus_quota(CNX_CGROUP_MEMBERSHIP, CNX_CGROUP_ROOT);

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
