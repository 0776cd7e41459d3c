/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/heads/work.h"

#include "model/heads/detector.h"
#include "model/heads/slide.h"

/* The run of a network on inputs of one size */
typedef struct Work {
    gpointer network;
    gpointer settings;
    guint width, height;
    guint requested_threads; /* the latest request; the run has fewer if memory is short */
    gpointer run;            /* NULL: none yet */
    guint threads;           /* of the run */
} Work;

/* The functions of a network */
typedef struct Functions {
    gpointer (*run_new)(const Work *work, guint threads, GError **error);
    void (*run_free)(gpointer run);
    void (*run)(const Work *work, const CnxJob *job, guint image, CnxOutputs *outputs);
} Functions;

static gpointer create(const CnxWorkKind *kind, gpointer network, gconstpointer settings,
                       guint width, guint height)
{
    Work *work = g_new0(Work, 1);

    work->network = kind->network_ref(network);
    work->settings = g_memdup2(settings, kind->settings_size);
    work->width = width;
    work->height = height;
    return work;
}

static void free_work(const CnxWorkKind *kind, const Functions *functions, Work *work)
{
    if (work->run)
        functions->run_free(work->run);
    kind->network_unref(work->network);
    g_free(work->settings);
    g_free(work);
}

/* Replaces the run, so that there is memory for only one at a time. */
static gboolean make_run(const Functions *functions, Work *work, guint threads, GError **error)
{
    if (work->run)
        functions->run_free(work->run);
    work->run = functions->run_new(work, threads, error);
    work->threads = threads;
    return work->run != NULL;
}

/* If memory does not allow more threads, the run keeps the number it had. */
static gboolean prepare(const Functions *functions, Work *work, guint threads, GError **error)
{
    const guint before = work->run ? work->threads : 0;

    if (work->run && work->requested_threads == threads)
        return TRUE;
    work->requested_threads = threads;
    if (make_run(functions, work, threads, before > 0 && before < threads ? NULL : error))
        return TRUE;
    return before > 0 && before < threads && make_run(functions, work, before, error);
}

static guint run_jobs(const Functions *functions, const Work *work, const CnxJob *jobs)
{
    guint forwards = 0;

    for (const CnxJob *job = jobs; job != NULL; job = job->next)
        for (guint i = 0; i < job->n; i++, forwards++) {
            CnxOutputs outputs = {0};
            const gint64 start = g_get_monotonic_time();

            functions->run(work, job, i, &outputs);
            job->fn(job->data, &outputs, i, 1, g_get_monotonic_time() - start);
        }
    return forwards;
}

/* A run has one image, whatever the memory. */
static void set_memory(gpointer work, gsize memory) {}

static guint one_image(gconstpointer work)
{
    return 1;
}

/* Segmenters */

static gpointer segmenter_run_new(const Work *work, guint threads, GError **error)
{
    return cnx_slide_run_new(work->network, work->settings, work->width, work->height, threads,
                             error);
}

static void segmenter_run_free(gpointer run)
{
    cnx_slide_run_free(run);
}

static void segmenter_run(const Work *work, const CnxJob *job, guint image, CnxOutputs *outputs)
{
    outputs->logits = *cnx_slide_run_forward(work->run, job->images[image]);
}

static const Functions segmenter_functions = {segmenter_run_new, segmenter_run_free, segmenter_run};

static gboolean segmenter_same_settings(gconstpointer a, gconstpointer b)
{
    const CnxWindows *one = a, *other = b;

    return one->width == other->width && one->height == other->height &&
           one->step_x == other->step_x && one->step_y == other->step_y;
}

static gpointer segmenter_ref(gpointer segmenter)
{
    return cnx_segmenter_ref(segmenter);
}

static void segmenter_unref(gpointer segmenter)
{
    cnx_segmenter_unref(segmenter);
}

static gpointer segmenter_create(gpointer segmenter, gconstpointer settings, guint width,
                                 guint height)
{
    return create(&cnx_segmenter_work, segmenter, settings, width, height);
}

static void segmenter_free(gpointer work)
{
    free_work(&cnx_segmenter_work, &segmenter_functions, work);
}

static gboolean segmenter_prepare(gpointer work, guint threads, guint images, GError **error)
{
    return prepare(&segmenter_functions, work, threads, error);
}

static gsize segmenter_memory(gconstpointer work)
{
    const Work *self = work;

    return self->run ? cnx_slide_run_memory(self->run) : 0;
}

static guint segmenter_run_jobs(gpointer work, const CnxJob *jobs)
{
    return run_jobs(&segmenter_functions, work, jobs);
}

const CnxWorkKind cnx_segmenter_work = {
    .settings_size = sizeof(CnxWindows),
    .same_settings = segmenter_same_settings,
    .network_ref = segmenter_ref,
    .network_unref = segmenter_unref,
    .create = segmenter_create,
    .free = segmenter_free,
    .prepare = segmenter_prepare,
    .set_memory = set_memory,
    .limit = one_image,
    .memory = segmenter_memory,
    .run = segmenter_run_jobs,
};

/* Detectors */

static gpointer detector_run_new(const Work *work, guint threads, GError **error)
{
    return cnx_detector_run_new(work->network, work->width, work->height, work->settings, threads,
                                error);
}

static void detector_run_free(gpointer run)
{
    cnx_detector_run_free(run);
}

static void detector_run(const Work *work, const CnxJob *job, guint image, CnxOutputs *outputs)
{
    outputs->detections = cnx_detector_run_forward(
        work->run, job->images[image], job->content_width ? job->content_width : work->width,
        job->content_height ? job->content_height : work->height);
}

static const Functions detector_functions = {detector_run_new, detector_run_free, detector_run};

/* min_size and max_size have no effect on a run. */
static gboolean detector_same_settings(gconstpointer a, gconstpointer b)
{
    const CnxDetectorSettings *one = a, *other = b;

    return one->score_threshold == other->score_threshold &&
           one->nms_threshold == other->nms_threshold && one->max_objects == other->max_objects &&
           one->proposals == other->proposals && one->masks == other->masks;
}

static gpointer detector_ref(gpointer detector)
{
    return cnx_detector_ref(detector);
}

static void detector_unref(gpointer detector)
{
    cnx_detector_unref(detector);
}

static gpointer detector_create(gpointer detector, gconstpointer settings, guint width,
                                guint height)
{
    return create(&cnx_detector_work, detector, settings, width, height);
}

static void detector_free(gpointer work)
{
    free_work(&cnx_detector_work, &detector_functions, work);
}

static gboolean detector_prepare(gpointer work, guint threads, guint images, GError **error)
{
    return prepare(&detector_functions, work, threads, error);
}

static gsize detector_memory(gconstpointer work)
{
    const Work *self = work;

    return self->run ? cnx_detector_run_memory(self->run) : 0;
}

static guint detector_run_jobs(gpointer work, const CnxJob *jobs)
{
    return run_jobs(&detector_functions, work, jobs);
}

const CnxWorkKind cnx_detector_work = {
    .settings_size = sizeof(CnxDetectorSettings),
    .same_settings = detector_same_settings,
    .network_ref = detector_ref,
    .network_unref = detector_unref,
    .create = detector_create,
    .free = detector_free,
    .prepare = detector_prepare,
    .set_memory = set_memory,
    .limit = one_image,
    .memory = detector_memory,
    .run = detector_run_jobs,
};
