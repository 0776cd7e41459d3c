/* What the element runs: model, labels, recipe, and the memory for a run.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/engine.h"

#include "gst/engine/modelinfo.h"
#include "gst/results/classify.h"
#include "model/config/labels.h"
#include "model/network/model.h"
#include "model/serve/queue.h"
#include "model/threads/cpus.h"

struct GstConvnextEngine {
    gatomicrefcount references;
    CnxModel *model;
    char *path; /* where the model was found */
    CnxRecipe recipe;
    gboolean size_asked, crop_asked; /* by properties, for the recipe */
    GstConvnextOutputs outputs;
    GstConvnextRegionKind region;
    const char *labels_from; /* "file", "model", "numbers" */

    CnxCpusPin *pin; /* NULL without cpu-affinity */
    CnxClient *client;

    GMutex running; /* one request at a time, as results has scratch memory and client asks for */
    GstConvnextClassifier *results;
};

static gboolean check_outputs(const GstConvnextEngine *self, GError **error)
{
    const GstConvnextOutputs of_head = GST_CONVNEXT_OUTPUTS_CLASSES | GST_CONVNEXT_OUTPUTS_LOGITS;
    const CnxConfig *config = cnx_model_config(self->model);

    if ((guint)self->outputs >= (guint)GST_CONVNEXT_OUTPUTS_STAGE1 << config->stages) {
        g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                    "%s: the model has %u stage%s, property outputs asks for a later one",
                    self->path, config->stages, config->stages > 1 ? "s" : "");
        return FALSE;
    }
    if (!(self->outputs & of_head) || config->classes > 0)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "%s: the model has no classifier head: outputs cannot be classes or logits, only "
                "embedding and stage1 to stage%u",
                self->path, config->stages);
    return FALSE;
}

/* FALSE: objects of all shapes must become inputs of one. */
static gboolean make_recipe(GstConvnextEngine *self, const GstConvnextSettings *settings,
                            GError **error)
{
    static const CnxCrop crops[] = {
        [GST_CONVNEXT_CROP_CENTER] = CNX_CROP_CENTER,
        [GST_CONVNEXT_CROP_SQUASH] = CNX_CROP_SQUASH,
        [GST_CONVNEXT_CROP_BORDER] = CNX_CROP_BORDER,
        [GST_CONVNEXT_CROP_NONE] = CNX_CROP_NONE,
    };

    self->recipe = cnx_model_config(self->model)->recipe;
    self->size_asked = settings->input_size > 0;
    self->crop_asked = settings->crop != GST_CONVNEXT_CROP_AUTO;
    if (self->crop_asked)
        cnx_recipe_set_crop(&self->recipe, crops[settings->crop]);
    if (self->size_asked)
        cnx_recipe_set_size(&self->recipe, settings->input_size);
    if (self->region != GST_CONVNEXT_REGION_OBJECTS || self->recipe.crop != CNX_CROP_NONE)
        return TRUE;
    g_set_error(error, CNX_ERROR, CNX_ERROR_SETTINGS,
                "region=objects runs all objects of a frame together, in inputs of one shape: crop "
                "can be center, squash or border, not none");
    return FALSE;
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
    self->results = gst_convnext_classifier_new(name, config, labels);
    g_free(name);
    return TRUE;
}

/* The last step, as it holds for all engines: not while a model loads, nor for one that is bad. */
static gboolean take_processors(GstConvnextEngine *self, const GstConvnextSettings *settings,
                                GError **error)
{
    if (settings->cpu_affinity)
        self->pin = cnx_cpus_pin(settings->cpu_affinity, error);
    return !settings->cpu_affinity || self->pin;
}

GstConvnextEngine *gst_convnext_engine_open(const GstConvnextSettings *settings, GError **error)
{
    if (!gst_convnext_settings_check(settings, error))
        return NULL;
    if (settings->cpu_affinity && !cnx_cpus_check(settings->cpu_affinity, error))
        return NULL;
    GstConvnextEngine *self = g_new0(GstConvnextEngine, 1);
    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->running);
    self->path = settings->model ? g_strdup(settings->model) : gst_convnext_bundled_model();
    self->outputs = settings->outputs;
    self->region = settings->region;
    self->model = cnx_model_open(self->path, (CnxWeightSet)settings->weights, error);
    if (!self->model || !check_outputs(self, error) || !make_results(self, settings, error) ||
        !make_recipe(self, settings, error) || !take_processors(self, settings, error)) {
        gst_convnext_engine_unref(self);
        return NULL;
    }
    self->client = cnx_client_new(self->model, gst_convnext_classifier_needed(self->outputs),
                                  settings->threads);
    return self;
}

GstConvnextEngine *gst_convnext_engine_ref(GstConvnextEngine *self)
{
    g_atomic_ref_count_inc(&self->references);
    return self;
}

void gst_convnext_engine_unref(GstConvnextEngine *self)
{
    if (!self || !g_atomic_ref_count_dec(&self->references))
        return;
    cnx_client_free(self->client);
    cnx_cpus_unpin(self->pin);
    gst_convnext_classifier_free(self->results);
    cnx_model_unref(self->model);
    g_mutex_clear(&self->running);
    g_free(self->path);
    g_free(self);
}

const CnxRecipe *gst_convnext_engine_recipe(const GstConvnextEngine *self)
{
    return &self->recipe;
}

GstConvnextRegionKind gst_convnext_engine_region(const GstConvnextEngine *self)
{
    return self->region;
}

