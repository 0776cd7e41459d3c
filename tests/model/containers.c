/* One network in every container (tests/fixtures/make_containers.py): each yields the same numbers,
 * bit for bit. Files without a state dict and truncated files are refused with a sentence.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/parts.h"

#define ZIP "PyTorch zip"
#define LEGACY "PyTorch legacy"

#define AUTO CNX_WEIGHT_SET_AUTO
#define RAW CNX_WEIGHT_SET_RAW
#define EMA CNX_WEIGHT_SET_EMA

static char *folder; /* temporary */

static const struct Case {
    const char *name, *format, *key;
    CnxWeightSet requested_set, expected_set;
    CnxDtype dtype;
    guint files;
} cases[] = {
    {"reference.safetensors", "safetensors", "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"reference.safetensors", "safetensors", "", RAW, AUTO, CNX_DTYPE_F32, 1},
    {"bf16.safetensors", "safetensors", "", AUTO, AUTO, CNX_DTYPE_BF16, 1},
    {"ema-prefix.safetensors", "safetensors", "", AUTO, RAW, CNX_DTYPE_F32, 1},
    {"ema-prefix.safetensors", "safetensors", "model_ema", EMA, EMA, CNX_DTYPE_F32, 1},
    {"sharded-safetensors", "safetensors", "", AUTO, AUTO, CNX_DTYPE_F32, 3},
    {"sharded-safetensors/model.safetensors.index.json", "safetensors", "", AUTO, AUTO,
     CNX_DTYPE_F32, 3},
    {"sharded-safetensors/model-00002-of-00003.safetensors", "safetensors", "", AUTO, AUTO,
     CNX_DTYPE_F32, 3},
    {"sharded-bin/pytorch_model-00001-of-00003.bin", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 3},
    {"sharded-bin", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 3},
    {"bare.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"bare-legacy.pth", LEGACY, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"protocol4.pth", ZIP, "model", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"protocol5.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"training.pth", ZIP, "model", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"training-legacy.pth.tar", LEGACY, "model", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"ema.pth.tar", ZIP, "state_dict", AUTO, RAW, CNX_DTYPE_F32, 1},
    {"ema.pth.tar", ZIP, "state_dict", RAW, RAW, CNX_DTYPE_F32, 1},
    {"ema.pth.tar", ZIP, "state_dict_ema", EMA, EMA, CNX_DTYPE_F32, 1},
    {"ema-legacy.pth", LEGACY, "model", RAW, RAW, CNX_DTYPE_F32, 1},
    {"ema-legacy.pth", LEGACY, "model_ema", EMA, EMA, CNX_DTYPE_F32, 1},
    {"ema-only.pth", ZIP, "model_ema.module", AUTO, EMA, CNX_DTYPE_F32, 1},
    {"ema-prefix.ckpt", ZIP, "state_dict", AUTO, RAW, CNX_DTYPE_F32, 1},
    {"ema-prefix.ckpt", ZIP, "state_dict.model_ema", EMA, EMA, CNX_DTYPE_F32, 1},
    {"ema-mmengine.pth", ZIP, "ema_state_dict", AUTO, RAW, CNX_DTYPE_F32, 1},
    {"ema-mmengine.pth", ZIP, "state_dict", EMA, EMA, CNX_DTYPE_F32, 1},
    {"nested.pt", ZIP, "model.module.state_dict", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"members.pt", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"parameters.pt", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"strided.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"strided-legacy.pth", LEGACY, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"shared.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"shared-legacy.pth", LEGACY, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"f64.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F64, 1},
    {"f16.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F16, 1},
    {"bf16.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_BF16, 1},
    {"bf16-legacy.pth", LEGACY, "", AUTO, AUTO, CNX_DTYPE_BF16, 1},
    {"integers.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"unaligned.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"deflated.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
    {"zip64.pth", ZIP, "", AUTO, AUTO, CNX_DTYPE_F32, 1},
};

static const struct Refused {
    const char *name;
    CnxWeightSet requested_set;
    CnxError code;
    const char *word;
} refused[] = {
    {"refused/module.pth", AUTO, CNX_ERROR_NOT_CONVNEXT, "__main__.Module"},
    {"refused/module-legacy.pth", AUTO, CNX_ERROR_NOT_CONVNEXT, "__main__.Module"},
    {"refused/module-in-dict.pth", AUTO, CNX_ERROR_NOT_CONVNEXT, "\"model\""},
    {"refused/list.pth", AUTO, CNX_ERROR_NOT_CONVNEXT, "\"list\""},
    {"refused/tensor.pth", AUTO, CNX_ERROR_NOT_CONVNEXT, "\"tensor\""},
    {"refused/no-tensors.pth", AUTO, CNX_ERROR_NOT_CONVNEXT, "\"epoch\", \"args\""},
    {"refused/script.pt", AUTO, CNX_ERROR_NOT_CONVNEXT, "TorchScript"},
    {"refused/arrays.npz", AUTO, CNX_ERROR_NOT_CONVNEXT, "NumPy"},
    {"refused/big-endian.pth", AUTO, CNX_ERROR_UNSUPPORTED, "big-endian"},
    {"refused/expanded.pth", AUTO, CNX_ERROR_UNSUPPORTED, "1099511627776"},
    {"bare.pth", EMA, CNX_ERROR_SETTINGS, "EMA"},
    {"reference.safetensors", EMA, CNX_ERROR_SETTINGS, "EMA"},
    {"ema-only.pth", RAW, CNX_ERROR_SETTINGS, "EMA"},
};

static char *fixture_path(const char *name)
{
    return g_build_filename(FIXTURES, "containers", name, NULL);
}

typedef struct Comparison {
    const CnxCheckpoint *expected, *found;
    float sign;
    guint tensors;
} Comparison;

static gboolean compare_tensor(const char *canonical, guint rank, const guint64 *shape,
                               gpointer user_data)
{
    Comparison *c = user_data;
    const CnxTensor *a = cnx_checkpoint_tensor(c->expected, canonical);
    const CnxTensor *b = cnx_checkpoint_tensor(c->found, canonical);

    g_assert_cmpuint(a->elements, ==, b->elements);
    g_autofree float *x = g_new(float, a->elements), *y = g_new(float, a->elements);
    cnx_tensor_to_float(a, x);
    cnx_tensor_to_float(b, y);
    for (gsize i = 0; i < a->elements; i++)
        if (x[i] != c->sign * y[i])
            g_error("%s[%zu] is %g, expected %g", canonical, i, c->sign * y[i], x[i]);
    c->tensors++;
    return TRUE;
}

static CnxCheckpoint *open_fixture(const char *name, CnxWeightSet requested_set)
{
    g_autofree char *path = fixture_path(name);
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, requested_set, &error);

    g_assert_no_error(error);
    return checkpoint;
}

static void test_case(gconstpointer data)
{
    g_autoptr(CnxCheckpoint) expected = open_fixture("reference.safetensors", AUTO);
    const struct Case *c = data;
    g_autoptr(CnxCheckpoint) found = open_fixture(c->name, c->requested_set);
    Comparison comparison = {expected, found, .sign = c->expected_set == EMA ? -1 : 1};
    const CnxConfig *config = cnx_checkpoint_config(found);

    g_assert_true(cnx_parts_foreach(config, compare_tensor, &comparison));
    g_assert_cmpuint(comparison.tensors, ==, 56);
    g_assert_cmpstr(config->container, ==, c->format);
    g_assert_cmpstr(config->weights_key, ==, c->key);
    g_assert_cmpint(config->weight_set, ==, c->expected_set);
    g_assert_cmpint(config->dtype, ==, c->dtype);
    g_assert_cmpstr(cnx_checkpoint_container(found), ==, c->format);
    g_assert_cmpuint(g_strv_length((char **)cnx_checkpoint_files(found)), ==, c->files);
}

static void check_refused(const char *path, CnxWeightSet requested_set, CnxError code,
                          const char *word)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_checkpoint_open(path, requested_set, &error));
    if (!g_error_matches(error, CNX_ERROR, (int)code) || !g_str_has_prefix(error->message, path) ||
        strstr(error->message, word) == NULL)
        g_error("expected code %d and '%s': %s", code, word, error->message);
    g_test_message("%s", error->message);
}

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *path = fixture_path(refused[i].name);

        check_refused(path, refused[i].requested_set, refused[i].code, refused[i].word);
    }
}

