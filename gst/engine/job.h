/* One frame's worth of work for a network: made by the thread that has the frame, run by any.
 *
 *   gst_convnext_input_prepare()   pictures to inputs, cheap, in the streaming thread
 *   gst_convnext_engine_infer()   inputs to results, slow, in any thread
 *
 * A request is memory to be used again and again: prepare replaces what it held. It belongs to one
 * thread at a time; whoever passes it on provides the lock.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "gst/settings/settings.h"

/* A part of the frame, in pixels of the caps' frame, and what a detector said of it. */
typedef struct GstConvnextRegion {
    guint x, y, w, h;
    guint64 object; /* gst/objects/tracks.h's number of the object; 0: it is none, but the whole
                       frame */
    guint64 seen;   /* and of the frame */
    int id;         /* of the object, as the tracker gave it; -1: none, or none that fits */
    gboolean tracked;
    GQuark type; /* what the detector called it; 0: nothing */
} GstConvnextRegion;

typedef struct GstConvnextJob {
    guint n;                         /* inputs in use */
    guint width, height;             /* of each input, pixels */
    float *inputs;                   /* [n, height, width, 3], normalised RGB */
    GstConvnextRegion *regions;      /* [n], what each input shows */
    guint frame_width, frame_height; /* of the caps, pixels */
    GstClockTime pts;                /* of the buffer */
    GstClockTime preprocess_time;    /* that prepare took, nanoseconds */
    GstClockTime inference_time;     /* of the forward pass, or of its part in a batch */
    GstConvnextScoring scoring;      /* at the time of the frame */
    /* For whoever prepared it and hears of it again. */
    guint64 frame;             /* the frame's number */
    GstClockTime stream_time;  /* of the frame */
    GstClockTime running_time; /* of the frame */
    guint epoch;               /* results of another one are not attached any more */
    guint generation;          /* and of another one of these not even spoken of */
    GstConvnextSmoothing smoothing;
    gboolean post_messages;
    /* Room that there is. */
    gsize floats_capacity;  /* floats in inputs */
    guint regions_capacity; /* in regions */
} GstConvnextJob;

/* Empty: n is 0. */
GstConvnextJob *gst_convnext_job_new(void);
void gst_convnext_job_free(GstConvnextJob *request); /* NULL allowed */

/* Makes room for n inputs of width x height, and sets n, width and height; what the inputs held is
 * lost. Allocates only when it never had so much room. FALSE with error (domain CNX_ERROR) when
 * there is no memory; n is 0 then. */
gboolean gst_convnext_job_resize(GstConvnextJob *request, guint n, guint width, guint height,
                                 GError **error);

/* Where to write input i: [height, width, 3]. */
float *gst_convnext_job_input(const GstConvnextJob *request, guint i);

/* Notes on a result about an object which one it is, and reads it again; NULL: about a frame. */
void gst_convnext_job_note(GstConvnextResult *result, const GstConvnextRegion *region);
const GstConvnextRegion *gst_convnext_job_noted(GstConvnextResult *result);
