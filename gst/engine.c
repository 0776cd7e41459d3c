/* What the element runs: model, labels, recipe, and the plan for the frames of given caps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine.h"

#include "gst/results.h"
#include "model/model.h"
#include "model/preprocess.h"
#include "model/run.h"

struct GstConvnextEngine {
    /* For as long as the engine lives. */
    CnxModel *model;
    char *path; /* where the model was found */
    CnxRecipe recipe;
    GstConvnextOutputs outputs;
    guint threads;
    const char *labels_from; /* "file", "model", "numbers" */
    GstConvnextResults *results;

    /* The plan: NULL without one. */
    GstVideoInfo caps;
    GstConvnextGeometry geometry;
    GstConvnextFrame *frame;
    CnxPreprocess *preprocess;
    CnxRun *run;
    guint run_width, run_height; /* that run was made for */
};

static gboolean check_outputs(const GstConvnextEngine *self, GError **error)
{
    const GstConvnextOutputs of_head = GST_CONVNEXT_OUTPUTS_CLASSES | GST_CONVNEXT_OUTPUTS_LOGITS;
    if (!(self->outputs & of_head) || cnx_model_config(self->model)->classes > 0)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "%s: the model has no classifier head: outputs cannot be classes or logits, only "
                "embedding and stage1 to stage4",
                self->path);
    return FALSE;
}

static void make_recipe(GstConvnextEngine *self, const GstConvnextSettings *settings)
{
    static const CnxCrop crops[] = {
        [GST_CONVNEXT_CROP_CENTER] = CNX_CROP_CENTER,
        [GST_CONVNEXT_CROP_SQUASH] = CNX_CROP_SQUASH,
        [GST_CONVNEXT_CROP_BORDER] = CNX_CROP_BORDER,
        [GST_CONVNEXT_CROP_NONE] = CNX_CROP_NONE,
    };
    self->recipe = cnx_model_config(self->model)->recipe;
    if (settings->crop != GST_CONVNEXT_CROP_AUTO)
        cnx_recipe_set_crop(&self->recipe, crops[settings->crop]);
    if (settings->input_size > 0)
        cnx_recipe_set_size(&self->recipe, settings->input_size);
}

/* "convnext_tiny" for /models/convnext_tiny.safetensors, "tiny" for /models/tiny and for
 * /models/tiny/model.safetensors: people name the folder or the file after the model. */
static char *name_of_path(const char *path)
{
    char *name = g_path_get_basename(path);
    if (g_str_equal(name, "model.safetensors")) {
        char *folder = g_path_get_dirname(path);
        g_free(name);
        name = g_path_get_basename(folder);
        g_free(folder);
    }
    if (g_str_has_suffix(name, ".safetensors"))
        name[strlen(name) - strlen(".safetensors")] = '\0';
    return name;
}

/* The names of the classes, into results. */
static gboolean make_results(GstConvnextEngine *self, const GstConvnextSettings *settings,
                             GError **error)
{
    const CnxConfig *config = cnx_model_config(self->model);
    char **labels = NULL;
    self->labels_from = "numbers";
    if (settings->labels) {
        self->labels_from = "file";
        labels = cnx_labels_read(settings->labels, config->classes, error);
        if (!labels)
            return FALSE;
    } else if (config->labels) {
        self->labels_from = "model";
        labels = g_strdupv(config->labels);
    }
    char *name = name_of_path(self->path);
    self->results = gst_convnext_results_new(name, config, labels);
    g_free(name);
    return TRUE;
}

GstConvnextEngine *gst_convnext_engine_open(const GstConvnextSettings *settings, GError **error)
{
    if (!gst_convnext_settings_check(settings, error))
        return NULL;
    GstConvnextEngine *self = g_new0(GstConvnextEngine, 1);
    self->path = settings->model ? g_strdup(settings->model) : gst_convnext_bundled_model();
    self->outputs = settings->outputs;
    self->threads = settings->threads;
    self->model = cnx_model_open(self->path, error);
    if (!self->model || !check_outputs(self, error) || !make_results(self, settings, error)) {
        gst_convnext_engine_free(self);
        return NULL;
    }
    make_recipe(self, settings);
    return self;
}

void gst_convnext_engine_free(GstConvnextEngine *self)
{
    if (!self)
        return;
    gst_convnext_engine_unplan(self);
    gst_convnext_results_free(self->results);
    cnx_model_unref(self->model);
    g_free(self->path);
    g_free(self);
}

static void drop_picture(GstConvnextEngine *self)
{
    g_clear_pointer(&self->preprocess, cnx_preprocess_free);
    g_clear_pointer(&self->frame, gst_convnext_frame_free);
}

static void drop_run(GstConvnextEngine *self)
{
    g_clear_pointer(&self->run, cnx_run_free);
}

void gst_convnext_engine_unplan(GstConvnextEngine *self)
{
    drop_picture(self);
    drop_run(self);
}

/* The run outlives a change of the picture that leaves the input's size alone. */
static gboolean plan_run(GstConvnextEngine *self, GError **error)
{
    guint width, height;
    cnx_preprocess_size(self->preprocess, &width, &height);
    if (self->run && self->run_width == width && self->run_height == height)
        return TRUE;
    drop_run(self); /* before the new one: two at once would be twice the memory */
    self->run = cnx_run_new(self->model, width, height, 1,
                            gst_convnext_results_needed(self->outputs), self->threads, error);
    self->run_width = width;
    self->run_height = height;
    return self->run != NULL;
}

