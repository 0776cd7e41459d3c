/* Memory runs out while a checkpoint is opened: at the first allocation, at the second, and so on
 * until one try needs no more. Each gives an error or a model, and leaks nothing.
 *
 * What fails is every allocation that may: those of g_try_malloc and its like, of libc and of the
 * zip library. GLib's other functions abort the process when memory is out; so they are counted,
 * and must stay small whatever the file says.
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
#define SANITIZED 1 /* the sanitizer has the allocator, and looks for leaks itself */
#else
#define SANITIZED 0
#endif

static atomic_long countdown; /* the allocation that reaches 0 fails; negative: none does */
static atomic_long live;      /* blocks */
static atomic_bool failed;

static gboolean fails(void)
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

static atomic_size_t aborting; /* bytes, the largest block that GLib asked for */

#pragma GCC visibility push(default) /* for the libraries too */
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

static void *counted(void *block)
{
    if (block)
        atomic_fetch_add(&live, 1);
    return block;
}

static void *system_malloc(gsize size)
{
    return counted(__libc_malloc(size));
}

static void *system_realloc(void *block, gsize size)
{
    void *moved = __libc_realloc(block, size);

    if (!block)
        counted(moved);
    return moved;
}

/* The caller is GLib, which aborts, or libc, whose printf GLib takes for one that cannot fail: it
 * is served, and its size noted. */
static gboolean must_serve(void *caller, gsize size)
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
    return !must_serve(__builtin_return_address(0), size) && fails() ? NULL : system_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return !must_serve(__builtin_return_address(0), n * size) && fails()
               ? NULL
               : counted(__libc_calloc(n, size));
}

void *realloc(void *block, size_t size)
{
    return !must_serve(__builtin_return_address(0), size) && fails() ? NULL
                                                                     : system_realloc(block, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size)
{
    *block = fails() ? NULL : counted(__libc_memalign(alignment, size));
    return *block ? 0 : 12; /* ENOMEM */
}

void free(void *block)
{
    if (block)
        atomic_fetch_sub(&live, 1);
    __libc_free(block);
}

#endif

/* In place of GLib's own, whose calls of malloc could not be told from those that abort */

gpointer g_try_malloc(gsize size)
{
    return fails() ? NULL : system_malloc(size);
}

gpointer g_try_malloc_n(gsize n, gsize size)
{
    return n != 0 && size > G_MAXSIZE / n ? NULL : g_try_malloc(n * size);
}

gpointer g_try_realloc_n(gpointer block, gsize n, gsize size)
{
    if (fails() || (n != 0 && size > G_MAXSIZE / n))
        return NULL;
    return system_realloc(block, n * size);
}

/* Whether the n-th allocation was reached, and so failed. */
static gboolean open_failing_at(const char *path, long n)
{
    GError *error = NULL;

    atomic_store(&failed, FALSE);
    atomic_store(&countdown, n);
    CnxModel *model = cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error);
    atomic_store(&countdown, -1);

    const gboolean reached = atomic_load(&failed);
    if (!model) {
        if (!reached || error->domain != CNX_ERROR || strchr(error->message, '\n'))
            g_error("%s", error->message);
        g_error_free(error);
    }
    cnx_model_unref(model);
    return reached;
}

static void test_open(gconstpointer name)
{
    char *path = g_build_filename(FIXTURES, name, NULL);
    long n = 1;

    g_assert_false(open_failing_at(path, G_MAXLONG)); /* what GLib keeps for ever is there now */
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
    g_free(path);
}

/* What GLib is asked for does not grow with the file. */
static void test_aborting(void)
{
#if SANITIZED
    g_test_skip("the sanitizer has the allocator");
#else
    const gsize most = 64 << 10; /* bytes that GLib may ask for at once */
    static const char begin[] = "{\"__metadata__\":{\"a\":\"", end[] = "\"}}";
    const gsize filling = 8 << 20, length = sizeof begin - 1 + filling + sizeof end - 1;
    const guint64 stored = GUINT64_TO_LE((guint64)length);
    char *folder = g_dir_make_tmp("convnext-torture-XXXXXX", NULL);
    char *path = g_build_filename(folder, "big.safetensors", NULL);
    char *contents = g_malloc(8 + length);
    GError *error = NULL;

    memcpy(contents, &stored, 8);
    memcpy(contents + 8, begin, sizeof begin - 1);
    memset(contents + 8 + sizeof begin - 1, 'x', filling);
    memcpy(contents + 8 + length - (sizeof end - 1), end, sizeof end - 1);
    g_assert_true(g_file_set_contents(path, contents, (gssize)(8 + length), NULL));
    atomic_store(&countdown, G_MAXLONG);
    g_assert_null(cnx_model_open(path, CNX_WEIGHT_SET_AUTO, &error));
    atomic_store(&countdown, -1);
    g_assert_error(error, CNX_ERROR, CNX_ERROR_NOT_CONVNEXT);
    g_error_free(error);
    g_test_message("at most %zu bytes at once", atomic_load(&aborting));
    g_assert_cmpuint(atomic_load(&aborting), >, 0);
    g_assert_cmpuint(atomic_load(&aborting), <=, most);
    g_remove(path);
    g_rmdir(folder);
    g_free(contents);
    g_free(path);
    g_free(folder);
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
        "networks/timm-v1",
        "networks/transformers-v1",
    };

    atomic_store(&countdown, -1);
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        char *path = g_strconcat("/torture/", names[i], NULL);

        g_test_add_data_func(path, names[i], test_open);
        g_free(path);
    }
    g_test_add_func("/torture/aborting", test_aborting);
    return g_test_run();
}
