/* From the frames of given caps to the inputs of an engine: the cheap half of the work.
 *
 * Belongs to the thread that has the frames. Not thread safe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/engine/engine.h"
#include "gst/input/frame.h"
#include "gst/objects/detections.h"
#include "model/preprocess/thumbnail.h"

typedef struct GstConvnextPlan GstConvnextPlan;

/* Prepares for frames of these caps, and has the engine make ready for their inputs: after it no
 * frame allocates anything but its result. Takes its own reference to the engine. Returns NULL with
 * error, of domain CNX_ERROR as all of this header. */
GstConvnextPlan *gst_convnext_plan_new(GstConvnextEngine *engine, const GstVideoInfo *caps,
                                       GError **error);

/* NULL allowed. The engine keeps the memory of its runs: gst_convnext_engine_relax(). */
void gst_convnext_plan_free(GstConvnextPlan *plan);

/* Borrowed. */
GstConvnextEngine *gst_convnext_plan_engine(const GstConvnextPlan *plan);

/* One line for logs: from which picture to which input. The caller owns it. */
char *gst_convnext_plan_describe(const GstConvnextPlan *plan);

/* How bright the parts of the frame are, to tell whether anything has changed in it. FALSE as for
 * gst_convnext_plan_prepare(). The buffer stays mapped until it is prepared or released. */
gboolean gst_convnext_plan_sign(GstConvnextPlan *plan, GstBuffer *buffer, CnxSignature *signature,
                                GError **error);

/* Of a buffer that was signed and is not prepared. Nothing happens without one. */
void gst_convnext_plan_release(GstConvnextPlan *plan);

/* Makes the whole frame the only input of request, with the scoring of these settings. A buffer
 * whose metadata gives it another geometry than the last one changes the plan. The buffer is only
 * read, and not held. On failure request is empty. */
gboolean gst_convnext_plan_prepare(GstConvnextPlan *plan, GstBuffer *buffer,
                                   const GstConvnextSettings *settings, GstConvnextRequest *request,
                                   GError **error);

/* The same, with these objects (GstConvnextObject) of the buffer, at least one, as the inputs. */
gboolean gst_convnext_plan_prepare_objects(GstConvnextPlan *plan, GstBuffer *buffer,
                                           const GPtrArray *objects,
                                           const GstConvnextSettings *settings,
                                           GstConvnextRequest *request, GError **error);

/* Of the frames. Borrowed. */
const GstVideoInfo *gst_convnext_plan_caps(const GstConvnextPlan *plan);
