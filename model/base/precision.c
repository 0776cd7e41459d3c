/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/base/precision.h"

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
