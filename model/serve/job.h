/* A job: images to run in one turn of the queue, and the function that receives their outputs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>

#include "model/network/run.h"

/* Receives the outputs of images first to first + n - 1 of a job. The outputs begin with image
 * `first` and are borrowed until this returns, except that the stages' maps belong to a block that
 * may be referred to. They are NULL if there was no memory for these maps. microseconds: the
 * duration of the forward pass; if the pass had images of other jobs too, the share of these n
 * images. */
typedef void CnxOutputsFn(gpointer data, const CnxOutputs *outputs, guint first, guint n,
                          gint64 microseconds);

typedef enum CnxJobState {
    CNX_JOB_WAITING,
    CNX_JOB_TAKEN, /* its turn has come */
    CNX_JOB_DONE,
} CnxJobState;

typedef struct CnxJob {
    struct CnxJob *next;        /* in the queue; once taken, in the same turn */
    const float *const *images; /* [n] of [height, width, 3] */
    guint n;
    guint content_width, content_height; /* of each image, pixels: the part in its top left corner
                                            that shows the frame; 0 means all of it */
    CnxOutputsFn *fn;
    gpointer data;

    /* For the queue, under its lock */
    CnxJobState state;
    gboolean cancelled;
    GError *error;
    pthread_cond_t changed; /* first in an idle queue, done, or cancelled */
} CnxJob;
