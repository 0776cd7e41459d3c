/* How many images and threads a batch takes, as far as memory allows.
 *
 * The linker puts the allocations of runs through here: --wrap=cnx_memory_new.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/batch.h"

#include "model/base/memory.h"
#include "model/threads/threads.h"

/* So wide that one row of a strip, which each thread has memory for, is long. */
#define WIDTH 8192
#define HEIGHT 32

static CnxModel *model;
static gsize most = G_MAXSIZE; /* bytes; what is larger cannot be had */
static guint tries;

void *__real_cnx_memory_new(gsize bytes);
void *__wrap_cnx_memory_new(gsize bytes);

void *__wrap_cnx_memory_new(gsize bytes)
{
    tries++;
    return bytes <= most ? __real_cnx_memory_new(bytes) : NULL;
}

static CnxBatch *new_batch(void)
{
    return cnx_batch_new(model, WIDTH, HEIGHT, CNX_OUTPUT_LOGITS);
}

static void prepare(CnxBatch *batch, guint threads, guint images)
{
    GError *error = NULL;

    g_assert_true(cnx_batch_prepare(batch, threads, images, &error));
    g_assert_no_error(error);
}

/* Many threads need much memory, and leave as many images to a batch as few do. */
static void test_many_threads(void)
{
    CnxBatch *batch = new_batch();

    prepare(batch, CNX_THREADS_MAX, 1);
    g_assert_cmpuint(cnx_batch_memory(batch), >, CNX_BATCH_MEMORY);
    prepare(batch, CNX_THREADS_MAX, CNX_BATCH_IMAGES);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, CNX_BATCH_IMAGES);
    cnx_batch_free(batch);
}

/* Images do have a limit. */
static void test_large_images(void)
{
    CnxBatch *batch = cnx_batch_new(model, WIDTH, 16 * HEIGHT, CNX_OUTPUT_LOGITS);

    prepare(batch, 1, CNX_BATCH_IMAGES);
    g_assert_cmpuint(cnx_batch_limit(batch), <, CNX_BATCH_IMAGES);
    cnx_batch_free(batch);
}

/* Memory that was scarce once: other threads are another chance. */
static void test_scarce(void)
{
    CnxBatch *batch = new_batch();

    prepare(batch, 2, 1);
    most = cnx_batch_memory(batch);
    prepare(batch, 2, 4);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, 1);
    most = G_MAXSIZE;
    prepare(batch, 1, 4);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, CNX_BATCH_IMAGES);
    cnx_batch_free(batch);
}

/* No memory for more threads: it goes on with those of before, and does not try at each turn. */
static void test_fewer_threads(void)
{
    CnxBatch *batch = new_batch();
    gsize memory;

    prepare(batch, 2, 1);
    memory = most = cnx_batch_memory(batch);
    prepare(batch, 3, 1);
    g_assert_cmpuint(cnx_batch_memory(batch), ==, memory);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, CNX_BATCH_IMAGES);
    tries = 0;
    prepare(batch, 3, 1);
    g_assert_cmpuint(tries, ==, 0);
    most = G_MAXSIZE;
    prepare(batch, 4, 1);
    g_assert_cmpuint(cnx_batch_memory(batch), >, memory);
    cnx_batch_free(batch);
}

/* None at all. */
static void test_no_memory(void)
{
    CnxBatch *batch = new_batch();
    GError *error = NULL;

    most = 0;
    g_assert_false(cnx_batch_prepare(batch, 2, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_clear_error(&error);
    g_assert_cmpuint(cnx_batch_memory(batch), ==, 0);
    most = G_MAXSIZE;
    prepare(batch, 2, 1);
    most = 0;
    g_assert_false(cnx_batch_prepare(batch, 3, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_clear_error(&error);
    most = G_MAXSIZE;
    prepare(batch, 3, 1);
    cnx_batch_free(batch);
}

int main(int argc, char **argv)
{
    GError *error = NULL;

    g_test_init(&argc, &argv, NULL);
    model = cnx_model_open(FIXTURES "/networks/timm-v1", CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    g_test_add_func("/batch/many-threads", test_many_threads);
    g_test_add_func("/batch/large-images", test_large_images);
    g_test_add_func("/batch/scarce", test_scarce);
    g_test_add_func("/batch/fewer-threads", test_fewer_threads);
    g_test_add_func("/batch/no-memory", test_no_memory);
    const int status = g_test_run();
    cnx_model_unref(model);
    return status;
}
