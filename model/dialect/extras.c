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

/* Words between "_" in the names of modules outside the network: "ce_loss", "train_acc". */
static const struct {
    const char *word, *reason;
    gboolean is_last; /* the name must end with it: "metric_fc" is a layer */
} words[] = {
    {"criterion", LOSS, FALSE},      {"criterions", LOSS, FALSE},
    {"loss", LOSS, FALSE},           {"losses", LOSS, FALSE},
    {"metric", METRIC, TRUE},        {"metrics", METRIC, TRUE},
    {"accuracy", METRIC, TRUE},      {"acc", METRIC, TRUE},
    {"optimizer", OPTIMIZER, FALSE}, {"optimizers", OPTIMIZER, FALSE},
    {"scheduler", OPTIMIZER, TRUE},
};

/* Modules outside the network. A row with `needs` holds only in the company of such a network, and
 * one with `shows` shows it. */
static const struct {
    const char *module, *reason;
    guint needs, shows;
} modules[] = {
    {"class_weight", LOSS, 0, 0},
    {"class_weights", LOSS, 0, 0},
    {"pos_weight", LOSS, 0, 0},
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
    {"1.batchnorm_layer", DENSE_HEAD, 0, DENSE}, /* DINOv3, beside the backbone's module 0 */
    {"1.conv", DENSE_HEAD, DENSE, 0},
    {"rpn", DENSE_HEAD, 0, DENSE},
    {"rpn_head", DENSE_HEAD, 0, DENSE},
    {"roi_head", DENSE_HEAD, 0, DENSE},
    {"roi_heads", DENSE_HEAD, 0, DENSE},
    {"bbox_head", DENSE_HEAD, 0, DENSE},
    {"mask_head", DENSE_HEAD, 0, DENSE},
    {"keypoint_head", DENSE_HEAD, 0, DENSE},
    {"head.classification_head", DENSE_HEAD, 0, DENSE},
    {"head.regression_head", DENSE_HEAD, 0, DENSE},
    {"class_embed", DENSE_HEAD, 0, DENSE},
    {"bbox_embed", DENSE_HEAD, 0, DENSE},
    {"query_embed", DENSE_HEAD, 0, DENSE},
    {"transformer", DENSE_HEAD, DENSE, 0},
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
    "text",       "transformer",     "token_embedding", "positional_embedding",
    "ln_final",   "text_projection", "attn_mask",       "logit_scale",
    "logit_bias", "text_decoder",
};

/* Last words of names that may occur in each layer */
static const struct {
    const char *word, *reason;
} leaves[] = {
    {"num_batches_tracked", "counts the batches of a batch norm"},
    {"total_ops", "counts the operations of a layer (thop)"},
    {"total_params", "counts the parameters of a layer (thop)"},
    {"drop_prob", "is the drop rate of the training"},
    {"position_ids", "numbers the positions of a text"},
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

/* The reason that one word of the first component shows, or NULL. */
static const char *word_reason(const char *rest)
{
    g_autofree char *module = g_strndup(rest, strcspn(rest, "."));
    g_auto(GStrv) parts = g_strsplit(module, "_", -1);

    for (guint i = 0; parts[i]; i++)
        for (guint k = 0; k < G_N_ELEMENTS(words); k++)
            if (!strcmp(parts[i], words[k].word) && (!words[k].is_last || !parts[i + 1]))
                return words[k].reason;
    return NULL;
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
    return word_reason(rest);
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
    if (tensor->dtype == CNX_DTYPE_OTHER && tensor->elements == 1)
        return "is a single integer";
    if (tensor->elements == 0)
        return "is empty";
    return inside ? NULL : outside_reason(naming, rest, company);
}

gboolean cnx_extras_is_dense_head(const char *reason)
{
    return g_strcmp0(reason, DENSE_HEAD) == 0;
}
