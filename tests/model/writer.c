/* Rounds floats to the stored dtypes, and writes safetensors files and reads them back.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/export/writer.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "model/base/encode.h"
#include "model/containers/container.h"

static char *folder; /* temporary */

static guint16 encode16(CnxDtype dtype, float value, gsize *overflows)
{
    guint16 stored;

    *overflows = cnx_tensor_from_float(dtype, &value, 1, (guint8 *)&stored);
    return GUINT16_FROM_LE(stored);
}

static float decode16(CnxDtype dtype, guint16 stored)
{
    const guint16 little = GUINT16_TO_LE(stored);
    const CnxTensor t = {
        .dtype = dtype, .elements = 1, .data = (const guint8 *)&little, .size = sizeof little};
    float value;

    cnx_tensor_to_float(&t, &value);
    return value;
}

/* Every number of the dtype survives decoding and encoding; a NaN stays a NaN. */
static void test_every_number(gconstpointer data)
{
    const CnxDtype dtype = GPOINTER_TO_INT(data);
    gsize overflows;

    for (guint bits = 0; bits < 65536; bits++) {
        const float value = decode16(dtype, (guint16)bits);
        const guint16 stored = encode16(dtype, value, &overflows);

        g_assert_cmpuint(overflows, ==, 0);
        if (isnan(value))
            g_assert_true(isnan(decode16(dtype, stored)));
        else
            g_assert_cmphex(stored, ==, bits);
    }
}

/* The middle of two neighbours rounds to the even one, the floats next to it to the nearer one. */
static void test_rounding(gconstpointer data)
{
    const CnxDtype dtype = GPOINTER_TO_INT(data);
    const guint last = dtype == CNX_DTYPE_F16 ? 0x7bff : 0x7f7f; /* the largest finite number */
    gsize overflows;

    for (guint bits = 0; bits < last; bits++) {
        const float low = decode16(dtype, (guint16)bits),
                    high = decode16(dtype, (guint16)(bits + 1));
        const float middle = low / 2 + high / 2;
        const guint even = bits + bits % 2;

        if (low / 2 + high / 2 != (double)low / 2 + (double)high / 2)
            continue; /* the smallest bfloat16 numbers have no float between them */
        g_assert_cmphex(encode16(dtype, middle, &overflows), ==, even);
        g_assert_cmphex(encode16(dtype, -middle, &overflows), ==, even | 0x8000);
        g_assert_cmphex(encode16(dtype, nextafterf(middle, 0), &overflows), ==, bits);
        g_assert_cmphex(encode16(dtype, nextafterf(middle, high), &overflows), ==, bits + 1);
        g_assert_cmpuint(overflows, ==, 0);
    }
}

/* Numbers that are too large become infinite and are counted; infinities are not. */
static void test_overflow(void)
{
    const float values[] = {65504,         65519.996f, 65520,     -70000,
                            3.4028235e38f, INFINITY,   -INFINITY, NAN};
    guint16 halves[G_N_ELEMENTS(values)], bfloats[G_N_ELEMENTS(values)];

    g_assert_cmpuint(
        cnx_tensor_from_float(CNX_DTYPE_F16, values, G_N_ELEMENTS(values), (guint8 *)halves), ==,
        3);
    g_assert_cmphex(GUINT16_FROM_LE(halves[1]), ==, 0x7bff);
    g_assert_cmphex(GUINT16_FROM_LE(halves[2]), ==, 0x7c00);
    g_assert_cmphex(GUINT16_FROM_LE(halves[3]), ==, 0xfc00);
    g_assert_cmphex(GUINT16_FROM_LE(halves[6]), ==, 0xfc00);
    g_assert_cmpuint(
        cnx_tensor_from_float(CNX_DTYPE_BF16, values, G_N_ELEMENTS(values), (guint8 *)bfloats), ==,
        1);
    g_assert_cmphex(GUINT16_FROM_LE(bfloats[4]), ==, 0x7f80);
}

/* Byte k of a tensor is the first letter of its name plus k. */
static gboolean fill_pattern(const CnxTensor *t, guint8 *dst, gpointer user_data, GError **error)
{
    guint *calls = user_data;

    for (gsize k = 0; k < t->size; k++)
        dst[k] = (guint8)((gsize)t->name[0] + k);
    (*calls)++;
    return TRUE;
}

static gboolean fail_fill(const CnxTensor *t, guint8 *dst, gpointer user_data, GError **error)
{
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS, "no values for %s", t->name);
    return FALSE;
}

