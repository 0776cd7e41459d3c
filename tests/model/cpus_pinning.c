/* Pinning the thread pool to the processors that the user names.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <sched.h>
#include <string.h>

#include "model/serve/queue.h"
#include "model/threads/cpus.h"
#include "model/threads/threads.h"
#include "tests/fixtures/seeded.h"

static cpu_set_t allowed; /* what this process may use */
static guint first_cpu;   /* of them */

static guint allowed_cpu(guint from)
{
    while (!CPU_ISSET(from, &allowed))
        from++;
    return from;
}

static void assert_refused(const char *list, const char *words)
{
    g_autoptr(GError) error = NULL, check_error = NULL;

    g_assert_null(cnx_cpus_pin(list, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    if (!strstr(error->message, words))
        g_error("\"%s\" is not in: %s", words, error->message);
    g_assert_false(cnx_cpus_check(list, &check_error));
    g_assert_error(check_error, CNX_ERROR, CNX_ERROR_SETTINGS);
    g_assert_cmpuint(cnx_cpus_pinned(), ==, 0);
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

/* The pinned set is the union of all pins. */
static void test_union(void)
{
    g_autofree char *one = g_strdup_printf("%u", first_cpu);
    g_autofree char *twice = g_strdup_printf("%u,%u-%u", first_cpu, first_cpu, first_cpu);
    CnxCpusPin *a = cnx_cpus_pin(one, NULL), *b = cnx_cpus_pin(twice, NULL);

    g_assert_true(a && b);
    g_assert_cmpuint(cnx_cpus_pinned(), ==, 1);
    g_assert_cmpuint(cnx_cpus_available(), ==, 1);
    if (CPU_COUNT(&allowed) > 1) {
        g_autofree char *other = g_strdup_printf("%u", allowed_cpu(first_cpu + 1));
        CnxCpusPin *c = cnx_cpus_pin(other, NULL);

        g_assert_cmpuint(cnx_cpus_pinned(), ==, 2);
        cnx_cpus_unpin(c);
        g_assert_cmpuint(cnx_cpus_pinned(), ==, 1);
    }
    cnx_cpus_unpin(a);
    g_assert_cmpuint(cnx_cpus_pinned(), ==, 1);
    cnx_cpus_unpin(b);
    g_assert_cmpuint(cnx_cpus_pinned(), ==, 0);
}

static gboolean runs_on(pthread_t thread, const cpu_set_t *cpus)
{
    cpu_set_t mask;

    g_assert_true(pthread_getaffinity_np(thread, sizeof mask, &mask) == 0);
    return CPU_EQUAL(&mask, cpus);
}

/* Pins the calling thread to one processor, as an application might. */
static void pin_self(void)
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(first_cpu, &one);
    g_assert_true(pthread_setaffinity_np(pthread_self(), sizeof one, &one) == 0);
}

static const cpu_set_t *expected_mask;
static guint checked_threads;

static void check_worker(pthread_t worker)
{
    g_assert_true(runs_on(worker, expected_mask));
    checked_threads++;
}

static void check_caller(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                         gint64 microseconds)
{
    check_worker(pthread_self());
}

static void run_once(CnxClient *client, const float *image)
{
    g_autoptr(GError) error = NULL;

    checked_threads = 0;
    cnx_client_run(client, 64, 64, &image, 1, check_caller, NULL, &error);
    g_assert_no_error(error);
    cnx_threads_each(check_worker);
    g_assert_cmpuint(checked_threads, ==, 3); /* the caller and two workers */
    g_assert_true(runs_on(pthread_self(), &allowed));
}

/* Workers that start before or after the pin are pinned, and so is the caller while it computes. */
static void test_pins(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *list = g_strdup_printf("%u", first_cpu);
    g_autofree float *image = g_new(float, 64 * 64 * 3);
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
        CnxCpusPin *pin = cnx_cpus_pin(list, NULL);

        g_assert_nonnull(pin);
        expected_mask = &one;
        run_once(client, image);
        cnx_cpus_unpin(pin);
        expected_mask = &allowed;
        run_once(client, image);
        cnx_client_free(client);
    }
    cnx_model_unref(model);
}

static void *join_pinned(void *client)
{
    pin_self();
    g_assert_true(cnx_client_join(client, 64, 64, NULL));
    return GUINT_TO_POINTER(cnx_cpus_allowed());
}

/* The application has pinned the thread that starts the workers. */
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
    checked_threads = 0;
    expected_mask = &allowed;
    cnx_threads_each(check_worker);
    g_assert_cmpuint(checked_threads, ==, 2);
    cnx_client_free(client);
    cnx_model_unref(model);
}

/* The application pins its main thread. The workers, which it has not pinned, still show what the
 * process may use. */
static void test_pinned_main(void)
{
    g_autofree char *list = g_strdup_printf("%u", first_cpu);

    cnx_threads_acquire(3);
    pin_self();
    g_assert_cmpuint(cnx_cpus_in_masks(), ==, (guint)CPU_COUNT(&allowed));
    for (guint i = 0; i < 2; i++) {
        CnxCpusPin *pin = cnx_cpus_pin(list, NULL);

        g_assert_nonnull(pin);
        g_assert_cmpuint(cnx_cpus_in_masks(), ==, (guint)CPU_COUNT(&allowed));
        cnx_cpus_unpin(pin);
        expected_mask = &allowed;
        cnx_threads_each(check_worker);
    }
    g_assert_true(pthread_setaffinity_np(pthread_self(), sizeof allowed, &allowed) == 0);
    cnx_threads_release();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(sched_getaffinity(0, sizeof allowed, &allowed) == 0);
    first_cpu = allowed_cpu(0);
    g_test_add_func("/cpus/lists", test_lists);
    g_test_add_func("/cpus/union", test_union);
    g_test_add_func("/cpus/pins", test_pins);
    g_test_add_func("/cpus/pinned-thread", test_pinned_thread);
    g_test_add_func("/cpus/pinned-main", test_pinned_main);
    return g_test_run();
}
