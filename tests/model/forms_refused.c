/* The forms that training tools leave in a checkpoint and that cannot be computed: each is refused
 * with a sentence that names the tool, which is in model/README.md.
 *
 *   test-forms_refused            checks
 *   test-forms_refused --table    also prints the README's table
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/model/support/folder.h"

#define FORMS FIXTURES "/forms/"

/* A tensor to add, or to remove from the plain network (dtype NULL) */
typedef struct Change {
    const char *name, *dtype;
    guint64 shape[5]; /* ends with 0 */
} Change;

#define FC "stages.0.blocks.0.mlp.fc1." /* [12,3] */
#define WEIGHT FC "weight"
#define LORA_A FC "lora_A.default.weight"
#define LORA_B FC "lora_B.default.weight"
#define LORA(r)              \
    {LORA_A, "F32", {r, 3}}, \
    {                        \
        LORA_B, "F32",       \
        {                    \
            12, r            \
        }                    \
    }
#define CONFIG(members) "{\"peft_type\":\"LORA\"," members "}"
#define RANK2 CONFIG("\"r\":2,\"lora_alpha\":4")

static const struct {
    const char *form; /* in the README's table; NULL: no row */
    Change changes[6];
    const char *config; /* adapter_config.json */
    const char *word;
} refused[] = {
    {"LoRA without `adapter_config.json`",
     {LORA(2)},
     NULL,
     "\"" LORA_A "\" of shape [2,3] belongs to a LoRA whose scale is unknown, because "
     "adapter_config.json is missing from the folder: call merge_and_unload() of PEFT before "
     "saving"},
    {NULL, {LORA(2)}, CONFIG("\"r\":2"), "whose scale does not follow from r, lora_alpha"},
    {NULL, {LORA(2)}, CONFIG("\"r\":2,\"lora_alpha\":\"4\""), "whose scale does not follow"},
    {NULL,
     {LORA(2)},
     CONFIG("\"r\":2,\"lora_alpha\":4,\"rank_pattern\":{\"fc[12]\":2}"),
     "whose scale does not follow"},
    {NULL,
     {LORA(3)},
     RANK2,
     "belongs to a LoRA whose rank differs from that in adapter_config.json"},
    {"variants of LoRA other than DoRA",
     {LORA(2)},
     CONFIG("\"r\":2,\"lora_alpha\":4,\"use_qalora\":true"),
     "\"" LORA_A "\" of shape [2,3] belongs to a variant of LoRA, such as QALoRA, according to "
     "adapter_config.json: call merge_and_unload() of PEFT before saving"},
    {NULL,
     {LORA(2), {FC "lora_magnitude_vector.default.weight", "F32", {12}}},
     RANK2,
     "belongs to an adapter (DoRA)"},
    {NULL,
     {LORA(2)},
     CONFIG("\"r\":2,\"lora_alpha\":4,\"use_dora\":true"),
     "DoRA without magnitudes"},
    {NULL,
     {LORA(2), {FC "lora_magnitude_vector.default.weight", "F32", {3}}},
     CONFIG("\"r\":2,\"lora_alpha\":4,\"use_dora\":true"),
     "DoRA without magnitudes"},
    {NULL, {LORA(2), {FC "lora_B.default.bias", "F32", {12}}}, RANK2, "an adapter (LoRA)"},
    {NULL,
     {LORA(2)},
     "{\"peft_type\":\"IA3\",\"r\":2,\"lora_alpha\":4}",
     "describes another adapter"},
    {NULL, {LORA(2)}, "[1]", "adapter_config.json: "},
    {NULL,
     {LORA(2),
      {FC "lora_A.default-2.weight", "F32", {2, 3}},
      {FC "lora_B.default-2.weight", "F32", {12, 2}}},
     RANK2,
     "belongs to one of several adapters in the file"},
    {NULL,
     {LORA(2), {FC "lora_A.other.weight", "F32", {2, 3}}},
     RANK2,
     "belongs to one of several adapters in the file"},
    {NULL, {{LORA_A, "F32", {2, 3}}, {LORA_B, "F32", {12, 3}}}, RANK2, "shapes do not fit"},
    {NULL, {{LORA_A, "F32", {2, 3}}, {LORA_B, "F32", {11, 2}}}, RANK2, "shapes do not fit"},
    {NULL, {{LORA_A, "F32", {2, 4}}, {LORA_B, "F32", {12, 2}}}, RANK2, "shapes do not fit"},
    {NULL, {{LORA_A, "I8", {2, 3}}, {LORA_B, "F32", {12, 2}}}, RANK2, "shapes do not fit"},
    {NULL, {{LORA_A, "F32", {2, 3}}}, RANK2, "shapes do not fit"},
    {NULL, {{LORA_B, "F32", {12, 2}}}, RANK2, "belongs to an adapter (LoRA)"},
    {NULL,
     {{"stages.0.blocks.0.conv_dw.lora_A.default.weight", "F32", {3, 3, 7, 7}},
      {"stages.0.blocks.0.conv_dw.lora_B.default.weight", "F32", {3, 1, 1, 1}}},
     CONFIG("\"r\":3,\"lora_alpha\":4"),
     "shapes do not fit"},
    {NULL,
     {{"stages.0.blocks.0.mlp.fc9.lora_A.default.weight", "F32", {2, 3}},
      {"stages.0.blocks.0.mlp.fc9.lora_B.default.weight", "F32", {12, 2}}},
     RANK2,
     "belongs to a LoRA for a layer that the file does not have"},
    {"loralib's LoRA",
     {{FC "lora_A", "F32", {2, 3}}, {FC "lora_B", "F32", {12, 2}}},
     RANK2,
     "\"" FC "lora_A\" of shape [2,3] belongs to an adapter (LoRA) that is not merged: call "
     "merge_and_unload() of PEFT before saving"},
    {"LoHa, LoKr, OFT, VeRA, ...",
     {{FC "hada_w1_a.default", "F32", {12, 2}}},
     NULL,
     "\"" FC "hada_w1_a.default\" of shape [12,2] belongs to an adapter (LoHa) that is not merged: "
     "call merge_and_unload() of PEFT before saving"},
    {NULL, {{FC "ia3_l.default", "F32", {5, 1}}}, NULL, "inputs or the outputs"},
    {NULL,
     {{"stages.0.blocks.0.conv_dw.ia3_l.default", "F32", {1, 3, 1, 1}}},
     NULL,
     "inputs or the outputs"},
    {NULL, {{"stages.9.ia3_l.default", "F32", {5, 1}}}, NULL, "a layer that the file does not"},
    {NULL,
     {{FC "ia3_l.a", "F32", {12, 1}}, {FC "ia3_l.b", "F32", {12, 1}}},
     NULL,
     "one of several adapters in the file"},
    {"two copies of a layer (`modules_to_save`)",
     {{"head.fc.modules_to_save.a.weight", "F32", {200, 6}},
      {"head.fc.modules_to_save.b.weight", "F32", {200, 6}},
      {"head.fc.weight", NULL, {0}}},
     NULL,
     "\"head.fc.modules_to_save.b.weight\" of shape [200,6] belongs to one of several copies of a "
     "layer (modules_to_save) that is not merged: call merge_and_unload() of PEFT before saving"},
    {"a pruned weight without its mask",
     {{WEIGHT, NULL, {0}}, {FC "weight_orig", "F32", {12, 3}}},
     NULL,
     "\"" WEIGHT "\" of shape [12,3] belongs to a weight that is both pruned and normalised, or "
     "that lacks a part: call torch.nn.utils.prune.remove() and the functions in "
     "torch.nn.utils that remove norms before saving"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {FC "weight_orig", "F32", {12, 3}}, {FC "weight_mask", "F32", {3, 12}}},
     NULL,
     "is the mask of a pruned weight of another"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {FC "weight_orig", "I8", {12, 3}}, {FC "weight_mask", "F32", {12, 3}}},
     NULL,
     "is the mask of a pruned weight of another"},
    {NULL, {{FC "weight_mask", "F32", {12, 3}}}, NULL, "torch.nn.utils.prune.remove()"},
    {NULL,
     {{WEIGHT, NULL, {0}},
      {FC "weight_orig", "F32", {12, 3}},
      {FC "weight_mask", "F32", {12, 3}},
      {FC "weight_u", "F32", {12}},
      {FC "weight_v", "F32", {3}}},
     NULL,
     "pruned and normalised"},
    {NULL,
     {{WEIGHT, NULL, {0}},
      {FC "weight_orig", "F32", {12, 3}},
      {FC "weight_u", "F32", {3}},
      {FC "weight_v", "F32", {12}}},
     NULL,
     "spectral_norm along another dimension"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {FC "weight_v", "F32", {12, 3}}, {FC "weight_g", "F32", {3, 12}}},
     NULL,
     "is the norm of a weight of another shape (weight_norm)"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {FC "weight_v", "F32", {12, 3}}, {FC "weight_g", "F32", {1, 1}}},
     NULL,
     "is the norm of a weight of another shape (weight_norm)"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {FC "weight_v", "F32", {12, 3}}, {FC "weight_g", "F32", {12}}},
     NULL,
     "is the norm of a weight of another shape (weight_norm)"},
    {"other parametrizations, or several for one weight",
     {{WEIGHT, NULL, {0}}, {FC "parametrizations.weight.original", "F32", {12, 3}}},
     NULL,
     "\"" WEIGHT "\" of shape [12,3] belongs to a parametrization other than weight_norm or "
     "spectral_norm, or to several of them: call "
     "torch.nn.utils.parametrize.remove_parametrizations() before saving"},
    {NULL,
     {{WEIGHT, NULL, {0}},
      {FC "parametrizations.weight.original", "F32", {12, 3}},
      {FC "parametrizations.weight.0._u", "F32", {12}},
      {FC "parametrizations.weight.0._v", "F32", {3}},
      {FC "parametrizations.weight.1.base", "F32", {12, 3}}},
     NULL,
     "or to several of them"},
    {NULL,
     {{"stages.0.blocks.0.conv_dw.weight", NULL, {0}},
      {"stages.0.blocks.0.conv_dw.parametrizations.weight.original", "F32", {3, 1, 7, 7}}},
     NULL,
     "\"stages.0.blocks.0.conv_dw.weight\" of shape [3,1,7,7] belongs to a parametrization"},
    {"integers without a scale",
     {{WEIGHT, NULL, {0}}, {WEIGHT, "I8", {12, 3}}},
     NULL,
     "\"" WEIGHT "\" of shape [12,3] has the dtype I8, expected F32, F16, BF16, F64 or F8, or a "
     "quantised weight with its scale: save the weights as F32"},
    {NULL, {{WEIGHT, NULL, {0}}, {WEIGHT, "U16", {12, 3}}}, NULL, "has the dtype U16"},
    {NULL, {{WEIGHT, NULL, {0}}, {WEIGHT, "F8_E8M0", {12, 3}}}, NULL, "has the dtype F8_E8M0"},
    {NULL, {{WEIGHT, NULL, {0}}, {WEIGHT, "I8", {12, 3}}, LORA(2)}, RANK2, "shapes do not fit"},
    {"scales of another shape",
     {{WEIGHT, NULL, {0}}, {WEIGHT, "I8", {12, 3}}, {FC "weight_scale", "F32", {5}}},
     NULL,
     "\"" FC
     "weight_scale\" of shape [5] is the scale of a quantised weight of another shape, expected "
     "one scale for the whole weight, each row or each group of columns: save the weight as F32"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {WEIGHT, "I8", {12, 3}}, {FC "weight_scale", "F32", {12, 2}}},
     NULL,
     "\"" FC "weight_scale\" of shape [12,2] is the scale"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {WEIGHT, "I8", {12, 3}}, {FC "weight_scale", "F8_E8M0", {12}}},
     NULL,
     "is the scale of a quantised weight of another shape"},
    {NULL,
     {{WEIGHT, NULL, {0}},
      {WEIGHT, "I8", {12, 3}},
      {FC "weight_scale", "F32", {12, 1}},
      {FC "weight_zero_point", "I8", {3}}},
     NULL,
     "but its zero points have another shape"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {WEIGHT, "F8_E4M3", {12, 3}}, {FC "weight_scale_inv", "F32", {2, 1}}},
     NULL,
     "for each block of 128x128"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {WEIGHT, "I8", {12, 3}}, {FC "SCB", "F32", {3}}},
     NULL,
     "\"" FC "SCB\" of shape [3] is the scale of a quantised weight"},
    {NULL,
     {{WEIGHT, NULL, {0}}, {WEIGHT, "F8_E5M2", {12, 3}}, {FC "scale_weight", "F32", {12}}},
     NULL,
     "is the scale of a quantised weight"},
    {"quantised activations",
     {{WEIGHT, NULL, {0}},
      {WEIGHT, "I8", {12, 3}},
      {FC "weight_scale", "F32", {1}},
      {FC "input_scale", "F32", {1}}},
     NULL,
     "\"" FC "input_scale\" of shape [1] is a scale of quantised activations, which change the "
     "results: save the state_dict() of the model before quantisation"},
    {NULL, {{FC "weight_scale", "F32", {1}}}, NULL, "which the file does not have"},
    {"GPTQ, AWQ",
     {{WEIGHT, NULL, {0}}, {FC "qweight", "I32", {3, 2}}},
     NULL,
     "\"" FC "qweight\" of shape [3,2] belongs to a weight quantised by GPTQ, AWQ or EETQ: save "
     "the state_dict() of the model before quantisation, or call dequantize() of the model "
     "in transformers"},
    {"HQQ",
     {{WEIGHT, NULL, {0}}, {FC "W_q", "U8", {3, 2}}},
     NULL,
     "\"" FC "W_q\" of shape [3,2] belongs to a weight quantised by HQQ: call dequantize() of its "
     "layers before saving"},
    {"bitsandbytes, 4 bits",
     {{WEIGHT, NULL, {0}},
      {WEIGHT, "U8", {18, 1}},
      {WEIGHT ".absmax", "F32", {1}},
      {WEIGHT ".quant_map", "F32", {16}}},
     NULL,
     "\"" WEIGHT ".absmax\" of shape [1] belongs to a 4-bit weight (bitsandbytes): call "
     "dequantize() of the model in transformers before saving"},
    {"quantisation-aware training",
     {{FC "weight_fake_quant.scale", "F32", {1}}},
     NULL,
     "\"" FC "weight_fake_quant.scale\" of shape [1] belongs to a quantisation observer "
     "(torch.ao.quantization), which rounds the results: save the state_dict() of the "
     "model before quantisation"},
    {"NNCF",
     {{FC "pre_ops.0.op.scale", "F32", {1}}},
     NULL,
     "\"" FC "pre_ops.0.op.scale\" of shape [1] belongs to a weight compressed by NNCF: call "
     "nncf.strip() before saving"},
    {"Brevitas",
     {{FC "weight_quant.tensor_quant.scaling_impl.value", "F32", {1}}},
     NULL,
     "\"" FC
     "weight_quant.tensor_quant.scaling_impl.value\" of shape [1] belongs to a Brevitas quantiser, "
     "which rounds the weights: save the state_dict() of the model without quantisers"},
    {"pytorch-quantization, ModelOpt",
     {{FC "weight_quantizer._amax", "F32", {1}}},
     NULL,
     "\"" FC "weight_quantizer._amax\" of shape [1] belongs to a quantiser of pytorch-quantization "
     "or ModelOpt: save the state_dict() of the model before quantisation"},
    {"FSDP's flat parameters",
     {{"stages.0._fsdp_wrapped_module._flat_param", "F32", {99}}},
     NULL,
     "\"stages.0._fsdp_wrapped_module._flat_param\" of shape [99] holds the parameters of several "
     "layers (FSDP): save the state_dict() that FSDP makes with StateDictType.FULL_STATE_DICT"},
};

