/* What the element runs: model, labels, recipe, and the memory for a run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine.h"

#include "gst/results.h"
#include "model/encode.h"
#include "model/model.h"
#include "model/run.h"

struct GstConvnextEngine {
    grefcount references;
    CnxModel *model;
    char *path; /* where the model was found */
    CnxRecipe recipe;
    GstConvnextOutputs outputs;
    guint threads;
    const char *labels_from; /* "file", "model", "numbers" */

    GMutex lock;
    GstConvnextResults *results;
    CnxRun *idle;                  /* NULL: none, or in use */
    guint idle_width, idle_height; /* that idle was made for */
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

/* "convnext_tiny" for /models/convnext_tiny.pth, "tiny" for /models/tiny and for
 * /models/tiny/model.safetensors: people name the folder or the file after the model. */
static char *name_of_path(const char *path)
{
    static const char *const plain[] = {"model", "pytorch_model", "open_clip_model",
                                        "open_clip_pytorch_model", NULL};
    static const char *const endings[] = {".index.json", ".tar", ".safetensors", ".bin",
                                          ".pth",        ".pt",  ".ckpt"};
    char *name = g_path_get_basename(path);
    gboolean shortened = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(endings) && !g_file_test(path, G_FILE_TEST_IS_DIR); i++)
        if (g_str_has_suffix(name, endings[i])) {
            name[strlen(name) - strlen(endings[i])] = '\0';
            shortened = TRUE;
        }
    if (shortened && g_strv_contains(plain, name)) {
        char *folder = g_path_get_dirname(path);
        g_free(name);
        name = g_path_get_basename(folder);
        g_free(folder);
    }
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
    g_ref_count_init(&self->references);
    g_mutex_init(&self->lock);
    self->path = settings->model ? g_strdup(settings->model) : gst_convnext_bundled_model();
    self->outputs = settings->outputs;
    self->threads = settings->threads;
    self->model = cnx_model_open_set(self->path, (CnxWeightSet)settings->weights, error);
    if (!self->model || !check_outputs(self, error) || !make_results(self, settings, error)) {
        gst_convnext_engine_unref(self);
        return NULL;
    }
    make_recipe(self, settings);
    return self;
}

GstConvnextEngine *gst_convnext_engine_ref(GstConvnextEngine *self)
{
    g_ref_count_inc(&self->references);
    return self;
}

void gst_convnext_engine_unref(GstConvnextEngine *self)
{
    if (!self || !g_ref_count_dec(&self->references))
        return;
    gst_convnext_engine_relax(self);
    gst_convnext_results_free(self->results);
    cnx_model_unref(self->model);
    g_mutex_clear(&self->lock);
    g_free(self->path);
    g_free(self);
}

const CnxRecipe *gst_convnext_engine_recipe(const GstConvnextEngine *self)
{
    return &self->recipe;
}

/* The run that is idle, when it fits, or a new one. */
static CnxRun *take_run(GstConvnextEngine *self, guint width, guint height, GError **error)
{
    g_mutex_lock(&self->lock);
    CnxRun *run = g_steal_pointer(&self->idle);
    gboolean fits = self->idle_width == width && self->idle_height == height;
    g_mutex_unlock(&self->lock);
    if (run && fits)
        return run;
    cnx_run_free(run); /* before the new one: two at once would be twice the memory */
    return cnx_run_new(self->model, width, height, 1, gst_convnext_results_needed(self->outputs),
                       self->threads, error);
}

static void give_run(GstConvnextEngine *self, CnxRun *run, guint width, guint height)
{
    g_mutex_lock(&self->lock);
    CnxRun *other = self->idle;
    self->idle = run;
    self->idle_width = width;
    self->idle_height = height;
    g_mutex_unlock(&self->lock);
    cnx_run_free(other);
}

gboolean gst_convnext_engine_make_ready(GstConvnextEngine *self, guint width, guint height,
                                        GError **error)
{
    CnxRun *run = take_run(self, width, height, error);
    if (!run)
        return FALSE;
    give_run(self, run, width, height);
    return TRUE;
}

void gst_convnext_engine_relax(GstConvnextEngine *self)
{
    g_mutex_lock(&self->lock);
    CnxRun *run = g_steal_pointer(&self->idle);
    g_mutex_unlock(&self->lock);
    cnx_run_free(run);
}

