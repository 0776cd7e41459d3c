/* The file of a baseline: what is written is read back, and damage, another model and what is no
 * baseline at all are distinguished.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/store.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define SIZE 5

static const guint8 identity[WATCH_IDENTITY] = {1, 2, 3};

static WatchScenes make_scenes(void)
{
    WatchScenes scenes = {.size = SIZE, .count = 2, .watched = 86400.5};

    for (guint i = 0; i < scenes.count; i++) {
        WatchScene *scene = &scenes.scenes[i];

        watch_subspace_init(&scene->subspace, SIZE);
        scene->darkest = 10 * i;
        scene->brightest = 100 * i + 0.125;
        scene->limit = 0.01 * (i + 1);
        for (guint j = 0; j < SIZE; j++)
            scene->subspace.mean[j] = (float)j / 3;
        for (guint j = 0; j < WATCH_AXES * SIZE; j++)
            scene->subspace.axes[j] = -(float)j / 7;
    }
    return scenes;
}

static void expect_refusal(const guint8 *data, gsize length, const guint8 *own,
                           const char *sentence)
{
    /* An exact copy, so that a sanitizer sees a read beyond it. */
    g_autoptr(GBytes) bytes = g_bytes_new_take(g_memdup2(data, length), length);
    g_autoptr(GError) error = NULL;
    WatchScenes scenes = {0};

    g_assert_false(watch_store_unpack(&scenes, bytes, own, &error));
    g_assert_nonnull(error);
    if (sentence)
        g_assert_cmpstr(error->message, ==, sentence);
    g_assert_cmpuint(scenes.count, ==, 0);
}

static void test_round_trip(void)
{
    WatchScenes scenes = make_scenes(), read = {0};
    g_autoptr(GBytes) bytes = watch_store_pack(&scenes, identity);

    g_assert_true(watch_store_unpack(&read, bytes, identity, NULL));
    g_assert_cmpuint(read.size, ==, SIZE);
    g_assert_cmpuint(read.count, ==, 2);
    g_assert_cmpfloat(read.watched, ==, 86400.5);
    for (guint i = 0; i < 2; i++) {
        const WatchScene *a = &scenes.scenes[i], *b = &read.scenes[i];

        g_assert_true(a->darkest == b->darkest && a->brightest == b->brightest &&
                      a->limit == b->limit);
        g_assert_cmpmem(a->subspace.mean, SIZE * sizeof(float), b->subspace.mean,
                        SIZE * sizeof(float));
        g_assert_cmpmem(a->subspace.axes, WATCH_AXES * SIZE * sizeof(float), b->subspace.axes,
                        WATCH_AXES * SIZE * sizeof(float));
    }
    watch_scenes_clear(&scenes);
    watch_scenes_clear(&read);
}

/* Each byte changed, the file cut off at each byte, and one byte more. */
static void test_damage(void)
{
    WatchScenes scenes = make_scenes();
    g_autoptr(GBytes) bytes = watch_store_pack(&scenes, identity);
    gsize length;
    const guint8 *data = g_bytes_get_data(bytes, &length);
    g_autofree guint8 *copy = g_malloc(length + 1);

    memcpy(copy, data, length);
    copy[length] = 0;
    for (gsize i = 0; i < length; i++) {
        copy[i] ^= 0x10;
        expect_refusal(copy, length, identity,
                       i < 8 ? "is no baseline of this version" : "is damaged");
        copy[i] ^= 0x10;
        expect_refusal(copy, i, identity, i < 8 ? "is no baseline of this version" : "is damaged");
    }
    expect_refusal(copy, length + 1, identity, "is damaged");
    watch_scenes_clear(&scenes);
}

/* With a digest that is right, as an attacker writes it: counts and numbers that are not. */
static void expect_forged(gsize offset, guint8 value, gsize count)
{
    WatchScenes scenes = make_scenes();
    g_autoptr(GBytes) bytes = watch_store_pack(&scenes, identity);
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length, size = 32;
    guint8 *data = g_bytes_unref_to_data(g_steal_pointer(&bytes), &length);

    memset(data + offset, value, count);
    g_checksum_update(checksum, data, (gssize)length - 32);
    g_checksum_get_digest(checksum, data + length - 32, &size);
    expect_refusal(data, length, identity, "is damaged");
    g_free(data);
    watch_scenes_clear(&scenes);
}

