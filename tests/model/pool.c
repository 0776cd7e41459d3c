/* Pools of blocks, and the feature maps that a queue hands over in them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/pool.h"

#include <stdatomic.h>
#include <string.h>

#include "model/base/memory.h"
#include "tests/model/support/asking.h"

static atomic_uint allocated; /* blocks of memory */
static atomic_bool is_scarce;

void *__real_cnx_memory_new(gsize bytes);
void *__wrap_cnx_memory_new(gsize bytes);

void *__wrap_cnx_memory_new(gsize bytes)
{
    if (atomic_load(&is_scarce))
        return NULL;
    atomic_fetch_add(&allocated, 1);
    return __real_cnx_memory_new(bytes);
}

/* Only blocks that nobody refers to are used again, and only for the same size. */
static void test_reuse(void)
{
    g_autoptr(CnxPool) pool = cnx_pool_new();
    const guint before = atomic_load(&allocated);
    CnxBlock *a = cnx_pool_take(pool, 1000), *b = cnx_pool_take(pool, 1000);
    void *data = cnx_block_data(a);

    g_assert_cmpuint((gsize)data % CNX_ALIGNMENT, ==, 0);
    g_assert_true(cnx_block_data(b) != data);
    cnx_block_ref(a);
    cnx_block_unref(a);
    CnxBlock *c = cnx_pool_take(pool, 1000);
    g_assert_true(cnx_block_data(c) != data);
    cnx_block_unref(a);
    CnxBlock *d = cnx_pool_take(pool, 1001);
    g_assert_true(cnx_block_data(d) != data);
    CnxBlock *e = cnx_pool_take(pool, 1000);
    g_assert_true(cnx_block_data(e) == data);
    g_assert_cmpuint(atomic_load(&allocated), ==, before + 4);
    cnx_block_unref(b);
    cnx_block_unref(c);
    cnx_block_unref(d);
    cnx_block_unref(e);
    cnx_block_unref(NULL);
}

/* A block that was not needed for a while is freed; one that is in use never is. */
static void test_idle(void)
{
    g_autoptr(CnxPool) pool = cnx_pool_new();
    CnxBlock *kept = cnx_pool_take(pool, 64);

    memset(cnx_block_data(kept), 7, 64);
    cnx_block_unref(cnx_pool_take(pool, 64));
    for (guint i = 0; i < CNX_POOL_TAKES - 1; i++)
        cnx_block_unref(cnx_pool_take(pool, 128));
    guint before = atomic_load(&allocated);
    cnx_block_unref(cnx_pool_take(pool, 64));
    g_assert_cmpuint(atomic_load(&allocated), ==, before);
    for (guint i = 0; i < CNX_POOL_TAKES + 1; i++)
        cnx_block_unref(cnx_pool_take(pool, 128));
    before = atomic_load(&allocated);
    cnx_block_unref(cnx_pool_take(pool, 64));
    g_assert_cmpuint(atomic_load(&allocated), ==, before + 1);
    g_assert_cmpint(((const char *)cnx_block_data(kept))[63], ==, 7);
    cnx_block_unref(kept);
}

/* Blocks outlive their pool. */
static void test_closed(void)
{
    CnxPool *pool = cnx_pool_new();
    CnxBlock *a = cnx_pool_take(pool, 64), *b = cnx_pool_take(pool, 64);

    cnx_block_unref(cnx_pool_take(pool, 64));
    cnx_pool_free(pool);
    memset(cnx_block_data(a), 1, 64);
    cnx_block_unref(a);
    memset(cnx_block_data(b), 1, 64);
    cnx_block_unref(cnx_block_ref(b));
    cnx_block_unref(b);
    cnx_pool_free(NULL);
}

/* Without memory there is no block, and the job has no outputs. */
static void count_nothing(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                          gint64 microseconds)
{
    g_assert_null(outputs);
    *(guint *)data += n;
}

