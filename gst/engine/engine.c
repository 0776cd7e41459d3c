/* What the kinds of engines have in common: name, processors, a client of the shared queue,
 * and the way of a job.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gst/engine/kind.h"
#include "gst/engine/modelinfo.h"

static const GstConvnextEngineKind *kind_of_task(GstConvnextTask task)
{
    switch (task) {
    case GST_CONVNEXT_TASK_SEGMENT:
        return &gst_convnext_segmenter;
    case GST_CONVNEXT_TASK_DETECT:
        return &gst_convnext_detector;
    case GST_CONVNEXT_TASK_CLASSIFY:
        break;
    }
    return &gst_convnext_classifier;
}

/* The model's name is that of its file, or of its folder if the file has a standard name:
 * "convnext_tiny" for /models/convnext_tiny.pth, "tiny" for /models/tiny and
 * /models/tiny/model.safetensors. */
static char *name_of_path(const char *path)
{
    static const char *const plain[] = {"model", "pytorch_model", "open_clip_model",
                                        "open_clip_pytorch_model", NULL};
    static const char *const endings[] = {".index.json", ".tar", ".safetensors", ".bin",
                                          ".pth",        ".pt",  ".ckpt"};
    g_autofree char *name = g_path_get_basename(path);
    gboolean is_shortened = FALSE;

    for (guint i = 0; i < G_N_ELEMENTS(endings) && !g_file_test(path, G_FILE_TEST_IS_DIR); i++)
        if (g_str_has_suffix(name, endings[i])) {
            name[strlen(name) - strlen(endings[i])] = '\0';
            is_shortened = TRUE;
        }
    if (is_shortened && g_strv_contains(plain, name)) {
        g_autofree char *folder = g_path_get_dirname(path);

        return g_path_get_basename(folder);
    }
    return g_steal_pointer(&name);
}

gboolean gst_convnext_engine_check_need(const GstConvnextEngine *self, const CnxConfig *config,
                                        const CnxNeed *need, GError **error)
{
    g_autofree char *file = g_filename_display_name(self->path);

    return cnx_need_check(need, config, file, error);
}

gboolean gst_convnext_engine_check_weights(const CnxConfig *config, gsize weights, gpointer data,
                                           GError **error)
{
    const GstConvnextEngine *self = data;
    CnxNeed need = self->need;

    need.weights = need.least = weights;
    return gst_convnext_engine_check_need(self, config, &need, error);
}

/* Comes last, because it affects every engine in the process: it must not happen while a model
 * loads, nor for a model that is refused. */
static gboolean pin_cpus(GstConvnextEngine *self, const GstConvnextEngineSettings *settings,
                         GError **error)
{
    if (settings->cpu_affinity)
        self->pin = cnx_cpus_pin(settings->cpu_affinity, error);
    return !settings->cpu_affinity || self->pin;
}

static CnxPrecision requested_precision(const GstConvnextEngineSettings *settings)
{
    static const CnxPrecision precisions[] = {
        [GST_CONVNEXT_PRECISION_AUTO] = CNX_PRECISION_FP32,
        [GST_CONVNEXT_PRECISION_FP32] = CNX_PRECISION_FP32,
        [GST_CONVNEXT_PRECISION_BF16] = CNX_PRECISION_BF16,
        [GST_CONVNEXT_PRECISION_INT8] = CNX_PRECISION_INT8,
    };

    return precisions[settings->precision];
}

GstConvnextEngine *gst_convnext_engine_open(const GstConvnextEngineSettings *settings,
                                            GError **error)
{
    g_autoptr(GstConvnextEngine) self = NULL;
    const CnxOpenOptions options = {.weight_set = (CnxWeightSet)settings->weights,
                                    .head_activation = settings->head_activation,
                                    .precision = requested_precision(settings)};
    const GstConvnextEngineKind *kind = kind_of_task(settings->task);

    if (!gst_convnext_engine_settings_check(settings, error))
        return NULL;
    if (settings->cpu_affinity && !cnx_cpus_check(settings->cpu_affinity, error))
        return NULL;
    self = g_malloc0(kind->size);
    self->kind = kind;
    g_atomic_ref_count_init(&self->references);
    g_mutex_init(&self->run_lock);
    self->path = settings->model ? g_strdup(settings->model) : gst_convnext_bundled_model();
    self->name = name_of_path(self->path);
    self->region = settings->region;
    self->threads = cnx_client_threads(settings->threads);
    self->precision = options.precision;
    if (!cnx_model_find_form(options.precision, &self->form, error) ||
        !kind->open(self, settings, &options, error) || !pin_cpus(self, settings, error))
        return NULL;
    self->client = kind->new_client(self, settings->threads);
    return g_steal_pointer(&self);
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
    if (self->kind->close)
        self->kind->close(self);
    cnx_cpus_unpin(self->pin);
    g_strfreev(self->labels);
    g_free(self->name);
    cnx_model_unref(self->model);
    g_mutex_clear(&self->run_lock);
    g_free(self->path);
    g_free(self);
}

const CnxRecipe *gst_convnext_engine_recipe(const GstConvnextEngine *self)
{
    return &self->recipe;
}