/* Bytes of the last record of a zip archive, which is redundant in a zip64 archive. */
#define ZIP_END 22

/* The file is refused at every truncated size, with a sentence that names it. */
static void test_truncated(gconstpointer name)
{
    g_autofree char *from = fixture_path(name), *to = g_build_filename(folder, "cut.pth", NULL);
    g_autofree char *contents = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(from, &contents, &length, NULL));
    for (gsize left = 0; left < length - ZIP_END; left += left < 200 ? 1 : 61) {
        g_autoptr(GError) error = NULL;

        g_assert_true(g_file_set_contents_full(to, contents, (gssize)left, G_FILE_SET_CONTENTS_NONE,
                                               0600, NULL));
        g_assert_null(cnx_checkpoint_open(to, CNX_WEIGHT_SET_AUTO, &error));
        g_assert_true(error->domain == CNX_ERROR);
        g_assert_true(g_str_has_prefix(error->message, to));
    }
    g_remove(to);
}

static void remove_file(char *path)
{
    g_remove(path);
    g_free(path);
}

/* Replaces `size` bytes of a fixture at each place where `mark` stands, `offset` bytes behind its
 * start. Returns the path of the copy. */
static char *write_changed(const char *name, const char *mark, gsize mark_size, gsize offset,
                           const char *bytes, gsize size)
{
    g_autofree char *from = fixture_path(name), *contents = NULL;
    char *to = g_build_filename(folder, "changed.pth", NULL);
    gsize length;
    guint places = 0;

    g_assert_true(g_file_get_contents(from, &contents, &length, NULL));
    for (gsize i = 0; i + MAX(mark_size, offset + size) <= length; i++)
        if (!memcmp(contents + i, mark, mark_size)) {
            memcpy(contents + i + offset, bytes, size);
            places++;
        }
    g_assert_cmpuint(places, >, 0);
    g_assert_true(g_file_set_contents(to, contents, (gssize)length, NULL));
    return to;
}

