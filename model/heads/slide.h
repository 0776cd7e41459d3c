/* Runs of a segmenter on overlapping windows of its input (model/heads/windows.h).
 *
 *   image [height, width, 3] -> windows, one after the other -> logits of all windows, side by side
 *
 * Each window is an input of the network. Where windows overlap, their logits are averaged only
 * when the mask is made (model/heads/mask.h). This takes much less memory than the sums of logits
 * for each pixel of the input, which mmsegmentation keeps.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/segmenter.h"
#include "model/heads/windows.h"

typedef struct CnxSlideRun CnxSlideRun;

/* width, height: of the input. NULL with error in the cases of cnx_segmenter_run_new(), which apply
 * to the size of the windows. */
CnxSlideRun *cnx_slide_run_new(CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                               guint height, guint threads, GError **error);
void cnx_slide_run_free(CnxSlideRun *run); /* NULL allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CnxSlideRun, cnx_slide_run_free)

/* As cnx_segmenter_run_measure() and cnx_segmenter_run_memory(). */
gsize cnx_slide_run_measure(const CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                            guint height, guint threads);
gsize cnx_slide_run_memory(const CnxSlideRun *run);

/* The size of what cnx_slide_run_forward() returns, without its values; 0 x 0 if the size does not
 * fit the network. */
CnxMap cnx_slide_run_size(const CnxSegmenter *segmenter, const CnxWindows *windows, guint width,
                          guint height);

/* image: [height, width, 3], normalised RGB. Returns [1, rows h, columns w, classes], where the
 * windows have rows and columns, and h x w logits each; valid until the next call. Allocates
 * nothing. The result does not depend on the number of threads. Calls for one run must not overlap.
 */
const CnxMap *cnx_slide_run_forward(CnxSlideRun *run, const float *image);