gboolean gst_convnext_engine_runs_objects(const GstConvnextEngine *self)
{
    return self->region == GST_CONVNEXT_REGION_OBJECTS;
}

gboolean gst_convnext_engine_allow(GstConvnextEngine *self, const GstConvnextSizes *sizes,
                                   GError **error)
{
    const CnxNeed need = self->kind->find_need(self, sizes, self->need.limit);

    if (!gst_convnext_engine_check_need(self, cnx_model_config(self->model), &need, error))
        return FALSE;
    cnx_client_set_memory(self->client, cnx_need_batch_memory(&need));
    return TRUE;
}

GstConvnextView gst_convnext_view_of(const CnxView *view, GstConvnextOrientation orientation)
{
    return (GstConvnextView){.x = view->x,
                             .y = view->y,
                             .width = view->w,
                             .height = view->h,
                             .orientation = orientation,
                             .network_width = view->width,
                             .network_height = view->height,
                             .content_x = view->content_x,
                             .content_y = view->content_y,
                             .content_width = view->content_w,
                             .content_height = view->content_h};
}

gsize gst_convnext_engine_job_memory(const GstConvnextEngine *self)
{
    return cnx_need_job_memory(&self->need);
}

gboolean gst_convnext_engine_make_ready(GstConvnextEngine *self, guint width, guint height,
                                        GError **error)
{
    /* A job of another size may be running; cnx_client_run() joins in that case. */
    if (!g_mutex_trylock(&self->run_lock))
        return TRUE;
    gboolean ready = cnx_client_join(self->client, width, height, error);
    g_mutex_unlock(&self->run_lock);
    return ready;
}

void gst_convnext_engine_relax(GstConvnextEngine *self)
{
    g_mutex_lock(&self->run_lock);
    cnx_client_leave(self->client);
    g_mutex_unlock(&self->run_lock);
}

void gst_convnext_engine_cancel(GstConvnextEngine *self, gboolean cancel)
{
    cnx_client_cancel(self->client, cancel);
}

/* A job under way. */
typedef struct Run {
    GstConvnextJob *job;
    GPtrArray *results; /* so far */
    GError *error;
} Run;

static void set_subject(GstConvnextResult *result, const GstConvnextJob *job, guint i)
{
    const GstConvnextObject *object = gst_convnext_job_object(job, i);

    gst_convnext_result_set_frame_size(result, job->frame_width, job->frame_height);
    gst_convnext_result_set_orientation(result, job->orientation);
    if (i < job->views->len)
        gst_convnext_result_set_view(result, gst_convnext_job_view(job, i));
    if (!object) {
        gst_convnext_result_set_region(result, (guint)job->part.x, (guint)job->part.y,
                                       (guint)job->part.w, (guint)job->part.h);
        return;
    }
    gst_convnext_result_set_region(result, (guint)object->rect.x, (guint)object->rect.y,
                                   (guint)object->rect.w, (guint)object->rect.h);
    gst_convnext_result_set_object(result, object->id, g_quark_to_string(object->type));
}

/* Called in the thread that ran the batch. */
static void on_outputs(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                       gint64 microseconds)
{
    Run *run = data;
    GstConvnextJob *job = run->job;
    const GstClockTime took = (GstClockTime)microseconds * GST_USECOND;

    if (!outputs && !run->error)
        g_set_error(&run->error, CNX_ERROR, CNX_ERROR_OUT_OF_MEMORY,
                    "no memory for the feature maps of %u input%s of %u x %u pixels", n,
                    n > 1 ? "s" : "", job->width, job->height);
    job->inference_time += took;
    for (guint image = 0; image < n && !run->error; image++) {
        const guint i = run->results->len;
        g_autoptr(GstConvnextResult) result =
            gst_convnext_result_new(job->engine->name, job->times.pts);

        set_subject(result, job, i);
        gst_convnext_result_set_times(result, job->preprocess_time / job->n, took / n);
        if (job->engine->kind->fill_result(job, i, outputs, image, result, &run->error))
            g_ptr_array_add(run->results, g_steal_pointer(&result));
    }
}

gboolean gst_convnext_engine_run(GstConvnextJob *job, GError **error)
{
    GstConvnextEngine *self = job->engine;
    g_autoptr(GPtrArray) results =
        g_ptr_array_new_full(job->n, (GDestroyNotify)gst_convnext_result_unref);
    g_autofree const float **images = g_new(const float *, job->n);
    Run run = {job, results, NULL};

    job->classes = 0;
    job->is_finite = TRUE;
    if (self->kind->prepare && !self->kind->prepare(job, error))
        return FALSE;
    for (guint i = 0; i < job->n; i++)
        images[i] = gst_convnext_job_input(job, i);
    job->inference_time = 0;
    g_mutex_lock(&self->run_lock);
    cnx_client_run(self->client, job->width, job->height, images, job->n, on_outputs, &run,
                   &run.error);
    g_mutex_unlock(&self->run_lock);
    if (run.error) {
        g_propagate_error(error, run.error);
        return FALSE;
    }
    job->results = g_steal_pointer(&results);
    return TRUE;
}

