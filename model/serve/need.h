/* The memory that a model will take when it runs, before anything of it is allocated.
 *
 * It is what one element takes whose model no other element of the process runs. Elements that
 * share a queue share the weights and the batch. Not counted: frames, their conversion from a rare
 * format, results that downstream elements keep, and the pages of a file while it is read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/error.h"
#include "model/base/limit.h"
#include "model/network/run.h"

#define CNX_NEED_INPUTS 3 /* of a stream: one that is filled, one that waits, one that runs */

/* How a model will run. */
typedef struct CnxNeedSettings {
    guint width, height; /* of an input */
    CnxOutput outputs;
    CnxForm form;        /* of the products */
    guint threads;       /* 1 or more */
    gsize preprocessing; /* bytes, from cnx_preprocess_measure() */
} CnxNeedSettings;

/* A network with a head, of which each run has one image. In bytes. */
typedef struct CnxNeedHead {
    gsize weights; /* packed, the backbone's included */
    gsize run;     /* the scratch of its threads included; G_MAXSIZE means more than fits */
    gsize scratch; /* of a stream, for results; all threads */
    gsize results; /* of a frame */
} CnxNeedHead;

/* In bytes; G_MAXSIZE means more than fits. */
typedef struct CnxNeed {
    guint width, height; /* of the input; 0: only the weights are known */
    guint threads;
    gsize weights;       /* packed */
    gsize image;         /* the maps and outputs of a forward pass of one image */
    gsize scratch;       /* of all threads */
    gsize stacks;        /* the same */
    gsize inputs;        /* of a stream, for one image each */
    gsize results;       /* of an image: its outputs, and the scores of its classes */
    gsize preprocessing; /* of a stream */
    gsize least;         /* sum of the above */
    guint images;        /* of the largest batch that the limit allows */
    gsize batch;         /* in place of image, its maps and outputs */
    gsize most;          /* the sum with that batch */
    CnxLimit limit;
    const char *advice; /* settings that take less memory, as a list; NULL means the default, "a
                           smaller input-size" */
} CnxNeed;

/* The bytes for preprocessing video of 1920x1080 pixels that is turned; 0 if the recipe does not
 * allow any. A stream's caps may need more or less. */
gsize cnx_need_preprocessing(const CnxRecipe *recipe);

/* weights: bytes, from cnx_weights_size() or cnx_model_memory(). */
CnxNeed cnx_need_of(const CnxConfig *config, gsize weights, const CnxNeedSettings *settings,
                    CnxLimit limit);

/* The same for a network with a head. Of settings, outputs and form are not read. */
CnxNeed cnx_need_of_head(const CnxNeedHead *head, const CnxNeedSettings *settings, CnxLimit limit);

/* FALSE with error (CNX_ERROR_OUT_OF_MEMORY), a sentence about file, if the limit does not allow
 * even one image. */
gboolean cnx_need_check(const CnxNeed *need, const CnxConfig *config, const char *file,
                        GError **error);

/* What the limit leaves for a batch, in bytes, the scratch of the threads included. */
gsize cnx_need_batch_memory(const CnxNeed *need);

/* What the limit leaves for the inputs of one job, in bytes. */
gsize cnx_need_job_memory(const CnxNeed *need);
