/* What the element runs: a model with its labels and recipe. Made of settings and errors, it knows
 * nothing of pads, states, frames and the element's locks.
 *
 * Reference counted and thread safe. What it was opened with never changes: other settings are
 * another engine, and a request that was prepared for one engine is for that engine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/engine/job.h"
#include "gst/settings/settings.h"
#include "model/config/recipe.h"

typedef struct GstConvnextEngine GstConvnextEngine;

/* Loads the model and the labels, and checks that the settings fit them. All errors of this header
 * are of domain CNX_ERROR. */
GstConvnextEngine *gst_convnext_engine_open(const GstConvnextSettings *settings, GError **error);
GstConvnextEngine *gst_convnext_engine_ref(GstConvnextEngine *engine);
void gst_convnext_engine_unref(GstConvnextEngine *engine); /* NULL allowed */

/* How a picture becomes an input. Borrowed. */
const CnxRecipe *gst_convnext_engine_recipe(const GstConvnextEngine *engine);

/* What of the frames it was opened for. */
GstConvnextRegionKind gst_convnext_engine_region(const GstConvnextEngine *engine);

/* Joins the other engines of this process that run the same network for the same outputs on inputs
 * of width x height, and sees that there is memory for a run, which all of them share. */
gboolean gst_convnext_engine_make_ready(GstConvnextEngine *engine, guint width, guint height,
                                        GError **error);

/* Leaves them; the model stays. */
void gst_convnext_engine_relax(GstConvnextEngine *engine);

/* Runs a prepared request when its turn comes, waits until it is done, and sets its inference_time,
 * without the wait. From any thread. Returns a new GstConvnextResult for each of the request's
 * inputs, in their order, in an array that owns them; or NULL with error. */
GPtrArray *gst_convnext_engine_infer(GstConvnextEngine *engine, GstConvnextJob *request,
                                     GError **error);

/* TRUE: a request that waits for its turn fails at once with CNX_ERROR_CANCELLED, and so do all
 * that follow, until FALSE. From any thread. */
void gst_convnext_engine_cancel(GstConvnextEngine *engine, gboolean cancel);

/* A structure `convnext-model-info` for the property of that name. The caller owns it. */
GstStructure *gst_convnext_engine_info(const GstConvnextEngine *engine);

/* A sentence for the log about what is missing though everything works, or NULL. Free with g_free.
 */
char *gst_convnext_engine_remark(const GstConvnextEngine *engine);

/* Which files beside the model are about another one, and say nothing; NULL: none. Borrowed. */
const char *gst_convnext_engine_ignored(const GstConvnextEngine *engine);

/* Adds fields: engine (string, "fp32"), cpu (string, the level of the kernels: "c", "avx2", ...);
 * about the shared engine: streams (guint, elements that share it), threads (guint, of a forward
 * pass), batch (double, images in one, on the average), run-memory (guint64, bytes). */
void gst_convnext_engine_add_stats(const GstConvnextEngine *engine, GstStructure *stats);

/* Whether both find the same classes in a frame: only outputs, threads and processors differ. */
gboolean gst_convnext_engine_agrees(const GstConvnextEngine *a, const GstConvnextEngine *b);