static GstConvnextResult *make_result(GstConvnextEngine *self, const GstConvnextRequest *request,
                                      guint i, const CnxOutputs *outputs, GError **error)
{
    const GstConvnextRegion *region = &request->regions[i];
    g_mutex_lock(&self->lock); /* results has scratch memory */
    GstConvnextResult *result = gst_convnext_results_make(self->results, outputs, self->outputs,
                                                          &request->scoring, request->pts, error);
    g_mutex_unlock(&self->lock);
    if (!result)
        return NULL;
    gst_convnext_result_set_frame_size(result, request->frame_width, request->frame_height);
    gst_convnext_result_set_region(result, region->x, region->y, region->w, region->h);
    return result;
}

/* One input after the other: a run has room for one. */
static gboolean run_inputs(GstConvnextEngine *self, CnxRun *run, GstConvnextRequest *request,
                           GPtrArray *results, GError **error)
{
    const gsize bytes = (gsize)request->height * request->width * 3 * sizeof(float);
    for (guint i = 0; i < request->n; i++) {
        GstClockTime start = gst_util_get_timestamp();
        memcpy(cnx_run_input(run, 0), gst_convnext_request_input(request, i), bytes);
        const CnxOutputs *outputs = cnx_run_forward(run, 1);
        GstClockTime took = gst_util_get_timestamp() - start;
        GstConvnextResult *result = make_result(self, request, i, outputs, error);
        if (!result)
            return FALSE;
        gst_convnext_result_set_times(result, request->preprocess_time, took);
        g_ptr_array_add(results, result);
        request->inference_time += took;
    }
    return TRUE;
}

GPtrArray *gst_convnext_engine_infer(GstConvnextEngine *self, GstConvnextRequest *request,
                                     GError **error)
{
    CnxRun *run = take_run(self, request->width, request->height, error);
    if (!run)
        return NULL;
    GPtrArray *results =
        g_ptr_array_new_full(request->n, (GDestroyNotify)gst_convnext_result_unref);
    request->inference_time = 0;
    if (!run_inputs(self, run, request, results, error))
        g_clear_pointer(&results, g_ptr_array_unref);
    give_run(self, run, request->width, request->height);
    return results;
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

GstStructure *gst_convnext_engine_info(const GstConvnextEngine *self)
{
    const CnxConfig *config = cnx_model_config(self->model);
    return gst_structure_new(
        "convnext-model-info", "variant", G_TYPE_STRING, config->variant, "parameters",
        G_TYPE_UINT64, config->parameters, "classes", G_TYPE_UINT, config->classes, "input-size",
        G_TYPE_UINT, self->recipe.size, "crop", G_TYPE_STRING, crop_name(self->recipe.crop),
        "resize", G_TYPE_UINT, self->recipe.resize, "source-format", G_TYPE_STRING,
        cnx_dialect_name(config->dialect), "container", G_TYPE_STRING, config->container, "weights",
        G_TYPE_STRING, cnx_weight_set_name(config->weight_set), "weights-key", G_TYPE_STRING,
        config->weights_key, "dtype", G_TYPE_STRING, cnx_dtype_name(config->dtype), "labels",
        G_TYPE_STRING, self->labels_from, "path", G_TYPE_STRING, self->path, "memory",
        G_TYPE_UINT64, (guint64)cnx_model_memory(self->model), "cpu", G_TYPE_STRING,
        cnx_model_cpu(self->model), NULL);
}

char *gst_convnext_engine_remark(const GstConvnextEngine *self)
{
    const guint classes = cnx_model_config(self->model)->classes;
    const char *known = classes == 21841   ? ", as many as ImageNet-22k,"
                        : classes == 11821 ? ", as many as ImageNet-12k,"
                                           : "";
    if (classes == 0 || !g_str_equal(self->labels_from, "numbers"))
        return NULL;
    return g_strdup_printf("%s: its %u classes%s have no names and are called \"class N\": name "
                           "them with the property labels",
                           self->path, classes, known);
}

const char *gst_convnext_engine_cpu(const GstConvnextEngine *self)
{
    return cnx_model_cpu(self->model);
}
