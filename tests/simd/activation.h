/* Activation functions in double, and the tolerance of the kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/activation.h"

double check_act(CnxAct act, double x);
/* 10 epsilon relative or 5e-7 absolute, as simd/activation.h requires. */
double check_act_tolerance(double want);