static const Change *find_change(const Change *changes, const char *name)
{
    for (; changes->name; changes++)
        if (!strcmp(changes->name, name))
            return changes;
    return NULL;
}

static gsize element_size(const char *dtype)
{
    return strstr(dtype, "32") ? 4 : strstr(dtype, "16") ? 2 : 1;
}

/* Appends the tensor's entry to the header. Returns the end of its data. */
static gsize add_header(GString *header, const char *name, const char *dtype, guint rank,
                        const guint64 *shape, gsize start)
{
    g_autofree char *text = cnx_shape_text(rank, shape);
    gsize size = element_size(dtype);

    for (guint i = 0; i < rank; i++)
        size *= shape[i];
    g_string_append_printf(header,
                           "%s\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
                           header->len > 1 ? "," : "", name, dtype, text, start, start + size);
    return start + size;
}

/* Writes the plain network with the changes; new tensors are zeros. */
static void put_changed(const Change *changes)
{
    g_autoptr(CnxContainer) plain =
        cnx_container_open(FORMS "plain/model.safetensors", CNX_WEIGHT_SET_AUTO, NULL);
    g_autoptr(GString) header = g_string_new("{"), file = g_string_new(NULL);
    g_autofree char *path = folder_path("model.safetensors");
    gsize end = 0;
    guint count;

    g_assert_nonnull(plain);
    const CnxTensor *tensors = cnx_container_tensors(plain, &count);
    for (guint i = 0; i < count; i++)
        if (!find_change(changes, tensors[i].name))
            end =
                add_header(header, tensors[i].name, "F32", tensors[i].rank, tensors[i].shape, end);
    for (; changes->name; changes++) {
        guint rank = 0;

        while (changes->shape[rank])
            rank++;
        if (changes->dtype)
            end = add_header(header, changes->name, changes->dtype, rank, changes->shape, end);
    }
    g_string_append_c(header, '}');
    const guint64 length = GUINT64_TO_LE((guint64)header->len);
    g_string_append_len(file, (const char *)&length, sizeof length);
    g_string_append_len(file, header->str, (gssize)header->len);
    g_string_set_size(file, file->len + end);
    memset(file->str + file->len - end, 0, end);
    g_assert_true(g_file_set_contents(path, file->str, (gssize)file->len, NULL));
}

