/* One frame's work for the network: the streaming thread makes it, any thread runs it.
 *
 *   gst_convnext_input_fill()   pixels to inputs, cheap, in the streaming thread
 *   gst_convnext_engine_run()   inputs to results, slow, in any thread
 *
 * A job belongs to one thread at a time; passing it to another thread needs a lock. Its memory is
 * reused from frame to frame.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gst/results/smoothing.h"
#include "gst/settings/settings.h"

typedef struct GstConvnextEngine GstConvnextEngine;

typedef struct GstConvnextJob {
    GstConvnextEngine *engine; /* from gst_convnext_job_begin() to gst_convnext_job_end() */

    /* Made by the streaming thread. */
    guint n;                            /* inputs */
    guint width, height;                /* of each input, pixels */
    float *inputs;                      /* [n, height, width, 3], normalised RGB */
    GArray *objects;                    /* [n] GstConvnextObject; empty for a whole frame */
    GArray *views;                      /* [n] GstConvnextView */
    guint frame_width, frame_height;    /* of the caps, pixels */
    GstConvnextRect part;               /* of the frame that runs: all of it, or the ROI */
    GstConvnextOrientation orientation; /* of the inputs; not AUTO */
    GstConvnextTimes times;
    GstConvnextScoring scoring;
    GstConvnextSmoothing smoothing;
    gboolean post_messages;
    guint epoch;      /* of the background; results of earlier epochs are not collected */
    guint generation; /* of the stream; jobs of earlier generations are not reported */
    GstClockTime preprocess_time; /* nanoseconds */

    /* Found by the engine. */
    GPtrArray *results;          /* [n] GstConvnextResult; NULL before the run */
    float *scores;               /* [n or 1, classes], see gst_convnext_job_scores() */
    const char *const *labels;   /* [classes], owned by the engine */
    guint classes;               /* 0 if classes are not among the outputs */
    const CnxDecision *decision; /* owned by the engine; NULL with another activation */
    gboolean is_finite;          /* the scores of all inputs are known */
    GstClockTime inference_time; /* nanoseconds, of the forward pass or its share of a batch */

    /* Capacities. */
    gsize inputs_capacity; /* floats */
    gsize scores_capacity; /* floats */
} GstConvnextJob;

/* An empty job: n is 0. */
GstConvnextJob *gst_convnext_job_new(void);
void gst_convnext_job_free(GstConvnextJob *job); /* ends it; NULL allowed */

/* Makes room for n inputs of width x height, sets n, width and height, and drops earlier results.
 * Allocates only if the job never had that much room. FALSE with error (CNX_ERROR_OUT_OF_MEMORY) if
 * there is no memory, or several inputs take more than max-memory allows; then n is 0. */
gboolean gst_convnext_job_begin(GstConvnextJob *job, GstConvnextEngine *engine, guint n,
                                guint width, guint height, GError **error);

/* Drops results, objects and the reference to the engine; keeps the memory for the next frame. */
void gst_convnext_job_end(GstConvnextJob *job);

/* Input i: [height, width, 3]. */
float *gst_convnext_job_input(const GstConvnextJob *job, guint i);

/* The object that input i shows; NULL for a whole frame. */
const GstConvnextObject *gst_convnext_job_object(const GstConvnextJob *job, guint i);

/* How the network sees the frame in input i. */
const GstConvnextView *gst_convnext_job_view(const GstConvnextJob *job, guint i);

/* Makes room for the scores of all classes: for each input if smoothing reads them later, otherwise
 * for one, as scratch memory. FALSE with error as above. */
gboolean gst_convnext_job_make_scores(GstConvnextJob *job, guint classes, GError **error);

/* The scores of input i: [classes]. */
float *gst_convnext_job_scores(const GstConvnextJob *job, guint i);

/* What smoothing reads of all results after the run; its result is NULL. */
GstConvnextSample gst_convnext_job_sample(const GstConvnextJob *job);
