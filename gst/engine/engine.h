/* What the element runs: a model with its labels and recipe. It knows nothing about pads, states,
 * frames or the element's locks.
 *
 * Reference counted and thread safe. The settings of an engine never change: other settings need
 * another engine, and a job that was prepared for one engine runs on that engine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/engine/job.h"
#include "gst/settings/settings.h"
#include "model/config/recipe.h"
#include "model/network/run.h"
#include "model/preprocess/preprocess.h"

/* Loads the model and the labels, and checks the settings against them. Every error of this header
 * is in the domain CNX_ERROR. */
GstConvnextEngine *gst_convnext_engine_open(const GstConvnextEngineSettings *settings,
                                            GError **error);
GstConvnextEngine *gst_convnext_engine_ref(GstConvnextEngine *engine);
void gst_convnext_engine_unref(GstConvnextEngine *engine); /* NULL allowed */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GstConvnextEngine, gst_convnext_engine_unref)

/* The preprocessing from a picture to an input. Borrowed. */
const CnxRecipe *gst_convnext_engine_recipe(const GstConvnextEngine *engine);

/* TRUE if it runs on detected objects, FALSE if on whole frames. */
gboolean gst_convnext_engine_runs_objects(const GstConvnextEngine *engine);

typedef struct GstConvnextSizes {
    GstConvnextView view;            /* how the network sees a frame */
    gsize preprocessing;             /* bytes */
    guint frame_width, frame_height; /* of the caps, pixels */
} GstConvnextSizes;

/* The view of a picture that is turned by this orientation, in pixels of the picture. */
GstConvnextView gst_convnext_view_of(const CnxView *view, GstConvnextOrientation orientation);

/* Whether max-memory allows frames and inputs of these sizes. FALSE with error otherwise. */
gboolean gst_convnext_engine_allow(GstConvnextEngine *engine, const GstConvnextSizes *sizes,
                                   GError **error);

/* Bytes that the inputs of one job may take. */
gsize gst_convnext_engine_job_memory(const GstConvnextEngine *engine);

/* Joins the queue of all engines in this process that run the same network for the same outputs on
 * inputs of width x height, and reserves the memory for a run, which these engines share. */
gboolean gst_convnext_engine_make_ready(GstConvnextEngine *engine, guint width, guint height,
                                        GError **error);

/* Leaves the queue; the model stays loaded. */
void gst_convnext_engine_relax(GstConvnextEngine *engine);

/* Runs a job with filled inputs on job->engine: waits for its turn in the queue and for the result.
 * Sets results (one GstConvnextResult for each input), scores, and inference_time, which excludes
 * the wait. Any thread. FALSE with error otherwise; then results is NULL. */
gboolean gst_convnext_engine_run(GstConvnextJob *job, GError **error);

/* TRUE makes a job that waits for its turn fail at once with CNX_ERROR_CANCELLED, and all later
 * ones too, until FALSE is set. Any thread. */
void gst_convnext_engine_cancel(GstConvnextEngine *engine, gboolean cancel);

/* Sets the size of each stage's map in a result: channels is 0 if the map is not attached, height
 * and width are 0 if they depend on the frame. FALSE if none is attached. */
gboolean gst_convnext_engine_stages(const GstConvnextEngine *engine, CnxMap stages[CNX_STAGES]);

/* FALSE with error (CNX_ERROR_SETTINGS) if no class has this label, so that no detected object can
 * have it. label NULL: TRUE. */
gboolean gst_convnext_engine_check_class(const GstConvnextEngine *engine, const char *label,
                                         GError **error);

/* The structure `convnext-model-info` for the property of that name. The caller owns it. */
GstStructure *gst_convnext_engine_info(const GstConvnextEngine *engine);

/* Adds the field class-labels to it, a GstValueArray of the labels of all classes; nothing if there
 * are no classes. */
void gst_convnext_engine_add_labels(const GstConvnextEngine *engine, GstStructure *info);

/* A sentence for the log about missing labels, or NULL. The caller owns it. */
char *gst_convnext_engine_remark(const GstConvnextEngine *engine);

/* A sentence about a head that does not run, such as a segmenter's in `convnext`; else NULL. The
 * caller owns it. */
char *gst_convnext_engine_remark_backbone(const GstConvnextEngine *engine);

/* A sentence about a precision that the processor does not accelerate, or about weights that int8
 * rounds a second time; else NULL. The caller owns it. */
char *gst_convnext_engine_remark_precision(const GstConvnextEngine *engine);

/* A sentence about scores that are not finite, the first time that it is called; then NULL. The
 * caller owns it. Any thread. */
char *gst_convnext_engine_remark_not_finite(GstConvnextEngine *engine);

/* Sentences about config files that belong to another model and were ignored, or NULL. Borrowed. */
const char *gst_convnext_engine_ignored(const GstConvnextEngine *engine);

/* Adds fields: engine (string, the precision that runs: "fp32", "bf16" or "int8"), cpu (string, the
 * isa level: "c", "avx2", ...); about the shared queue: streams (guint, elements that share it),
 * threads (guint, of a forward pass), batch (double, mean images per forward pass), run-memory
 * (guint64, bytes). */
void gst_convnext_engine_add_stats(const GstConvnextEngine *engine, GstStructure *stats);

/* TRUE if both give the same classes for a frame: only outputs, threads and CPUs differ. */
gboolean gst_convnext_engine_same_classes(const GstConvnextEngine *a, const GstConvnextEngine *b);
