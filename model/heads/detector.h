/* Object detectors on a ConvNeXt: Faster, Mask and Cascade R-CNN, of torchvision on BackboneWithFPN
 * and of mmdetection and facebookresearch.
 *
 *   image -> backbone -> pyramid -> proposals (RPN) -> boxes and classes -> masks
 *
 * A detector is immutable, reference counted and shared in the process, as its backbone is. Runs of
 * one detector may be used concurrently. Boxes are x0, y0, x1, y1 in pixels, x1 and y1 exclusive:
 * a box of the whole image is 0, 0, width, height.
 *
 * What the tensors do not say (sizes of the anchors, thresholds, the size of the image) comes from
 * a config.json beside the weights, under torchvision's argument names; see model/README.md.
 *
 *   g_autoptr(CnxDetector) detector = cnx_detector_open(path, &options, NULL, NULL, &error);
 *   CnxDetectorSettings settings = cnx_detector_settings(detector, NULL);
 *   CnxRecipe recipe = cnx_detector_info(detector)->recipe;
 *   g_autoptr(CnxPreprocess) preprocess = cnx_preprocess_new(&recipe, &image_info, &error);
 *   CnxView view = cnx_preprocess_view(preprocess);
 *   g_autoptr(CnxDetectorRun) run =
 *       cnx_detector_run_new(detector, view.width, view.height, &settings, threads, &error);
 *   cnx_preprocess_run(preprocess, &frame, image, bytes);
 *   const CnxDetections *found =
 *       cnx_detector_run_forward(run, image, view.content_w, view.content_h);
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

typedef struct CnxHeadInfo CnxHeadInfo;             /* model/heads/info.h */
typedef struct CnxDetectorConfig CnxDetectorConfig; /* model/heads/detector_config.h */
typedef struct CnxDetector CnxDetector;
typedef struct CnxDetectorRun CnxDetectorRun;

/* Proposals per level of the pyramid, before and after suppression: the largest values that a
 * config or a setting may ask for. They bound the time of the suppression, which is quadratic. */
#define CNX_DETECTOR_PROPOSALS_MAX 2000u
#define CNX_DETECTOR_OBJECTS_MAX 1000u

/* path: a file, or a folder with a file and its config.json. check, which may be NULL, may refuse
 * the network before its weights are allocated: it receives the backbone's config and the bytes of
 * all packed weights, those of the head included. If this process already holds the detector,
 * returns a new reference to it. Thread safe. NULL with error, domain CNX_ERROR. */
CnxDetector *cnx_detector_open(const char *path, const CnxOpenOptions *options,
                               CnxModelCheckFn *check, gpointer user_data, GError **error);
CnxDetector *cnx_detector_ref(CnxDetector *detector);
void cnx_detector_unref(CnxDetector *detector); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxDetector, cnx_detector_unref)

CnxModel *cnx_detector_backbone(const CnxDetector *detector); /* borrowed */

/* family: "Faster R-CNN", "Mask R-CNN", "Cascade R-CNN" or "Cascade Mask R-CNN". classes and labels
 * are without background. recipe: that of the model's min_size and max_size; width and height are
 * 0, because the size follows from the frame. */
const CnxHeadInfo *cnx_detector_info(const CnxDetector *detector);

const CnxDetectorConfig *cnx_detector_config(const CnxDetector *detector); /* borrowed */

/* What a detector consists of. The stages of a cascade have the same layers. */
typedef struct CnxDetectorLayers {
    guint channels;               /* of every level of the pyramid */
    guint rpn_convs;              /* before the proposals */
    guint stages;                 /* heads of a cascade; 1 without one */
    guint box_side;               /* of a pooled box */
    guint box_convs, box_linears; /* before the predictions */
    guint mask_convs, mask_side;  /* 0 without masks */
} CnxDetectorLayers;

CnxDetectorLayers cnx_detector_layers(const CnxDetector *detector);

gboolean cnx_detector_has_masks(const CnxDetector *detector);
guint cnx_detector_mask_side(const CnxDetector *detector); /* 28; 0 without masks */

/* Bytes of packed weights, backbone included. */
gsize cnx_detector_memory(const CnxDetector *detector);