static void test_refused(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_test_message("%u: %s", i, refused[i].word);
        put_changed(refused[i].changes);
        folder_write("adapter_config.json", refused[i].config);
        folder_check_refused(refused[i].word);
    }
    folder_clear();
}

/* Values that PyTorch turns into NaN are NaN here too. */
static void test_zeros(void)
{
    static const Change norm[] = {{WEIGHT, NULL, {0}},
                                  {FC "weight_v", "F32", {12, 3}},
                                  {FC "weight_g", "F32", {12, 1}},
                                  {NULL, NULL, {0}}};
    static const Change lora[] = {LORA(2), {NULL, NULL, {0}}};
    float value;

    put_changed(norm);
    g_autoptr(CnxCheckpoint) a = folder_open(FALSE);
    cnx_tensor_range_to_float(cnx_checkpoint_tensor(a, "s0.b0.pw1.weight"), 5, 1, &value);
    g_assert_true(isnan(value));
    put_changed(lora); /* of a file without its folder's config, and then with it */
    folder_check_file_refused("adapter_config.json is missing");
    folder_write("adapter_config.json", RANK2);
    g_autoptr(CnxCheckpoint) b = folder_open(TRUE);
    g_assert_nonnull(b);
    folder_clear();
}

/* The file with an adapter alone */
static void test_alone(void)
{
    folder_put_names("base_model.model.stages.0.blocks.0.mlp.fc1.lora_A.weight\0"
                     "base_model.model.stages.0.blocks.0.mlp.fc1.lora_B.weight\0");
    folder_check_refused(
        "has an adapter (tensor \"base_model.model.stages.0.blocks.0.mlp.fc1.lora_A.weight\") "
        "without its base network: load both in Python, call merge_and_unload() of PEFT and save "
        "the result");
    folder_clear();
}

