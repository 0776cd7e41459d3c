/* Files that are not a ConvNeXt, or an unsupported one, and the sentences that refuse them. Files
 * of other programs come from tests/fixtures/make_refused.py. With --table it prints the table in
 * model/README.md, which a test compares.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "model/checkpoint/checkpoint.h"
#include "tests/model/support/folder.h"

/* The file is a fixture: as it is, its first `cut` bytes, with another shape of one tensor, or with
 * an extra tensor; or it is made from text or from the names of tensors. */
typedef struct File {
    const char *what; /* in the table; NULL: not listed */
    const char *fixture;
    gsize cut;
    const char *tensor;
    guint64 shape[4]; /* 4, 2 or 1 dimensions */
    gboolean extra;   /* the fixture does not have the tensor */
    const char *text, *names;
    CnxWeightSet requested_set;
    CnxError code;
    const char *sentence; /* after the file's name */
} File;

#define FORMAT " model: use the original PyTorch checkpoint or its model.safetensors"
#define OTHER "is not a ConvNeXt but looks like "

static const File files[] = {
    {"another network (ResNet, ViT, Swin, EfficientNet, MobileNet, YOLO, CLIP, a language model, "
     "...)",
     .names = "conv1.weight\0layer1.0.conv1.weight\0fc.weight\0", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = OTHER "a ResNet: it has a tensor \"layer1.0.conv1.weight\""},
    {"an unknown network", .names = "body.weight\0tail.weight\0", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is not a ConvNeXt: none of its 2 tensors (first: \"body.weight\") has the name "
                 "of a block's depthwise convolution in timm, transformers, torchvision, "
                 "facebookresearch or OpenMMLab"},
    {"two networks in one file",
     .names = "student.stages.0.0.dwconv.weight\0teacher.stages.0.0.dwconv.weight\0",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "contains more than one ConvNeXt (tensors \"student.stages.0.0.dwconv.weight\" and "
         "\"teacher.stages.0.0.dwconv.weight\"): keep only one"},
    {"V2 from masked pre-training (FCMAE, sparse layers)",
     .names =
         "mask_token\0encoder.stages.0.0.dwconv.kernel\0encoder.stages.0.0.pwconv1.linear.weight\0",
     .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "is a ConvNeXt V2 from masked pre-training with sparse layers (tensor "
         "\"encoder.stages.0.0.dwconv.kernel\"): convert it with remap_checkpoint_keys from "
         "facebookresearch/ConvNeXt-V2"},
    {"`torch.save(model)`", "containers/refused/module.pth", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "is a pickled Python object of type \"__main__.Module\", not a state dict: load it in "
         "PyTorch and save its state_dict()"},
    {"TorchScript", "containers/refused/script.pt", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a TorchScript archive: save the state_dict() of the original model instead"},
    {"`torch.export`", "refused/model.pt2", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a torch.export program: save the state_dict() of the original model instead"},
    {"kernels with an even side", "networks/timm-v1/model.safetensors",
     .tensor = "stages.1.blocks.0.conv_dw.weight", .shape = {16, 1, 6, 6},
     .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "depthwise convolution \"stages.1.blocks.0.conv_dw.weight\" has a 6x6 kernel, expected a "
         "square kernel with an odd side of at most 31"},
    {"images with 4 channels", "networks/timm-v1/model.safetensors", .tensor = "stem.0.weight",
     .shape = {8, 4, 4, 4}, .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "takes images with 4 channels (convolution \"stem.0.weight\"), expected 3 (RGB) or 1 "
         "(grey)"},
    {"an expansion ratio other than 4", "networks/facebook-v1/model.safetensors",
     .tensor = "stages.0.0.pwconv1.weight", .shape = {24, 8}, .code = CNX_ERROR_UNSUPPORTED,
     .sentence = "tensor \"stages.0.0.pwconv1.weight\" expands 8 channels to 24, expected an "
                 "expansion ratio of 4"},
    {"a part that no ConvNeXt has, such as a learned pooling", "networks/timm-v1/model.safetensors",
     .tensor = "head.global_pool.p", .shape = {1}, .extra = TRUE, .code = CNX_ERROR_UNSUPPORTED,
     .sentence = "tensor \"head.global_pool.p\" of shape [1] is not part of a timm ConvNeXt: it "
                 "looks like a learned scalar, such as the exponent of a pooling (GeM)"},
    {"a second head, beside the first one", "networks/timm-v1/model.safetensors",
     .tensor = "fc.weight", .shape = {5, 32}, .extra = TRUE, .code = CNX_ERROR_UNSUPPORTED,
     .sentence = "tensor \"fc.weight\" of shape [5,32] is not part of a timm ConvNeXt: it looks "
                 "like a second head, parallel to the head \"head.fc.weight\": keep only one"},
    {"an adapter that is not merged", "networks/facebook-v1/model.safetensors",
     .tensor = "stages.0.0.pwconv1.lora_A", .shape = {4, 8}, .extra = TRUE,
     .code = CNX_ERROR_UNSUPPORTED,
     .sentence = "tensor \"stages.0.0.pwconv1.lora_A\" of shape [4,8] belongs to an adapter (LoRA) "
                 "that is not merged: call merge_and_unload() of PEFT before saving"},
    {NULL, "networks/facebook-v1/model.safetensors", .tensor = "downsample_layers.0.0.weight",
     .shape = {8, 3, 33, 33}, .code = CNX_ERROR_UNSUPPORTED,
     .sentence =
         "stem convolution \"downsample_layers.0.0.weight\" has a 33x33 kernel, expected a square "
         "kernel with a side of 1 to 32"},
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
    {"an incomplete download, `.pth`", "containers/bare.pth", 9000, .code = CNX_ERROR_CORRUPT,
     .sentence =
         "is a zip archive without a central directory, probably a truncated PyTorch checkpoint: "
         "download it again"},
    {"an incomplete download, `.safetensors`", "containers/reference.safetensors", 9000,
     .code = CNX_ERROR_CORRUPT,
     .sentence = "tensor \"stages.2.0.dwconv.weight\" ends at data byte 5332, but the file has "
                 "only 4424 bytes of data: it is truncated or damaged"},
    {"an empty file", .text = "", .code = CNX_ERROR_CORRUPT, .sentence = "is empty"},
    {"ONNX", "refused/model.onnx", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "looks like an ONNX" FORMAT},
    {"OpenVINO's `.xml`", "refused/openvino/openvino_model.xml", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is an OpenVINO" FORMAT},
    {"Keras' `.h5`", "refused/model.h5", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is an HDF5 (Keras)" FORMAT},
    {NULL, "refused/model.keras", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a Keras model, not a PyTorch checkpoint"},
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
    {"any other pickle", "refused/arrays.pkl", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "is a Python pickle that torch.save did not write, for example of NumPy arrays: load it "
         "in Python and save a state dict with torch.save"},
    {"NumPy's `.npy`", "refused/w.npy", .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence = "is a NumPy array, not a checkpoint"},
    {"a config instead of the weights", .text = "{\"model_type\": \"convnext\"}",
     .code = CNX_ERROR_NOT_CONVNEXT,
     .sentence =
         "is a JSON file, not a checkpoint: name the checkpoint, or the folder that holds both"},
    {"anything else", .text = "\1\2\3\4\5\6\7\10\11\12\13\14", .code = CNX_ERROR_CORRUPT,
     .sentence =
         "is not a known checkpoint format: neither safetensors (no \"{\" at byte 8) nor PyTorch"},
    {"`weights=ema` for a file without averaged weights", "containers/bare.pth",
     .requested_set = CNX_WEIGHT_SET_EMA, .code = CNX_ERROR_SETTINGS,
     .sentence =
         "has only one set of weights, which is not marked as averaged (EMA): leave the choice of "
         "weights at auto"},
    {"a folder for another program", "refused/openvino", .code = CNX_ERROR_NOT_FOUND,
     .sentence =
         "is a folder without a PyTorch checkpoint, and its \"openvino_model.xml\" is for another "
         "program: use the original model.safetensors"},
    {"a folder without a checkpoint", "../model", .code = CNX_ERROR_NOT_FOUND,
     .sentence = "is a folder without a checkpoint: it has no model.safetensors, "
                 "pytorch_model.bin, or other .safetensors, .bin, .pth, .pt or .ckpt file"},
};

/* Writes the fixture with another shape of one tensor, or with one more tensor. */
static void put_changed(const File *f, const char *from)
{
    GError *error = NULL;

    g_autoptr(CnxContainer) container = cnx_container_open(from, CNX_WEIGHT_SET_AUTO, &error);
    guint count, changed = 0;

    g_assert_no_error(error);
    const CnxTensor *found = cnx_container_tensors(container, &count);
    g_autofree CnxTensor *tensors = g_new0(CnxTensor, count + 1);
    memcpy(tensors, found, count * sizeof *tensors);
    if (f->extra)
        tensors[count++].name = f->tensor;
    for (guint i = 0; i < count; i++) {
        if (!g_str_equal(tensors[i].name, f->tensor))
            continue;
        tensors[i].rank = f->shape[2] ? 4 : f->shape[1] ? 2 : 1;
        memcpy(tensors[i].shape, f->shape, sizeof f->shape);
        changed++;
    }
    g_assert_cmpuint(changed, ==, 1);
    folder_put_tensors(tensors, count);
}

static void put_cut(const File *f, const char *from)
{
    g_autofree char *contents = NULL, *path = folder_path("model.safetensors");

    g_assert_true(g_file_get_contents(from, &contents, NULL, NULL));
    g_assert_true(g_file_set_contents(path, contents, (gssize)f->cut, NULL));
}

/* Returns the path of the file; free with g_free. */
static char *make_file(const File *f)
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

/* The part of the error message after the file's name; free with g_free. */
static char *sentence_of(const char *path, CnxWeightSet requested_set, CnxError code)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_checkpoint_open(path, requested_set, &error));
    g_assert_error(error, CNX_ERROR, (int)code);
    g_assert_true(g_str_has_prefix(error->message, path));
    g_assert_true(g_str_has_prefix(error->message + strlen(path), ": "));
    return g_strdup(error->message + strlen(path) + 2);
}

static void test_file(gconstpointer data)
{
    const File *f = data;
    g_autofree char *path = make_file(f);
    g_autofree char *found = sentence_of(path, f->requested_set, f->code);

    g_assert_cmpstr(found, ==, f->sentence);
    folder_clear();
}

/* A row of the table. */
static char *row_of(const File *f)
{
    return g_strdup_printf("| %s | `%s` |\n", f->what, f->sentence);
}

/* model/README.md has exactly these rows. */
static void test_readme(void)
{
    guint rows = 0, found = 0;
    g_autofree char *readme = NULL;

    g_assert_true(g_file_get_contents(README, &readme, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *row = files[i].what ? row_of(&files[i]) : NULL;

        if (!row)
            continue;
        if (!strstr(readme, row))
            g_error("not in the README: %s", row);
        rows++;
    }
    const char *section = strstr(readme, "\n### What is refused\n"); /* others have tables too */
    g_assert_nonnull(section);
    const char *table = strstr(section, "\n| file | error message |\n");
    g_assert_nonnull(table);
    for (const char *p = table + 1; *p == '|'; p = strchr(p, '\n') + 1)
        found++;
    g_assert_cmpuint(found, ==, rows + 2); /* with the two lines of the heading */
}

static void print_table(void)
{
    printf("| file | error message |\n| --- | --- |\n");
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
