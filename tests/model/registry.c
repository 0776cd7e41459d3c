/* Opening the same files twice returns the same model.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <unistd.h>

#include "model/network/model.h"
#include "tests/fixtures/seeded.h"
#include "tests/model/support/folder.h"

static CnxModel *open_set(const char *path, CnxWeightSet set)
{
    g_autoptr(GError) error = NULL;
    CnxModel *model = cnx_model_open(path, set, &error);

    g_assert_no_error(error);
    return model;
}

static CnxModel *open_model(const char *path)
{
    return open_set(path, CNX_WEIGHT_SET_AUTO);
}

static const char *label_of(const CnxModel *model, guint i)
{
    char **labels = cnx_model_config(model)->labels;

    return labels ? labels[i] : NULL;
}

/* A file opened twice is one model; its two sets of weights are two models. */
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

/* Two folders link to the same weights but have different configs, as in the Hub's cache. */
static void test_links(void)
{
    static const char *const files[] = {"1/model.safetensors", "2/model.safetensors"};
    g_autofree char *blob = folder_path("blob"), *weights = folder_path("model.safetensors");
    CnxModel *model[2];

    folder_put_weights("facebook-v1");
    g_assert_cmpint(g_rename(weights, blob), ==, 0);
    for (guint i = 0; i < 2; i++) {
        g_autofree char *folder = folder_path(i ? "2" : "1"), *path = folder_path(files[i]);

        g_assert_cmpint(g_mkdir(folder, 0700), ==, 0);
        g_assert_cmpint(symlink(blob, path), ==, 0);
        folder_write(i ? "2/labels.txt" : "1/labels.txt",
                     i ? "A\nB\nC\nD\nE\nF\nG\nH\nI\nJ\n" : "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
        model[i] = open_model(path);
    }
    g_assert_cmpstr(label_of(model[0], 9), ==, "j");
    g_assert_cmpstr(label_of(model[1], 9), ==, "J");
    for (guint i = 0; i < 2; i++) {
        g_autofree char *folder = folder_path(i ? "2" : "1");

        cnx_model_unref(model[i]);
        folder_write(files[i], NULL);
        folder_write(i ? "2/labels.txt" : "1/labels.txt", NULL);
        g_rmdir(folder);
    }
    g_remove(blob);
}

static void write_names(const char *list, const char *word)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "%s %u\n", word, i);
    folder_write(list, text->str);
}

/* ImageNet's list appears and changes while the model is in use. */
static void test_imagenet(void)
{
    static const SeededNetwork network = {"imagenet",
                                          "stages.0.blocks.0.conv_dw.weight",
                                          "convnext (1,1,1,1; 4,4,4,4)",
                                          FALSE,
                                          {1, 1, 1, 1},
                                          {4, 4, 4, 4}};
    static const char list[] = "gst-convnext/imagenet-1k.txt";
    g_autofree char *path = folder_path("model.safetensors"), *data = folder_path("gst-convnext");

    g_assert_true(seeded_checkpoint(path, &network, NULL));
    CnxModel *none = open_model(path);
    g_assert_cmpint(g_mkdir(data, 0700), ==, 0);
    write_names(list, "thing");
    CnxModel *things = open_model(path), *same = open_model(path);
    write_names(list, "creature");
    CnxModel *creatures = open_model(path);

    g_assert_cmpstr(label_of(none, 281), ==, NULL);
    g_assert_cmpstr(label_of(things, 281), ==, "thing 281");
    g_assert_true(things == same);
    g_assert_cmpstr(label_of(creatures, 281), ==, "creature 281");
    cnx_model_unref(none);
    cnx_model_unref(things);
    cnx_model_unref(same);
    cnx_model_unref(creatures);
    folder_write(list, NULL);
    g_rmdir(data);
    folder_clear();
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
