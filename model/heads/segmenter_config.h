/* What a segmenter is, from its tensors and the config files beside them: numbers, classes, labels
 * and the input recipe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/family.h"

/* Sets the numbers of the zeroed head. path: what the caller opened: in a folder, config files that
 * contradict the weights are an error; if it is the weights file itself, they are ignored and the
 * info says so. NULL with error. */
CnxHeadInfo *cnx_segmenter_describe(const CnxFamily *family, gpointer head,
                                    const CnxCheckpoint *checkpoint, CnxHeadTensors *tensors,
                                    const char *path, GError **error);
