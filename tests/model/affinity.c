/* The processors that the engine runs on, where the user says so.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "model/threads/affinity.h"

#include <sched.h>
#include <string.h>

#include "model/serve/queue.h"
#include "model/threads/cpus.h"
#include "model/threads/threads.h"
#include "tests/fixtures/seeded.h"

static guint first_cpu; /* that this process may use */
static cpu_set_t allowed;

static guint allowed_cpu(guint from)
{
    while (!CPU_ISSET(from, &allowed))
        from++;
    return from;
}

static void assert_refused(const char *list, const char *words)
{
    GError *error = NULL;

    g_assert_null(cnx_affinity_acquire(list, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    if (!strstr(error->message, words))
        g_error("\"%s\" is not in: %s", words, error->message);
    g_clear_error(&error);
    g_assert_false(cnx_affinity_check(list, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    g_error_free(error);
    g_assert_cmpuint(cnx_affinity_count(), ==, 0);
}

static void test_lists(void)
{
    static const char *const bad[] = {"",    "x",    "0-",   "-1",    "1-0", "0,",          ",0",
                                      "0,,", "0 1",  " 0",   "0-1-2", "0x1", "99999999999", "1024",
                                      "0;1", "0-3x", "0-1 ,"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        assert_refused(bad[i], "such as 0-3,6");
    assert_refused("x\ny", "\"x?y\"");
    if (!CPU_ISSET(1023, &allowed))
        assert_refused("1023", "names the processors 1023, but this process may only use ");
}

/* The set is what any hold names. */
static void test_holds(void)
{
    char *one = g_strdup_printf("%u", first_cpu);
    char *twice = g_strdup_printf("%u,%u-%u", first_cpu, first_cpu, first_cpu);
    CnxAffinity *a = cnx_affinity_acquire(one, NULL), *b = cnx_affinity_acquire(twice, NULL);

    g_assert_true(a && b);
    g_assert_cmpuint(cnx_affinity_count(), ==, 1);
    g_assert_cmpuint(cnx_cpus_available(), ==, 1);
    if (CPU_COUNT(&allowed) > 1) {
        char *other = g_strdup_printf("%u", allowed_cpu(first_cpu + 1));
        CnxAffinity *c = cnx_affinity_acquire(other, NULL);

        g_assert_cmpuint(cnx_affinity_count(), ==, 2);
        cnx_affinity_release(c);
        g_assert_cmpuint(cnx_affinity_count(), ==, 1);
        g_free(other);
    }
    cnx_affinity_release(a);
    g_assert_cmpuint(cnx_affinity_count(), ==, 1);
    cnx_affinity_release(b);
    g_assert_cmpuint(cnx_affinity_count(), ==, 0);
    g_free(one);
    g_free(twice);
}

static gboolean runs_on(pthread_t thread, const cpu_set_t *cpus)
{
    cpu_set_t mask;

    g_assert_true(pthread_getaffinity_np(thread, sizeof mask, &mask) == 0);
    return CPU_EQUAL(&mask, cpus);
}

/* Runs the calling thread on one processor only. */
static void pin_to_first(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(first_cpu, &one);
    g_assert_true(pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0);
}

static const cpu_set_t *wanted;
static guint seen;

static void see_worker(pthread_t worker)
{
    g_assert_true(runs_on(worker, wanted));
    seen++;
}

static void see_caller(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                       gint64 microseconds)
{
    g_assert_true(runs_on(pthread_self(), wanted));
    seen++;
}

static void run_once(CnxClient *client, const float *image)
{
    GError *error = NULL;

    seen = 0;
    cnx_client_run(client, 64, 64, &image, 1, see_caller, NULL, &error);
    g_assert_no_error(error);
    cnx_threads_each(see_worker);
    g_assert_cmpuint(seen, ==, 3); /* the caller and two workers */
    g_assert_true(runs_on(pthread_self(), &allowed));
}

/* Workers from before and after, and the caller for as long as it computes. */
static void test_pins(void)
{
    char *list = g_strdup_printf("%u", first_cpu);
    float *image = g_new(float, 64 * 64 * 3);
    GError *error = NULL;
    CnxModel *model = cnx_model_open(FIXTURES "/networks/timm-v1", CNX_WEIGHT_SET_AUTO, &error);
    cpu_set_t one;

    g_assert_no_error(error);
    CPU_ZERO(&one);
    CPU_SET(first_cpu, &one);
    seeded_input(image, "affinity", 64, 64);
    for (guint before = 0; before < 2; before++) {
        CnxClient *client = cnx_client_new(model, CNX_OUTPUT_LOGITS, 3);

        if (before)
            g_assert_true(cnx_client_join(client, 64, 64, NULL));
        CnxAffinity *affinity = cnx_affinity_acquire(list, NULL);

        g_assert_nonnull(affinity);
        wanted = &one;
        run_once(client, image);
        cnx_affinity_release(affinity);
        wanted = &allowed;
        run_once(client, image);
        cnx_client_free(client);
    }
    cnx_model_unref(model);
    g_free(image);
    g_free(list);
}

static void *join_pinned(void *client)
{
    pin_to_first();
    g_assert_true(cnx_client_join(client, 64, 64, NULL));
    return GUINT_TO_POINTER(cnx_cpus_allowed());
}

/* The application's business with a thread of its own, which happens to be the first to come. */
static void test_pinned_thread(void)
{
    const guint expected = cnx_cpus_allowed();
    CnxModel *model = cnx_model_open(FIXTURES "/networks/timm-v1", CNX_WEIGHT_SET_AUTO, NULL);
    CnxClient *client = cnx_client_new(model, CNX_OUTPUT_LOGITS, 3);
    pthread_t thread;
    void *found;

    g_assert_true(pthread_create(&thread, NULL, join_pinned, client) == 0);
    pthread_join(thread, &found);
    g_assert_cmpuint(GPOINTER_TO_UINT(found), ==, expected);
    seen = 0;
    wanted = &allowed;
    cnx_threads_each(see_worker);
    g_assert_cmpuint(seen, ==, 2);
    cnx_client_free(client);
    cnx_model_unref(model);
}

/* The main thread too: as long as there is any thread that is not, the workers at last. */
static void test_pinned_main(void)
{
    char *list = g_strdup_printf("%u", first_cpu);
    CnxAffinity *affinity;

    cnx_threads_acquire(3);
    pin_to_first();
    g_assert_cmpuint(cnx_affinity_allowed(), ==, (guint)CPU_COUNT(&allowed));
    for (guint i = 0; i < 2; i++) {
        affinity = cnx_affinity_acquire(list, NULL);
        g_assert_nonnull(affinity);
        g_assert_cmpuint(cnx_affinity_allowed(), ==, (guint)CPU_COUNT(&allowed));
        cnx_affinity_release(affinity);
        wanted = &allowed;
        cnx_threads_each(see_worker);
    }
    g_assert_true(pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed) == 0);
    cnx_threads_release();
    g_free(list);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    first_cpu = allowed_cpu(0);
    g_test_add_func("/affinity/lists", test_lists);
    g_test_add_func("/affinity/holds", test_holds);
    g_test_add_func("/affinity/pins", test_pins);
    g_test_add_func("/affinity/pinned-thread", test_pinned_thread);
    g_test_add_func("/affinity/pinned-main", test_pinned_main);
    return g_test_run();
}
