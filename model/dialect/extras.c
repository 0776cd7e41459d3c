/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/dialect/extras.h"

#include <string.h>

#define MASKED CNX_COMPANY_MASKED
#define DENSE CNX_COMPANY_DENSE

#define PRETRAINING "belongs to the pre-training"
#define DENSE_HEAD "belongs to a segmentation or detection head, which reads the feature maps"
#define TEXT "belongs to the text tower of CLIP"
#define LOSS "belongs to the loss"
#define METRIC "belongs to a metric"
#define OPTIMIZER "is state of the training"
#define AVERAGE "counts the updates of averaged weights"

/* Modules outside the network. A row with `needs` holds only in the company of such a network, and
 * one with `shows` shows it. */
static const struct {
    const char *module, *reason;
    guint needs, shows;
} modules[] = {
    {"criterion", LOSS, 0, 0},
    {"criterions", LOSS, 0, 0},
    {"loss", LOSS, 0, 0},
    {"losses", LOSS, 0, 0},
    {"loss_fn", LOSS, 0, 0},
    {"loss_func", LOSS, 0, 0},
    {"train_criterion", LOSS, 0, 0},
    {"val_criterion", LOSS, 0, 0},
    {"class_weight", LOSS, 0, 0},
    {"class_weights", LOSS, 0, 0},
    {"pos_weight", LOSS, 0, 0},
    {"dino_loss", LOSS, 0, 0},
    {"ibot_patch_loss", LOSS, 0, 0},
    {"metric", METRIC, 0, 0},
    {"metrics", METRIC, 0, 0},
    {"train_metrics", METRIC, 0, 0},
    {"val_metrics", METRIC, 0, 0},
    {"valid_metrics", METRIC, 0, 0},
    {"test_metrics", METRIC, 0, 0},
    {"accuracy", METRIC, 0, 0},
    {"train_acc", METRIC, 0, 0},
    {"val_acc", METRIC, 0, 0},
    {"test_acc", METRIC, 0, 0},
    {"train_accuracy", METRIC, 0, 0},
    {"val_accuracy", METRIC, 0, 0},
    {"test_accuracy", METRIC, 0, 0},
    {"optimizer", OPTIMIZER, 0, 0},
    {"optimizers", OPTIMIZER, 0, 0},
    {"optimizer_state", OPTIMIZER, 0, 0},
    {"scheduler", OPTIMIZER, 0, 0},
    {"lr_scheduler", OPTIMIZER, 0, 0},
    {"scaler", OPTIMIZER, 0, 0},
    {"n_averaged", AVERAGE, 0, 0},
    {"num_updates", AVERAGE, 0, 0},
    {"decay", AVERAGE, 0, 0},
    {"initted", AVERAGE, 0, 0},
    {"step", AVERAGE, 0, 0},
    {"mask_token", PRETRAINING, 0, MASKED},
    {"decoder", PRETRAINING, MASKED, 0},
    {"proj", PRETRAINING, MASKED, 0},
    {"pred", PRETRAINING, MASKED, 0},
    {"dino_head", PRETRAINING, 0, 0},
    {"ibot_head", PRETRAINING, 0, 0},
    {"queue", PRETRAINING, 0, 0},
    {"queue_ptr", PRETRAINING, 0, 0},
    {"auxiliary_head", DENSE_HEAD, 0, 0},
    {"aux_head", DENSE_HEAD, 0, 0},
    {"aux_classifier", DENSE_HEAD, 0, 0},
    {"decode_head", DENSE_HEAD, 0, DENSE},
    {"segmentation_head", DENSE_HEAD, 0, DENSE},
    {"rpn", DENSE_HEAD, 0, DENSE},
    {"rpn_head", DENSE_HEAD, 0, DENSE},
    {"roi_head", DENSE_HEAD, 0, DENSE},
    {"roi_heads", DENSE_HEAD, 0, DENSE},
    {"bbox_head", DENSE_HEAD, 0, DENSE},
    {"mask_head", DENSE_HEAD, 0, DENSE},
    {"transformer_module", DENSE_HEAD, 0, DENSE},
    {"class_labels_classifier", DENSE_HEAD, 0, DENSE},
    {"bbox_predictor", DENSE_HEAD, 0, DENSE},
    {"class_predictor", DENSE_HEAD, DENSE, 0},
    {"neck", DENSE_HEAD, DENSE, 0},
    {"fpn", DENSE_HEAD, DENSE, 0},
    {"decoder", DENSE_HEAD, DENSE, 0},
    {"encoder", DENSE_HEAD, DENSE, 0},
    {"input_projection", DENSE_HEAD, DENSE, 0},
    {"input_proj", DENSE_HEAD, DENSE, 0},
    {"query_position_embeddings", DENSE_HEAD, DENSE, 0},
    {"level_embed", DENSE_HEAD, DENSE, 0},
    {"reference_points", DENSE_HEAD, DENSE, 0},
};

static const char *const text_tower[] = {
    "text",         "transformer",     "token_embedding", "positional_embedding",
    "ln_final",     "text_projection", "logit_scale",     "logit_bias",
    "text_decoder",
};

