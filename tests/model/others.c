/* Recognises common networks other than ConvNeXt by their tensors' names, which
 * tests/fixtures/make_foreign.py gets from the libraries.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/model/support/folder.h"

static const struct {
    const char *library, *name, *names;
} networks[] = {
#define NETWORK(library, name, names) {library, name, names},
#include "tests/fixtures/foreign.inc"
#undef NETWORK
};

/* The first matching prefix of a network's name counts. */
static const struct {
    const char *prefix, *kind; /* kind NULL: refused without being recognised */
} expected[] = {
    {"resnet", "a ResNet"},
    {"ResNet", "a ResNet"},
    {"vit_b", "a vision tr"},
    {"vit_s", "a vision tr"},
    {"ViTFor", "a vision tr"},
    {"swin", "a Swin"},
    {"Swin", "a Swin"},
    {"efficientnet", "an EfficientNet"},
    {"Efficient", "an EfficientNet"},
    {"mobilenetv", "an EfficientNet or MobileNet"},
    {"mobilenet_", "a MobileNet"},
    {"MobileNet", "a MobileNet"},
    {"densenet", "a DenseNet"},
    {"vgg", "a VGG"},
    {"regnet", "a RegNet"},
    {"inception_v3", "an Inception"},
    {"inception_next", "an InceptionNeXt"},
    {"squeeze", "a SqueezeNet"},
    {"shuffle", "a ShuffleNet"},
    {"alexnet", "an AlexNet"},
    {"maxvit", "a MaxViT"},
    {"fasterrcnn", "a Faster R-CNN"},
    {"beit", "a vision tr"},
    {"Beit", "a vision tr"},
    {"deit", "a vision tr"},
    {"Dinov2", "a vision tr"},
    {"eva", "a vision tr"},
    {"mixer", "an MLP-Mixer"},
    {"hrnet", "an HRNet"},
    {"Segformer", "a SegFormer"},
    {"CLIP", "a CLIP or SigLIP"},
    {"Siglip", "a CLIP or SigLIP"},
    {"Yolos", "a DETR or YOLOS"},
    {"Detr", "a DETR or YOLOS"},
    {"Bert", "a language"},
    {"GPT2", "a language"},
    {"Llama", "a language"},
    {"Whisper", "a speech"},
    {"ViT-B", "a CLIP with a vi"},
    {"RN50", "a CLIP with a Re"},
    {"yolo", "a YOLO"},
    {"edgenext", NULL},
    {"poolformer", NULL},
    {"repvgg", NULL},
};

static const char *expected_kind(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        if (g_str_has_prefix(name, expected[i].prefix))
            return expected[i].kind;
    g_error("no expected kind for %s", name);
}

static void test_networks(void)
{
    g_assert_cmpuint(G_N_ELEMENTS(networks), >, 40);
    for (guint i = 0; i < G_N_ELEMENTS(networks); i++) {
        const char *kind = expected_kind(networks[i].name);
        g_autofree char *word =
            kind ? g_strconcat("not a ConvNeXt but looks like ", kind, NULL) : g_strdup("");

        g_test_message("%s of %s", networks[i].name, networks[i].library);
        folder_put_names(networks[i].names);
        folder_check_file_refused(word);
    }
    folder_clear();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    folder_new();
    g_test_add_func("/others/networks", test_networks);
    const int status = g_test_run();
    folder_delete();
    return status;
}
