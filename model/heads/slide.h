/* Runs of a segmenter that slide windows over their input (model/heads/windows.h).
 *
 *   image [height, width, 3] -> windows, one after the other -> logits of all windows, side by side
 *
 * The logits of a window are those of a network whose input it is. What covers a pixel several
 * times is averaged only when the mask is made (model/heads/mask.h): so much less is stored than
 * the logits of each pixel, which mmsegmentation adds up.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/segmenter.h"
#include "model/heads/windows.h"

typedef struct CnxSlideRun CnxSlideRun;

/* width, height: of the input. The size of its windows must fit the network as in
 * cnx_segmenter_run_new(), otherwise as there. */
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
