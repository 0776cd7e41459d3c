/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "model/threads/affinity.h"

#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "model/threads/threads.h"

struct CnxAffinity {
    struct CnxAffinity *next;
    cpu_set_t cpus;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static CnxAffinity *holds;   /* under the lock */
static atomic_bool any_hold; /* the same in short, to be read without */
static cpu_set_t process;    /* under the lock: see process_set() */

/* Of the thread that is in between enter and leave. */
static _Thread_local cpu_set_t before;
static _Thread_local gboolean entered;

/* The processors that any thread may run on. */
static void look_at_threads(cpu_set_t *cpus)
{
    GDir *threads = g_dir_open("/proc/self/task", 0, NULL);
    const char *name;
    cpu_set_t one;

    CPU_ZERO(cpus);
    while (threads && (name = g_dir_read_name(threads)))
        if (sched_getaffinity((pid_t)g_ascii_strtoll(name, NULL, 10), sizeof one, &one) == 0)
            CPU_OR(cpus, cpus, &one);
    g_clear_pointer(&threads, g_dir_close);
    if (CPU_COUNT(cpus) > 0 || sched_getaffinity(getpid(), sizeof *cpus, cpus) == 0)
        return;
    CPU_ZERO(cpus);
    for (guint i = 0; i < MIN(g_get_num_processors(), CPU_SETSIZE); i++)
        CPU_SET(i, cpus);
}

/* The processors of the process, whatever single threads the application has pinned. While there is
 * a hold, when there may be nobody left to ask, those from before it. */
static void process_set(cpu_set_t *cpus)
{
    pthread_mutex_lock(&lock);
    if (!holds)
        look_at_threads(&process);
    *cpus = process;
    pthread_mutex_unlock(&lock);
}

/* "0-3,6" */
static char *describe(const cpu_set_t *cpus)
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

/* One number; *text goes on behind it. */
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

static gboolean parse(const char *list, cpu_set_t *cpus)
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

    if (!parse(list, cpus)) {
        char *quoted = cnx_quote(list);

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "cpu-affinity must be a list of processors below %d such as 0-3,6, not %s",
                    CPU_SETSIZE, quoted);
        g_free(quoted);
        return FALSE;
    }
    process_set(&allowed);
    CPU_AND(&both, &allowed, cpus);
    if (!CPU_EQUAL(&both, cpus)) {
        char *wanted = describe(cpus), *given = describe(&allowed);

        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "cpu-affinity names the processors %s, but this process may only use %s",
                    wanted, given);
        g_free(wanted);
        g_free(given);
        return FALSE;
    }
    return TRUE;
}

gboolean cnx_affinity_check(const char *list, GError **error)
{
    cpu_set_t cpus;

    return read_list(list, &cpus, error);
}

/* FALSE without a hold. */
static gboolean get_set(cpu_set_t *cpus)
{
    CPU_ZERO(cpus);
    if (!atomic_load(&any_hold))
        return FALSE;
    pthread_mutex_lock(&lock);
    for (const CnxAffinity *a = holds; a != NULL; a = a->next)
        CPU_OR(cpus, cpus, &a->cpus);
    pthread_mutex_unlock(&lock);
    return CPU_COUNT(cpus) > 0;
}

/* When the holds have changed. */
static void pin_again(pthread_t worker)
{
    cpu_set_t cpus;

    if (!get_set(&cpus)) {
        pthread_mutex_lock(&lock);
        cpus = process;
        pthread_mutex_unlock(&lock);
    }
    pthread_setaffinity_np(worker, sizeof cpus, &cpus);
}

CnxAffinity *cnx_affinity_acquire(const char *list, GError **error)
{
    CnxAffinity *affinity = g_new0(CnxAffinity, 1);

    if (!read_list(list, &affinity->cpus, error)) {
        g_free(affinity);
        return NULL;
    }
    pthread_mutex_lock(&lock);
    affinity->next = holds;
    holds = affinity;
    atomic_store(&any_hold, TRUE);
    pthread_mutex_unlock(&lock);
    cnx_threads_each(pin_again);
    return affinity;
}

void cnx_affinity_release(CnxAffinity *affinity)
{
    CnxAffinity **link = &holds;

    if (!affinity)
        return;
    pthread_mutex_lock(&lock);
    while (*link != affinity)
        link = &(*link)->next;
    *link = affinity->next;
    atomic_store(&any_hold, holds != NULL);
    pthread_mutex_unlock(&lock);
    g_free(affinity);
    cnx_threads_each(pin_again);
}

guint cnx_affinity_count(void)
{
    cpu_set_t cpus;

    return get_set(&cpus) ? (guint)CPU_COUNT(&cpus) : 0;
}

guint cnx_affinity_allowed(void)
{
    cpu_set_t cpus;

    process_set(&cpus);
    return (guint)CPU_COUNT(&cpus);
}

void cnx_affinity_pin(const pthread_t *workers, guint n)
{
    cpu_set_t cpus, own;
    gboolean set;

    if (n == 0)
        return;
    set = get_set(&cpus);
    if (!set)
        process_set(&cpus);
    /* A control group's set that grows takes along only threads whose mask nobody has set. */
    for (guint i = 0; i < n; i++)
        if (set || pthread_getaffinity_np(workers[i], sizeof own, &own) != 0 ||
            !CPU_EQUAL(&own, &cpus))
            pthread_setaffinity_np(workers[i], sizeof cpus, &cpus);
}

void cnx_affinity_enter(void)
{
    cpu_set_t cpus;

    g_assert(!entered);
    if (!get_set(&cpus) || pthread_getaffinity_np(pthread_self(), sizeof before, &before) != 0)
        return;
    entered = pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus) == 0;
}

void cnx_affinity_leave(void)
{
    if (entered)
        pthread_setaffinity_np(pthread_self(), sizeof before, &before);
    entered = FALSE;
}
