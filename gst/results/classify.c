/* From what a run put out to a GstConvnextResult.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/results/classify.h"

#include "model/base/error.h"
#include "model/network/scores.h"

struct GstConvnextClassifier {
    char *name;
    char **labels; /* [classes], then NULL */
    guint classes;
    gboolean multi_label;
    float *scores; /* [classes] */
    guint *best;   /* [classes] indices, the first top-k of them in use */
};

GstConvnextClassifier *gst_convnext_classifier_new(const char *name, const CnxConfig *config,
                                                   char **labels)
{
    GstConvnextClassifier *self = g_new0(GstConvnextClassifier, 1);

    self->name = g_strdup(name);
    self->classes = config->classes;
    self->multi_label = config->multi_label;
    self->labels = labels;
    if (!labels) {
        self->labels = g_new0(char *, config->classes + 1);
        for (guint i = 0; i < config->classes; i++)
            self->labels[i] = g_strdup_printf("class %u", i);
    }
    self->scores = g_new0(float, config->classes);
    self->best = g_new0(guint, config->classes);
    return self;
}

void gst_convnext_classifier_free(GstConvnextClassifier *self)
{
    if (!self)
        return;
    g_free(self->name);
    g_strfreev(self->labels);
    g_free(self->scores);
    g_free(self->best);
    g_free(self);
}

gboolean gst_convnext_classifier_same_labels(const GstConvnextClassifier *a,
                                             const GstConvnextClassifier *b)
{
    return g_strv_equal((const char *const *)a->labels, (const char *const *)b->labels);
}

CnxOutput gst_convnext_classifier_needed(GstConvnextOutputs outputs)
{
    static const struct {
        GstConvnextOutputs wanted;
        CnxOutput needed;
    } needs[] = {
        {GST_CONVNEXT_OUTPUTS_CLASSES, CNX_OUTPUT_LOGITS},
        {GST_CONVNEXT_OUTPUTS_LOGITS, CNX_OUTPUT_LOGITS},
        {GST_CONVNEXT_OUTPUTS_EMBEDDING, CNX_OUTPUT_EMBEDDING},
        {GST_CONVNEXT_OUTPUTS_STAGE1, CNX_OUTPUT_STAGE1},
        {GST_CONVNEXT_OUTPUTS_STAGE2, CNX_OUTPUT_STAGE2},
        {GST_CONVNEXT_OUTPUTS_STAGE3, CNX_OUTPUT_STAGE3},
        {GST_CONVNEXT_OUTPUTS_STAGE4, CNX_OUTPUT_STAGE4},
    };
    guint needed = 0;

    for (guint i = 0; i < G_N_ELEMENTS(needs); i++)
        if (outputs & needs[i].wanted)
            needed |= needs[i].needed;
    return needed;
}

/* AUTO is what the model's config says. */
static GstConvnextActivation resolve(const GstConvnextClassifier *self,
                                     GstConvnextActivation activation)
{
    if (activation != GST_CONVNEXT_ACTIVATION_AUTO)
        return activation;
    return self->multi_label ? GST_CONVNEXT_ACTIVATION_SIGMOID : GST_CONVNEXT_ACTIVATION_SOFTMAX;
}

static GQuark scores_quark(void)
{
    return g_quark_from_static_string("GstConvnextScores");
}

static void keep_scores(const GstConvnextClassifier *self, GstConvnextResult *result,
                        const float *values)
{
    GstConvnextScores *scores = g_malloc(sizeof *scores + self->classes * sizeof *values);

    scores->n = self->classes;
    scores->labels = (const char *const *)self->labels;
    memcpy(scores->values, values, self->classes * sizeof *values);
    gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(result), scores_quark(), scores, g_free);
}

GstConvnextScores *gst_convnext_classifier_steal_scores(GstConvnextResult *result)
{
    return gst_mini_object_steal_qdata(GST_MINI_OBJECT_CAST(result), scores_quark());
}

