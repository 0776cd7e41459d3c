/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/network/products.h"

#define ROUNDED(kernels, family)                                                          \
    {                                                                                     \
        .name = #family, .panel = (kernels)->family##_panel,                              \
        .packed_size = (kernels)->family##_packed_size, .pack = (kernels)->family##_pack, \
        .row_size = (kernels)->family##_row_size, .rows = (kernels)->family##_rows,       \
        .multiply = (kernels)->family                                                     \
    }

CnxProducts cnx_products(const CnxKernels *kernels, CnxForm form)
{
    switch (form) {
    case CNX_FORM_BF16:
        return (CnxProducts)ROUNDED(kernels, gemm_bf16);
    case CNX_FORM_INT8:
        return (CnxProducts)ROUNDED(kernels, gemm_int8);
    case CNX_FORM_FLOAT:
        break;
    }
    return (CnxProducts){.name = "gemm",
                         .panel = kernels->gemm_panel,
                         .packed_size = kernels->gemm_packed_size,
                         .pack = kernels->gemm_pack,
                         .multiply = kernels->gemm};
}

guint cnx_products_part(guint n, guint unit, guint parts, guint i)
{
    const guint64 step = (guint64)parts * unit;
    const guint64 nearest = ((guint64)i * n + step / 2) / step;

    if (i == 0 || i == parts)
        return i == 0 ? 0 : n;
    return (guint)MIN(nearest, n / unit - 1) * unit;
}

CnxForm cnx_products_form(const CnxKernels *kernels, CnxPrecision requested)
{
    const CnxIsa level = kernels->level;

    if (requested == CNX_PRECISION_INT8 &&
        (cnx_isa_includes(level, CNX_ISA_AVX2) || cnx_isa_includes(level, CNX_ISA_NEON_DOTPROD)))
        return CNX_FORM_INT8;
    if (requested == CNX_PRECISION_BF16 && (cnx_isa_includes(level, CNX_ISA_AVX512_BF16) ||
                                            cnx_isa_includes(level, CNX_ISA_NEON_BF16)))
        return CNX_FORM_BF16;
    return CNX_FORM_FLOAT;
}
