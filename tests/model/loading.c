/* Who waits while a model is loaded: those that open the same one, and nobody else.
 *
 * GLib's function that maps files is this program's own, so that a load can be held up.
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

static int before[2], behind[2]; /* pipes: a byte says that one is before the gate; lets one pass */
static atomic_bool closed;       /* the gate: for the next file that is mapped */
static atomic_uint mapped;

#pragma GCC visibility push(default) /* for the libraries too */
GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error);
#pragma GCC visibility pop

GMappedFile *g_mapped_file_new_from_fd(int fd, gboolean writable, GError **error)
{
    GMappedFile *(*system)(int, gboolean, GError **) =
        (GMappedFile * (*)(int, gboolean, GError **)) dlsym(RTLD_NEXT, "g_mapped_file_new_from_fd");
    char byte = 0;

    atomic_fetch_add(&mapped, 1);
    if (atomic_exchange(&closed, FALSE)) {
        g_assert_true(write(before[1], &byte, 1) == 1);
        g_assert_true(read(behind[0], &byte, 1) == 1);
    }
    return system(fd, writable, error);
}

/* Returns the model, or NULL with an error that is as it should be. */
static void *open_main(void *path)
{
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_true(!model == !!error);
    g_assert_true(!error || error->domain == CNX_ERROR);
    g_clear_error(&error);
    return model;
}

static pthread_t begin(char *path)
{
    pthread_t thread;

    g_assert_true(pthread_create(&thread, NULL, open_main, path) == 0);
    return thread;
}

static CnxModel *end(pthread_t thread)
{
    void *model;

    g_assert_true(pthread_join(thread, &model) == 0);
    return model;
}

/* Begins to load a model, and leaves it before the gate. */
static pthread_t begin_slow(char *path)
{
    pthread_t thread;
    char byte;

    atomic_store(&closed, TRUE);
    thread = begin(path);
    g_assert_true(read(before[0], &byte, 1) == 1);
    return thread;
}

static void let_pass(void)
{
    const char byte = 0;

    g_assert_true(write(behind[1], &byte, 1) == 1);
}

/* Without help, this would wait for ever. */
static void test_another(void)
{
    char slow_path[] = FIXTURES "/networks/timm-v1", path[] = FIXTURES "/networks/transformers-v1";
    pthread_t slow = begin_slow(slow_path);
    CnxModel *other = open_main(path), *again = open_main(path), *model;

    g_assert_true(other && other == again);
    cnx_model_unref(again);
    cnx_model_unref(other);
    let_pass();
    model = end(slow);
    g_assert_nonnull(model);
    cnx_model_unref(model);
}

/* Some wait while the first one loads, some may come later. */
static void test_same(void)
{
    char path[] = FIXTURES "/networks/timm-v1";
    pthread_t slow, others[OPENINGS];
    CnxModel *first;
    guint files;

    atomic_store(&mapped, 0);
    cnx_model_unref(open_main(path));
    files = atomic_exchange(&mapped, 0);
    slow = begin_slow(path);
    for (guint i = 0; i < OPENINGS; i++)
        others[i] = begin(path);
    let_pass();
    first = end(slow);
    g_assert_nonnull(first);
    for (guint i = 0; i < OPENINGS; i++) {
        CnxModel *model = end(others[i]);

        g_assert_true(model == first);
        cnx_model_unref(model);
    }
    g_assert_cmpuint(atomic_load(&mapped), ==, files);
    cnx_model_unref(first);
}

/* What waited for a load that failed tries for itself. */
static void test_bad(void)
{
    char *path = folder_path("bad.safetensors");
    pthread_t slow, other;

    folder_write("bad.safetensors", "no model");
    slow = begin_slow(path);
    other = begin(path);
    let_pass();
    g_assert_null(end(slow));
    g_assert_null(end(other));
    folder_write("bad.safetensors", NULL);
    g_free(path);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(pipe2(before, O_CLOEXEC) == 0 && pipe2(behind, O_CLOEXEC) == 0);
    folder_new();
    g_test_add_func("/loading/another", test_another);
    g_test_add_func("/loading/same", test_same);
    g_test_add_func("/loading/bad", test_bad);
    const int status = g_test_run();
    folder_delete();
    return status;
}
