/* The valid networks that the seeds of the target `head` describe, each opened once.
 *
 * SEEDS is their folder.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/heads/detector_rules.h"
#include "model/heads/family.h"
#include "model/network/model.h"

typedef struct HeadSeed {
    CnxCheckpoint *checkpoint; /* mapped, of files that are no longer there */
    CnxModel *backbone;
    const CnxFamily *family;       /* NULL: no segmenter */
    const CnxDetectorRules *rules; /* NULL: no detector */
    CnxHeadTensors tensors;        /* without names if both are NULL */
    GPtrArray *names;              /* of the tensors, sorted */
    char *config;                  /* config.json; "" if there is none */
} HeadSeed;

/* The seeds, sorted by name; *count receives their number. The first call leaves no config.json in
 * the folder of folder.h. */
HeadSeed *head_seeds(guint *count);
