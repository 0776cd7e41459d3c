/* The layer profile: how long each layer of a run takes. CONVNEXT_PROFILE=1 turns it on. It goes to
 * standard error when the run is freed. Four lines begin with #: the network; the limits of this
 * core; the share of each kind of work in the time of all threads; and how close each kind comes to
 * its limit. A header follows, then a line for each layer with these columns:
 *
 *   layer      stage3.block1.pw1, ...; stage1.norms and stage1.grns: all of a stage together;
 *              rounding: the inputs of all products together; forward: the whole pass
 *   kernel     the kernel and the isa level of its version, as in gemm avx512
 *   shape      rows x outputs x inputs of a product, height x width x channels of a convolution,
 *              rows x channels of others; all for rounding
 *   calls      images that passed the layer
 *   median_ms  time of one image, summed over the threads; for forward the elapsed time
 *   gflops     GFLOP/s of one thread, for layers that multiply
 *   share      time at the layer's limit, divided by its time. At the limit, operations run at the
 *              peak of the layer's instructions (simd/peak.h, simd/peak_dot.h), and layers other
 *              than products read and write at the speed of memory; the longer of the two counts
 *
 * A limit is the median of short measurements, one after each pass, because a core's clock depends
 * on its load and on that of its neighbours. The speed of memory is that of copies within a
 * thread's scratch buffer, where norms and depthwise convolutions write.
 *
 * A profiled run calls its kernels through a table of timed ones. Other runs have no such table and
 * pay nothing.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/forward.h"

typedef struct CnxProfile CnxProfile;

/* Sets *profile to a new profile, or to NULL if the variable is off. The run must have its sizes
 * and kernels. FALSE with error (CNX_ERROR_SETTINGS) if the variable is neither 0 nor 1. */
gboolean cnx_profile_new(CnxProfile **profile, const CnxRun *run, GError **error);

/* Prints the profile if there was a forward pass, and frees it. NULL allowed. */
void cnx_profile_free(CnxProfile *profile);

/* The run's kernels, timed. */
const CnxKernels *cnx_profile_kernels(const CnxProfile *profile);

/* cnx_forward(run, n) with the profile's kernels. Profiled runs take turns. */
void cnx_profile_forward(CnxProfile *profile, CnxRun *run, guint n);
