/* Malicious, damaged and wrong files: each is refused with one sentence that names the file.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "model/config/labels.h"
#include "model/containers/container.h"

static char *folder; /* temporary */

static char *path_of(const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static char *write_file(const char *name, const void *contents, gsize length)
{
    char *path = path_of(name);

    g_remove(path); /* GLib syncs to disk when it replaces a file */
    g_assert_true(g_file_set_contents(path, contents, (gssize)length, NULL));
    return path;
}

/* A safetensors file with this header and that many bytes of data. Returns its path. */
static char *write_header(const char *name, const char *header, gsize data)
{
    g_autoptr(GByteArray) file = g_byte_array_new();
    const guint64 length = GUINT64_TO_LE((guint64)strlen(header));

    g_byte_array_append(file, (const guint8 *)&length, sizeof length);
    g_byte_array_append(file, (const guint8 *)header, (guint)strlen(header));
    g_byte_array_set_size(file, (guint)(file->len + data));
    return write_file(name, file->data, file->len);
}

/* The sentence contains the path and the word. */
static void check_sentence(const GError *error, const char *named, const char *word)
{
    if (!strstr(error->message, named) || !strstr(error->message, word))
        g_error("'%s' or '%s' is not in: %s", named, word, error->message);
    g_test_message("%s", error->message);
}

/* Removes the file and frees its path. */
static void check_refused(char *path, CnxError code, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *file = path;

    g_assert_null(cnx_checkpoint_open(file, CNX_WEIGHT_SET_AUTO, &error));
    g_assert_error(error, CNX_ERROR, (int)code);
    check_sentence(error, file, word);
    g_remove(file);
}

#define T(offsets) "\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[" offsets "]}"
#define U(dtype, shape, offsets) \
    "\"u\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"

/* A tensor may have no elements, wherever it lies. */
static void test_no_elements(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path =
        write_header("none.safetensors",
                     "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}," T(
                         "0,8") "," U("F16", "3,0,2", "8,8") "}",
                     8);
    g_autoptr(CnxContainer) container = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);
    const gsize elements[] = {0, 2, 0};
    guint count;

    g_assert_no_error(error);
    const CnxTensor *tensors = cnx_container_tensors(container, &count);
    g_assert_cmpuint(count, ==, G_N_ELEMENTS(elements));
    for (guint i = 0; i < count; i++) {
        g_assert_cmpuint(tensors[i].elements, ==, elements[i]);
        g_assert_cmpuint(tensors[i].size, ==, 4 * elements[i]);
    }
    g_remove(path);
}

/* Each header breaks one rule, except the first, which is valid and so proves that the others fail
 * because of the rule that they break. */
static const struct {
    const char *rule, *header;
    gsize data;
} headers[] = {
    {"none", "{" T("0,8") "}", 8},
    {"not an object", "[]", 0},
    {"begins with a space", " {" T("0,8") "}", 8},
    {"not JSON", "{\"t\":", 0},
    {"trailing text", "{" T("0,8") "} x", 8},
    {"duplicate name", "{" T("0,8") "," T("8,16") "}", 16},
    {"unknown dtype", "{" U("F33", "2", "0,8") "}", 8},
    {"negative size", "{" U("F32", "-2", "0,8") "}", 8},
    {"leading zero", "{" U("F32", "02", "0,8") "}", 8},
    {"fractional size", "{" U("F32", "2.0", "0,8") "}", 8},
    {"product overflows", "{" U("F32", "4294967296,4294967296", "0,8") "}", 8},
    {"bytes overflow", "{" U("F32", "4611686018427387904,2", "0,8") "}", 8},
    {"reversed", "{" U("F32", "2", "8,0") "}", 8},
    {"beyond the file", "{" U("F32", "3", "0,12") "}", 8},
    {"gap", "{" T("0,8") "," U("F32", "2", "12,20") "}", 20},
    {"overlap", "{" T("0,8") "," U("F32", "2", "4,12") "}", 12},
    {"does not begin at 0", "{" T("4,12") "}", 12},
    {"trailing bytes", "{" T("0,8") "}", 9},
    {"size is not shape times dtype", "{" U("F32", "3", "0,8") "}", 8},
    {"no elements but data", "{" U("F32", "0", "0,8") "}", 8},
    {"elements but no data", "{" U("F32", "2", "0,0") "}", 0},
    {"no offsets", "{\"t\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8},
    {"three offsets", "{" U("F32", "2", "0,8,8") "}", 8},
    {"unknown key", "{\"t\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8},
    {"metadata that is not a string", "{\"__metadata__\":{\"a\":1}," T("0,8") "}", 8},
    {"invalid UTF-8", "{\"\xff\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8},
};

static void test_headers(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(headers); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path =
            write_header("rule.safetensors", headers[i].header, headers[i].data);
        g_autoptr(CnxContainer) file = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);

        if (i == 0)
            g_assert_no_error(error);
        else if (file)
            g_error("accepted: %s", headers[i].rule);
        else {
            g_assert_error(error, CNX_ERROR, CNX_ERROR_CORRUPT);
            check_sentence(error, path, "");
        }
        g_remove(path);
    }
}

/* A name has at most 1024 bytes. */
static void test_long_names(void)
{
    for (gsize length = 1023; length <= 1025; length++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *name = g_strnfill(length, 'n');
        g_autofree char *header = g_strdup_printf(
            "{\"%s\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", name);
        g_autofree char *path = write_header("name.safetensors", header, 8);
        g_autoptr(CnxContainer) file = cnx_container_open(path, CNX_WEIGHT_SET_AUTO, &error);

        g_assert_true(!file == (length > 1024));
        if (!file)
            check_sentence(error, path, "name of more than 1024 bytes");
        g_remove(path);
    }
}

/* A small network's file, truncated at many sizes. */
static void test_truncated(void)
{
    g_autofree char *contents = NULL;
    gsize length, header;

    g_assert_true(g_file_get_contents(FIXTURES "/networks/timm-v1/model.safetensors", &contents,
                                      &length, NULL));
    header = 8 + (guint8)contents[0] + 256 * (gsize)(guint8)contents[1];
    for (gsize left = 0; left < length; left += left < header ? 1 : 3989) {
        g_autoptr(GError) error = NULL;
        g_autofree char *path = write_file("cut.safetensors", contents, left);

        g_assert_null(cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error));
        g_assert_true(error->domain == CNX_ERROR);
        g_assert_nonnull(strstr(error->message, path));
    }
    check_refused(write_file("cut.safetensors", contents, length - 1), CNX_ERROR_CORRUPT, "");
}

