/* What the element runs: a model with its labels and recipe, and the plan for the frames of given
 * caps. Made of settings and errors, it knows nothing of pads, states and locks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/convnext/convnext.h>

#include "gst/frame.h"
#include "gst/settings.h"
#include "gst/stats.h"

typedef struct GstConvnextEngine GstConvnextEngine;

/* Loads the model and the labels, and checks that the settings fit them. All errors of this header
 * are of domain CNX_ERROR. */
GstConvnextEngine *gst_convnext_engine_open(const GstConvnextSettings *settings, GError **error);
void gst_convnext_engine_free(GstConvnextEngine *engine); /* NULL allowed */

/* Prepares for frames of these caps: after it no frame allocates anything but its result.
 * On failure no plan is left. */
gboolean gst_convnext_engine_plan(GstConvnextEngine *engine, const GstVideoInfo *caps,
                                  GError **error);

/* Gives the plan and its memory back; the model stays. */
void gst_convnext_engine_unplan(GstConvnextEngine *engine);

/* Planned only. One line for logs: from which picture to which input. The caller owns it. */
char *gst_convnext_engine_describe_plan(const GstConvnextEngine *engine);

/* Planned only. Looks at a frame. A buffer whose metadata gives it another geometry than the last
 * one makes a new plan. activation, top-k and threshold are read from live, the rest from the
 * settings that the engine was opened with. times receives PREPROCESS and INFERENCE. */
GstConvnextResult *gst_convnext_engine_run(GstConvnextEngine *engine, GstBuffer *buffer,
                                           const GstConvnextSettings *live, GstClockTime *times,
                                           GError **error);

/* A structure `convnext-model-info` for the property of that name. The caller owns it. */
GstStructure *gst_convnext_engine_info(const GstConvnextEngine *engine);

/* The level of the kernels: "c", "avx2", ... */
const char *gst_convnext_engine_cpu(const GstConvnextEngine *engine);