/* Data that inflate well but have another checksum, in the central directory and in the local
 * headers. */
static void test_checksum(void)
{
    char *path = write_changed("deflated.pth", "PK\1\2", 4, 16, "\0\0\0\0", 4);
    g_autofree char *contents = NULL;
    gsize length;

    g_assert_true(g_file_get_contents(path, &contents, &length, NULL));
    for (gsize i = 0; i + 18 <= length; i++)
        if (!memcmp(contents + i, "PK\3\4", 4))
            memset(contents + i + 14, 0, 4);
    g_assert_true(g_file_set_contents(path, contents, (gssize)length, NULL));
    check_refused(path, AUTO, CNX_ERROR_CORRUPT, "cannot be inflated");
    remove_file(path);
}

/* The byte order of a legacy file, which the oldest ones do not say. */
static void test_legacy_order(void)
{
    static const char mark[] = "little_endianq\2\x88"; /* its memo, True */
    const gsize value = strlen(mark) - 1;
    g_autoptr(GError) error = NULL;
    char *path = write_changed("bare-legacy.pth", mark, value + 1, value, "\x89", 1);

    check_refused(path, AUTO, CNX_ERROR_UNSUPPORTED, "big-endian");
    remove_file(path);
    path = write_changed("bare-legacy.pth", mark, value + 1, 0, "L", 1);
    g_autoptr(CnxCheckpoint) unknown = cnx_checkpoint_open(path, AUTO, &error);
    g_assert_no_error(error);
    remove_file(path);
}

static char *write_text(const char *name, const char *text)
{
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    return path;
}

