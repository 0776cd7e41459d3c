/* What a checkpoint reports: its files, the place of each tensor in the network, and the origin of
 * each value that tensors do not show.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"

static CnxCheckpoint *open_fixture(const char *name)
{
    g_autofree char *path = g_strconcat(FIXTURES "/networks/", name, NULL);
    GError *error = NULL;
    CnxCheckpoint *checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);

    g_assert_no_error(error);
    return checkpoint;
}

static void test_parts(void)
{
    g_autoptr(CnxCheckpoint) checkpoint = open_fixture("facebook-v2/model.safetensors");
    guint64 parameters = 0;
    guint count;
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);

    const char *const *files = cnx_checkpoint_files(checkpoint);
    g_assert_cmpstr(cnx_checkpoint_container(checkpoint), ==, "safetensors");
    g_assert_cmpstr(files[0], ==, FIXTURES "/networks/facebook-v2/model.safetensors");
    g_assert_null(files[1]);
    for (guint i = 0; i < count; i++) {
        g_assert_nonnull(parts[i].canonical);
        g_assert_nonnull(cnx_checkpoint_tensor(checkpoint, parts[i].canonical));
        if (i > 0)
            g_assert_cmpstr(parts[i - 1].tensor->name, <, parts[i].tensor->name);
        if (g_str_equal(parts[i].canonical, "s0.b0.grn.gamma")) { /* name and rank of the file */
            g_assert_cmpstr(parts[i].tensor->name, ==, "stages.0.0.grn.gamma");
            g_assert_cmpuint(parts[i].tensor->rank, ==, 4);
        }
        parameters += parts[i].tensor->elements;
    }
    g_assert_cmpuint(parameters, ==, cnx_checkpoint_config(checkpoint)->parameters);
}

/* A tensor that is not part of the network is listed with the reason, without a canonical name. */
static void test_ignored(void)
{
    static const char from[] = "\"head.bias\"", to[] = "\"loss.bias\"";
    g_autofree char *contents = NULL, *path = NULL;
    gsize length;
    guint count, ignored = 0;
    GError *error = NULL;
    const int fd = g_file_open_tmp("convnext-origins-XXXXXX", &path, &error);

    g_assert_no_error(error);
    g_close(fd, NULL);
    /* Renames both tensors of the head. */
    g_assert_true(g_file_get_contents(FIXTURES "/networks/facebook-v1/model.safetensors", &contents,
                                      &length, NULL));
    for (guint i = 0; i < 2; i++) {
        char *at = g_strstr_len(contents + 8, (gssize)length - 8, i ? "\"head.weight\"" : from);

        g_assert_nonnull(at);
        memcpy(at, i ? "\"loss.weight\"" : to, strlen(i ? "\"loss.weight\"" : to));
    }
    g_assert_true(g_file_set_contents(path, contents, (gssize)length, NULL));
    g_autoptr(CnxCheckpoint) checkpoint = cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error);
    g_assert_no_error(error);
    const CnxPart *parts = cnx_checkpoint_parts(checkpoint, &count);
    for (guint i = 0; i < count; i++) {
        const gboolean is_loss = g_str_has_prefix(parts[i].tensor->name, "loss.");

        g_assert_cmpint(parts[i].canonical == NULL, ==, is_loss);
        g_assert_cmpint(parts[i].reason != NULL, ==, is_loss);
        ignored += is_loss;
    }
    g_assert_cmpuint(ignored, ==, 2);
    g_assert_cmpuint(cnx_checkpoint_config(checkpoint)->classes, ==, 0);
    g_remove(path);
}

static void check_origins(const char *name, const CnxOrigin *expected)
{
    g_autoptr(CnxCheckpoint) checkpoint = open_fixture(name);
    const CnxConfig *config = cnx_checkpoint_config(checkpoint);

    for (int item = 0; item < CNX_ITEMS; item++)
        if (config->origin[item] != expected[item])
            g_error("%s: item %d is from %s, expected %s", name, item,
                    cnx_origin_name(config->origin[item]), cnx_origin_name(expected[item]));
}

static void test_origins(void)
{
    const CnxOrigin n = CNX_ORIGIN_LIBRARY, c = CNX_ORIGIN_CONFIG, p = CNX_ORIGIN_PREPROCESSOR;

    /* size, resize, crop, filter, rescale, mean, std, act, eps, head eps, labels */
    check_origins("facebook-v1/model.safetensors",
                  (const CnxOrigin[]){n, n, n, n, n, n, n, n, n, n, n});
    check_origins("timm-v1", (const CnxOrigin[]){c, c, n, c, n, c, c, c, c, c, n});
    check_origins("transformers-v2-tanh", (const CnxOrigin[]){c, c, c, n, n, n, n, c, n, c, n});
    check_origins("../../../model/default", (const CnxOrigin[]){p, p, p, p, p, p, p, c, n, c, c});
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/origins/parts", test_parts);
    g_test_add_func("/origins/ignored", test_ignored);
    g_test_add_func("/origins/origins", test_origins);
    return g_test_run();
}
