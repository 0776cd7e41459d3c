/* Fuzz target: a pickle, alone and as the object of a legacy file that has all of its storages.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "model/containers/container.h"
#include "model/containers/pickle.h"
#include "tests/fuzz/fuzz.h"

#define DATA_MAX 65536 /* bytes of all storages */

/* The pickles that begin a legacy file: magic number, 1001, {"little_endian": True}. */
static const guint8 preamble[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
                                 "\x80\x02M\xe9\x03."
                                 "\x80\x02}X\x0d\x00\x00\x00little_endian\x88s.";

static void append_uint(GByteArray *file, guint64 value, guint bytes)
{
    value = GUINT64_TO_LE(value);
    g_byte_array_append(file, (const guint8 *)&value, bytes);
}

/* Appends the list of keys as a pickle, and zeros for the storage of each key. FALSE if they are
 * too large. */
static gboolean append_storages(GByteArray *file, const CnxPickle *pickle)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GPtrArray) unique = g_ptr_array_new();
    gsize total = 0;

    g_byte_array_append(file, (const guint8 *)"\x80\x02](", 4);
    for (CnxPyStorage *s = pickle->storages; s && total <= DATA_MAX; s = s->next) {
        if (!g_hash_table_add(seen, (gpointer)s->key))
            continue;
        const gsize length = strlen(s->key);
        g_byte_array_append(file, (const guint8 *)"X", 1);
        append_uint(file, length, 4);
        g_byte_array_append(file, (const guint8 *)s->key, (guint)length);
        g_ptr_array_add(unique, s);
        total = s->elements <= DATA_MAX ? total + s->elements * s->item : G_MAXSIZE / 2;
    }
    g_byte_array_append(file, (const guint8 *)"e.", 2);
    for (guint i = 0; i < unique->len && total <= DATA_MAX; i++) {
        const CnxPyStorage *s = unique->pdata[i];
        const guint before = file->len + 8, bytes = (guint)(s->elements * s->item);

        append_uint(file, s->elements, 8);
        g_byte_array_set_size(file, before + bytes);
        memset(file->data + before, 0, bytes);
    }
    return total <= DATA_MAX;
}

static void open_file(const guint8 *data, const CnxPickle *pickle)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    GError *error = NULL;

    g_byte_array_append(file, preamble, sizeof preamble - 1);
    g_byte_array_append(file, data, (guint)pickle->size);
    if (append_storages(file, pickle)) {
        /* An exact copy, so that sanitizers detect reads beyond its end. */
        g_autofree guint8 *exact = g_memdup2(file->data, file->len);

        g_autoptr(CnxContainer) container =
            cnx_container_open_bytes(exact, file->len, CNX_WEIGHT_SET_AUTO, FUZZ_FILE, &error);
        guint count = 0;

        fuzz_check(container != NULL, error, FUZZ_FILE);
        const CnxTensor *tensors = container ? cnx_container_tensors(container, &count) : NULL;
        for (guint i = 0; i < count; i++)
            if (tensors[i].dtype != CNX_DTYPE_OTHER) {
                g_autofree float *numbers = g_new(float, tensors[i].elements);

                cnx_tensor_to_float(&tensors[i], numbers);
            }
    }
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    CnxBudget budget = {64 << 20};
    GError *error = NULL;

    g_autoptr(CnxPickle) pickle = cnx_pickle_read(data, size, &budget, FUZZ_FILE, &error);

    fuzz_check(pickle != NULL, error, FUZZ_FILE);
    if (!pickle)
        return 0;
    g_assert_cmpuint(pickle->size, <=, size);
    g_assert_nonnull(cnx_py_type_name(pickle->top));
    open_file(data, pickle);
    return 0;
}