/* Indexes with invalid or missing file names. */
static void test_index(void)
{
    static const struct {
        const char *map, *word;
        CnxError code;
    } indexes[] = {
        {"{}", "weight_map", CNX_ERROR_CORRUPT},
        {"{\"weight_map\":[]}", "weight_map", CNX_ERROR_CORRUPT},
        {"{\"weight_map\":{\"a\":1}}", "\"a\"", CNX_ERROR_CORRUPT},
        {"{\"weight_map\":{\"a\":\"../x\"}}", "same folder", CNX_ERROR_CORRUPT},
        {"{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "same folder", CNX_ERROR_CORRUPT},
        {"{\"weight_map\":{\"a\":\"gone.bin\"}}", "gone.bin", CNX_ERROR_NOT_FOUND},
    };

    for (guint i = 0; i < G_N_ELEMENTS(indexes); i++) {
        char *path = write_text("model.safetensors.index.json", indexes[i].map);

        check_refused(path, AUTO, indexes[i].code, indexes[i].word);
        remove_file(path);
    }
    g_autofree char *path = g_build_filename(folder, "model.safetensors.index.json", NULL);
    check_refused(path, AUTO, CNX_ERROR_NOT_FOUND, "does not exist");
}

/* A shard without one of its tensors, and a shard that occurs twice. */
static void test_shards(void)
{
    static const char *const shards[] = {
        "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
        "model-00003-of-00003.safetensors", "model.safetensors.index.json"};
    char *paths[G_N_ELEMENTS(shards)];
    g_autofree char *first = NULL;
    gsize length;

    for (guint i = 0; i < G_N_ELEMENTS(shards); i++) {
        g_autofree char *relative = g_build_filename("sharded-safetensors", shards[i], NULL);
        g_autofree char *from = fixture_path(relative), *contents = NULL;

        paths[i] = g_build_filename(folder, shards[i], NULL);
        g_assert_true(g_file_get_contents(from, &contents, &length, NULL));
        /* Renames "norm.bias" in the last shard, not in the index. */
        char *at = i == 2 ? g_strstr_len(contents + 8, (gssize)length - 8, "\"norm.bias\"") : NULL;
        if (at)
            memcpy(at, "\"norm.bi_s\"", 11);
        g_assert_true(g_file_set_contents(paths[i], contents, (gssize)length, NULL));
    }
    check_refused(paths[3], AUTO, CNX_ERROR_CORRUPT, "\"norm.bias\"");
    g_assert_true(g_file_get_contents(paths[0], &first, &length, NULL));
    g_assert_true(g_file_set_contents(paths[1], first, (gssize)length, NULL));
    check_refused(paths[3], AUTO, CNX_ERROR_CORRUPT, "twice");
    for (guint i = 0; i < G_N_ELEMENTS(shards); i++)
        remove_file(paths[i]);
}

/* A single shard without the index. */
static void test_lone_shard(void)
{
    char *lone = write_text("model-00002-of-00003.safetensors", "x");

    check_refused(lone, AUTO, CNX_ERROR_NOT_FOUND, "one of 3 files");
    remove_file(lone);
    char *whole = write_text("model-00001-of-00001.safetensors", "text");
    check_refused(whole, AUTO, CNX_ERROR_NOT_CONVNEXT, "text");
    remove_file(whole);
    g_autofree char *missing = g_build_filename(folder, "model-00001-of-00002.bin", NULL);
    check_refused(missing, AUTO, CNX_ERROR_NOT_FOUND, missing);
}

/* Which file of a folder is opened: none of them is valid, and the error names the chosen one. */
static void test_folders(void)
{
    check_refused(folder, AUTO, CNX_ERROR_NOT_FOUND, "folder without a checkpoint");
    char *onnx = write_text("model.onnx", "x");
    check_refused(folder, AUTO, CNX_ERROR_NOT_FOUND, "model.onnx");
    char *optimizer = write_text("optimizer.pt", "x"), *one = write_text("one.pth", "one");
    check_refused(folder, AUTO, CNX_ERROR_NOT_CONVNEXT, "one.pth");
    char *two = write_text("two.ckpt", "two");
    check_refused(folder, AUTO, CNX_ERROR_NOT_FOUND, "contains 2 checkpoints");
    char *safe = write_text("any.safetensors", "safe");
    check_refused(folder, AUTO, CNX_ERROR_NOT_CONVNEXT, "any.safetensors");
    char *bin = write_text("pytorch_model.bin", "bin");
    check_refused(folder, AUTO, CNX_ERROR_NOT_CONVNEXT, "pytorch_model.bin");
    char *index = write_text("model.safetensors.index.json", "{}");
    check_refused(folder, AUTO, CNX_ERROR_CORRUPT, "index.json");
    char *model = write_text("model.safetensors", "model");
    check_refused(folder, AUTO, CNX_ERROR_NOT_CONVNEXT, "/model.safetensors:");
    remove_file(onnx);
    remove_file(optimizer);
    remove_file(one);
    remove_file(two);
    remove_file(safe);
    remove_file(bin);
    remove_file(index);
    remove_file(model);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("convnext-containers-XXXXXX", NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/containers/%u/%s", i, cases[i].name);

        g_test_add_data_func(path, &cases[i], test_case);
    }
    g_test_add_func("/containers/refused", test_refused);
    g_test_add_data_func("/containers/cut-zip", "training.pth", test_truncated);
    g_test_add_data_func("/containers/cut-deflated", "deflated.pth", test_truncated);
    g_test_add_data_func("/containers/cut-legacy", "training-legacy.pth.tar", test_truncated);
    g_test_add_func("/containers/checksum", test_checksum);
    g_test_add_func("/containers/legacy-order", test_legacy_order);
    g_test_add_func("/containers/index", test_index);
    g_test_add_func("/containers/shards", test_shards);
    g_test_add_func("/containers/lone-shard", test_lone_shard);
    g_test_add_func("/containers/folders", test_folders);
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
