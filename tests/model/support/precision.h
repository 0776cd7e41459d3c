/* Networks in each form of the matrix products, compared with fp32.
 *
 * Forms that a level does not accelerate run their C versions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network/run.h"
#include "simd/kernels.h"

#define PRECISION_FORMS 2

typedef struct PrecisionForm {
    CnxForm form;
    const char *name;
    double bound;   /* on the worst error of an output */
    double hostile; /* on the relative error where an outlier amplifies rounding */
} PrecisionForm;

/* Errors in standard deviations of the fp32 output. worst and relative are over all outputs, and
 * NaN if one of them is finite where the other is not. */
typedef struct PrecisionErrors {
    double worst;
    double relative; /* as worst, but relative to values larger than a deviation */
    double mean;     /* root mean square of the logits, or of the embedding if there are none */
} PrecisionErrors;

/* The kernels of the level that CONVNEXT_CPU names, without OpenBLAS; NULL if it is not supported.
 */
const CnxKernels *precision_kernels(void);

/* [PRECISION_FORMS]: bf16, int8. The bounds are about 1.5 times the errors on the test networks. */
const PrecisionForm *precision_forms(void);

/* Whether the level has kernels of its own for the form, or is level c. At other levels the form
 * runs its C version, which level c tests. */
gboolean precision_has_kernels(CnxForm form);

CnxModel *precision_open(const char *path, CnxForm form);

/* Where fp32 is NaN the output must be NaN; where it is infinite, not finite. */
PrecisionErrors precision_compare(const CnxOutputs *fp32, const CnxOutputs *outputs);
