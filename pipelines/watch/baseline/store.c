/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pipelines/watch/baseline/store.h"

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#define MAGIC "cnxbase1"
#define MAGIC_LENGTH 8
#define HEADER 56
#define DIGEST 32
#define MOST_SIZE 65536 /* of an embedding; of this project's networks it is 3072 at most */
#define MOST_BYTES (G_GUINT64_CONSTANT(64) << 20)

G_STATIC_ASSERT(sizeof(float) == 4 && sizeof(double) == 8);

static gboolean fail(GError **error, const char *sentence)
{
    g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, sentence);
    return FALSE;
}

static void make_digest(guint8 *digest, const guint8 *data, gsize length)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize size = DIGEST;

    g_checksum_update(checksum, data, (gssize)length);
    g_checksum_get_digest(checksum, digest, &size);
}

static gsize scene_length(gsize size)
{
    return 3 * sizeof(double) + (1 + WATCH_AXES) * size * sizeof(float);
}

/* Packing */

static void put_uint(GByteArray *array, guint32 value)
{
    value = GUINT32_TO_LE(value);
    g_byte_array_append(array, (guint8 *)&value, sizeof value);
}

static void put_double(GByteArray *array, double value)
{
    guint64 bits;

    memcpy(&bits, &value, sizeof bits);
    bits = GUINT64_TO_LE(bits);
    g_byte_array_append(array, (guint8 *)&bits, sizeof bits);
}

static void put_floats(GByteArray *array, const float *values, gsize count)
{
    for (gsize i = 0; i < count; i++) {
        guint32 bits;

        memcpy(&bits, &values[i], sizeof bits);
        put_uint(array, bits);
    }
}

GBytes *watch_store_pack(const WatchScenes *scenes, const guint8 *identity)
{
    GByteArray *array = g_byte_array_new();
    guint8 digest[DIGEST];

    g_byte_array_append(array, (const guint8 *)MAGIC, MAGIC_LENGTH);
    g_byte_array_append(array, identity, WATCH_IDENTITY);
    put_uint(array, scenes->size);
    put_uint(array, scenes->count);
    put_double(array, scenes->watched);
    for (guint i = 0; i < scenes->count; i++) {
        const WatchScene *scene = &scenes->scenes[i];

        put_double(array, scene->darkest);
        put_double(array, scene->brightest);
        put_double(array, scene->limit);
        put_floats(array, scene->subspace.mean, scenes->size);
        put_floats(array, scene->subspace.axes, (gsize)WATCH_AXES * scenes->size);
    }
    make_digest(digest, array->data, array->len);
    g_byte_array_append(array, digest, DIGEST);
    return g_byte_array_free_to_bytes(array);
}

/* Unpacking */

static guint32 take_uint(const guint8 **at)
{
    guint32 value;

    memcpy(&value, *at, sizeof value);
    *at += sizeof value;
    return GUINT32_FROM_LE(value);
}

static double take_double(const guint8 **at)
{
    guint64 bits;
    double value;

    memcpy(&bits, *at, sizeof bits);
    *at += sizeof bits;
    bits = GUINT64_FROM_LE(bits);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* FALSE if one is not finite. */
static gboolean take_floats(const guint8 **at, float *values, gsize count)
{
    gboolean are_finite = TRUE;

    for (gsize i = 0; i < count; i++) {
        const guint32 bits = take_uint(at);

        memcpy(&values[i], &bits, sizeof bits);
        are_finite = are_finite && isfinite(values[i]);
    }
    return are_finite;
}

static gboolean take_scene(const guint8 **at, WatchScene *scene, guint size)
{
    scene->darkest = take_double(at);
    scene->brightest = take_double(at);
    scene->limit = take_double(at);
    watch_subspace_init(&scene->subspace, size);
    return take_floats(at, scene->subspace.mean, size) &
           take_floats(at, scene->subspace.axes, (gsize)WATCH_AXES * size) &
           (isfinite(scene->limit) && scene->limit > 0 && isfinite(scene->darkest) &&
            isfinite(scene->brightest));
}

/* The digest is right: refuses a file of another version, model or size. */
static gboolean take_scenes(WatchScenes *scenes, const guint8 *data, gsize length,
                            const guint8 *identity, GError **error)
{
    const guint8 *at = data + MAGIC_LENGTH + WATCH_IDENTITY;
    gboolean is_sound = TRUE;

    if (memcmp(data + MAGIC_LENGTH, identity, WATCH_IDENTITY) != 0)
        return fail(error, "is of another model, or of other settings of the network's input");
    const guint32 size = take_uint(&at), count = take_uint(&at);
    const double watched = take_double(&at);
    if (size == 0 || size > MOST_SIZE || count == 0 || count > WATCH_SCENES ||
        !(watched >= 0 && isfinite(watched)) ||
        length != HEADER + count * scene_length(size) + DIGEST)
        return fail(error, "is damaged");
    *scenes = (WatchScenes){.size = size, .count = count, .watched = watched};
    for (guint i = 0; i < count; i++)
        is_sound = take_scene(&at, &scenes->scenes[i], size) && is_sound;
    if (is_sound)
        return TRUE;
    watch_scenes_clear(scenes);
    return fail(error, "is damaged");
}

gboolean watch_store_unpack(WatchScenes *scenes, GBytes *bytes, const guint8 *identity,
                            GError **error)
{
    gsize length;
    const guint8 *data = g_bytes_get_data(bytes, &length);
    guint8 digest[DIGEST];

    if (length < MAGIC_LENGTH || memcmp(data, MAGIC, MAGIC_LENGTH) != 0)
        return fail(error, "is no baseline of this version");
    if (length < HEADER + DIGEST)
        return fail(error, "is damaged");
    make_digest(digest, data, length - DIGEST);
    if (memcmp(digest, data + length - DIGEST, DIGEST) != 0)
        return fail(error, "is damaged");
    return take_scenes(scenes, data, length, identity, error);
}

/* Files */

gboolean watch_store_read(WatchScenes *scenes, const char *path, const guint8 *identity,
                          GError **error)
{
    g_autoptr(GBytes) bytes = NULL;
    g_autofree char *name = g_path_get_basename(path);
    char *data;
    gsize length;
    GStatBuf status;

    if (g_stat(path, &status) != 0)
        return TRUE;
    if (!S_ISREG(status.st_mode) || (guint64)status.st_size > MOST_BYTES) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "%s is no baseline", name);
        return FALSE;
    }
    if (!g_file_get_contents(path, &data, &length, error))
        return FALSE;
    bytes = g_bytes_new_take(data, length);
    if (watch_store_unpack(scenes, bytes, identity, error))
        return TRUE;
    g_prefix_error(error, "%s ", name);
    return FALSE;
}

gboolean watch_store_write(GBytes *bytes, const char *path, GError **error)
{
    gsize length;
    const char *data = g_bytes_get_data(bytes, &length);

    return g_file_set_contents_full(path, data, (gssize)length,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0666, error);
}
