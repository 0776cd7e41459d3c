/* Runs a segmenter or detector that a fuzz target opened, once on a picture of 64x64 pixels, and
 * checks what it returns. A run that needs much memory is left out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/detector.h"
#include "model/heads/segmenter.h"

void head_run_segmenter(CnxSegmenter *segmenter);
void head_run_detector(CnxDetector *detector);
