/* Tensors that no table of names has: why some may be ignored.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/base/tensor.h"
#include "model/dialect/names.h"

/* What kinds of other networks use the same file */
typedef enum CnxCompany {
    CNX_COMPANY_MASKED = 1 << 0, /* masked pre-training (FCMAE) */
    CNX_COMPANY_DENSE = 1 << 1,  /* segmentation or detection */
} CnxCompany;

/* The kinds of networks, CnxCompany, that a tensor of this name shows. */
guint cnx_extras_company(const CnxNaming *naming, const char *name);

/* Why the tensor does not change what the network computes, or NULL if it may. company: of all
 * tensors of the file. */
const char *cnx_extras_reason(const CnxNaming *naming, const CnxTensor *tensor, guint company);

/* TRUE if a reason says that the tensor belongs to a segmentation or detection head. */
gboolean cnx_extras_is_dense_head(const char *reason);