static void add_classes(GstConvnextClassifier *self, GstConvnextResult *result, const float *logits,
                        const GstConvnextScoring *scoring)
{
    GstConvnextActivation activation = resolve(self, scoring->activation);
    const float *scores = self->scores;

    if (activation == GST_CONVNEXT_ACTIVATION_SOFTMAX)
        cnx_softmax(self->scores, logits, self->classes);
    else if (activation == GST_CONVNEXT_ACTIVATION_SIGMOID)
        cnx_sigmoid(self->scores, logits, self->classes);
    else
        scores = logits;
    if (scoring->keep_all)
        keep_scores(self, result, scores);
    gboolean threshold_applies = activation != GST_CONVNEXT_ACTIVATION_NONE;

    gst_convnext_result_set_activation(result, activation);
    guint n = cnx_top_k(self->best, MIN(scoring->top_k, self->classes), scores, self->classes);
    for (guint i = 0; i < n; i++) {
        guint index = self->best[i];

        /* A score that is not a number is no reason to hide the class: it tells that something is
         * wrong with the model. */
        if (threshold_applies && scores[index] < scoring->threshold)
            continue;
        gst_convnext_result_add_class(result, index, self->labels[index], scores[index]);
    }
}

static const float *of_image(const CnxMap *map, guint image)
{
    return map->data + (gsize)image * map->height * map->width * map->channels;
}

static gboolean add_tensor(GstConvnextResult *result, const char *name, const CnxMap *map,
                           guint image, GError **error)
{
    const gsize shape[] = {1, map->height, map->width, map->channels};
    GstConvnextTensor *tensor =
        gst_convnext_tensor_new_copy(name, G_N_ELEMENTS(shape), shape, of_image(map, image));

    if (!tensor) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for the output %s of %u x %u x %u values", name, map->height,
                    map->width, map->channels);
        return FALSE;
    }
    gst_convnext_result_take_tensor(result, tensor);
    return TRUE;
}

static gboolean add_tensors(GstConvnextResult *result, const CnxOutputs *outputs, guint image,
                            GstConvnextOutputs which, GError **error)
{
    const struct {
        GstConvnextOutputs flag;
        const char *name;
        const CnxMap *map;
    } tensors[] = {
        {GST_CONVNEXT_OUTPUTS_LOGITS, GST_CONVNEXT_TENSOR_LOGITS, &outputs->logits},
        {GST_CONVNEXT_OUTPUTS_EMBEDDING, GST_CONVNEXT_TENSOR_EMBEDDING, &outputs->embedding},
        {GST_CONVNEXT_OUTPUTS_STAGE1, "stage1", &outputs->stage[0]},
        {GST_CONVNEXT_OUTPUTS_STAGE2, "stage2", &outputs->stage[1]},
        {GST_CONVNEXT_OUTPUTS_STAGE3, "stage3", &outputs->stage[2]},
        {GST_CONVNEXT_OUTPUTS_STAGE4, "stage4", &outputs->stage[3]},
    };
    for (guint i = 0; i < G_N_ELEMENTS(tensors); i++)
        if (which & tensors[i].flag)
            if (!add_tensor(result, tensors[i].name, tensors[i].map, image, error))
                return FALSE;
    return TRUE;
}

GstConvnextResult *gst_convnext_classifier_make(GstConvnextClassifier *self,
                                                const CnxOutputs *outputs, guint image,
                                                GstConvnextOutputs which,
                                                const GstConvnextScoring *scoring, GstClockTime pts,
                                                GError **error)
{
    GstConvnextResult *result = gst_convnext_result_new(self->name, pts);

    if (which & GST_CONVNEXT_OUTPUTS_CLASSES)
        add_classes(self, result, of_image(&outputs->logits, image), scoring);
    if (add_tensors(result, outputs, image, which, error))
        return result;
    gst_convnext_result_unref(result);
    return NULL;
}
