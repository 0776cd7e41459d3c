/* The number of images and threads of a batch when memory is limited.
 *
 * The linker redirects the allocations of runs to this file: --wrap=cnx_memory_new.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/serve/batch.h"

#include "model/base/memory.h"
#include "model/threads/threads.h"

/* So wide that a strip of one row, which each thread has scratch for, takes much memory. */
#define WIDTH 8192
#define HEIGHT 32

static CnxModel *model;
static gsize limit = G_MAXSIZE; /* bytes; larger allocations fail */
static guint tries;

void *__real_cnx_memory_new(gsize bytes);
void *__wrap_cnx_memory_new(gsize bytes);

void *__wrap_cnx_memory_new(gsize bytes)
{
    tries++;
    return bytes <= limit ? __real_cnx_memory_new(bytes) : NULL;
}

static CnxBatch *new_batch(void)
{
    return cnx_batch_new(model, WIDTH, HEIGHT, CNX_OUTPUT_LOGITS);
}

static void prepare_batch(CnxBatch *batch, guint threads, guint images)
{
    GError *error = NULL;

    g_assert_true(cnx_batch_prepare(batch, threads, images, &error));
    g_assert_no_error(error);
}

/* Many threads take much memory, but do not lower the number of images in a batch. */
static void test_many_threads(void)
{
    g_autoptr(CnxBatch) batch = new_batch();

    prepare_batch(batch, CNX_THREADS_MAX, 1);
    g_assert_cmpuint(cnx_batch_memory(batch), >, CNX_BATCH_MEMORY);
    prepare_batch(batch, CNX_THREADS_MAX, CNX_BATCH_IMAGES);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, CNX_BATCH_IMAGES);
}

/* Large images do lower it. */
static void test_large_images(void)
{
    g_autoptr(CnxBatch) batch = cnx_batch_new(model, WIDTH, 16 * HEIGHT, CNX_OUTPUT_LOGITS);

    prepare_batch(batch, 1, CNX_BATCH_IMAGES);
    g_assert_cmpuint(cnx_batch_limit(batch), <, CNX_BATCH_IMAGES);
}

/* A limit keeps the batch from growing, shrinks it, and does not stop a single image. */
static void test_limit(void)
{
    g_autoptr(CnxBatch) batch = new_batch();
    gsize one, four;

    prepare_batch(batch, 2, 1);
    one = cnx_batch_memory(batch);
    cnx_batch_set_memory(batch, one);
    prepare_batch(batch, 2, 4);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, 1);
    cnx_batch_set_memory(batch, G_MAXSIZE);
    prepare_batch(batch, 2, 4);
    four = cnx_batch_memory(batch);
    g_assert_cmpuint(four, >, one);
    cnx_batch_set_memory(batch, four);
    prepare_batch(batch, 2, 8);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, 4);
    cnx_batch_set_memory(batch, four - 1);
    prepare_batch(batch, 2, 4);
    g_assert_cmpuint(cnx_batch_memory(batch), <, four);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, 2);
    cnx_batch_set_memory(batch, 0);
    prepare_batch(batch, 2, 4);
    g_assert_cmpuint(cnx_batch_memory(batch), ==, one);
}

/* After memory was scarce, another number of threads makes the batch try again. */
static void test_scarce(void)
{
    g_autoptr(CnxBatch) batch = new_batch();

    prepare_batch(batch, 2, 1);
    limit = cnx_batch_memory(batch);
    prepare_batch(batch, 2, 4);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, 1);
    limit = G_MAXSIZE;
    prepare_batch(batch, 1, 4);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, CNX_BATCH_IMAGES);
}

/* Without memory for more threads the batch keeps its number, and does not retry on each turn. */
static void test_fewer_threads(void)
{
    g_autoptr(CnxBatch) batch = new_batch();
    gsize memory;

    prepare_batch(batch, 2, 1);
    memory = limit = cnx_batch_memory(batch);
    prepare_batch(batch, 3, 1);
    g_assert_cmpuint(cnx_batch_memory(batch), ==, memory);
    g_assert_cmpuint(cnx_batch_limit(batch), ==, CNX_BATCH_IMAGES);
    tries = 0;
    prepare_batch(batch, 3, 1);
    g_assert_cmpuint(tries, ==, 0);
    limit = G_MAXSIZE;
    prepare_batch(batch, 4, 1);
    g_assert_cmpuint(cnx_batch_memory(batch), >, memory);
}

/* Not even memory for one image. */
static void test_no_memory(void)
{
    g_autoptr(CnxBatch) batch = new_batch();
    GError *error = NULL;

    limit = 0;
    g_assert_false(cnx_batch_prepare(batch, 2, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_clear_error(&error);
    g_assert_cmpuint(cnx_batch_memory(batch), ==, 0);
    limit = G_MAXSIZE;
    prepare_batch(batch, 2, 1);
    limit = 0;
    g_assert_false(cnx_batch_prepare(batch, 3, 1, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY);
    g_clear_error(&error);
    limit = G_MAXSIZE;
    prepare_batch(batch, 3, 1);
}

static void keep_time(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                      gint64 microseconds)
{
    *(gint64 *)data = microseconds;
}

/* A job's time is its share of the batch's. */
static void test_times(void)
{
    g_autoptr(CnxBatch) batch = new_batch();
    g_autofree float *image = g_new0(float, (gsize)3 * WIDTH * HEIGHT);
    const float *const images[] = {image, image, image};
    gint64 one = -1, three = -1;
    CnxJob second = {.images = images, .n = 3, .fn = keep_time, .data = &three};
    CnxJob first = {.next = &second, .images = images, .n = 1, .fn = keep_time, .data = &one};

    prepare_batch(batch, 1, 4);
    g_assert_cmpuint(cnx_batch_run(batch, &first), ==, 1);
    g_assert_cmpint(one, >, 0);
    g_assert_cmpint(three, >=, 3 * one);
    g_assert_cmpint(three, <=, 3 * one + 3);
}

int main(int argc, char **argv)
{
    GError *error = NULL;

    g_test_init(&argc, &argv, NULL);
    model = cnx_model_open(FIXTURES "/networks/timm-v1", CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    g_test_add_func("/batch/many-threads", test_many_threads);
    g_test_add_func("/batch/large-images", test_large_images);
    g_test_add_func("/batch/limit", test_limit);
    g_test_add_func("/batch/scarce", test_scarce);
    g_test_add_func("/batch/fewer-threads", test_fewer_threads);
    g_test_add_func("/batch/no-memory", test_no_memory);
    g_test_add_func("/batch/times", test_times);
    const int status = g_test_run();
    cnx_model_unref(model);
    return status;
}
