/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/precision.h"

#include "model/base/isa.h"

const char *cnx_precision_name(CnxPrecision precision)
{
    static const char *const names[] = {
        [CNX_PRECISION_FP32] = "fp32",
        [CNX_PRECISION_BF16] = "bf16",
        [CNX_PRECISION_INT8] = "int8",
    };

    return names[precision];
}

CnxPrecision cnx_form_precision(CnxForm form)
{
    return form == CNX_FORM_INT8   ? CNX_PRECISION_INT8
           : form == CNX_FORM_BF16 ? CNX_PRECISION_BF16
                                   : CNX_PRECISION_FP32;
}

char *cnx_precision_remark(CnxPrecision requested, CnxForm form, const char *level)
{
    CnxIsa isa = CNX_ISA_C;

    if (cnx_form_precision(form) == requested)
        return NULL;
    cnx_isa_parse(level, &isa);
    g_autofree char *levels = cnx_isa_list(isa);
    return g_strdup_printf("none of this processor's isa levels%s (%s) accelerates %s",
                           isa < cnx_isa_detect() ? " up to CONVNEXT_CPU" : "", levels,
                           cnx_precision_name(requested));
}
