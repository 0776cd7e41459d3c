/* The names of the classes, from every source.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "tests/fixtures/seeded.h"
#include "tests/model/support/folder.h"

#define TEN_MORE \
    "\"2\":\"c\",\"3\":\"d\",\"4\":\"e\",\"5\":\"f\",\"6\":\"g\",\"7\":\"h\",\"8\":\"i\""

/* The weights have ten classes; the first and the last are checked. */
static const struct {
    const char *name, *weights, *config, *text, *first, *last;
} labels[] = {
    {"id2label", "transformers-v1",
     HF ",\"id2label\":{\"0\":\"a\",\"1\":\"b\"," TEN_MORE ",\"9\":\"j\"}}", NULL, "a", "j"},
    {"placeholders, and labels.txt", "transformers-v1",
     HF ",\"id2label\":{\"0\":\"LABEL_0\",\"1\":\"LABEL_1\",\"2\":\"LABEL_2\",\"3\":\"LABEL_3\","
        "\"4\":\"LABEL_4\",\"5\":"
        "\"LABEL_5\",\"6\":\"LABEL_6\",\"7\":\"LABEL_7\",\"8\":\"LABEL_8\",\"9\":\"LABEL_9\"}}",
     "a\nb\nc\nd\ne\nf\ng\nh\ni\nj", "a", "j"},
    {"unordered and with gaps", "transformers-v1",
     HF ",\"id2label\":{\"21842\":\"j\",\"1\":\"b\"," TEN_MORE ",\"0\":\"a\"}}", NULL, "a", "j"},
    {"numbers", "transformers-v1", HF ",\"id2label\":{\"0\":0,\"1\":1," TEN_MORE ",\"9\":9.5}}",
     NULL, "0", "9.5"},
    {"label_names", "timm-v1",
     TIMM "\"label_names\":[\"a\",\"b\",3,\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]}", NULL, "a",
     "j"},
    {"label_names in pretrained_cfg", "timm-v1",
     TIMM "\"pretrained_cfg\":{\"label_names\":[\"a\",\"b\",3,\"d\",\"e\",\"f\",\"g\",\"h\","
          "\"i\",\"j\"]}}",
     NULL, "a", "j"},
    {"descriptions", "timm-v1",
     TIMM "\"label_names\":[\"a\",\"b\",3,\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"],"
          "\"label_descriptions\":{\"a\":\"first\",\"j\":\"last\"}}",
     NULL, "first", "last"},
    {"descriptions that are not strings", "timm-v1",
     TIMM "\"label_names\":[\"a\",\"b\",3,\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"],"
          "\"label_descriptions\":{\"a\":{\"en\":\"first\"},\"j\":7}}",
     NULL, "a", "j"},
    {"halves of surrogate pairs and control characters", "transformers-v1",
     HF ",\"id2label\":{\"0\":\"a\\ud800\",\"1\":\"b\"," TEN_MORE ",\"9\":\"j\\u001b[31m\\n\"}}",
     NULL, "a\xef\xbf\xbd", "j\xef\xbf\xbd[31m "},
    {"legacy labels", "timm-v1",
     TIMM "\"labels\":[\"a\",\"b\",3,\"d\",\"e\",\"f\",\"g\",\"h\",\"i\",\"j\"]}", NULL, "a", "j"},
    {"transformers' wrapper of timm", "timm-v1",
     TIMM "\"model_type\":\"timm_wrapper\",\"id2label\":{\"0\":\"a\",\"1\":\"b\"," TEN_MORE
          ",\"9\":\"j\"}}",
     NULL, "a", "j"},
    {"a config without names, and labels.txt", "timm-v1", TIMM "\"num_classes\":10}",
     "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n", "a", "j"},
    {"a bare file and labels.txt", "facebook-v1", NULL, "a\nb\nc\nd\ne\nf\ng\nh\ni\nj", "a", "j"},
    {"nothing", "facebook-v1", NULL, NULL, NULL, NULL},
};

static void test_labels(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(labels); i++) {
        g_test_message("%s", labels[i].name);
        folder_put_weights(labels[i].weights);
        folder_write("config.json", labels[i].config);
        folder_write("labels.txt", labels[i].text);
        CnxCheckpoint *checkpoint = folder_open(labels[i].config == NULL);
        char **found = cnx_checkpoint_config(checkpoint)->labels;

        if (!labels[i].first) {
            g_assert_null(found);
        } else {
            g_assert_cmpuint(g_strv_length(found), ==, 10);
            g_assert_cmpstr(found[0], ==, labels[i].first);
            g_assert_cmpstr(found[9], ==, labels[i].last);
        }
        cnx_checkpoint_close(checkpoint);
    }
    folder_clear();
}

/* If no file names a thousand classes, ImageNet's list does, if it is installed. */
static void test_imagenet(void)
{
    static const SeededNetwork network = {"imagenet",
                                          "stages.0.blocks.0.conv_dw.weight",
                                          "convnext (1,1,1,1; 4,4,4,4)",
                                          FALSE,
                                          {1, 1, 1, 1},
                                          {4, 4, 4, 4}};
    g_autofree char *weights = folder_path("model.safetensors");
    g_autofree char *data = folder_path("gst-convnext");
    g_autofree char *list = folder_path("gst-convnext/imagenet-1k.txt");

    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;

    seeded_checkpoint(weights, &network, &error);
    g_assert_no_error(error);
    CnxCheckpoint *checkpoint = folder_open(TRUE);
    g_assert_null(cnx_checkpoint_config(checkpoint)->labels);
    cnx_checkpoint_close(checkpoint);

    for (guint i = 0; i < 1000; i++)
        g_string_append_printf(text, "thing %u\n", i);
    g_assert_cmpint(g_mkdir(data, 0700), ==, 0);
    g_assert_true(g_file_set_contents(list, text->str, -1, NULL));
    checkpoint = folder_open(TRUE);
    g_assert_cmpstr(cnx_checkpoint_config(checkpoint)->labels[281], ==, "thing 281");
    g_assert_cmpstr(cnx_origin_name(cnx_checkpoint_config(checkpoint)->origin[CNX_ITEM_LABELS]), ==,
                    "ImageNet");
    cnx_checkpoint_close(checkpoint);

    g_assert_true(g_file_set_contents(list, "one\ntwo\n", -1, NULL));
    folder_check_refused("imagenet-1k.txt: has 2 labels, but the model has 1000 classes");
    g_remove(list);
    g_rmdir(data);
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/labels/configs", test_labels);
    g_test_add_func("/labels/imagenet", test_imagenet);
    const int status = g_test_run();
    folder_delete();
    return status;
}