gboolean gst_convnext_engine_stages(const GstConvnextEngine *self, CnxMap stages[CNX_STAGES])
{
    return self->kind->stages && self->kind->stages(self, stages);
}

GstStructure *gst_convnext_engine_info(const GstConvnextEngine *self)
{
    const GstConvnextModelFacts facts = {.model = self->model,
                                         .recipe = &self->recipe,
                                         .size_is_set = self->size_is_set,
                                         .crop_is_set = self->crop_is_set,
                                         .labels = self->labels_from,
                                         .names = (const char *const *)self->labels,
                                         .path = self->path,
                                         .need = &self->need};
    GstStructure *info = gst_convnext_model_info(&facts);

    if (self->kind->add_info)
        self->kind->add_info(self, info);
    return info;
}

void gst_convnext_engine_add_labels(const GstConvnextEngine *self, GstStructure *info)
{
    g_auto(GValue) labels = G_VALUE_INIT, label = G_VALUE_INIT;

    if (!self->labels || self->classes == 0)
        return;
    gst_value_array_init(&labels, self->classes);
    g_value_init(&label, G_TYPE_STRING);
    for (guint i = 0; i < self->classes; i++) {
        g_value_set_string(&label, self->labels[i]);
        gst_value_array_append_value(&labels, &label);
    }
    gst_structure_set_value(info, "class-labels", &labels);
}

char *gst_convnext_engine_remark(const GstConvnextEngine *self)
{
    const guint classes = self->classes;
    const char *dataset = classes == 21841   ? "ImageNet-22k"
                          : classes == 11821 ? "ImageNet-12k"
                          : classes == 1000  ? "ImageNet-1k"
                                             : NULL;

    if (classes == 0 || !g_str_equal(self->labels_from, "numbers"))
        return NULL;
    if (dataset)
        return g_strdup_printf("%s: its %u classes (as many as in %s) have no names and appear as "
                               "\"class N\": set the property labels, or create the label file of "
                               "%s with pipelines/imagenet-labels.sh",
                               self->path, classes, dataset, dataset);
    return g_strdup_printf("%s: its %u classes have no names and appear as \"class N\": set the "
                           "property labels",
                           self->path, classes);
}

char *gst_convnext_engine_remark_backbone(const GstConvnextEngine *self)
{
    const char *heads = cnx_model_config(self->model)->unused_heads;

    if (self->classes > 0 || !heads)
        return NULL;
    return g_strdup_printf("%s: only the backbone runs, without %s", self->path, heads);
}

char *gst_convnext_engine_remark_precision(const GstConvnextEngine *self)
{
    const CnxPrecision runs = cnx_form_precision(self->form);
    g_autofree char *reason =
        cnx_precision_remark(self->precision, self->form, cnx_model_isa(self->model));

    if (reason)
        return g_strdup_printf("precision=%s runs as %s: %s", cnx_precision_name(self->precision),
                               cnx_precision_name(runs), reason);
    if (runs == CNX_PRECISION_INT8 && cnx_model_config(self->model)->is_quantised)
        return g_strdup_printf("%s: some weights are stored as 8-bit integers with other scales; "
                               "precision=int8 rounds them a second time",
                               self->path);
    return NULL;
}

char *gst_convnext_engine_remark_not_finite(GstConvnextEngine *self)
{
    if (!g_atomic_int_compare_and_exchange(&self->has_remarked, FALSE, TRUE))
        return NULL;
    return g_strdup_printf("%s: the network's scores are not finite (NaN or infinity): %s",
                           self->path, self->kind->not_finite);
}

const char *gst_convnext_engine_ignored(const GstConvnextEngine *self)
{
    const char *of_backbone = cnx_model_config(self->model)->ignored;

    return of_backbone || !self->head ? of_backbone : self->head->ignored;
}

void gst_convnext_engine_add_stats(const GstConvnextEngine *self, GstStructure *stats)
{
    CnxQueueStats queue;

    cnx_client_stats(self->client, &queue);
    gst_structure_set(stats, "engine", G_TYPE_STRING,
                      cnx_precision_name(cnx_form_precision(self->form)), "cpu", G_TYPE_STRING,
                      cnx_model_isa(self->model), "streams", G_TYPE_UINT, queue.clients, "threads",
                      G_TYPE_UINT, queue.threads, "batch", G_TYPE_DOUBLE,
                      queue.forwards ? (double)queue.images / queue.forwards : 0.0, "run-memory",
                      G_TYPE_UINT64, (guint64)queue.memory, NULL);
}

gboolean gst_convnext_engine_same_classes(const GstConvnextEngine *a, const GstConvnextEngine *b)
{
    return a->kind == b->kind && a->model == b->model && a->region == b->region &&
           a->recipe.size == b->recipe.size && a->recipe.resize == b->recipe.resize &&
           a->recipe.width == b->recipe.width && a->recipe.height == b->recipe.height &&
           a->recipe.crop == b->recipe.crop && a->recipe.longest == b->recipe.longest &&
           g_strv_equal((const char *const *)a->labels, (const char *const *)b->labels) &&
           (!a->kind->same_classes || a->kind->same_classes(a, b));
}
