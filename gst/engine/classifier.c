/* The engine of `convnext`: a classifier, or a backbone whose embedding and maps are attached.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/kind.h"
#include "gst/results/classify.h"
#include "model/network/cam.h"

typedef struct Classifier {
    GstConvnextEngine base;
    GstConvnextOutputs outputs;
} Classifier;

static gboolean check_outputs(const Classifier *self, GError **error)
{
    const GstConvnextOutputs head_outputs =
        GST_CONVNEXT_OUTPUTS_CLASSES | GST_CONVNEXT_OUTPUTS_LOGITS | GST_CONVNEXT_OUTPUTS_CAM;
    const guint maps = (guint)self->outputs & ~(guint)GST_CONVNEXT_OUTPUTS_CAM;
    const CnxConfig *config = cnx_model_config(self->base.model);

    if (maps >= (guint)GST_CONVNEXT_OUTPUTS_STAGE1 << config->stages) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s: the model has %u stage%s, but outputs names a later one", self->base.path,
                    config->stages, config->stages > 1 ? "s" : "");
        return FALSE;
    }
    if (!(self->outputs & head_outputs) || config->classes > 0)
        return TRUE;
    g_set_error(
        error, CNX_ERROR, CNX_ERROR_SETTINGS,
        "%s: the model has no classifier head%s%s: outputs cannot be classes, logits or cam, "
        "only embedding and stage1 to stage%u%s",
        self->base.path, config->unused_heads ? " but " : "",
        config->unused_heads ? config->unused_heads : "", config->stages,
        config->unused_heads
            ? "; convnextsegment and convnextdetect run segmentation and detection heads"
            : "");
    return FALSE;
}

static CnxNeed need_of(const Classifier *self, const CnxConfig *config, gsize weights,
                       const GstConvnextSizes *sizes, CnxLimit limit)
{
    const CnxNeedSettings settings = {.width = sizes->view.network_width,
                                      .height = sizes->view.network_height,
                                      .outputs = gst_convnext_outputs_needed(self->outputs, config),
                                      .form = self->base.form,
                                      .threads = self->base.threads,
                                      .preprocessing = sizes->preprocessing};

    CnxNeed need = cnx_need_of(config, weights, &settings, limit);
    if (self->base.recipe.crop == CNX_CROP_NONE)
        need.advice = "a smaller input-size, another crop";
    return need;
}

static CnxNeed find_need(const GstConvnextEngine *self, const GstConvnextSizes *sizes,
                         CnxLimit limit)
{
    return need_of((const Classifier *)self, cnx_model_config(self->model),
                   cnx_model_memory(self->model), sizes, limit);
}

typedef struct Opening {
    Classifier *engine;
    const GstConvnextEngineSettings *settings;
} Opening;

/* Before the weights are read. */
static gboolean check_memory(const CnxConfig *config, gsize weights, gpointer data, GError **error)
{
    const Opening *opening = data;
    GstConvnextEngine *self = &opening->engine->base;

    if (!gst_convnext_engine_make_recipe(self, &config->recipe, opening->settings, error))
        return FALSE;
    const GstConvnextSizes sizes = gst_convnext_engine_typical_sizes(self);
    self->need = need_of(opening->engine, config, weights, &sizes,
                         cnx_limit_get(opening->settings->max_memory));
    return gst_convnext_engine_check_need(self, config, &self->need, error);
}

static gboolean open_classifier(GstConvnextEngine *engine,
                                const GstConvnextEngineSettings *settings,
                                const CnxOpenOptions *options, GError **error)
{
    Classifier *self = (Classifier *)engine;
    Opening opening = {self, settings};

    self->outputs = settings->outputs;
    engine->model = cnx_model_open_with(engine->path, options, check_memory, &opening, error);
    if (!engine->model || !check_outputs(self, error))
        return FALSE;
    const CnxConfig *config = cnx_model_config(engine->model);
    return gst_convnext_engine_find_labels(engine, settings, config->classes, config->labels,
                                           error);
}

static CnxClient *new_client(GstConvnextEngine *engine, guint threads)
{
    const Classifier *self = (const Classifier *)engine;

    const CnxConfig *config = cnx_model_config(engine->model);

    return cnx_client_new(engine->model, gst_convnext_outputs_needed(self->outputs, config),
                          threads);
}

static gboolean prepare_classes(GstConvnextJob *job, GError **error)
{
    const Classifier *self = (const Classifier *)job->engine;
    const CnxConfig *config = cnx_model_config(self->base.model);

    if (!(self->outputs & GST_CONVNEXT_OUTPUTS_CLASSES))
        return TRUE;
    job->labels = (const char *const *)self->base.labels;
    job->decision = gst_convnext_decision_resolve(job->scoring.activation, config);
    job->scoring.activation = gst_convnext_activation_resolve(job->scoring.activation, config);
    return gst_convnext_job_make_scores(job, config->classes, error);
}

static gboolean fill_result(GstConvnextJob *job, guint i, const CnxOutputs *outputs, guint image,
                            GstConvnextResult *result, GError **error)
{
    const Classifier *self = (const Classifier *)job->engine;

    if (job->classes > 0)
        job->is_finite &=
            gst_convnext_classify(result, gst_convnext_map_of_image(&outputs->logits, image),
                                  gst_convnext_job_scores(job, i), job->labels, job->classes,
                                  &job->scoring, job->decision);
    return gst_convnext_add_tensors(result, outputs, image, self->outputs, error) &&
           (!(self->outputs & GST_CONVNEXT_OUTPUTS_CAM) ||
            gst_convnext_add_cam(result, self->base.model, outputs, image, error));
}

static gboolean find_stages(const GstConvnextEngine *engine, CnxMap stages[CNX_STAGES])
{
    const guint outputs = ((const Classifier *)engine)->outputs;
    const gboolean follow_frame =
        engine->recipe.crop == CNX_CROP_NONE || engine->recipe.crop == CNX_CROP_FIT;
    gboolean has_any = FALSE;
    guint width, height;

    cnx_recipe_input(&engine->recipe, &width, &height);
    cnx_run_stage_sizes(cnx_model_config(engine->model), width, height, stages);
    for (guint i = 0; i < CNX_STAGES; i++) {
        if (!(outputs & ((guint)GST_CONVNEXT_OUTPUTS_STAGE1 << i)))
            stages[i].channels = 0;
        if (follow_frame)
            stages[i].width = stages[i].height = 0;
        has_any |= stages[i].channels > 0;
    }
    return has_any;
}

static void add_info(const GstConvnextEngine *self, GstStructure *info)
{
    const CnxConfig *config = cnx_model_config(self->model);
    const guint outputs = ((const Classifier *)self)->outputs;

    if (outputs & GST_CONVNEXT_OUTPUTS_CAM)
        gst_structure_set(info, "cam", G_TYPE_STRING,
                          cnx_cam_is_exact(config) ? "exact" : "approximation", NULL);
    if (config->unused_heads)
        gst_structure_set(info, "unused-heads", G_TYPE_STRING, config->unused_heads, NULL);
}

const GstConvnextEngineKind gst_convnext_classifier = {
    .size = sizeof(Classifier),
    .open = open_classifier,
    .new_client = new_client,
    .find_need = find_need,
    .prepare = prepare_classes,
    .fill_result = fill_result,
    .stages = find_stages,
    .add_info = add_info,
    .not_finite = "such results have no label, and the state is unknown",
};
