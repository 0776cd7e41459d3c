/* The activations in double, and how far from them a kernel may be.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "simd/activation.h"

double check_act(CnxAct act, double x);
/* 10 epsilon relative or 5e-7 absolute, the contract of simd/activation.h. */
double check_act_tolerance(double want);