#define FILE_OF(text) write_file("file.safetensors", text, sizeof text - 1)

static void test_other_files(void)
{
    check_refused(path_of("missing.safetensors"), CNX_ERROR_NOT_FOUND, "");
    check_refused(g_strdup(folder), CNX_ERROR_NOT_FOUND, "model.safetensors");
    g_mkdir(folder, 0700); /* check_refused removed it */
    check_refused(FILE_OF(""), CNX_ERROR_CORRUPT, "");
    check_refused(FILE_OF("dear diary, today I downloaded a model\n"), CNX_ERROR_NOT_CONVNEXT,
                  "text");
    check_refused(FILE_OF("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n"),
                  CNX_ERROR_NOT_CONVNEXT, "LFS");
    check_refused(FILE_OF("PK\003\004\024\000\000\000\010\000 data.pkl and more"),
                  CNX_ERROR_CORRUPT, "truncated");
    check_refused(FILE_OF("\200\002}q\000(X\005\000\000\000modelq\001"), CNX_ERROR_NOT_CONVNEXT,
                  "torch.save");
    check_refused(FILE_OF("A\0\0"), CNX_ERROR_CORRUPT, "");
    check_refused(FILE_OF("\377\377\377\377\377\377\377\177{}"), CNX_ERROR_CORRUPT, "");
}

static void test_other_networks(void)
{
    check_refused(write_header("resnet.safetensors",
                               "{\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[1],"
                               "\"data_offsets\":[0,4]},\"layer1.0.conv1.weight\":{\"dtype\":"
                               "\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},\"fc.weight\":{"
                               "\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
                               12),
                  CNX_ERROR_NOT_CONVNEXT, "ResNet");
}

/* A small network whose header has one string replaced by another of the same length. */
static char *write_changed(const char *from, const char *to)
{
    g_autofree char *contents = NULL;
    gsize length;

    g_assert_cmpuint(strlen(from), ==, strlen(to));
    g_assert_true(g_file_get_contents(FIXTURES "/networks/timm-v1/model.safetensors", &contents,
                                      &length, NULL));
    char *at = g_strstr_len(contents + 8, (gssize)length - 8, from);
    g_assert_nonnull(at);
    memcpy(at, to, strlen(to));
    return write_file("changed.safetensors", contents, length);
}

