/* What a segmenter is, from its tensors and the config files beside them: numbers, classes, labels
 * and the input recipe.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/family.h"

/* Sets the numbers of the zeroed head. path: what the caller opened: in a folder, config files that
 * contradict the weights are an error. NULL with error; *is_other (NULL allowed) says whether
 * config.json, beside a weights file that was named itself, belongs to another model, so that the
 * checkpoint should be opened again without it. */
CnxHeadInfo *cnx_segmenter_describe(const CnxFamily *family, gpointer head,
                                    const CnxCheckpoint *checkpoint, CnxHeadTensors *tensors,
                                    const char *path, gboolean *is_other, GError **error);
