/* The text of a profile, whose columns model/network/profile.h describes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/profile_layers.h"

typedef struct CnxProfileTotals {
    char *title;     /* of the network and its input */
    const char *isa; /* level of the kernels */
    guint threads;
    guint64 passes, images;
    CnxForm form;                         /* of the products between stem and head */
    float peak[CNX_PROFILE_SAMPLES];      /* GFLOP/s of the core that led a pass, just after it */
    float form_peak[CNX_PROFILE_SAMPLES]; /* the same for products of this form */
    float memory[CNX_PROFILE_SAMPLES];    /* GB/s of that core in a thread's scratch buffer */
} CnxProfileTotals;

/* Sorts the samples of totals and layers. Free with g_free. */
char *cnx_profile_report(CnxProfileTotals *totals, const CnxProfileLayers *layers);
