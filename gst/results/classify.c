/* From the outputs of a forward pass to the contents of a GstConvnextResult.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/classify.h"

#include <math.h>

#include "model/base/error.h"
#include "model/base/pool.h"
#include "model/network/cam.h"
#include "model/network/scores.h"

CnxOutput gst_convnext_outputs_needed(GstConvnextOutputs outputs, const CnxConfig *config)
{
    static const struct {
        GstConvnextOutputs output;
        CnxOutput needed;
    } needs[] = {
        {GST_CONVNEXT_OUTPUTS_CLASSES, CNX_OUTPUT_LOGITS},
        {GST_CONVNEXT_OUTPUTS_LOGITS, CNX_OUTPUT_LOGITS},
        {GST_CONVNEXT_OUTPUTS_EMBEDDING, CNX_OUTPUT_EMBEDDING},
        {GST_CONVNEXT_OUTPUTS_STAGE1, CNX_OUTPUT_STAGE1},
        {GST_CONVNEXT_OUTPUTS_STAGE2, CNX_OUTPUT_STAGE2},
        {GST_CONVNEXT_OUTPUTS_STAGE3, CNX_OUTPUT_STAGE3},
        {GST_CONVNEXT_OUTPUTS_STAGE4, CNX_OUTPUT_STAGE4},
        {GST_CONVNEXT_OUTPUTS_CAM, CNX_OUTPUT_LOGITS},
    };
    guint needed = 0;

    for (guint i = 0; i < G_N_ELEMENTS(needs); i++)
        if (outputs & needs[i].output)
            needed |= needs[i].needed;
    if (outputs & GST_CONVNEXT_OUTPUTS_CAM)
        needed |= CNX_OUTPUT_STAGE(config->stages - 1);
    return needed;
}

GstConvnextActivation gst_convnext_activation_resolve(GstConvnextActivation activation,
                                                      const CnxConfig *config)
{
    if (activation != GST_CONVNEXT_ACTIVATION_AUTO)
        return activation;
    if (config->regression)
        return GST_CONVNEXT_ACTIVATION_NONE;
    return cnx_config_is_sigmoid(config) ? GST_CONVNEXT_ACTIVATION_SIGMOID
                                         : GST_CONVNEXT_ACTIVATION_SOFTMAX;
}

const CnxDecision *gst_convnext_decision_resolve(GstConvnextActivation activation,
                                                 const CnxConfig *config)
{
    const GstConvnextActivation own =
        gst_convnext_activation_resolve(GST_CONVNEXT_ACTIVATION_AUTO, config);

    return gst_convnext_activation_resolve(activation, config) == own ? &config->decision : NULL;
}

static void activate(float *scores, const float *logits, guint classes,
                     GstConvnextActivation activation, const CnxDecision *decision)
{
    if (activation == GST_CONVNEXT_ACTIVATION_SOFTMAX)
        cnx_softmax(scores, logits, classes, decision);
    else if (activation == GST_CONVNEXT_ACTIVATION_SIGMOID)
        cnx_sigmoid(scores, logits, classes, decision);
    else
        memcpy(scores, logits, classes * sizeof *scores);
}

/* A logit of -infinity excludes a class: softmax and sigmoid make its score 0. */
static gboolean scores_are_known(const float *logits, const float *scores, guint classes)
{
    for (guint i = 0; i < classes; i++)
        if (isnan(logits[i]) || logits[i] == INFINITY || !isfinite(scores[i]))
            return FALSE;
    return TRUE;
}

gboolean gst_convnext_classify(GstConvnextResult *result, const float *logits, float *scores,
                               const char *const *labels, guint classes,
                               const GstConvnextScoring *scoring, const CnxDecision *decision)
{
    const gboolean has_threshold = scoring->activation != GST_CONVNEXT_ACTIVATION_NONE;
    const double floor = has_threshold ? scoring->threshold : -INFINITY;
    const guint k = MIN(scoring->top_k, classes);
    g_autofree guint *best = g_new(guint, MAX(k, 1)); /* [k] indices */

    activate(scores, logits, classes, scoring->activation, decision);
    gst_convnext_result_set_activation(result, scoring->activation);
    if (!scores_are_known(logits, scores, classes)) {
        for (guint i = 0; i < classes; i++)
            scores[i] = NAN;
        return FALSE;
    }
    guint n = cnx_rank_classes(best, k, scores, classes, floor, decision);
    for (guint i = 0; i < n; i++)
        gst_convnext_result_add_class(result, best[i], labels[best[i]], scores[best[i]]);
    return TRUE;
}

