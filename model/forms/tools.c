/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/forms/tools.h"

#include <string.h>

#include "model/base/text.h"

#define MERGE " that is not merged: call merge_and_unload() of PEFT before saving"
#define BEFORE ": save the state_dict() of the model before quantisation"
#define PRUNED                                                                           \
    "belongs to a pruned or normalised weight, which lacks a part: call "                \
    "torch.nn.utils.prune.remove(), or the function of torch.nn.utils that removes the " \
    "norm, before saving"
#define OBSERVED \
    "belongs to a quantisation observer (torch.ao.quantization), which rounds the results" BEFORE
#define FLAT                                                                                     \
    "holds the parameters of several layers (FSDP): save the state_dict() that FSDP makes with " \
    "StateDictType.FULL_STATE_DICT"

/* A word that ends in "_" or "*" is the beginning of a component of the name, any other the whole
 * component. The first match counts. */
static const struct {
    const char *word, *what;
} tools[] = {
    {"lora_magnitude_vector", "belongs to an adapter (DoRA)" MERGE},
    {"lora_", "belongs to an adapter (LoRA)" MERGE},
    {"ia3_", "belongs to an adapter (IA3)" MERGE},
    {"hada_", "belongs to an adapter (LoHa)" MERGE},
    {"lokr_", "belongs to an adapter (LoKr)" MERGE},
    {"oft_", "belongs to an adapter (OFT)" MERGE},
    {"boft_", "belongs to an adapter (BOFT)" MERGE},
    {"vera_", "belongs to an adapter (VeRA)" MERGE},
    {"fourierft_", "belongs to an adapter (FourierFT)" MERGE},
    {"hra_", "belongs to an adapter (HRA)" MERGE},
    {"bone_", "belongs to an adapter (Bone)" MERGE},
    {"miss_", "belongs to an adapter (MiSS)" MERGE},
    {"shira_", "belongs to an adapter (SHiRA)" MERGE},
    {"c3a_", "belongs to an adapter (C3A)" MERGE},
    {"road_", "belongs to an adapter (RoAd)" MERGE},
    {"randlora_", "belongs to an adapter (RandLoRA)" MERGE},
    {"trainable_tokens_", "belongs to an adapter (trainable tokens)" MERGE},
    {"modules_to_save", "belongs to one of several copies of a layer (modules_to_save)" MERGE},
    {"weight_orig", PRUNED},
    {"weight_mask", PRUNED},
    {"bias_orig", PRUNED},
    {"bias_mask", PRUNED},
    {"weight_g", PRUNED},
    {"weight_v", PRUNED},
    {"weight_u", PRUNED},
    {"parametrizations", "belongs to a parametrised weight: call "
                         "torch.nn.utils.parametrize.remove_parametrizations() before saving"},
    {"activation_post_process*", OBSERVED},
    {"weight_fake_quant", OBSERVED},
    {"fake_quant_", OBSERVED},
    {"_packed_params", "belongs to a quantised layer (torch.ao.quantization)" BEFORE},
    {"qweight", "belongs to a weight quantised by GPTQ, AWQ or EETQ" BEFORE
                ", or call dequantize() of the model in transformers"},
    {"qzeros", "belongs to a weight quantised by GPTQ or AWQ" BEFORE},
    {"g_idx", "belongs to a weight quantised by GPTQ" BEFORE},
    {"weight_blocks", "belongs to a 4-bit weight (MXFP4)" BEFORE},
    {"W_q", "belongs to a weight quantised by HQQ: call dequantize() of its layers before saving"},
    {"quant_state", "belongs to a 4-bit weight (bitsandbytes): call dequantize() of the model in "
                    "transformers before saving"},
    {"quant_map", "belongs to a 4-bit weight (bitsandbytes): call dequantize() of the model in "
                  "transformers before saving"},
    {"absmax", "belongs to a 4-bit weight (bitsandbytes): call dequantize() of the model in "
               "transformers before saving"},
    {"SCB", "is the scale of a quantised weight (bitsandbytes) that the file does not have as I8: "
            "call dequantize() of the model in transformers before saving"},
    {"weight_packed", "belongs to a weight that compressed-tensors packed: load the model with "
                      "run_compressed=False and save it again"},
    {"weight_qdata", "belongs to a weight quantised by torchao: call dequantize() of the weights "
                     "before saving, or save the state_dict() of the model before quantize_()"},
    {"_weight_qdata", "belongs to a weight quantised by torchao: call dequantize() of the weights "
                      "before saving, or save the state_dict() of the model before quantize_()"},
    {"_data", "belongs to a weight quantised by optimum-quanto in a form other than qint8 or "
              "qfloat8" BEFORE},
    {"input_scale", "is a scale of quantised activations, which change the results" BEFORE},
    {"output_scale", "is a scale of quantised activations, which change the results" BEFORE},
    {"scale_input", "is a scale of quantised activations, which change the results" BEFORE},
    {"scaled_fp8", "marks scaled weights, but the file has no scales: save the weights as F32"},
    {"weight_scale", "is the scale of a quantised weight, which the file does not have: save the "
                     "weight as F32"},
    {"weight_scale_inv", "is the scale of a quantised weight, which the file does not have: save "
                         "the weight as F32"},
    {"scale_weight", "is the scale of a quantised weight, which the file does not have: save the "
                     "weight as F32"},
    {"scales", "is the scale of a quantised weight in an unknown form" BEFORE},
    {"weight_quant", "belongs to a Brevitas quantiser, which rounds the weights: save the "
                     "state_dict() of the model without quantisers"},
    {"act_quant", "belongs to a Brevitas quantiser, which rounds the results: save the "
                  "state_dict() of the model without quantisers"},
    {"_weight_quantizer", "belongs to a quantiser of pytorch-quantization or ModelOpt" BEFORE},
    {"weight_quantizer", "belongs to a quantiser of pytorch-quantization or ModelOpt" BEFORE},
    {"_input_quantizer", "belongs to a quantiser of pytorch-quantization or ModelOpt" BEFORE},
    {"input_quantizer", "belongs to a quantiser of pytorch-quantization or ModelOpt" BEFORE},
    {"pre_ops", "belongs to a weight compressed by NNCF: call nncf.strip() before saving"},
    {"post_ops", "belongs to a weight compressed by NNCF: call nncf.strip() before saving"},
    {"external_quantizers",
     "belongs to a weight compressed by NNCF: call nncf.strip() before saving"},
    {"_nncf", "belongs to a weight compressed by NNCF: call nncf.strip() before saving"},
    {"_flat_param*", FLAT},
    {"flat_param*", FLAT},
};

static gboolean matches(const char *component, const char *word)
{
    const gsize length = strlen(word);

    if (word[length - 1] == '*')
        return !strncmp(component, word, length - 1);
    return !strncmp(component, word, length) &&
           (word[length - 1] == '_' || component[length] == '.' || component[length] == '\0');
}

const char *cnx_tools_recognise(const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(tools); i++)
        for (const char *at = name; at; at = cnx_name_rest(at))
            if (matches(at, tools[i].word))
                return tools[i].what;
    return NULL;
}
