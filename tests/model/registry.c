/* Which openings give the same model: those that read the same files.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <unistd.h>

#include "model/network/model.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/folder.h"

static CnxModel *open_set(const char *path, CnxWeightSet wanted)
{
    GError *error = NULL;
    CnxModel *model = cnx_model_open(path, wanted, &error);

    g_assert_no_error(error);
    return model;
}

static CnxModel *open_model(const char *path)
{
    return open_set(path, CNX_WEIGHT_SET_AUTO);
}

static const char *label(const CnxModel *model, guint i)
{
    char **labels = cnx_model_config(model)->labels;

    return labels ? labels[i] : NULL;
}

/* One file, opened twice, is one model; its two sets of weights are two. */
static void test_sets(void)
{
    const char *path = FIXTURES "/containers/ema.pth.tar";
    CnxModel *a = open_set(path, CNX_WEIGHT_SET_RAW), *b = open_set(path, CNX_WEIGHT_SET_RAW);
    CnxModel *c = open_set(path, CNX_WEIGHT_SET_EMA);

    g_assert_true(a == b);
    g_assert_true(a != c);
    cnx_model_unref(a);
    cnx_model_unref(b);
    cnx_model_unref(c);
}

/* As in the Hub's cache: folders of links, to the same weights and to different configs. */
static void test_links(void)
{
    static const char *const files[] = {"1/model.safetensors", "2/model.safetensors"};
    char *blob = folder_path("blob"), *weights = folder_path("model.safetensors"), *path[2];
    CnxModel *model[2];

    folder_put_weights("facebook-v1");
    g_assert_cmpint(g_rename(weights, blob), ==, 0);
    for (guint i = 0; i < 2; i++) {
        char *folder = folder_path(i ? "2" : "1");

        path[i] = folder_path(files[i]);
        g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
        g_assert_cmpint(symlink(blob, path[i]), ==, 0);
        folder_write(i ? "2/labels.txt" : "1/labels.txt",
                     i ? "A\nB\nC\nD\nE\nF\nG\nH\nI\nJ\n" : "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
        model[i] = open_model(path[i]);
        g_free(folder);
    }
    g_assert_cmpstr(label(model[0], 9), ==, "j");
    g_assert_cmpstr(label(model[1], 9), ==, "J");
    for (guint i = 0; i < 2; i++) {
        char *folder = folder_path(i ? "2" : "1");

        cnx_model_unref(model[i]);
        folder_write(files[i], NULL);
        folder_write(i ? "2/labels.txt" : "1/labels.txt", NULL);
        g_rmdir(folder);
        g_free(folder);
        g_free(path[i]);
    }
    g_remove(blob);
    g_free(blob);
    g_free(weights);
}

static void write_names(const char *list, const char *word)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "%s %u\n", word, i);
    folder_write(list, text->str);
    g_string_free(text, TRUE);
}

/* ImageNet's names come, and change, while the model is held. */
static void test_imagenet(void)
{
    static const SeededNetwork network = {"imagenet",
                                          "stages.0.blocks.0.conv_dw.weight",
                                          "convnext (1,1,1,1; 4,4,4,4)",
                                          FALSE,
                                          {1, 1, 1, 1},
                                          {4, 4, 4, 4}};
    static const char list[] = "gst-convnext/imagenet-1k.txt";
    char *path = folder_path("model.safetensors"), *data = folder_path("gst-convnext");

    g_assert_true(seeded_checkpoint(path, &network, NULL));
    CnxModel *none = open_model(path);
    g_assert_cmpint(g_mkdir(data, 0700), ==, 0);
    write_names(list, "thing");
    CnxModel *things = open_model(path), *same = open_model(path);
    write_names(list, "creature");
    CnxModel *creatures = open_model(path);

    g_assert_cmpstr(label(none, 281), ==, NULL);
    g_assert_cmpstr(label(things, 281), ==, "thing 281");
    g_assert_true(things == same);
    g_assert_cmpstr(label(creatures, 281), ==, "creature 281");
    cnx_model_unref(none);
    cnx_model_unref(things);
    cnx_model_unref(same);
    cnx_model_unref(creatures);
    folder_write(list, NULL);
    g_rmdir(data);
    folder_clear();
    g_free(path);
    g_free(data);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/registry/sets", test_sets);
    g_test_add_func("/registry/links", test_links);
    g_test_add_func("/registry/imagenet", test_imagenet);
    const int status = g_test_run();
    folder_delete();
    return status;
}
