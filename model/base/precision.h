/* The precision of the matrix products between a network's stem and head, and the form of
 * their inputs.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

typedef enum CnxPrecision {
    CNX_PRECISION_FP32,
    CNX_PRECISION_BF16, /* inputs rounded as in simd/gemm_bf16.h */
    CNX_PRECISION_INT8, /* inputs rounded as in simd/gemm_int8.h */
} CnxPrecision;

/* "fp32", "bf16", "int8" */
const char *cnx_precision_name(CnxPrecision precision);

/* How the inputs of the products are stored. */
typedef enum CnxForm {
    CNX_FORM_FLOAT, /* simd/gemm.h */
    CNX_FORM_BF16,  /* simd/gemm_bf16.h */
    CNX_FORM_INT8,  /* simd/gemm_int8.h */
} CnxForm;

/* The precision of a form. */
CnxPrecision cnx_form_precision(CnxForm form);

/* Why this form runs instead of the requested precision: "none of this processor's isa levels (c,
 * avx2) accelerates bf16". NULL if the form has that precision. level: the name of this process's
 * level. The caller owns it. */
char *cnx_precision_remark(CnxPrecision requested, CnxForm form, const char *level);
