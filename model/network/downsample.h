/* The layer between two stages: a norm and a 2x2 convolution.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

/* x: [n, h, w, c] after stage i - 1, or after the stem when i is 0; y: the input of stage i's
 * blocks. The convolution has stride 2, or stride 1 before a dilated stage. */
void cnx_downsample(CnxRun *run, guint i, guint n, const float *x, float *y);
