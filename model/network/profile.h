/* CONVNEXT_PROFILE=1: how long each layer of a run took, printed to standard error when the run is
 * freed. Two lines that begin with #, the columns' names, then a line for each layer:
 *
 *   layer      stage3.block0.pw1, ...; the norms and GRNs of a stage together; forward: everything
 *   kernel     and the level whose version it is: gemm avx512
 *   shape      rows x outputs x inputs of a product, height x width x channels, rows x channels
 *   calls      images that went through
 *   median_ms  of one image: the time of all threads together; of forward, the time that passed
 *   gflops     GFLOP/s of one thread, where the layer multiplies
 *   share      of what this core can do (simd/peak.h): the median of short runs, one after each
 *              pass, since a core clocks by what it and its neighbours do
 *
 * A profiled run calls its kernels through a table that times each of them. Without the variable
 * there is no such table, and nothing is spent.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

typedef struct CnxProfile CnxProfile;

/* Sets *profile, to NULL unless the variable is 1. run has its sizes and its kernels. Returns FALSE
 * and sets error (CNX_ERROR_SETTINGS) when the variable is neither 0 nor 1. */
gboolean cnx_profile_new(CnxProfile **profile, const CnxRun *run, GError **error);

/* Prints what was seen, unless no image was, and frees it. NULL allowed. */
void cnx_profile_free(CnxProfile *profile);

/* The run's kernels, timed. */
const CnxKernels *cnx_profile_kernels(const CnxProfile *profile);

/* cnx_forward(run, n) with the profile's kernels. One profiled run at a time goes forward. */
void cnx_profile_forward(CnxProfile *profile, CnxRun *run, guint n);
