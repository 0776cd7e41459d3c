/* What is no ConvNeXt, or one that this version lacks: each is refused with the sentence that
 * stands here. Files of other programs are those of tests/fixtures/make_refused.py. With --table it
 * prints the README's table, which the tests compare.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "tests/model/support/folder.h"

/* How a file comes about: from a fixture, as it lies there, or the first `cut` bytes of it, or with
 * one tensor of another shape; from text; or from the names of tensors. */
typedef struct File {
    const char *what; /* in the README; NULL: not there */
    const char *fixture;
    gsize cut;
    const char *tensor;
    guint64 shape[4]; /* of 4 dimensions, or of 2 */
    const char *text, *names;
    CnxWeightSet wanted;
    CnxError code;
    const char *sentence; /* after the file's name */
} File;

#define FORMAT " model: get the original checkpoint of PyTorch, or its model.safetensors"
#define OTHER "is not a ConvNeXt but looks like "

static const File files[] = {
    {"another network (ResNet, ViT, Swin, EfficientNet, MobileNet, YOLO, CLIP, a language model, "
     "...)",
     .names = "conv1.weight\0layer1.0.conv1.weight\0fc.weight\0", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = OTHER "a ResNet: it has a tensor \"layer1.0.conv1.weight\""},
    {"a network that is not recognised", .names = "body.weight\0tail.weight\0",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is not a ConvNeXt: none of its 2 tensors (first: \"body.weight\") is a block's "
                 "depthwise convolution as timm, transformers, torchvision, facebookresearch or "
                 "OpenMMLab name it"},
    {"two networks in one file",
     .names = "student.stages.0.0.dwconv.weight\0teacher.stages.0.0.dwconv.weight\0",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "holds more than one ConvNeXt, by its tensors \"student.stages.0.0.dwconv.weight\" "
         "and \"teacher.stages.0.0.dwconv.weight\": keep one"},
    {"V2 in the middle of its pre-training (FCMAE, sparse layers)",
     .names =
         "mask_token\0encoder.stages.0.0.dwconv.kernel\0encoder.stages.0.0.pwconv1.linear.weight\0",
     .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "is a ConvNeXt V2 in the middle of its masked pre-training, in sparse layers (tensor "
         "\"encoder.stages.0.0.dwconv.kernel\"): convert it with remap_checkpoint_keys of "
         "facebookresearch/ConvNeXt-V2"},
    {"`torch.save(model)`", "containers/refused/module.pth", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "holds a pickled Python object of type \"__main__.Module\", not a state dict: load it "
         "in PyTorch, and save its state_dict()"},
    {"TorchScript", "containers/refused/script.pt", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a TorchScript archive: save the state_dict() of the model that was scripted"},
    {"`torch.export`", "refused/model.pt2", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "is a program of torch.export: save the state_dict() of the model that was exported"},
    {"kernels of an even side", "networks/timm-v1/model.safetensors",
     .tensor = "stages.1.blocks.0.conv_dw.weight", .shape = {16, 1, 6, 6},
     .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "the kernel of the depthwise convolution \"stages.1.blocks.0.conv_dw.weight\" is 6x6 "
         "large, expected a square of an odd number up to 31"},
    {"images of 4 channels", "networks/timm-v1/model.safetensors", .tensor = "stem.0.weight",
     .shape = {8, 4, 4, 4}, .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "reads images of 4 channels (convolution \"stem.0.weight\"), expected 3 (RGB) or 1 "
         "(grey)"},
    {"another expansion", "networks/facebook-v1/model.safetensors",
     .tensor = "stages.0.0.pwconv1.weight", .shape = {24, 8}, .code = CNX_ERROR_UNSUPPORTED,
     .sentence = "expands 8 channels to 24 in \"stages.0.0.pwconv1.weight\", this version runs an "
                 "expansion ratio of 4 only"},
    {NULL, "networks/facebook-v1/model.safetensors", .tensor = "downsample_layers.0.0.weight",
     .shape = {8, 3, 33, 33}, .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "the patch of the stem's convolution \"downsample_layers.0.0.weight\" is 33x33 large, "
         "expected a square of 1 to 32"},
    {NULL, "networks/facebook-v1/model.safetensors", .tensor = "downsample_layers.2.1.weight",
     .shape = {24, 16, 3, 3}, .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "tensor \"downsample_layers.2.1.weight\" has shape [24,16,3,3], expected [24,16,2,2]"},
    {"a Git LFS pointer",
     .text = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 114374272\n",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a Git LFS pointer, not the checkpoint itself: run \"git lfs pull\" in its "
                 "folder"},
    {"a saved web page", .text = "<!DOCTYPE html>\n<html><title>model.safetensors</title></html>\n",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is an HTML page, not a checkpoint: download the file itself"},
    {"half a download, `.pth`", "containers/bare.pth", 9000, .code = CNX_ERROR_CORRUPT,
     .sentence =
         "is a zip archive, such as a PyTorch checkpoint, without the directory at its end: "
         "it is truncated, download it again"},
    {"half a download, `.safetensors`", "containers/reference.safetensors", 9000,
     .code = CNX_ERROR_CORRUPT,
     .sentence = "tensor \"stages.2.0.dwconv.weight\" ends at byte 5332 of the data, of which the "
                 "file holds 4424: it is truncated or damaged"},
    {"an empty file", .text = "", .code = CNX_ERROR_CORRUPT, .sentence = "is empty"},
    {"ONNX", "refused/model.onnx", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "looks like an ONNX" FORMAT},
    {"OpenVINO's `.xml`", "refused/openvino/openvino_model.xml", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is an OpenVINO" FORMAT},
    {"Keras' `.h5`", "refused/model.h5", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is an HDF5 (Keras)" FORMAT},
    {NULL, "refused/model.keras", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a Keras model, not a checkpoint of PyTorch"},
    {"TensorFlow's `.pb`", "refused/saved_model.pb", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a TensorFlow" FORMAT},
    {"TensorFlow's `.ckpt.index`, a frozen graph", "refused/model.ckpt.index",
     .code = CNX_ERROR_NOT_CONVNEXT, .sentence = "looks like a TensorFlow" FORMAT},
    {NULL, "refused/frozen_graph.pb", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "looks like a TensorFlow" FORMAT},
    {"TFLite", "refused/model.tflite", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a TensorFlow Lite" FORMAT},
    {"Flax", "refused/flax_model.msgpack", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "looks like a Flax (msgpack)" FORMAT},
    {"GGUF", "refused/model.gguf", .code = CNX_ERROR_NOT_CONVNEXT, .sentence = "is a GGUF" FORMAT},
    {"a pickle of one's own", "refused/arrays.pkl", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "is a Python pickle that torch.save did not write, such as one of NumPy arrays: load "
         "it in Python, and save a state dict with torch.save"},
    {"NumPy's `.npy`", "refused/w.npy", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a NumPy array, not a checkpoint"},
    {"a config in place of the weights", .text = "{\"model_type\": \"convnext\"}",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "is a JSON file, not a checkpoint: give the checkpoint, or the folder they are in"},
    {"anything else", .text = "\1\2\3\4\5\6\7\10\11\12\13\14", .code = CNX_ERROR_CORRUPT,
     .sentence =
         "is no checkpoint that is known here: neither a safetensors file (no \"{\" at byte "
         "8) nor one of PyTorch"},
    {"`weights=ema` where there are none", "containers/bare.pth", .wanted = CNX_WEIGHT_SET_EMA,
     .code = CNX_ERROR_SETTINGS,
     .sentence =
         "holds one set of weights only, and none that is marked as averaged (EMA): leave the "
         "choice of weights at auto"},
    {"a folder of another program", "refused/openvino", .code = CNX_ERROR_NOT_FOUND,
     .sentence =
         "is a folder without a checkpoint of PyTorch, but with \"openvino_model.xml\", which "
         "is for another program: get its model.safetensors"},
    {"a folder without any", "../model", .code = CNX_ERROR_NOT_FOUND,
     .sentence = "is a folder without a checkpoint: no model.safetensors, no pytorch_model.bin, no "
                 "other .safetensors, .bin, .pth, .pt or .ckpt file"},
};

/* The fixture with one tensor changed. */
static void put_changed(const File *f, const char *from)
{
    GError *error = NULL;
    CnxContainer *container = cnx_container_open(from, CNX_WEIGHT_SET_AUTO, &error);
    guint count, changed = 0;

    g_assert_no_error(error);
    const CnxTensor *found = cnx_container_tensors(container, &count);
    CnxTensor *tensors = g_memdup2(found, count * sizeof *tensors);
    for (guint i = 0; i < count; i++) {
        if (!g_str_equal(tensors[i].name, f->tensor))
            continue;
        tensors[i].rank = f->shape[2] ? 4 : 2;
        memcpy(tensors[i].shape, f->shape, sizeof f->shape);
        changed++;
    }
    g_assert_cmpuint(changed, ==, 1);
    folder_put_tensors(tensors, count);
    g_free(tensors);
    cnx_container_close(container);
}

static void put_cut(const File *f, const char *from)
{
    char *contents, *path = folder_path("model.safetensors");

    g_assert_true(g_file_get_contents(from, &contents, NULL, NULL));
    g_assert_true(g_file_set_contents(path, contents, (gssize)f->cut, NULL));
    g_free(contents);
    g_free(path);
}

/* Its path. */
static char *make(const File *f)
{
    g_autofree char *from = f->fixture ? g_build_filename(FIXTURES, f->fixture, NULL) : NULL;

    if (from && !f->cut && !f->tensor)
        return g_steal_pointer(&from);
    if (f->tensor)
        put_changed(f, from);
    else if (from)
        put_cut(f, from);
    else if (f->text)
        folder_write("model.safetensors", f->text);
    else
        folder_put_names(f->names);
    return folder_path("model.safetensors");
}

/* What follows the file's name in the error, g_free. */
static char *sentence_of(const char *path, CnxWeightSet wanted, CnxError code)
{
    GError *error = NULL;

    g_assert_null(cnx_checkpoint_open(path, wanted, &error));
    g_assert_error(error, CNX_ERROR, (int)code);
    g_assert_true(g_str_has_prefix(error->message, path));
    g_assert_true(g_str_has_prefix(error->message + strlen(path), ": "));
    char *sentence = g_strdup(error->message + strlen(path) + 2);
    g_error_free(error);
    return sentence;
}

static void test_file(gconstpointer data)
{
    const File *f = data;
    g_autofree char *path = make(f);
    g_autofree char *found = sentence_of(path, f->wanted, f->code);

    g_assert_cmpstr(found, ==, f->sentence);
    folder_clear();
}

/* A line of the README's table. */
static char *row_of(const File *f)
{
    return g_strdup_printf("| %s | `%s` |\n", f->what, f->sentence);
}

/* All of these lines stand there, and no others. */
static void test_readme(void)
{
    guint rows = 0, found = 0;
    char *readme;

    g_assert_true(g_file_get_contents(README, &readme, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *row = files[i].what ? row_of(&files[i]) : NULL;

        if (!row)
            continue;
        if (!strstr(readme, row))
            g_error("not in the README: %s", row);
        rows++;
    }
    const char *table = strstr(readme, "\n| the file | the sentence |\n");
    g_assert_nonnull(table);
    for (const char *p = table + 1; *p == '|'; p = strchr(p, '\n') + 1)
        found++;
    g_assert_cmpuint(found, ==, rows + 2); /* with its heading */
    g_free(readme);
}

static void print_table(void)
{
    printf("| the file | the sentence |\n| --- | --- |\n");
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *row = files[i].what ? row_of(&files[i]) : g_strdup("");

        fputs(row, stdout);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && g_str_equal(argv[1], "--table")) {
        print_table();
        return 0;
    }
    g_test_init(&argc, &argv, NULL);
    folder_new();
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("/refusals/%u", i);

        g_test_add_data_func(path, &files[i], test_file);
    }
    g_test_add_func("/refusals/readme", test_readme);
    const int status = g_test_run();
    folder_delete();
    return status;
}
