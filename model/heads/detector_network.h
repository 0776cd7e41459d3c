/* The state of a detector and of its runs. Private to the files of the detector: detector.c opens
 * it, detector_run.c plans the memory, the others compute a step each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/shared.h"
#include "model/heads/detector_rules.h"
#include "model/heads/detector_weights.h"
#include "model/heads/nms.h"
#include "model/heads/roi_stack.h"

#define CNX_DETECTOR_ROWS 256u     /* proposals that go through the box head together */
#define CNX_DETECTOR_MASKS 16u     /* objects that go through the mask head together */
#define CNX_DETECTOR_MASK_POOL 14u /* side of a box pooled for the mask head */

struct CnxDetector {
    CnxShared shared; /* first */
    CnxModel *model;
    const CnxKernels *kernels;
    CnxHeadInfo *info;
    const CnxDetectorRules *rules;
    CnxDetectorConfig config;
    CnxDetectorWeights weights;
};

/* Receives the name of each part of a pass when it ends, such as "NMS of proposals". A part may end
 * several times in a pass. */
typedef void CnxDetectorProbe(gpointer data, const char *part);

/* A level of the pyramid. h, w: its size. A: anchors at a pixel. */
typedef struct CnxDetectorLevel {
    guint height, width;
    guint stride_x, stride_y; /* pixels of the input between two of the anchors */
    float *inner;             /* [h, w, C] before the 3x3 convolution; NULL of the extra level */
    float *map;               /* [h, w, C] */
    float *rpn;               /* [h, w, 5A] logits and deltas */
    CnxRanked *ranked;        /* [pre_nms] */
    CnxBox *boxes;            /* [pre_nms] best first; after suppression those that are left */
    float *scores;            /* [pre_nms] of the boxes */
    float *areas;             /* [pre_nms] scratch of the suppression */
    guint8 *kept;             /* [pre_nms] likewise */
    guint count;              /* of boxes */
    guint dropped;            /* logits and boxes that are not finite */
} CnxDetectorLevel;

struct CnxDetectorRun {
    CnxDetector *detector;
    CnxDetectorSettings settings; /* resolved */
    CnxRun *backbone;
    CnxDenseContext dense;
    guint width, height;             /* of the padded input */
    guint image_width, image_height; /* of this image, in it */
    guint levels;
    CnxDetectorLevel level[CNX_DETECTOR_LEVELS];
    float *hidden[2]; /* [h, w, C] of the largest level, between convolutions of the RPN; the
                         first is the inner map of level 0, the second NULL if there is one
                         convolution */

    CnxBox *proposals; /* [proposals] best first */
    guint proposal_count;

    /* B: CNX_DETECTOR_ROWS; P: pitch of a box in a map of several, rows */
    CnxBox *rois;       /* [proposals] refined by a cascade; without one the proposals themselves */
    float *box_maps[2]; /* [B, P, S, channels]; the second is NULL without convolutions */
    float *features[2]; /* [B, R] */
    float *logits;      /* [B, K+1] sums over the heads of a cascade; NULL without one */
    float *predictions; /* [proposals, K+1 + 4 D]; the logits become probabilities */
    CnxRanked *candidates; /* [proposals] of a class */
    CnxBox *boxes;         /* [proposals] of the candidates, by proposal */
    CnxBox *sorted;        /* [proposals] the same, best first */
    float *areas;          /* [proposals] */
    guint8 *kept;          /* [proposals] */

    CnxRanked *found;      /* [max_objects] index: of the detection among all of the image */
    CnxDetection *objects; /* [max_objects] */
    guint object_count;

    /* Q: CNX_DETECTOR_MASKS */
    float *mask_maps[2]; /* [Q, P, 14, channels] */
    float *mask_up;      /* [Q, P, 14, 4 M'] */
    float *masks;        /* [max_objects, 28, 28] */

    CnxDetectorProbe *probe; /* NULL: none */
    gpointer probe_data;

    CnxDetections result;
    void *memory;
    gsize memory_size; /* bytes */
};

/* Sets the probe of later passes, for benchmarks. NULL: none. */
void cnx_detector_run_set_probe(CnxDetectorRun *run, CnxDetectorProbe *probe, gpointer data);

/* Ends a part of the pass. */
static inline void cnx_detector_part_ends(const CnxDetectorRun *run, const char *part)
{
    if (run->probe)
        run->probe(run->probe_data, part);
}

/* Scratch bytes of a thread for the interpolation in the pyramid. */
gsize cnx_pyramid_scratch(const CnxDetectorRun *run);

/* Computes the levels' maps from the backbone's outputs. */
void cnx_pyramid_forward(CnxDetectorRun *run, const CnxOutputs *outputs);

/* Computes the proposals from the levels' maps. */
void cnx_proposals_forward(CnxDetectorRun *run);

/* Computes the objects from the proposals. */
void cnx_box_head_forward(CnxDetectorRun *run);

/* Computes the masks of the objects. */
void cnx_mask_head_forward(CnxDetectorRun *run);

/* RoIAlign of boxes of this image. */
typedef struct CnxPooling {
    const CnxDetectorRun *run;
    guint side;                        /* of the result */
    float scales[CNX_DETECTOR_LEVELS]; /* pixels of a level's map per pixel of the image */
    int first, last; /* of torchvision's rule for levels: -log2 of the scales of the first and the
                        last of the heads' levels */
} CnxPooling;

CnxPooling cnx_pooling_new(const CnxDetectorRun *run, guint side);
/* dst: [side, side, C]. Does not allocate; may be called in a task. */
void cnx_pooling_run(const CnxPooling *pooling, CnxBox box, float *dst);
