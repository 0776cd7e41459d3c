/* Activation functions in double, and the tolerance of the kernels.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/activation.h"

double check_act(CnxAct act, double x);
/* What simd/activation.h requires of a result. */
double check_act_tolerance(CnxAct act, double want);
