/* A segmenter as its runs see it. Private to segmenter.c, segmenter_run.c and tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/shared.h"
#include "model/heads/family.h"
#include "model/heads/segmenter.h"

struct CnxSegmenter {
    CnxShared shared;
    CnxModel *backbone;
    const CnxKernels *kernels;
    const CnxFamily *family;
    gpointer head; /* of the family */
    void *memory;  /* its packed weights */
    gsize size;    /* bytes of them */
    CnxHeadInfo *info;
};

/* Shows the named maps of later forward passes to the probe, for tests. */
void cnx_segmenter_run_set_probe(CnxSegmenterRun *run, CnxStepProbe *probe, gpointer data);
