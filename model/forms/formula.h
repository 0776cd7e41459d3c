/* Tensors that are computed from others when their numbers are read: a weight and its mask, a
 * quantised weight and its scales, a weight and its LoRA, and so on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/tensor.h"
#include "model/containers/strings.h"

typedef enum CnxFormulaKind {
    CNX_FORMULA_MASK,          /* base * a */
    CNX_FORMULA_SCALE,         /* (base - b) * a * factor, with one a for each index */
    CNX_FORMULA_IA3,           /* base * a, in the same way */
    CNX_FORMULA_WEIGHT_NORM,   /* base * a / norm of base, in the same way */
    CNX_FORMULA_SPECTRAL_NORM, /* base / (a^T base b), where base is a matrix */
    CNX_FORMULA_LORA,          /* base + factor * (b a) */
    CNX_FORMULAS,
} CnxFormulaKind;

/* Which number of a belongs to element i of the base: (i / inner) % count; or, if block > 0, the
 * one of the block that has the element, where the base is a matrix with rows of `inner` elements
 * and the blocks are squares. */
typedef struct CnxFormulaIndex {
    gsize inner, count;
    guint block;
} CnxFormulaIndex;

typedef struct CnxFormula {
    CnxComposed composed; /* the first member */
    CnxFormulaKind kind;
    CnxTensor base, a, b; /* b.rank and b.elements are 0 if there is none */
    CnxFormulaIndex index;
    double factor;
    gboolean ready;         /* values and zeros are computed */
    double *values, *zeros; /* [index.count] */
} CnxFormula;

/* A copy of formula in strings, whose values it also allocates, if the kind has an index; NULL when
 * the budget or memory runs out. All shapes must fit. */
CnxFormula *cnx_formula_new(const CnxFormula *formula, CnxStrings *strings);

/* Turns tensor into the result of formula, with the name and shape of its base. */
void cnx_formula_apply(CnxFormula *formula, CnxTensor *tensor);

/* Whether the values of a tensor are stored as 8-bit integers with scales. */
gboolean cnx_formula_is_quantised(const CnxTensor *tensor);

/* The formula of a composed tensor; NULL for any other. */
const CnxFormula *cnx_formula_of(const CnxTensor *tensor);
