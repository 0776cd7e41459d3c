/* Models with heads, and runs on seeded images.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"

#define HEADS_TOLERANCE 2e-5 /* standard deviations */
#define HEADS_SIDE 32
#define HEADS_CHANNELS 20 /* of timm-fcmae */

/* activation: CnxOpenOptions.head_activation. Must succeed. */
CnxModel *heads_open_model(const char *path, const char *activation);

/* A run with n images "32x32/0", "32x32/1", ... */
CnxRun *heads_run(CnxModel *model, guint n, CnxOutput outputs);
