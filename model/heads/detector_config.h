/* What a detector's tensors do not say: anchors, thresholds, sizes, levels of the pyramid. Read
 * from a config.json beside the weights under torchvision's argument names, whatever the library,
 * with the library's defaults.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/config/config.h"
#include "model/heads/anchors.h"
#include "model/heads/info.h"

#define CNX_DETECTOR_INNER CNX_STAGES        /* levels that read a map of the backbone */
#define CNX_DETECTOR_LEVELS (CNX_STAGES + 1) /* with the extra one */
#define CNX_DETECTOR_SAMPLING_MAX 16
#define CNX_DETECTOR_ANCHORS 32 /* at a pixel of a level */
#define CNX_DETECTOR_STAGES 3   /* heads of a cascade */

typedef struct CnxDetectorRules CnxDetectorRules; /* model/heads/detector_rules.h */
typedef struct CnxDetectorConfig CnxDetectorConfig;

/* What the tensors say */
typedef struct CnxDetectorShape {
    const CnxDetectorRules *rules;    /* of the library whose names they have */
    guint inner;                      /* blocks of the pyramid: levels without the extra one */
    guint widths[CNX_DETECTOR_INNER]; /* channels of the maps that they read */
    guint channels;                   /* of every level */
    guint anchors;                    /* at a pixel */
    guint classes;                    /* without background */
    guint stages;                     /* heads of a cascade; 1 without one */
} CnxDetectorShape;

struct CnxDetectorConfig {
    guint modules[CNX_DETECTOR_INNER]; /* of torchvision's features: 1, 3, 5, 7 are the stages, 2,
                                          4, 6 their downsampling layers */
    guint inner;                       /* levels that read a module */
    gboolean pool;                     /* an extra level: every second pixel of the last one */
    guint levels;                      /* inner + pool */
    guint anchors;                     /* at a pixel of each level */
    CnxBox cells[CNX_DETECTOR_LEVELS][CNX_DETECTOR_ANCHORS];
    guint roi_first, roi_count; /* the levels that the box and mask heads pool from */
    guint sampling;             /* points of a bin of RoIAlign on each axis; 0: it follows from the
                                   box */
    guint min_size, max_size;
    float mean[3], std[3];
    guint pre_nms, post_nms; /* proposals: of a level, and of the image */
    double rpn_nms, rpn_score;
    float box_weights[CNX_DETECTOR_STAGES][4];
    double score, nms;
    guint objects;
};

/* Reads config.json in `folder`, if there is one, and the labels from it or from labels.txt. Adds
 * each value that no file says to info->assumed, and sets info's labels and recipe. strict: files
 * of another network are an error, as in a folder; otherwise they are ignored, and info->ignored
 * says so. file: of the weights, for messages. FALSE with error. */
gboolean cnx_detector_config_read(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                                  const CnxConfig *backbone, const char *folder, const char *file,
                                  gboolean strict, CnxHeadInfo *info, GError **error);

/* Names of the classes from a file of labels: as many as there are classes or, with the background,
 * one more. The background is the last name if that is "background", "__background__" or "bg" in
 * any case, otherwise the first, which may have any name. NULL with error, as cnx_labels_read();
 * the caller owns the names (g_strfreev). */
char **cnx_detector_labels_read(const char *path, guint classes, GError **error);

/* The same for a parsed config, whose errors go to the same error; NULL: there is none. Reads no
 * files. */
gboolean cnx_detector_config_apply(CnxDetectorConfig *self, const CnxDetectorShape *shape,
                                   const CnxConfig *backbone, const CnxJson *json, const char *file,
                                   gboolean strict, CnxHeadInfo *info, GError **error);
