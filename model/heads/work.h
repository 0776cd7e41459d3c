/* Networks with a head as the work of a queue (model/serve/queue.h), so that streams with the same
 * network, size and settings share one run.
 *
 * Each forward pass has one image. Its outputs are, of a segmenter, logits [1, h, w, classes]; of a
 * detector, detections.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/serve/work.h"

/* The network is a CnxSegmenter, the settings are a CnxWindows. */
extern const CnxWorkKind cnx_segmenter_work;

/* The network is a CnxDetector, the settings are from cnx_detector_settings(). */
extern const CnxWorkKind cnx_detector_work;
