/* Values of pickles, opcode by opcode: integers of every form, storages, views and tensors.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/containers/pickle.h"

#include <string.h>

#define BYTES(text) (const guint8 *)text, sizeof(text) - 1

static CnxPickle *read_pickle(const guint8 *bytes, gsize size, CnxBudget *budget, GError **error)
{
    *budget = (CnxBudget){1 << 20};
    return cnx_pickle_read(bytes, size, budget, "file", error);
}

static void test_integers(void)
{
    static const struct {
        const guint8 *bytes;
        gsize size;
        gint64 integer;
    } cases[] = {
        {BYTES("\x80\2K\xff."), 255},
        {BYTES("\x80\2M\xff\xff."), 65535},
        {BYTES("\x80\2J\xff\xff\xff\xff."), -1},
        {BYTES("\x80\2\x8a\0."), 0},
        {BYTES("\x80\2\x8a\1\x7f."), 127},
        {BYTES("\x80\2\x8a\1\x80."), -128},
        {BYTES("\x80\2\x8a\2\x80\0."), 128},
        {BYTES("\x80\2\x8b\1\0\0\0\xff."), -1},
        {BYTES("\x80\2\x8a\x8\0\0\0\0\0\0\0\x80."), G_MININT64},
        {BYTES("\x80\5K\7."), 7},
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        CnxBudget budget;
        g_autoptr(CnxPickle) pickle = read_pickle(cases[i].bytes, cases[i].size, &budget, &error);

        g_assert_no_error(error);
        g_assert_cmpint(pickle->top->kind, ==, CNX_PY_INT);
        g_assert_cmpint(pickle->top->integer, ==, cases[i].integer);
        g_assert_cmpuint(pickle->size, ==, cases[i].size);
    }
}

/* The opcodes of torch._utils._rebuild_tensor_v2(storage, offset, shape, strides), whose storage
 * has four floats. view: the opcodes of the storage's view. */
#define TENSOR(view, offset, shape, strides)                                                \
    BYTES("\x80\2ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage" \
          "\nX\1\0\0\0000X\3\0\0\0cpuK\4" view "tQ" offset "(" shape "t(" strides "ttR.")

#define VIEW(offset, elements) "(X\1\0\0\0vK" offset "K" elements "t"

static const struct {
    const char *name;
    const guint8 *bytes;
    gsize size;
    const char *fault; /* NULL: the tensor is accepted */
    guint64 view_offset, view_elements;
} tensors[] = {
    {"whole storage", TENSOR("N", "K\0", "K\2K\2", "K\2K\1"), NULL, 0, 4},
    {"beyond the storage", TENSOR("N", "K\1", "K\2K\2", "K\2K\1"), "beyond its storage", 0, 0},
    {"negative offset", TENSOR("N", "\x8a\1\xff", "K\1", "K\1"), "without a storage and an offset",
     0, 0},
    {"last elements", TENSOR(VIEW("\1", "\3"), "K\0", "K\3", "K\1"), NULL, 1, 3},
    {"view beyond the storage", TENSOR(VIEW("\2", "\3"), "K\0", "K\1", "K\1"),
     "a view that extends beyond its storage", 0, 0},
    {"no elements at the end", TENSOR("N", "K\4", "K\0K\5", "K\5K\1"), NULL, 0, 4},
    {"no elements, wide strides", TENSOR("N", "K\0", "K\3K\0", "K\x40K\x40"), NULL, 0, 4},
    {"no elements behind the end", TENSOR("N", "K\5", "K\0", "K\1"), "beyond its storage", 0, 0},
};

static void test_tensors(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(tensors); i++) {
        g_autoptr(GError) error = NULL;
        CnxBudget budget;
        g_autoptr(CnxPickle) pickle =
            read_pickle(tensors[i].bytes, tensors[i].size, &budget, &error);

        g_test_message("%s: %s", tensors[i].name, error ? error->message : "accepted");
        if (tensors[i].fault) {
            g_assert_error(error, CNX_ERROR, CNX_ERROR_CORRUPT);
            g_assert_nonnull(strstr(error->message, tensors[i].fault));
            continue;
        }
        g_assert_no_error(error);
        g_assert_cmpint(pickle->top->kind, ==, CNX_PY_TENSOR);
        const CnxPyStorage *storage = pickle->top->tensor->storage;
        g_assert_cmpuint(storage->elements, ==, 4);
        g_assert_cmpuint(storage->view_offset, ==, tensors[i].view_offset);
        g_assert_cmpuint(storage->view_elements, ==, tensors[i].view_elements);
    }
}

static void test_protocol(void)
{
    g_autoptr(GError) error = NULL;
    CnxBudget budget;

    g_assert_null(read_pickle(BYTES("\x80\6K\7."), &budget, &error));
    g_assert_error(error, CNX_ERROR, CNX_ERROR_CORRUPT);
    g_assert_nonnull(strstr(error->message, "has protocol 6, expected at most 5"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/pickle/integers", test_integers);
    g_test_add_func("/pickle/tensors", test_tensors);
    g_test_add_func("/pickle/protocol", test_protocol);
    return g_test_run();
}
