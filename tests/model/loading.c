/* While a model loads, only threads that open the same model wait.
 *
 * This program replaces GLib's function that maps files, so that it can suspend a load.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "model/network/model.h"
#include "tests/model/support/folder.h"

#define OPENINGS 8

static int reached[2], passed[2]; /* pipes: a byte for a load that reaches or may pass the gate */
static atomic_bool closed;        /* the gate stops the next file that is mapped */
static atomic_uint mapped;        /* files */

#pragma GCC visibility push(default) /* libraries call it too */
GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error);
#pragma GCC visibility pop

GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error)
{
    GMappedFile *(*system)(int, gboolean, GError **) =
        (GMappedFile * (*)(int, gboolean, GError **)) dlsym(RTLD_NEXT, "g_mapped_file_new_from_fd");
    char byte = 0;

    atomic_fetch_add(&mapped, 1);
    if (atomic_exchange(&closed, FALSE)) {
        g_assert_true(write(reached[1], &byte, 1) == 1);
        g_assert_true(read(passed[0], &byte, 1) == 1);
    }
    return system(fd, writable, error);
}

/* Opens the model at path; NULL if that fails with a proper error. */
static void *open_main(void *path)
{
    g_autoptr(GError) error = NULL;
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_true(!model == !!error);
    g_assert_true(!error || error->domain == CNX_ERROR);
    return model;
}

static pthread_t begin_load(char *path)
{
    pthread_t thread;

    g_assert_true(pthread_create(&thread, NULL, open_main, path) == 0);
    return thread;
}

static CnxModel *end_load(pthread_t thread)
{
    void *model;

    g_assert_true(pthread_join(thread, &model) == 0);
    return model;
}

/* Begins to load a model and suspends the load at the gate. */
static pthread_t begin_suspended(char *path)
{
    pthread_t thread;
    char byte;

    atomic_store(&closed, TRUE);
    thread = begin_load(path);
    g_assert_true(read(reached[0], &byte, 1) == 1);
    return thread;
}

static void open_gate(void)
{
    const char byte = 0;

    g_assert_true(write(passed[1], &byte, 1) == 1);
}

/* Another model loads meanwhile. If it waited, this test would never end. */
static void test_another(void)
{
    char slow_path[] = FIXTURES "/networks/timm-v1", path[] = FIXTURES "/networks/transformers-v1";
    pthread_t slow = begin_suspended(slow_path);
    CnxModel *other = open_main(path), *again = open_main(path), *model;

    g_assert_true(other && other == again);
    cnx_model_unref(again);
    cnx_model_unref(other);
    open_gate();
    model = end_load(slow);
    g_assert_nonnull(model);
    cnx_model_unref(model);
}

/* All threads that open the same model get the one from the first load, whether they waited for it
 * or came later. */
static void test_same(void)
{
    char path[] = FIXTURES "/networks/timm-v1";
    pthread_t slow, others[OPENINGS];
    CnxModel *first;
    guint files;

    atomic_store(&mapped, 0);
    cnx_model_unref(open_main(path));
    files = atomic_exchange(&mapped, 0);
    slow = begin_suspended(path);
    for (guint i = 0; i < OPENINGS; i++)
        others[i] = begin_load(path);
    open_gate();
    first = end_load(slow);
    g_assert_nonnull(first);
    for (guint i = 0; i < OPENINGS; i++) {
        CnxModel *model = end_load(others[i]);

        g_assert_true(model == first);
        cnx_model_unref(model);
    }
    g_assert_cmpuint(atomic_load(&mapped), ==, files);
    cnx_model_unref(first);
}

/* A thread that waited for a failed load loads the model itself. */
static void test_bad(void)
{
    g_autofree char *path = folder_path("bad.safetensors");
    pthread_t slow, other;

    folder_write("bad.safetensors", "no model");
    slow = begin_suspended(path);
    other = begin_load(path);
    open_gate();
    g_assert_null(end_load(slow));
    g_assert_null(end_load(other));
    folder_write("bad.safetensors", NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(pipe2(reached, O_CLOEXEC) == 0 && pipe2(passed, O_CLOEXEC) == 0);
    folder_new();
    g_test_add_func("/loading/another", test_another);
    g_test_add_func("/loading/same", test_same);
    g_test_add_func("/loading/bad", test_bad);
    const int status = g_test_run();
    folder_delete();
    return status;
}