static void test_forged(void)
{
    expect_forged(40, 0, 4);    /* no size */
    expect_forged(40, 0xff, 4); /* the largest */
    expect_forged(40, 6, 1);    /* another size than that of the file */
    expect_forged(44, 0, 4);    /* no scene */
    expect_forged(44, 0xff, 4);
    expect_forged(44, 1, 1);
    expect_forged(48, 0xff, 8); /* not a number */
    expect_forged(56, 0xff, 8);
    expect_forged(72, 0, 8); /* a limit of 0 */
    expect_forged(80, 0xff, 4);
    expect_forged(100, 0xff, 4);
}

static void test_other_model(void)
{
    static const guint8 other[WATCH_IDENTITY] = {1, 2, 4};
    WatchScenes scenes = make_scenes();
    g_autoptr(GBytes) bytes = watch_store_pack(&scenes, identity);
    gsize length;
    const guint8 *data = g_bytes_get_data(bytes, &length);

    expect_refusal(data, length, other,
                   "is of another model, or of other settings of the network's input");
    watch_scenes_clear(&scenes);
}

static guint count_files(const char *folder)
{
    g_autoptr(GDir) files = g_dir_open(folder, 0, NULL);
    guint count = 0;

    while (g_dir_read_name(files))
        count++;
    return count;
}

static void expect_unreadable(const char *path, const char *sentence)
{
    g_autoptr(GError) error = NULL;
    WatchScenes scenes = {0};

    g_assert_false(watch_store_read(&scenes, path, identity, &error));
    g_assert_cmpstr(error->message, ==, sentence);
}

/* The old file is there until the new one is whole. */
static void test_file(void)
{
    g_autofree char *folder = g_dir_make_tmp("baseline-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "door.baseline", NULL);
    g_autofree char *nowhere = g_build_filename(folder, "none", "door.baseline", NULL);
    g_autofree char *other = g_build_filename(folder, "other", NULL);
    WatchScenes scenes = make_scenes(), read = {0};
    g_autoptr(GBytes) bytes = watch_store_pack(&scenes, identity);
    g_autoptr(GError) error = NULL;
    GStatBuf before, after;

    g_assert_true(watch_store_read(&read, path, identity, NULL)); /* no file yet */
    g_assert_cmpuint(read.size, ==, 0);
    g_assert_true(watch_store_write(bytes, path, NULL));
    g_assert_cmpint(g_stat(path, &before), ==, 0);
    g_assert_true(watch_store_write(bytes, path, NULL));
    g_assert_cmpint(g_stat(path, &after), ==, 0);
    g_assert_true(before.st_ino != after.st_ino); /* replaced, not overwritten */
    g_assert_cmpuint(count_files(folder), ==, 1);
    g_assert_true(watch_store_read(&read, path, identity, NULL));
    g_assert_cmpuint(read.count, ==, 2);
    g_assert_false(watch_store_write(bytes, nowhere, &error));
    g_assert_nonnull(error);

    g_assert_true(g_file_set_contents(path, "text of something else", -1, NULL));
    expect_unreadable(path, "door.baseline is no baseline of this version");
    g_unlink(path);
    g_assert_cmpint(mkfifo(other, 0600), ==, 0); /* which never ends */
    expect_unreadable(other, "other is no baseline");
    g_unlink(other);
    g_rmdir(folder);
    watch_scenes_clear(&scenes);
    watch_scenes_clear(&read);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store/round-trip", test_round_trip);
    g_test_add_func("/store/damage", test_damage);
    g_test_add_func("/store/forged", test_forged);
    g_test_add_func("/store/other-model", test_other_model);
    g_test_add_func("/store/file", test_file);
    return g_test_run();
}