const float *gst_convnext_map_of_image(const CnxMap *map, guint image)
{
    return map->data + (gsize)image * map->height * map->width * map->channels;
}

/* The map stays in the block, which it refers to. */
static GstConvnextTensor *wrap_map(const char *name, const gsize shape[4], const float *values,
                                   CnxBlock *block)
{
    const gsize bytes = shape[1] * shape[2] * shape[3] * sizeof(float);
    GstMemory *memory =
        gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, (gpointer)values, bytes, 0, bytes,
                               cnx_block_ref(block), (GDestroyNotify)cnx_block_unref);

    return gst_convnext_tensor_new(name, 4, shape, memory);
}

/* block: that the map is in, or NULL for a copy. */
static gboolean add_tensor(GstConvnextResult *result, const char *name, const CnxMap *map,
                           guint image, CnxBlock *block, GError **error)
{
    const gsize shape[] = {1, map->height, map->width, map->channels};
    const float *values = gst_convnext_map_of_image(map, image);
    GstConvnextTensor *tensor = block ? wrap_map(name, shape, values, block)
                                      : gst_convnext_tensor_new_copy(name, 4, shape, values);

    if (!tensor) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for the output %s of %u x %u x %u values", name, map->height,
                    map->width, map->channels);
        return FALSE;
    }
    gst_convnext_result_take_tensor(result, tensor);
    return TRUE;
}

gboolean gst_convnext_add_tensors(GstConvnextResult *result, const CnxOutputs *outputs, guint image,
                                  GstConvnextOutputs which, GError **error)
{
    const struct {
        GstConvnextOutputs flag;
        const char *name;
        const CnxMap *map;
        gboolean is_stage;
    } tensors[] = {
        {GST_CONVNEXT_OUTPUTS_LOGITS, GST_CONVNEXT_TENSOR_LOGITS, &outputs->logits, FALSE},
        {GST_CONVNEXT_OUTPUTS_EMBEDDING, GST_CONVNEXT_TENSOR_EMBEDDING, &outputs->embedding, FALSE},
        {GST_CONVNEXT_OUTPUTS_STAGE1, "stage1", &outputs->stage[0], TRUE},
        {GST_CONVNEXT_OUTPUTS_STAGE2, "stage2", &outputs->stage[1], TRUE},
        {GST_CONVNEXT_OUTPUTS_STAGE3, "stage3", &outputs->stage[2], TRUE},
        {GST_CONVNEXT_OUTPUTS_STAGE4, "stage4", &outputs->stage[3], TRUE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(tensors); i++)
        if (which & tensors[i].flag)
            if (!add_tensor(result, tensors[i].name, tensors[i].map, image,
                            tensors[i].is_stage ? outputs->block : NULL, error))
                return FALSE;
    return TRUE;
}

/* FALSE if a logit is not finite. */
static gboolean find_highest(const float *logits, guint classes, guint *klass)
{
    *klass = 0;
    for (guint i = 0; i < classes; i++) {
        if (isnan(logits[i]) || logits[i] == INFINITY)
            return FALSE;
        if (logits[i] > logits[*klass])
            *klass = i;
    }
    return TRUE;
}

gboolean gst_convnext_add_cam(GstConvnextResult *result, const CnxModel *model,
                              const CnxOutputs *outputs, guint image, GError **error)
{
    const CnxConfig *config = cnx_model_config(model);
    const CnxMap *map = &outputs->stage[config->stages - 1];
    const gsize pixels = (gsize)map->height * map->width;
    guint klass, n;
    const GstConvnextClass *best = gst_convnext_result_get_classes(result, &n);

    if (!find_highest(gst_convnext_map_of_image(&outputs->logits, image), config->classes, &klass))
        return TRUE;
    g_autofree float *values = g_new(float, pixels);
    const CnxMap cam = {values, 1, map->height, map->width, 1};
    cnx_cam(model, map, image, n > 0 ? best[0].index : klass, values);
    return add_tensor(result, GST_CONVNEXT_TENSOR_CAM, &cam, 0, NULL, error);
}