static void test_tensors(void)
{
    GError *error = NULL;
    g_autofree char *unchanged = write_changed("stem.0.bias", "stem.0.bias");

    g_autoptr(CnxCheckpoint) checkpoint =
        cnx_checkpoint_open(unchanged, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    g_remove(unchanged);
    check_refused(write_changed("stages.1.downsample.0.bias", "stages.1.downsample.0.bi_s"),
                  CNX_ERROR_NOT_CONVNEXT, "stages.1.downsample.0.bias");
    check_refused(write_changed("\"shape\":[16,8,2,2]", "\"shape\":[16,2,2,8]"),
                  CNX_ERROR_NOT_CONVNEXT, "stages.1.downsample.1.weight");
}

static void check_config(const char *config, const char *word)
{
    g_autofree char *contents = NULL;
    gsize length;

    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_get_contents(FIXTURES "/networks/transformers-v1/model.safetensors",
                                      &contents, &length, NULL));
    g_autofree char *model = write_file("model.safetensors", contents, length);
    g_autofree char *path = write_file("config.json", config, strlen(config));
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(folder, CNX_WEIGHT_SET_AUTO, &error);

    if (!word) {
        g_assert_no_error(error);
    } else {
        g_assert_null(checkpoint);
        g_assert_true(error->domain == CNX_ERROR);
        check_sentence(error, path, word);
    }
    g_remove(model);
    g_remove(path);
}

static void test_configs(void)
{
    check_config("{\"model_type\":\"convnext\",\"hidden_sizes\":[7,13,22,35]}", NULL);
    check_config("{\"model_type\":\"convnext\",\"hidden_sizes\":[7,13,22,36]}", "hidden_sizes");
    check_config("{\"model_type\":\"convnext\",\"depths\":[1,1,3,1],\"hidden_sizes\":[7,13,22,35]}",
                 "depths");
    check_config("{\"model_type\":\"convnext\", nonsense", "JSON");
}

static void check_labels(const char *text, guint count, CnxError code, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = write_file("labels.txt", text, strlen(text));
    g_auto(GStrv) labels = cnx_labels_read(path, count, &error);

    if (!word) {
        g_assert_no_error(error);
        g_assert_cmpuint(g_strv_length(labels), ==, count);
        g_assert_cmpstr(labels[0], ==, "a");
    } else {
        g_assert_null(labels);
        g_assert_error(error, CNX_ERROR, (int)code);
        check_sentence(error, path, word);
    }
    g_remove(path);
}

static void test_labels(void)
{
    check_labels("a\nb\n", 2, 0, NULL);
    check_labels("a\r\nb", 2, 0, NULL);
    check_labels("a\nb\n", 3, CNX_ERROR_MISMATCH, "3");
    check_labels("a\n\nb\n", 3, CNX_ERROR_CORRUPT, "line 2");
    check_labels("a\n\xff\n", 2, CNX_ERROR_CORRUPT, "UTF-8");
}

/* All float16 and bfloat16 numbers against their formulas. */
static void test_halves(void)
{
    for (guint bits = 0; bits < 65536; bits++) {
        const guint16 stored = GUINT16_TO_LE((guint16)bits);
        const int exponent = (int)(bits >> 10 & 31), mantissa = (int)(bits & 1023);
        const double sign = bits >> 15 ? -1 : 1;
        const double expected = exponent == 31  ? (mantissa ? NAN : sign * INFINITY)
                                : exponent == 0 ? sign * ldexp(mantissa, -24)
                                                : sign * ldexp(1024 + mantissa, exponent - 25);
        CnxTensor half = {
            .dtype = CNX_DTYPE_F16, .elements = 1, .data = (const guint8 *)&stored, .size = 2};
        float found;
        guint32 wide;

        cnx_tensor_to_float(&half, &found);
        g_assert_true(isnan(expected) ? isnan(found) : found == (float)expected);
        g_assert_cmpint(signbit(found) != 0, ==, bits >> 15);
        half.dtype = CNX_DTYPE_BF16;
        cnx_tensor_to_float(&half, &found);
        memcpy(&wide, &found, sizeof wide);
        g_assert_true(isnan(found) || wide == bits << 16);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder = g_dir_make_tmp("convnext-checkpoint-XXXXXX", NULL);
    g_test_add_func("/checkpoint/headers", test_headers);
    g_test_add_func("/checkpoint/no-elements", test_no_elements);
    g_test_add_func("/checkpoint/long-names", test_long_names);
    g_test_add_func("/checkpoint/truncated", test_truncated);
    g_test_add_func("/checkpoint/other-files", test_other_files);
    g_test_add_func("/checkpoint/other-networks", test_other_networks);
    g_test_add_func("/checkpoint/tensors", test_tensors);
    g_test_add_func("/checkpoint/configs", test_configs);
    g_test_add_func("/checkpoint/labels", test_labels);
    g_test_add_func("/checkpoint/halves", test_halves);
    const int status = g_test_run();
    g_rmdir(folder);
    g_free(folder);
    return status;
}