static gboolean plan_geometry(GstConvnextEngine *self, const GstConvnextGeometry *geometry,
                              GError **error)
{
    drop_picture(self);
    self->geometry = *geometry;
    self->frame = gst_convnext_frame_new(&self->caps, geometry, error);
    if (self->frame)
        self->preprocess =
            cnx_preprocess_new(&self->recipe, gst_convnext_frame_info(self->frame), error);
    if (self->preprocess && plan_run(self, error))
        return TRUE;
    gst_convnext_engine_unplan(self);
    return FALSE;
}

gboolean gst_convnext_engine_plan(GstConvnextEngine *self, const GstVideoInfo *caps, GError **error)
{
    guint width = GST_VIDEO_INFO_WIDTH(caps), height = GST_VIDEO_INFO_HEIGHT(caps);
    GstConvnextGeometry whole = {width, height, 0, 0, width, height};
    self->caps = *caps;
    return plan_geometry(self, &whole, error);
}

char *gst_convnext_engine_describe_plan(const GstConvnextEngine *self)
{
    static const char *const matrices[] = {
        [CNX_MATRIX_BT601] = "BT.601",
        [CNX_MATRIX_BT709] = "BT.709",
        [CNX_MATRIX_BT2020] = "BT.2020",
    };
    const CnxImageInfo *info = gst_convnext_frame_info(self->frame);
    return g_strdup_printf("%ux%u %s read as %s (YUV as %s, %s range), pixel aspect ratio %u/%u, "
                           "region %u,%u %ux%u, to an input of %ux%u",
                           info->width, info->height, GST_VIDEO_INFO_NAME(&self->caps),
                           gst_convnext_frame_format(self->frame), matrices[info->matrix],
                           info->full_range ? "full" : "limited", info->par_n, info->par_d, info->x,
                           info->y, info->w, info->h, self->run_width, self->run_height);
}

static gboolean fill_input(GstConvnextEngine *self, GstBuffer *buffer, GError **error)
{
    GstConvnextGeometry geometry;
    gst_convnext_geometry(&self->caps, buffer, &geometry);
    if (!self->frame || !gst_convnext_geometry_equal(&geometry, &self->geometry))
        if (!plan_geometry(self, &geometry, error))
            return FALSE;
    CnxImage image;
    if (!gst_convnext_frame_map(self->frame, buffer, &image, error))
        return FALSE;
    cnx_preprocess_run(self->preprocess, &image, cnx_run_input(self->run, 0), NULL);
    gst_convnext_frame_unmap(self->frame);
    return TRUE;
}

GstConvnextResult *gst_convnext_engine_run(GstConvnextEngine *self, GstBuffer *buffer,
                                           const GstConvnextSettings *live, GstClockTime *times,
                                           GError **error)
{
    GstClockTime start = gst_util_get_timestamp();
    if (!fill_input(self, buffer, error))
        return NULL;
    GstClockTime filled = gst_util_get_timestamp();
    const CnxOutputs *outputs = cnx_run_forward(self->run, 1);
    GstClockTime done = gst_util_get_timestamp();
    times[GST_CONVNEXT_PHASE_PREPROCESS] = filled - start;
    times[GST_CONVNEXT_PHASE_INFERENCE] = done - filled;

    GstConvnextResult *result = gst_convnext_results_make(self->results, outputs, self->outputs,
                                                          live, GST_BUFFER_PTS(buffer), error);
    if (!result)
        return NULL;
    /* Where the picture lies in memory is nobody's business downstream: the caps' frame is. */
    guint width = GST_VIDEO_INFO_WIDTH(&self->caps), height = GST_VIDEO_INFO_HEIGHT(&self->caps);
    gst_convnext_result_set_frame_size(result, width, height);
    gst_convnext_result_set_region(result, 0, 0, width, height);
    gst_convnext_result_set_times(result, filled - start, done - filled);
    return result;
}

static const char *crop_name(CnxCrop crop)
{
    static const char *const names[] = {
        [CNX_CROP_CENTER] = "center",
        [CNX_CROP_SQUASH] = "squash",
        [CNX_CROP_BORDER] = "border",
        [CNX_CROP_NONE] = "none",
    };
    return names[crop];
}

static const char *dtype_name(CnxDtype dtype)
{
    static const char *const names[] = {
        [CNX_DTYPE_F32] = "F32", [CNX_DTYPE_F16] = "F16",     [CNX_DTYPE_BF16] = "BF16",
        [CNX_DTYPE_F64] = "F64", [CNX_DTYPE_OTHER] = "other",
    };
    return names[dtype];
}

GstStructure *gst_convnext_engine_info(const GstConvnextEngine *self)
{
    const CnxConfig *config = cnx_model_config(self->model);
    return gst_structure_new(
        "convnext-model-info", "variant", G_TYPE_STRING, config->variant, "parameters",
        G_TYPE_UINT64, config->parameters, "classes", G_TYPE_UINT, config->classes, "input-size",
        G_TYPE_UINT, self->recipe.size, "crop", G_TYPE_STRING, crop_name(self->recipe.crop),
        "resize", G_TYPE_UINT, self->recipe.resize, "source-format", G_TYPE_STRING,
        cnx_dialect_name(config->dialect), "dtype", G_TYPE_STRING, dtype_name(config->dtype),
        "labels", G_TYPE_STRING, self->labels_from, "path", G_TYPE_STRING, self->path, "memory",
        G_TYPE_UINT64, (guint64)cnx_model_memory(self->model), "cpu", G_TYPE_STRING,
        cnx_model_cpu(self->model), NULL);
}

const char *gst_convnext_engine_cpu(const GstConvnextEngine *self)
{
    return cnx_model_cpu(self->model);
}
