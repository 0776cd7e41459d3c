/* Memory runs out while a checkpoint is opened: at the first allocation, at the second, and so on
 * until opening succeeds. Each attempt returns an error or a model and leaks nothing.
 *
 * Only allocations that may fail do: g_try_malloc and similar, those of libc and of the zip
 * library. GLib's other functions abort the process when memory runs out, so their allocations are
 * measured and must stay small for any file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <glib/gstdio.h>
#include <malloc.h>
#include <stdatomic.h>
#include <string.h>

#include "model/network/model.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1 /* the sanitizer replaces the allocator and detects leaks itself */
#else
#define SANITIZED 0
#endif

static atomic_long countdown; /* the allocation that reaches 0 fails; negative: none fails */
static atomic_long live;      /* allocated blocks */
static atomic_bool failed;

static gboolean next_fails(void)
{
    if (atomic_load(&countdown) <= 0 || atomic_fetch_sub(&countdown, 1) != 1)
        return FALSE;
    atomic_store(&failed, TRUE);
    return TRUE;
}

#if SANITIZED

static void *system_malloc(gsize size)
{
    return malloc(size);
}

static void *system_realloc(void *block, gsize size)
{
    return realloc(block, size);
}

#else

static atomic_size_t aborting; /* bytes of the largest allocation whose failure aborts */

#pragma GCC visibility push(default) /* overrides the functions for the libraries too */
void *malloc(size_t size);
void *calloc(size_t n, size_t size);
void *realloc(void *block, size_t size);
void *aligned_alloc(size_t alignment, size_t size);
int posix_memalign(void **block, size_t alignment, size_t size);
void free(void *block);
#pragma GCC visibility pop

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static void *count_block(void *block)
{
    if (block)
        atomic_fetch_add(&live, 1);
    return block;
}

static void *system_malloc(gsize size)
{
    return count_block(__libc_malloc(size));
}

static void *system_realloc(void *block, gsize size)
{
    void *moved = __libc_realloc(block, size);

    if (!block)
        count_block(moved);
    return moved;
}

/* Whether the caller is GLib, which aborts on failure, or libc, whose printf must not fail in GLib.
 * These allocations succeed, and their size is recorded. */
static gboolean must_succeed(void *caller, gsize size)
{
    Dl_info info;

    if (atomic_load(&countdown) < 0)
        return TRUE;
    if (!dladdr(caller, &info) || !info.dli_fname ||
        (!strstr(info.dli_fname, "/libglib-2.0") && !strstr(info.dli_fname, "/libc.so")))
        return FALSE;
    if (size > atomic_load(&aborting))
        atomic_store(&aborting, size);
    return TRUE;
}

void *malloc(size_t size)
{
    return !must_succeed(__builtin_return_address(0), size) && next_fails() ? NULL
                                                                            : system_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return !must_succeed(__builtin_return_address(0), n * size) && next_fails()
               ? NULL
               : count_block(__libc_calloc(n, size));
}

void *realloc(void *block, size_t size)
{
    return !must_succeed(__builtin_return_address(0), size) && next_fails()
               ? NULL
               : system_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return next_fails() ? NULL : count_block(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = next_fails() ? NULL : count_block(__libc_memalign(alignment, size));
    return *block ? 0 : 12; /* ENOMEM */
}

void free(void *block)
{
    if (block)
        atomic_fetch_sub(&live, 1);
    __libc_free(block);
}

#endif

/* Replace GLib's functions, whose calls of malloc look the same as those that abort */

gpointer g_try_malloc(gsize size)
{
    return next_fails() ? NULL : system_malloc(size);
}

gpointer g_try_malloc_n(gsize n, gsize size)
{
    return n != 0 && size > G_MAXSIZE / n ? NULL : g_try_malloc(n * size);
}

gpointer g_try_realloc_n(gpointer block, gsize n, gsize size)
{
    if (next_fails() || (n != 0 && size > G_MAXSIZE / n))
        return NULL;
    return system_realloc(block, n * size);
}

/* Returns whether opening reached its n-th allocation, which then failed. */
static gboolean open_failing_at(const char *path, long n)
{
    g_autoptr(GError) error = NULL;

    atomic_store(&failed, FALSE);
    atomic_store(&countdown, n);
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);
    atomic_store(&countdown, -1);

    const gboolean reached = atomic_load(&failed);
    if (!model) {
        if (!reached || error->domain != CNX_ERROR || strchr(error->message, '\n'))
            g_error("%s", error->message);
    }
    cnx_model_unref(model);
    return reached;
}

static void test_open(gconstpointer name)
{
    g_autofree char *path = g_build_filename(FIXTURES, name, NULL);
    long n = 1;

    g_assert_false(open_failing_at(path, G_MAXLONG)); /* lets GLib allocate its permanent blocks */
    g_assert_true(open_failing_at(path, 1));
    for (gboolean reached = TRUE; reached; n++) {
        const long before = atomic_load(&live);

        reached = open_failing_at(path, n);
        if (atomic_load(&live) != before)
            g_error("%s: %ld blocks leak when allocation %ld fails", path,
                    atomic_load(&live) - before, n);
    }
    g_test_message("%s: %ld allocations", path, n - 2);
    g_assert_cmpint(n, >, 3);
}

/* The allocations whose failure aborts do not grow with the file. */
static void test_aborting(void)
{
#if SANITIZED
    g_test_skip("the sanitizer replaces the allocator");
#else
    const gsize limit = 64 << 10; /* bytes per allocation */
    static const char begin[] = "{\"__metadata__\":{\"a\":\"", end[] = "\"}}";
    const gsize filling = 8 << 20, length = sizeof begin - 1 + filling + sizeof end - 1;
    const guint64 stored = GUINT64_TO_LE((guint64)length);
    g_autofree char *folder = g_dir_make_tmp("convnext-torture-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "big.safetensors", NULL);
    g_autofree char *contents = g_malloc(8 + length);
    g_autoptr(GError) error = NULL;

    memcpy(contents, &stored, 8);
    memcpy(contents + 8, begin, sizeof begin - 1);
    memset(contents + 8 + sizeof begin - 1, 'x', filling);
    memcpy(contents + 8 + length - (sizeof end - 1), end, sizeof end - 1);
    g_assert_true(g_file_set_contents(path, contents, (gssize)(8 + length), NULL));
    atomic_store(&countdown, G_MAXLONG);
    g_assert_null(cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error));
    atomic_store(&countdown, -1);
    g_assert_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT);
    g_test_message("largest allocation: %zu bytes", atomic_load(&aborting));
    g_assert_cmpuint(atomic_load(&aborting), >, 0);
    g_assert_cmpuint(atomic_load(&aborting), <=, limit);
    g_remove(path);
    g_rmdir(folder);
#endif
}

int main(int argc, char **argv)
{
    static const char *const names[] = {
        "containers/reference.safetensors",
        "containers/bare.pth",
        "containers/deflated.pth",
        "containers/training.pth",
        "containers/training-legacy.pth.tar",
        "containers/sharded-safetensors",
        "containers/sharded-bin",
        "heads/fastai-learner.pth",
        "forms/bitsandbytes-lora",
        "forms/dynamic-channels",
        "forms/dora",
        "networks/timm-v1",
        "networks/transformers-v1",
    };

    atomic_store(&countdown, -1);
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_strconcat("/torture/", names[i], NULL);

        g_test_add_data_func(path, names[i], test_open);
    }
    g_test_add_func("/torture/aborting", test_aborting);
    return g_test_run();
}