/* Last words of names that may occur in each layer */
static const struct {
    const char *word, *reason;
} leaves[] = {
    {"num_batches_tracked", "counts the batches of a batch norm"},
    {"total_ops", "counts the operations of a layer (thop)"},
    {"total_params", "counts the parameters of a layer (thop)"},
    {"drop_prob", "is the drop rate of the training"},
};

/* Parts that training and compression tools add. A word that ends in "_" is the beginning of a
 * component of the name, any other the whole component. */
static const struct {
    const char *word, *what;
} tools[] = {
#define ADAPTER(kind) \
    "an adapter (" kind ") that is not merged; call merge_and_unload() of PEFT before saving"
    {"lora_", ADAPTER("LoRA")},
    {"ia3_", ADAPTER("IA3")},
    {"hada_", ADAPTER("LoHa")},
    {"lokr_", ADAPTER("LoKr")},
    {"oft_", ADAPTER("OFT")},
    {"boft_", ADAPTER("BOFT")},
    {"vera_", ADAPTER("VeRA")},
    {"modules_to_save", ADAPTER("PEFT") ", or name it \"default\""},
#define PRUNED                                                                   \
    "a pruned or normalised weight; call torch.nn.utils.prune.remove(), or the " \
    "function of torch.nn.utils that removes the normalisation, before saving"
    {"weight_orig", PRUNED},
    {"weight_mask", PRUNED},
    {"bias_orig", PRUNED},
    {"bias_mask", PRUNED},
    {"weight_g", PRUNED},
    {"weight_v", PRUNED},
    {"weight_u", PRUNED},
    {"parametrizations", "a parametrised weight; call remove_parametrizations() of "
                         "torch.nn.utils.parametrize before saving"},
    {"running_mean", "the statistics of a batch norm"},
    {"running_var", "the statistics of a batch norm"},
    {"activation_post_process", "an observer of quantisation-aware training"},
    {"weight_fake_quant", "an observer of quantisation-aware training"},
    {"fake_quant_", "an observer of quantisation-aware training"},
    {"weight_scale", "the scale of a quantised weight"},
    {"weight_scale_inv", "the scale of a quantised weight"},
    {"scales", "the scale of a quantised weight"},
    {"absmax", "the scale of a quantised weight"},
    {"SCB", "the scale of a quantised weight"},
};

static gboolean is_component(const char *name, const char *word)
{
    const gsize length = strlen(word);

    return !strncmp(name, word, length) && (name[length] == '.' || name[length] == '\0');
}

static const char *last_component(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? dot + 1 : name;
}

guint cnx_extras_company(const CnxNaming *naming, const char *name)
{
    gboolean inside;
    g_autofree char *rest = cnx_naming_rest(naming, name, &inside);

    for (guint i = 0; !inside && i < G_N_ELEMENTS(modules); i++)
        if (modules[i].shows && is_component(rest, modules[i].module))
            return modules[i].shows;
    return 0;
}

static const char *outside_reason(const CnxNaming *naming, const char *rest, guint company)
{
    for (guint i = 0; i < G_N_ELEMENTS(modules); i++)
        if (is_component(rest, modules[i].module) &&
            (!modules[i].needs || modules[i].needs & company))
            return modules[i].reason;
    for (guint i = 0; naming->dialect == CNX_DIALECT_OPEN_CLIP && i < G_N_ELEMENTS(text_tower); i++)
        if (is_component(rest, text_tower[i]))
            return TEXT;
    if (naming->dialect == CNX_DIALECT_FACEBOOK && is_component(rest, "norms.3"))
        return "is the last norm again (DINOv3)";
    return NULL;
}

/* PEFT keeps the layer that modules_to_save replaces. */
static gboolean is_replaced(const char *name)
{
    return strstr(name, ".original_module.") || g_str_has_prefix(name, "original_module.");
}

const char *cnx_extras_reason(const CnxNaming *naming, const CnxTensor *tensor, guint company)
{
    gboolean inside;
    g_autofree char *rest = cnx_naming_rest(naming, tensor->name, &inside);

    if (is_replaced(rest))
        return "is a layer that the training replaced (PEFT)";
    for (guint i = 0; i < G_N_ELEMENTS(leaves); i++)
        if (!strcmp(last_component(rest), leaves[i].word))
            return leaves[i].reason;
    if (tensor->dtype == CNX_DTYPE_OTHER)
        return "has no floating-point numbers";
    if (tensor->elements == 0)
        return "is empty";
    return inside ? NULL : outside_reason(naming, rest, company);
}

const char *cnx_extras_recognise(const char *name)
{
    for (const char *next = name; next; next = strchr(next, '.'), next += next != NULL)
        for (guint i = 0; i < G_N_ELEMENTS(tools); i++)
            if (g_str_has_suffix(tools[i].word, "_") ? g_str_has_prefix(next, tools[i].word)
                                                     : is_component(next, tools[i].word))
                return tools[i].what;
    return NULL;
}
