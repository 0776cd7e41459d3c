/* How the detectors of the libraries differ. All compute the same steps: backbone, pyramid,
 * proposals, boxes, masks. A library is a row here, with the names of its tensors; the steps read
 * its rules.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/detector.h"

/* The name of a module in a list. "#" stands for its index; "*" for the stage of a cascade and a
 * dot, "0.", or for nothing without a cascade. */
typedef struct CnxModulePattern {
    const char *wrapped; /* the module that holds a convolution and a norm */
    const char *plain;   /* the convolution itself, where no module wraps it; NULL: it is wrapped */
    guint first;         /* index of the first one, of plain */
    guint step;          /* from one index to the next, of plain; 0: 1 */
} CnxModulePattern;

typedef struct CnxDetectorNames {
    const char *conv, *norm;       /* endings in a wrapped module: ".conv", ".bn" */
    CnxModulePattern inner, layer; /* of the pyramid */
    CnxModulePattern rpn;
    const char *rpn_logits, *rpn_deltas;
    CnxModulePattern box_conv, box_fc;
    guint fcs;                 /* linear layers of the box head; 0: as many as there are */
    CnxModulePattern box_list; /* plain: the linear layers in one list with convolutions, behind a
                                  module without weights; NULL: box_fc names them */
    const char *box_logits, *box_deltas;
    CnxModulePattern mask_conv;
    const char *mask_up, *mask_logits;
    const char *parts[4]; /* all names of the head begin with one of them; ends with NULL */
} CnxDetectorNames;

typedef struct CnxDetectorRules {
    const char *library; /* "torchvision" */
    const char *witness; /* end of the name of a tensor that identifies it */
    CnxDetectorNames names;
    gboolean background_first; /* the background is the first class, with box deltas and a mask of
                                  its own; otherwise the last one, without them */
    gboolean rounds_anchors;   /* to whole pixels */
    gboolean measures_strides; /* strides follow from the sizes of image and maps; otherwise they
                                  are those of the network */
    gboolean clamps_both;      /* logarithms of the sides' ratios are limited below too, not only
                                  above */
    gboolean aligned;          /* RoIAlign has pixel centres at halves; otherwise at integers */
    gboolean eps_inside;       /* a box's level has its epsilon inside the logarithm */
    guint sampling;            /* default of RoIAlign's points on an axis of a bin; 0: adaptive */
    float least_proposal, least_object; /* pixels; boxes with a smaller side are dropped */
    CnxResampling resampling;           /* of the frame */
    CnxPasting pasting;                 /* of a mask into the frame */
} CnxDetectorRules;

/* facebookresearch's detectors are those of mmdetection. */
extern const CnxDetectorRules cnx_detector_torchvision, cnx_detector_mmdetection;

/* The name of a module: pattern with stage, which is "" or "0.", and index. Free with g_free. */
char *cnx_module_name(const char *pattern, const char *stage, guint index);