static CnxModel *model;

static void test_scarce(void)
{
    g_autoptr(CnxPool) pool = cnx_pool_new();
    g_autoptr(CnxClient) client = cnx_client_new(model, CNX_OUTPUT_STAGE4, 1);
    const float *images[] = {asking_pictures[0], asking_pictures[1]};
    guint missed = 0;

    g_assert_true(cnx_client_join(client, SIDE, SIDE, NULL));
    atomic_store(&is_scarce, TRUE);
    g_assert_null(cnx_pool_take(pool, 64));
    g_assert_true(cnx_client_run(client, SIDE, SIDE, images, 1, count_nothing, &missed, NULL));
    atomic_store(&is_scarce, FALSE);
    g_assert_cmpuint(missed, ==, 1);
}

/* Maps of a queue that several threads share, kept while others run */

#define STREAMS 3
#define JOBS 20
#define KEPT 4

typedef struct Kept {
    guint picture;
    CnxMap map;
    CnxBlock *block;
} Kept;

static CnxMap expected[PICTURES]; /* owned */

static gsize count_values(const CnxMap *map)
{
    return (gsize)map->height * map->width * map->channels;
}

static void keep_map(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                     gint64 microseconds)
{
    Kept *kept = data;

    kept->map = outputs->stage[2];
    kept->block = cnx_block_ref(outputs->block);
}

static void drop_map(Kept *kept)
{
    const CnxMap *wanted = &expected[kept->picture];

    if (!kept->block)
        return;
    for (gsize i = 0; i < count_values(wanted); i++)
        g_assert_cmpfloat_with_epsilon(kept->map.data[i], wanted->data[i], 1e-5);
    g_clear_pointer(&kept->block, cnx_block_unref);
}

static gpointer run_stream(gpointer data)
{
    const guint number = GPOINTER_TO_UINT(data);
    g_autoptr(CnxClient) client =
        cnx_client_new(model, CNX_OUTPUT_STAGE3 | CNX_OUTPUT_LOGITS, 1 + number % 2);
    Kept kept[KEPT] = {0};

    for (guint i = 0; i < JOBS; i++) {
        Kept *next = &kept[i % KEPT];
        const float *image;

        drop_map(next);
        next->picture = (number + i) % PICTURES;
        image = asking_pictures[next->picture];
        g_assert_true(cnx_client_run(client, SIDE, SIDE, &image, 1, keep_map, next, NULL));
    }
    cnx_client_leave(client); /* the blocks outlive the queue */
    for (guint i = 0; i < KEPT; i++)
        drop_map(&kept[i]);
    return NULL;
}

static void find_expected(void)
{
    g_autoptr(CnxRun) run = cnx_run_new(model, SIDE, SIDE, 1, CNX_OUTPUT_STAGE3, 1, NULL);

    for (guint i = 0; i < PICTURES; i++) {
        const float *image = asking_pictures[i];

        expected[i] = cnx_run_forward_images(run, &image, 1)->stage[2];
        expected[i].data = g_memdup2(expected[i].data, count_values(&expected[i]) * sizeof(float));
    }
}

static void test_maps(void)
{
    GThread *threads[STREAMS];

    find_expected();
    for (guint i = 0; i < STREAMS; i++)
        threads[i] = g_thread_new("stream", run_stream, GUINT_TO_POINTER(i));
    for (guint i = 0; i < STREAMS; i++)
        g_thread_join(threads[i]);
    for (guint i = 0; i < PICTURES; i++)
        g_free((gpointer)expected[i].data);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    model = asking_init();
    g_test_add_func("/pool/reuse", test_reuse);
    g_test_add_func("/pool/idle", test_idle);
    g_test_add_func("/pool/closed", test_closed);
    g_test_add_func("/pool/scarce", test_scarce);
    g_test_add_func("/pool/maps", test_maps);
    const int status = g_test_run();
    asking_free();
    return status;
}