#define TENSORS 4
static const CnxTensor three_dtypes[TENSORS] = {
    {.name = "z \"quoted\" \\ \u00e9", .dtype = CNX_DTYPE_F32, .rank = 2, .shape = {3, 1}},
    {.name = "b", .dtype = CNX_DTYPE_BF16, .rank = 1, .shape = {5}},
    {.name = "scalar", .dtype = CNX_DTYPE_F32, .rank = 0},
    {.name = "a", .dtype = CNX_DTYPE_F64, .rank = 3, .shape = {1, 2, 1}},
};

static void test_round_trip(void)
{
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL), *bytes = NULL;
    CnxTensor tensors[TENSORS];
    GError *error = NULL;
    guint calls = 0, count;

    memcpy(tensors, three_dtypes, sizeof tensors);
    cnx_writer_write(path, tensors, TENSORS, fill_pattern, &calls, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(calls, ==, TENSORS);
    g_autoptr(CnxContainer) file = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    const CnxTensor *found = cnx_container_tensors(file, &count);
    g_assert_cmpuint(count, ==, TENSORS);
    for (guint i = 0; i < TENSORS; i++) {
        const CnxTensor *t = &found[i], *expected = three_dtypes;

        while (!g_str_equal(expected->name, t->name))
            expected++;
        g_assert_cmpint(t->dtype, ==, expected->dtype);
        g_assert_cmpuint(t->rank, ==, expected->rank);
        g_assert_cmpmem(t->shape, sizeof t->shape, expected->shape, sizeof expected->shape);
        g_assert_cmpuint(t->size, ==, t->elements * cnx_dtype_size(t->dtype));
        g_assert_cmpuint(((gsize)t->data - (gsize)found[0].data) % cnx_dtype_size(t->dtype), ==, 0);
        for (gsize k = 0; k < t->size; k++)
            g_assert_cmpuint(t->data[k], ==, (guint8)((gsize)t->name[0] + k));
    }

    /* The widest dtype comes first, at a multiple of 8 from the beginning of the file. */
    g_assert_true(g_file_get_contents(path, &bytes, NULL, NULL));
    const gsize header = (guint8)bytes[0] + 256 * (gsize)(guint8)bytes[1];
    g_assert_cmpuint(header % 8, ==, 0);
    g_assert_cmpint(bytes[8 + header], ==, 'a');
    g_assert_nonnull(strstr(bytes + 8, "{\"__metadata__\":{\"format\":\"pt\"}"));
    g_remove(path);
}

/* A failure leaves no file, and the error names the file. */
static void test_failures(void)
{
    g_autofree char *path = g_build_filename(folder, "model.safetensors", NULL);
    g_autofree char *nowhere = g_build_filename(folder, "none", "model.safetensors", NULL);
    CnxTensor tensors[TENSORS];
    GError *error = NULL;
    guint calls = 0;

    memcpy(tensors, three_dtypes, sizeof tensors);
    g_assert_false(cnx_writer_write(path, tensors, TENSORS, fail_fill, NULL, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_SETTINGS);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_clear_error(&error);

    g_assert_false(cnx_writer_write(nowhere, tensors, TENSORS, fill_pattern, &calls, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE);
    g_assert_nonnull(strstr(error->message, nowhere));
    g_clear_error(&error);

    if (g_access("/dev/full", W_OK) == 0 && symlink("/dev/full", path) == 0) {
        g_assert_false(cnx_writer_write(path, tensors, TENSORS, fill_pattern, &calls, &error));
        g_assert_error(error, CNX_ERROR, CNX_ERROR_UNWRITABLE);
        g_assert_nonnull(strstr(error->message, g_strerror(ENOSPC)));
        g_clear_error(&error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("convnext-writer-XXXXXX", NULL);
    for (CnxDtype dtype = CNX_DTYPE_F16; dtype <= CNX_DTYPE_BF16; dtype++) {
        g_autofree char *every = g_strconcat("/encode/every-number/", cnx_dtype_name(dtype), NULL);
        g_autofree char *rounding = g_strconcat("/encode/rounding/", cnx_dtype_name(dtype), NULL);

        g_test_add_data_func(every, GINT_TO_POINTER(dtype), test_every_number);
        g_test_add_data_func(rounding, GINT_TO_POINTER(dtype), test_rounding);
    }
    g_test_add_func("/encode/overflow", test_overflow);
    g_test_add_func("/writer/round-trip", test_round_trip);
    g_test_add_func("/writer/failures", test_failures);
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