/* Files in a folder next to, or instead of, the weights */
static void test_folders(void)
{
    static const Change none[] = {{NULL, NULL, {0}}};

    put_changed(none);
    cnx_checkpoint_close(folder_open(FALSE));
    folder_write("adapter_model.safetensors", "x");
    folder_check_refused(
        "is a folder with the checkpoint \"model.safetensors\" and the adapter "
        "\"adapter_model.safetensors\": call merge_and_unload() of PEFT before saving or, if the "
        "adapter is already merged, use the path of the checkpoint file");
    cnx_checkpoint_close(folder_open(TRUE));
    folder_clear();
    folder_write(".metadata", "x");
    folder_write("__0_0.distcp", "x");
    folder_check_refused("is a checkpoint of torch.distributed.checkpoint: convert its folder with "
                         "dcp_to_torch_save()");
    g_autofree char *path = folder_path("__0_0.distcp");
    g_autoptr(GError) error = NULL;
    g_assert_null(cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error));
    g_assert_nonnull(strstr(error->message, "dcp_to_torch_save()"));
    folder_write(".metadata", NULL);
    folder_write("__0_0.distcp", NULL);
}

static void check_pickle_refused(const char *name, const char *word)
{
    g_autofree char *path = g_strconcat(FORMS "refused/", name, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(cnx_checkpoint_open(path, CNX_WEIGHT_SET_AUTO, &error));
    if (!strstr(error->message, word))
        g_error("expected '%s': %s", word, error->message);
}

static void test_pickles(void)
{
    check_pickle_refused("dtensor.pt", "get_model_state_dict() of torch.distributed.checkpoint "
                                       "with full_state_dict=True");
    check_pickle_refused("second.pt",
                         "has a weight with several parametrizations (module "
                         "\"head.fc.parametrizations.weight.1\"): call "
                         "torch.nn.utils.parametrize.remove_parametrizations() before saving");
    check_pickle_refused("sparse.pt", "has under \"head.fc.weight\" an object of type "
                                      "\"torch._utils._rebuild_sparse_tensor\", a sparse tensor: "
                                      "call to_dense() before saving");
    check_pickle_refused("negated.pt", "a view whose negation is pending: call resolve_neg()");
    check_pickle_refused(
        "zero.pt", "is a part of a DeepSpeed checkpoint without the weights: run zero_to_fp32.py");
    check_pickle_refused("placeholders.pt", "is empty: if DeepSpeed (ZeRO stage 3) saved it, run "
                                            "zero_to_fp32.py");
    check_pickle_refused("keys.pt", "has state dicts under both of its keys \"model\" and "
                                    "\"net\": save only one of them");
    check_pickle_refused("two.pt", "is a list with more than one state dict (members 0 and 1)");
}

static char *table_row(guint i)
{
    return g_strdup_printf("| %s | `tensor %s` |\n", refused[i].form, refused[i].word);
}

static void test_readme(void)
{
    g_autofree char *readme = NULL;

    g_assert_true(g_file_get_contents(README, &readme, NULL, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *row = table_row(i);

        if (refused[i].form && !strstr(readme, row))
            g_error("not in the README: %s", row);
    }
}

static void print_table(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *row = table_row(i);

        if (refused[i].form)
            fputs(row, stdout);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (argc > 1 && !strcmp(argv[1], "--table"))
        print_table();
    folder_new();
    g_test_add_func("/forms/refused", test_refused);
    g_test_add_func("/forms/readme", test_readme);
    g_test_add_func("/forms/zeros", test_zeros);
    g_test_add_func("/forms/alone", test_alone);
    g_test_add_func("/forms/pickles", test_pickles);
    g_test_add_func("/forms/folders", test_folders);
    int result = g_test_run();
    folder_delete();
    return result;
}