gboolean gst_convnext_engine_make_ready(GstConvnextEngine *self, guint width, guint height,
                                        GError **error)
{
    /* While a request of another size runs there is no saying: infer does the same. */
    if (!g_mutex_trylock(&self->running))
        return TRUE;
    gboolean ready = cnx_client_join(self->client, width, height, error);
    g_mutex_unlock(&self->running);
    return ready;
}

void gst_convnext_engine_relax(GstConvnextEngine *self)
{
    g_mutex_lock(&self->running);
    cnx_client_leave(self->client);
    g_mutex_unlock(&self->running);
}

void gst_convnext_engine_cancel(GstConvnextEngine *self, gboolean cancel)
{
    cnx_client_cancel(self->client, cancel);
}

/* A request under way. */
typedef struct Inference {
    GstConvnextEngine *engine;
    GstConvnextJob *request;
    GPtrArray *results;
    GError *error;
} Inference;

static GstConvnextResult *make_result(const Inference *inference, const CnxOutputs *outputs,
                                      guint i, GstClockTime took, GError **error)
{
    const GstConvnextEngine *self = inference->engine;
    const GstConvnextJob *request = inference->request;
    const GstConvnextRegion *region = &request->regions[inference->results->len];
    GstConvnextResult *result = gst_convnext_classifier_make(
        self->results, outputs, i, self->outputs, &request->scoring, request->pts, error);

    if (!result)
        return NULL;
    gst_convnext_result_set_frame_size(result, request->frame_width, request->frame_height);
    gst_convnext_result_set_region(result, region->x, region->y, region->w, region->h);
    gst_convnext_result_set_times(result, request->preprocess_time / request->n, took);
    if (region->object) {
        gst_convnext_result_set_object(result, region->id, g_quark_to_string(region->type));
        gst_convnext_job_note(result, region);
    }
    return result;
}

/* On whichever thread ran the batch. */
static void on_outputs(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                       gint64 microseconds)
{
    Inference *inference = data;
    GstClockTime took = (GstClockTime)microseconds * GST_USECOND;

    inference->request->inference_time += took;
    for (guint i = 0; i < n && !inference->error; i++) {
        GstConvnextResult *result = make_result(inference, outputs, i, took / n, &inference->error);

        if (result)
            g_ptr_array_add(inference->results, result);
    }
}

GPtrArray *gst_convnext_engine_infer(GstConvnextEngine *self, GstConvnextJob *request,
                                     GError **error)
{
    Inference inference = {
        self, request, g_ptr_array_new_full(request->n, (GDestroyNotify)gst_convnext_result_unref),
        NULL};
    const float **images = g_new(const float *, request->n);

    for (guint i = 0; i < request->n; i++)
        images[i] = gst_convnext_job_input(request, i);
    request->inference_time = 0;
    if (request->n > 0) {
        g_mutex_lock(&self->running);
        cnx_client_run(self->client, request->width, request->height, images, request->n,
                       on_outputs, &inference, &inference.error);
        g_mutex_unlock(&self->running);
    }
    g_free(images);
    if (!inference.error)
        return inference.results;
    g_propagate_error(error, inference.error);
    g_ptr_array_unref(inference.results);
    return NULL;
}

GstStructure *gst_convnext_engine_info(const GstConvnextEngine *self)
{
    const GstConvnextModelFacts facts = {.model = self->model,
                                         .recipe = &self->recipe,
                                         .size_asked = self->size_asked,
                                         .crop_asked = self->crop_asked,
                                         .labels = self->labels_from,
                                         .path = self->path};

    return gst_convnext_model_info(&facts);
}

char *gst_convnext_engine_remark(const GstConvnextEngine *self)
{
    const guint classes = cnx_model_config(self->model)->classes;
    const char *known = classes == 21841   ? "ImageNet-22k"
                        : classes == 11821 ? "ImageNet-12k"
                        : classes == 1000  ? "ImageNet-1k"
                                           : NULL;

    if (classes == 0 || !g_str_equal(self->labels_from, "numbers"))
        return NULL;
    if (known)
        return g_strdup_printf("%s: its %u classes, as many as %s, have no names and are called "
                               "\"class N\": name them with the property labels, or make the list "
                               "of %s with pipelines/imagenet-labels.sh",
                               self->path, classes, known, known);
    return g_strdup_printf("%s: its %u classes have no names and are called \"class N\": name "
                           "them with the property labels",
                           self->path, classes);
}

const char *gst_convnext_engine_ignored(const GstConvnextEngine *self)
{
    return cnx_model_config(self->model)->ignored;
}

void gst_convnext_engine_add_stats(const GstConvnextEngine *self, GstStructure *stats)
{
    CnxQueueStats service;

    cnx_client_stats(self->client, &service);
    gst_structure_set(stats, "engine", G_TYPE_STRING, "fp32", "cpu", G_TYPE_STRING,
                      cnx_model_isa(self->model), "streams", G_TYPE_UINT, service.clients,
                      "threads", G_TYPE_UINT, service.threads, "batch", G_TYPE_DOUBLE,
                      service.forwards ? (double)service.images / service.forwards : 0.0,
                      "run-memory", G_TYPE_UINT64, (guint64)service.memory, NULL);
}

gboolean gst_convnext_engine_agrees(const GstConvnextEngine *a, const GstConvnextEngine *b)
{
    return a->model == b->model && a->region == b->region && a->recipe.size == b->recipe.size &&
           a->recipe.resize == b->recipe.resize && a->recipe.crop == b->recipe.crop &&
           gst_convnext_classifier_same_labels(a->results, b->results);
}