typedef struct CnxDetectorSettings {
    guint min_size;         /* pixels of the image's short side; 0: the model's, usually 800 */
    guint max_size;         /* limit on its long side; 0: the model's, usually 1333 */
    double score_threshold; /* an object's score is above it, 0 to 1; negative: the model's, 0.05 */
    double nms_threshold; /* of two boxes of one class with an IoU above it, the one with the lower
                             score is dropped; 0 to 1; negative: the model's, 0.5 */
    guint max_objects;    /* the best of an image; 0: the model's, 100 */
    guint proposals;      /* boxes that the RPN passes on; 0: the model's, 1000 */
    gboolean masks;       /* compute masks; no effect if the model has none */
} CnxDetectorSettings;

/* The settings with every default of the model filled in and limits applied: max_objects and
 * proposals at most the constants above, masks FALSE if the model has none. requested: NULL means
 * all defaults, with masks. */
CnxDetectorSettings cnx_detector_settings(const CnxDetector *detector,
                                          const CnxDetectorSettings *requested);

typedef struct CnxDetection {
    float x0, y0, x1, y1; /* pixels of the resized, unpadded image, inside it */
    float score;          /* 0 to 1 */
    guint index;          /* of the class, from 0, without background */
} CnxDetection;

typedef struct CnxDetections {
    guint n;
    const CnxDetection *items; /* [n], best first */
    guint mask_side;           /* 0 without masks */
    const float *masks;        /* [n, side, side] probabilities over each box; NULL without masks */
    guint dropped;             /* scores and boxes that were not finite (a broken fine-tune) */
} CnxDetections;

/* width, height: of the padded input in pixels, multiples of 32. settings: as in
 * cnx_detector_settings(), NULL for all defaults; min_size and max_size have no effect. threads: as
 * in cnx_run_new(). Takes its own reference to the detector. All memory is allocated here. Returns
 * NULL with error if memory runs out or the size does not fit the network. */
CnxDetectorRun *cnx_detector_run_new(CnxDetector *detector, guint width, guint height,
                                     const CnxDetectorSettings *settings, guint threads,
                                     GError **error);
void cnx_detector_run_free(CnxDetectorRun *run); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxDetectorRun, cnx_detector_run_free)

/* Bytes that such a run takes, without allocating it. G_MAXSIZE if the number does not fit, 0 if
 * the size does not fit the network. */
gsize cnx_detector_run_measure(const CnxDetector *detector, guint width, guint height,
                               const CnxDetectorSettings *settings, guint threads);
gsize cnx_detector_run_memory(const CnxDetectorRun *run);

/* image: [height, width, 3], normalised RGB, zero outside the top left image_width x image_height,
 * which must be 1 to width and 1 to height. The result is valid until the next call. It does not
 * depend on the number of threads. Calls for one run must not overlap. */
const CnxDetections *cnx_detector_run_forward(CnxDetectorRun *run, const float *image,
                                              guint image_width, guint image_height);

/* How a library pastes a mask into the frame */
typedef enum CnxPasting {
    CNX_PASTING_TORCHVISION, /* the mask, with a border of zeros, is resized to the enlarged box,
                                which has whole pixels */
    CNX_PASTING_MM,          /* the mask, zero outside, is sampled at each pixel's centre */
} CnxPasting;

CnxPasting cnx_detector_pasting(const CnxDetector *detector);

/* The part of the frame that a pasted mask covers: x0 <= x < x1, y0 <= y < y1, inside the frame. */
typedef struct CnxPaste {
    guint x0, y0, x1, y1; /* x0 == x1 or y0 == y1: nothing */
} CnxPaste;

/* Where a mask of this side is pasted, inside the frame: for torchvision the box enlarged about its
 * centre by (side + 2) / side and truncated to integers; for mmdetection the box rounded outwards
 * to whole pixels, with one more pixel on each side. box: x0, y0, x1, y1 in frame pixels; a box
 * that is not finite gives an empty part. */
CnxPaste cnx_detector_paste_area(CnxPasting pasting, guint side, const float box[4],
                                 guint frame_width, guint frame_height);

/* Writes the probabilities of that part, interpolated bilinearly. mask: [side, side]; dst:
 * [y1 - y0, stride], of which x1 - x0 floats of each row are written. By convention a pixel belongs
 * to the object if its value is above 0.5. */
void cnx_detector_paste(CnxPasting pasting, const float *mask, guint side, const float box[4],
                        guint frame_width, guint frame_height, float *dst, gsize stride);
