/* Semantic segmenters on a ConvNeXt: UPerNet and other heads, read from the same file as their
 * backbone.
 *
 *   image [height, width, 3] -> stage maps -> head -> logits [h, w, classes]
 *
 * A segmenter is immutable, reference counted and shared in the process, as its backbone is; the
 * backbone's packed weights are shared with a CnxModel of the same file. Runs of one segmenter may
 * be used concurrently.
 *
 *   g_autoptr(CnxSegmenter) segmenter = cnx_segmenter_open(path, &options, NULL, NULL, &error);
 *   const CnxHeadInfo *info = cnx_segmenter_info(segmenter);
 *   g_autoptr(CnxSegmenterRun) run =
 *       cnx_segmenter_run_new(segmenter, info->width, info->height, threads, &error);
 *   const CnxMap *logits = cnx_segmenter_run_forward(run, image);
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/checkpoint/checkpoint.h"
#include "model/heads/info.h"
#include "model/network/run.h"

typedef struct CnxSegmenter CnxSegmenter;
typedef struct CnxSegmenterRun CnxSegmenterRun;

/* path: a checkpoint of any format, or a folder with a checkpoint and its config files. check,
 * which may be NULL, may refuse the network before its weights are allocated: it receives the
 * backbone's config and the bytes of all packed weights, those of the head included. If this
 * process already holds the segmenter, returns a new reference to it. The file is unmapped when
 * this returns. Thread safe. NULL with error (domain CNX_ERROR): a file that has no segmentation
 * head, several, or one that this version cannot run is refused with a sentence that says so. */
CnxSegmenter *cnx_segmenter_open(const char *path, const CnxOpenOptions *options,
                                 CnxModelCheckFn *check, gpointer user_data, GError **error);
CnxSegmenter *cnx_segmenter_ref(CnxSegmenter *segmenter);
void cnx_segmenter_unref(CnxSegmenter *segmenter); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxSegmenter, cnx_segmenter_unref)

CnxModel *cnx_segmenter_backbone(const CnxSegmenter *segmenter); /* borrowed */
const CnxHeadInfo *cnx_segmenter_info(const CnxSegmenter *segmenter);

/* Bytes of packed weights, backbone included. */
gsize cnx_segmenter_memory(const CnxSegmenter *segmenter);

/* width, height: of the input in pixels, at least 32 each; the families of smp need multiples of 32
 * (the library refuses other sizes). threads: as in cnx_run_new(). Takes its own reference to the
 * segmenter. All memory is allocated here. NULL with error if memory runs out or the size does not
 * fit the network. */
CnxSegmenterRun *cnx_segmenter_run_new(CnxSegmenter *segmenter, guint width, guint height,
                                       guint threads, GError **error);
void cnx_segmenter_run_free(CnxSegmenterRun *run); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxSegmenterRun, cnx_segmenter_run_free)

/* Bytes that such a run takes, the backbone's included, without allocating it. threads: 1 or more.
 * G_MAXSIZE if the number does not fit, 0 if the size does not fit the network. */
gsize cnx_segmenter_run_measure(const CnxSegmenter *segmenter, guint width, guint height,
                                guint threads);
gsize cnx_segmenter_run_memory(const CnxSegmenterRun *run);

/* The size of what cnx_segmenter_run_forward() returns for such an input, without its values; 0 x 0
 * if the size does not fit the network. */
CnxMap cnx_segmenter_run_size(const CnxSegmenter *segmenter, guint width, guint height);

/* image: [height, width, 3], normalised RGB. Returns the output of the head's last layer, before
 * its final upsampling: [1, h, w, classes], valid until the next call. Allocates nothing. The
 * result does not depend on the number of threads. Calls for one run must not overlap. */
const CnxMap *cnx_segmenter_run_forward(CnxSegmenterRun *run, const float *image);
